import Head from "next/head";
import Link from "next/link";
import { Counter } from "../../parts/counter";
import { ID, SRC } from "../../parts/loader";

export default function Page() {
  return (
    <main>
      <Head>
        <title>Shop</title>
        <script async id={ID} src={SRC} />
      </Head>
      <h1>Shop</h1>
      <Counter />
      <Link href="/head/two">Next</Link>
    </main>
  );
}
