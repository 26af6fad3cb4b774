import { HubspotProvider, useHubspotForm } from "@aaronhayes/react-use-hubspot-form";
import { createRoot } from "react-dom/client";
import { Counter } from "../counter.jsx";

const Form = () => {
  useHubspotForm({ portalId: "12345", formId: "0000", target: "#form" });
  return <div id="form" />;
};

createRoot(document.getElementById("root")).render(
  <HubspotProvider>
    <h1>Shop</h1>
    <Counter />
    <Form />
  </HubspotProvider>,
);
