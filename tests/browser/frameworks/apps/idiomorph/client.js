import { Idiomorph } from "idiomorph";
import "../counter.js";

// Fetches the page again and changes this one into it.
addEventListener("click", async ({ target }) => {
  if (target.id !== "next") return;
  const fresh = await (await fetch(location)).text();
  Idiomorph.morph(document.documentElement, fresh.replace("<h2>", "<h2>Second"), { head: { style: "merge" } });
});
