import { createRoot } from "react-dom/client";
import HubspotForm from "react-hubspot-form";
import { Counter } from "../counter.jsx";

createRoot(document.getElementById("root")).render(
  <main>
    <h1>Shop</h1>
    <Counter />
    <HubspotForm portalId="12345" formId="0000" onReady={() => (window.told = (window.told ?? 0) + 1)} />
  </main>,
);
