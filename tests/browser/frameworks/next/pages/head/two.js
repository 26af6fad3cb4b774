import Head from "next/head";
import { Counter } from "../../parts/counter";
import { ID, SRC } from "../../parts/loader";

export default function Page() {
  return (
    <main>
      <Head>
        <title>Shop</title>
        <script async id={ID} src={SRC} />
      </Head>
      <h1>Second</h1>
      <Counter />
    </main>
  );
}
