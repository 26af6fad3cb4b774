import Alpine from "alpinejs";
import morph from "@alpinejs/morph";

Alpine.plugin(morph);
Alpine.start();

// Fetches the page again and changes its part in this one into it, as Livewire does.
addEventListener("click", async ({ target }) => {
  if (target.id !== "next") return;
  const fresh = await (await fetch(location)).text();
  const { body } = new DOMParser().parseFromString(fresh.replace("<h2>", "<h2>Second"), "text/html");
  Alpine.morph(document.querySelector("main"), body.querySelector("main").outerHTML);
});
