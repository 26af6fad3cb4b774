import { render } from "preact";
import { useState } from "preact/hooks";
import { ID, SRC } from "../tag.js";

const App = () => {
  const [count, setCount] = useState(0);
  return (
    <main>
      <h1>Shop</h1>
      <button id="count" onClick={() => setCount(count + 1)}>
        {count}
      </button>
      <script async id={ID} src={SRC} />
    </main>
  );
};

render(<App />, document.getElementById("root"));
