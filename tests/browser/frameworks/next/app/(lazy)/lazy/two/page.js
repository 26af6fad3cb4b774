import { Counter } from "../../../../parts/counter";

export default function Page() {
  return (
    <main>
      <h1>Second</h1>
      <Counter />
    </main>
  );
}
