// Times html-rewriter-wasm for engine.py. Each line of input is a job in JSON; each line of output is its result.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const { HTMLRewriter } = createRequire(process.argv[2] + "/")("html-rewriter-wasm");
const rename = {
  element(element) {
    element.setAttribute("data-consent-src", element.getAttribute("src"));
    element.removeAttribute("src");
  },
};

async function rewritten(page, size, selector, tail) {
  const out = [];
  const rewriter = new HTMLRewriter((chunk) => out.push(chunk));
  rewriter.on(selector, rename);
  if (tail) rewriter.on("body", { element: (body) => { body.append(tail, { html: true }); } });
  for (let at = 0; at < page.length; at += size) await rewriter.write(page.subarray(at, at + size));
  await rewriter.end();
  rewriter.free();
  return Buffer.concat(out);
}

for await (const line of createInterface({ input: process.stdin })) {
  const { pages, size, selector, tail } = JSON.parse(line);
  const bytes = pages.map((path) => readFileSync(path));
  const times = [];
  let same = 0;
  for (const page of bytes) {
    const before = process.hrtime.bigint();
    const out = await rewritten(page, size || page.length || 1, selector, tail);
    times.push(Number(process.hrtime.bigint() - before));
    same += out.equals(page);
  }
  process.stdout.write(JSON.stringify({ times, same }) + "\n");
}
