import InnerHTML from "dangerously-set-html-content";
import { createRoot } from "react-dom/client";
import { Counter } from "../counter.jsx";
import { ID, SRC } from "../tag.js";

createRoot(document.getElementById("root")).render(
  <main>
    <h1>Shop</h1>
    <Counter />
    <InnerHTML html={`<script async id="${ID}" src="${SRC}"></script>`} />
  </main>,
);
