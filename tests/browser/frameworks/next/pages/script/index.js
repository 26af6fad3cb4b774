import Link from "next/link";
import Script from "next/script";
import { Counter } from "../../parts/counter";
import { ID, SRC } from "../../parts/loader";

export default function Page() {
  return (
    <main>
      <Script id={ID} src={SRC} strategy="afterInteractive" />
      <h1>Shop</h1>
      <Counter />
      <Link href="/script/two">Next</Link>
    </main>
  );
}
