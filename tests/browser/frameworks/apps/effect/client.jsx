import { StrictMode, useEffect } from "react";
import { createRoot } from "react-dom/client";
import { Counter } from "../counter.jsx";
import { ID, insert } from "../tag.js";

const App = () => {
  useEffect(() => {
    if (!document.getElementById(ID)) insert(document.body);
  }, []);
  return (
    <main>
      <h1>Shop</h1>
      <Counter />
    </main>
  );
};

createRoot(document.getElementById("root")).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
