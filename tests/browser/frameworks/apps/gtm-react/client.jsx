import { createRoot } from "react-dom/client";
import TagManager from "react-gtm-module";
import { Counter } from "../counter.jsx";

TagManager.initialize({ gtmId: "GTM-ABC123" });

createRoot(document.getElementById("root")).render(
  <main>
    <h1>Shop</h1>
    <Counter />
  </main>,
);
