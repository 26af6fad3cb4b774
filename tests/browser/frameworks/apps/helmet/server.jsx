import { renderToString } from "react-dom/server";
import { App } from "./app.jsx";

const context = {};
const html = renderToString(<App context={context} />);
// With React 19 there is nothing to collect: React itself puts what belongs in the head first.
const { title = "", script = "" } = context.helmet ?? {};
process.stdout.write(
  `<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">${title}${script}</head>` +
    `<body><div id="root">${html}</div><script src="app.js" defer></script></body></html>`,
);
