import { StrictMode, useEffect, useState } from "react";
import { createRoot } from "react-dom/client";
import { Counter } from "../counter.jsx";
import { insert } from "../tag.js";

// Takes its tag away when it goes, and brings a new one when it comes back; strict mode does both at once.
const Script = () => {
  useEffect(() => {
    const tag = insert(document.body);
    return () => tag.remove();
  }, []);
  return null;
};

const App = () => {
  const [turn, setTurn] = useState(1);
  return (
    <main>
      <h1>{turn === 1 ? "Shop" : "Second"}</h1>
      <Counter />
      <button onClick={() => setTurn(turn + 1)}>Next</button>
      <Script key={turn} />
    </main>
  );
};

createRoot(document.getElementById("root")).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
