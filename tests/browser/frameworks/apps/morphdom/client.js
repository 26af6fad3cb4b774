import morphdom from "morphdom";
import "../counter.js";

// Fetches the page again and changes this one's body into it.
addEventListener("click", async ({ target }) => {
  if (target.id !== "next") return;
  const fresh = await (await fetch(location)).text();
  const { body } = new DOMParser().parseFromString(fresh.replace("<h2>", "<h2>Second"), "text/html");
  morphdom(document.body, body);
});
