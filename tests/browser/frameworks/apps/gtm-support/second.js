// A container that brings HubSpot's tag as a tag manager does.
(() => {
  const first = document.getElementsByTagName("script")[0];
  const tag = document.createElement("script");
  tag.type = "text/javascript";
  tag.async = true;
  tag.id = "hs-script-loader";
  tag.src = "https://js.hs-scripts.com/12345.js";
  first.parentNode.insertBefore(tag, first);
})();
