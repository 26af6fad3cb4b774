import { StrictMode, useEffect } from "react";
import { createRoot } from "react-dom/client";
import { BrowserRouter, Link, Route, Routes } from "react-router";
import { Counter } from "../counter.jsx";
import { ID, insert } from "../tag.js";

const View = ({ title, to, label }) => (
  <main>
    <h1>{title}</h1>
    <Counter />
    <Link to={to}>{label}</Link>
  </main>
);

const App = () => {
  useEffect(() => {
    if (!document.getElementById(ID)) insert(document.body);
  }, []);
  return (
    <Routes>
      <Route path="/" element={<View title="Shop" to="/second" label="Next" />} />
      <Route path="/second" element={<View title="Second" to="/terms" label="Terms" />} />
      <Route path="/terms" element={<View title="Terms" to="/" label="Shop" />} />
    </Routes>
  );
};

createRoot(document.getElementById("root")).render(
  <StrictMode>
    <BrowserRouter basename="/routes-react">
      <App />
    </BrowserRouter>
  </StrictMode>,
);
