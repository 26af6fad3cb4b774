// HubSpot's tag, as the apps bring it.
export const ID = "hs-script-loader";
export const SRC = "https://js.hs-scripts.com/12345.js";
export const ANALYTICS = "https://js.hs-analytics.net/analytics/1/12345.js";
export const PIXEL = "https://track.hubspot.com/__ptq.gif?a=12345";

export const insert = (parent = document.head) => {
  const tag = document.createElement("script");
  tag.async = true;
  tag.id = ID;
  tag.src = SRC;
  return parent.appendChild(tag);
};
