import Script from "next/script";
import { Counter } from "../../parts/counter";
import { ID, SRC } from "../../parts/loader";

export default function Page() {
  return (
    <main>
      <Script id={ID} src={SRC} strategy="afterInteractive" />
      <h1>Second</h1>
      <Counter />
    </main>
  );
}
