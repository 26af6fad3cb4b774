// For pages without a front end that keeps a state. However the page is swapped, the button works.
addEventListener("click", ({ target }) => {
  if (target.id === "count") target.textContent = Number(target.textContent) + 1;
});
