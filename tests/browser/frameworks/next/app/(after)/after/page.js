import Link from "next/link";
import { Counter } from "../../../parts/counter";

export default function Page() {
  return (
    <main>
      <h1>Shop</h1>
      <Counter />
      <Link href="/after/two">Next</Link>
    </main>
  );
}
