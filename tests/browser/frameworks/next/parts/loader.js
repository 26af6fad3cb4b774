export const SRC = "https://js.hs-scripts.com/12345.js";
export const ID = "hs-script-loader";
