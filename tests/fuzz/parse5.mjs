// Reports what a browser would load from documents, by the trees that parse5 builds from them.
//
//   node parse5.mjs FOLDER HOSTS
//
// FOLDER is the folder of parse5. HOSTS is JSON: for each element, a pattern of the hosts to look for. Batches arrive on
// standard input: the length of the rest, then for each document a byte with the length of its encoding's name, the name,
// the length of the document, and the document. Lengths are 32 bits, little-endian. The answer to a batch is one line of JSON.

import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import vm from "node:vm";

const [FOLDER, HOSTS] = [process.argv[2], JSON.parse(process.argv[3])];
const PAGE = "https://www.shop.example/a/page";
const HTML = "http://www.w3.org/1999/xhtml";
const SVG = "http://www.w3.org/2000/svg";

// -- parse5, patched -------------------------------------------------------------------------------------------------

const STACK = "parser/open-element-stack.js";
const PARSER = "parser/index.js";
const TOKENIZER = "tokenizer/index.js";

// 13.2.4.2: a template bounds the table scope. 13.2.5.42: CDATA counts wherever the adjusted current node is not HTML's,
// in integration points too.
const FAULTS = [
  [STACK, "KEY_CLASSES[$.HTML] |= TABLE_SCOPE;", "KEY_CLASSES[$.HTML] |= TABLE_SCOPE;\nKEY_CLASSES[$.TEMPLATE] |= TABLE_SCOPE;"],
  [
    STACK,
    "Math.max(this.keyTops[$.TABLE], this.keyTops[$.HTML]);",
    "Math.max(this.keyTops[$.TABLE], this.keyTops[$.HTML], this.keyTops[$.TEMPLATE]);",
  ],
  [TOKENIZER, "if (this.inForeignNode) {", "if (this.handler.currentNotInHTML) {"],
];

// 13.2.6.4.7 since 2025: a select takes any content, bounds scopes, and has no insertion mode of its own.
const SELECT = [
  [STACK, "    $.OBJECT,\n    $.TABLE,\n    $.TD,", "    $.OBJECT,\n    $.SELECT,\n    $.TABLE,\n    $.TD,"],
  [PARSER, "    $.FRAMESET,\n    $.SELECT,\n    $.TEMPLATE,", "    $.FRAMESET,\n    $.TEMPLATE,"],
  [
    PARSER,
    "function selectStartTagInBody(p, token) {\n",
    `function selectStartTagInBody(p, token) {
    if (p.openElements.hasInScope($.SELECT)) {
        p.openElements.popUntilTagNamePopped($.SELECT);
        return;
    }\n`,
  ],
  [PARSER, "? InsertionMode.IN_SELECT_IN_TABLE\n            : InsertionMode.IN_SELECT;", "? p.insertionMode\n            : p.insertionMode;"],
  [
    PARSER,
    `function optgroupStartTagInBody(p, token) {
    if (p.openElements.currentTagId === $.OPTION) {`,
    `function optgroupStartTagInBody(p, token) {
    if (p.openElements.hasInScope($.SELECT)) {
        if (token.tagID === $.OPTION) p.openElements.generateImpliedEndTagsWithExclusion($.OPTGROUP);
        else p.openElements.generateImpliedEndTags();
    }
    else if (p.openElements.currentTagId === $.OPTION) {`,
  ],
  [
    PARSER,
    `function hrStartTagInBody(p, token) {
    if (p.openElements.hasInButtonScope($.P)) {
        p._closePElement();
    }`,
    `function hrStartTagInBody(p, token) {
    if (p.openElements.hasInButtonScope($.P)) {
        p._closePElement();
    }
    if (p.openElements.hasInScope($.SELECT)) p.openElements.generateImpliedEndTags();`,
  ],
  [
    PARSER,
    "function inputStartTagInBody(p, token) {\n",
    `function inputStartTagInBody(p, token) {
    if (p.openElements.hasInScope($.SELECT)) p.openElements.popUntilTagNamePopped($.SELECT);\n`,
  ],
  [PARSER, "        case $.BLOCKQUOTE:\n        case $.FIGCAPTION: {\n            addressEndTagInBody", "        case $.BLOCKQUOTE:\n        case $.SELECT:\n        case $.FIGCAPTION: {\n            addressEndTagInBody"],
];

// A copy of parse5 with these changes. A change whose original text is missing is an error.
async function patched(changes) {
  const folder = mkdtempSync(join(tmpdir(), "parse5-"));
  try {
    cpSync(join(FOLDER, "dist"), join(folder, "dist"), { recursive: true });
    symlinkSync(dirname(FOLDER), join(folder, "node_modules"));
    writeFileSync(join(folder, "package.json"), '{"type": "module"}');
    for (const [name, old, put] of changes) {
      const path = join(folder, "dist", name);
      const parts = readFileSync(path, "utf8").split(old);
      if (parts.length !== 2) throw new Error(`${name} has this ${parts.length - 1} times: ${old}`);
      writeFileSync(path, parts.join(put));
    }
    return await import(pathToFileURL(join(folder, "dist", "index.js")));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const [older, newer] = [await patched(FAULTS), await patched([...FAULTS, ...SELECT])];

// -- what a tree loads -----------------------------------------------------------------------------------------------

const SPACE = /[\t\n\f\r ]+/;
const HINT = /^(?:dns-prefetch|preconnect|prefetch|preload|modulepreload|prerender)$/;
const RUNS =
  /^(?:|module|(?:application|text)\/(?:x-)?(?:java|ecma)script|text\/(?:jscript|livescript|javascript1\.[0-5]))$/i;
const HOST = Object.fromEntries(Object.entries(HOSTS).map(([name, pattern]) => [name, new RegExp(pattern)]));
const ASKED = new Set([...Object.keys(HOST), "base"]);

// All relevant elements in the order of their creation: an element before a frameset has loaded, although it is no longer
// in the tree.
function elements(html, parse5, scriptingEnabled) {
  const found = [];
  let last = null;
  const adapter = {
    ...parse5.defaultTreeAdapter,
    createElement(name, space, attrs) {
      const element = parse5.defaultTreeAdapter.createElement(name, space, attrs);
      if (ASKED.has(name)) found.push(element);
      return element;
    },
    setTemplateContent(template, content) {
      template.content = content;
      content.host = template;
    },
    // The text of a script runs only when its own end tag closes it.
    onItemPop(element) {
      const token = parser.currentToken;
      if (token !== last && element.tagName === "script") {
        element.isEnded = token.type === parse5.Token.TokenType.END_TAG && token.tagName === "script";
      }
      last = token;
    },
  };
  const parser = new parse5.Parser({ scriptingEnabled, treeAdapter: adapter });
  parser.tokenizer.write(html, true);
  return found;
}

const has = (element, name) => element.attrs.some((attr) => attr.name === name);
const get = (element, name, prefix) =>
  element.attrs.find((attr) => attr.name === name && (attr.prefix ?? "") === (prefix ?? ""))?.value;

// The names of the elements around an element, or null if it is not live, because it is in a template without shadow root.
function around(element) {
  const names = [];
  for (let node = element.parentNode; node; node = node.parentNode ?? node.host) {
    if (node.nodeName === "#document") break;
    if (node.host && !/^(?:open|closed)$/i.test(get(node.host, "shadowrootmode") ?? "")) return null;
    if (node.tagName) names.push(node.namespaceURI === HTML ? node.tagName : `${node.namespaceURI.split("/").pop()}:${node.tagName}`);
  }
  return names.reverse().join(" ");
}

function resolved(value, base) {
  try {
    return new URL(value, base);
  } catch {
    return null;
  }
}

// Whether loading an element of this name from this address contacts a host to look for.
const isVendors = (url, name) => /^https?:$/.test(url.protocol) && HOST[name].test(url.hostname.replace(/\.$/, ""));

// The requests of a script's text when it runs, with just enough of a document to insert a script.
const loaded = [];
const sandbox = vm.createContext({ loaded, document: null });
vm.runInContext(
  `{
    const put = (element) => { if (element.src !== undefined) loaded.push(String(element.src)); return element };
    const parent = { appendChild: put, append: put, insertBefore: put, prepend: put };
    parent.parentNode = parent;
    globalThis.document = {
      createElement: () => ({}), head: parent, body: parent, documentElement: parent,
      getElementsByTagName: () => [parent], querySelector: () => parent, currentScript: parent,
    };
    globalThis.window = globalThis.self = globalThis;
  }`,
  sandbox,
);

// A script of a real page may reject a promise later.
process.on("unhandledRejection", () => {});

function asksFor(text, base) {
  loaded.length = 0;
  try {
    vm.runInContext(text, sandbox, { timeout: 100 });
  } catch {
    // The requests before the error count.
  }
  return loaded.map((address) => resolved(address, base)).find((url) => url && isVendors(url, "script"));
}

const DEPTH = 4;

// Adds to `verdict` what a document loads in the reading of `bit`.
function read(html, parse5, scripting, bit, verdict, fallback, depth) {
  let base = null;
  for (const element of elements(html, parse5, scripting)) {
    const { tagName: name, namespaceURI: space } = element;
    if (space !== HTML && (space !== SVG || name !== "script")) continue;
    const where = around(element);
    const isFacade = name === "script" && (has(element, "data-conf") || has(element, "data-guard"));
    if (isFacade && depth === 0) {
      const place = where === null ? "template" : space === HTML ? where : `in ${space}: ${where}`;
      // A tag that the end of the input cut off may include this one.
      const isCut = element.attrs.some(({ name, value }) => !/^data-(?:conf|guard)$/.test(name) && /</.test(name + value));
      const what = isCut ? "cut" : has(element, "data-guard") ? "guard" : "conf";
      if (bit === 1) verdict.facade.push([what, place]);
    }
    if (where === null) continue;
    const add = (by, url) => {
      const key = [name, space === HTML ? "html" : "svg", by, url, where].join("\n");
      verdict.live.set(key, (verdict.live.get(key) ?? 0) | bit);
    };
    const ask = (by, value) => {
      if (value === undefined || value === "") return;
      const url = resolved(value, base ?? fallback);
      if (url && isVendors(url, name)) add(by, url.href);
    };
    if (name === "base") {
      if (base === null && has(element, "href")) {
        const url = resolved(get(element, "href"), fallback);
        base = url && !/^(?:data|javascript):$/.test(url.protocol) ? url.href : fallback;
      }
    } else if (name === "script") {
      // Without scripting none of it is loaded.
      if (!scripting) continue;
      const type = get(element, "type");
      const language = get(element, "language");
      if (!RUNS.test((type ?? (language ? `text/${language}` : "")).replace(/^[\t\n\f\r ]+|[\t\n\f\r ]+$/g, ""))) continue;
      const address = space === HTML ? get(element, "src") : (get(element, "href") ?? get(element, "href", "xlink"));
      if (address !== undefined) ask(space === HTML ? "src" : "href", address);
      else if (element.isEnded) {
        const text = element.childNodes.map((node) => (node.nodeName === "#text" ? node.value : "")).join("");
        if (/hs-scripts|hubspot|usemessages/.test(text)) {
          const url = asksFor(text, base ?? fallback);
          if (url) add("text", url.href);
        }
      }
    } else if (name === "img") {
      ask("src", get(element, "src"));
      const sources = (get(element, "srcset") ?? "").matchAll(/[\t\n\f\r ,]*([^\t\n\f\r ]*[^\t\n\f\r ,])(?:,|[\t\n\f\r ][^,]*)?/g);
      let count = 0;
      for (const [, address] of sources) if (count++ < 64) ask("srcset", address);
    } else if (name === "iframe") {
      const inner = get(element, "srcdoc");
      if (inner === undefined) ask("src", get(element, "src"));
      else if (depth < DEPTH) read(inner, parse5, scripting, bit, verdict, base ?? fallback, depth + 1);
    } else if (name === "link") {
      const types = (get(element, "rel") ?? "").toLowerCase().split(SPACE);
      if (types.some((type) => HINT.test(type)) && !types.includes("stylesheet") && !has(element, "as"))
        ask("href", get(element, "href"));
    }
  }
}

// The readings: with scripts or without, by the current rules for select or by those before 2025. Readings are skipped
// if the document has no element for which they differ.
function judge(html) {
  const verdict = { live: new Map(), facade: [] };
  const [select, noscript] = [/<select/i.test(html), /noscript/i.test(html)];
  read(html, newer, true, 1, verdict, PAGE, 0);
  if (noscript) read(html, newer, false, 2, verdict, PAGE, 0);
  if (select) read(html, older, true, 4, verdict, PAGE, 0);
  if (select && noscript) read(html, older, false, 8, verdict, PAGE, 0);
  return {
    live: [...verdict.live].map(([key, bits]) => [...key.split("\n"), bits]),
    facade: verdict.facade,
  };
}

// -- batches ---------------------------------------------------------------------------------------------------------

const decoders = new Map();

function decoded(encoding, bytes) {
  if (!decoders.has(encoding)) decoders.set(encoding, new TextDecoder(encoding));
  return decoders.get(encoding).decode(bytes);
}

function answer(batch) {
  const verdicts = [];
  for (let at = 0; at < batch.length; ) {
    const encoding = batch.toString("latin1", at + 1, at + 1 + batch[at]);
    at += 1 + batch[at];
    const length = batch.readUInt32LE(at);
    at += 4;
    try {
      verdicts.push(judge(decoded(encoding, batch.subarray(at, at + length))));
    } catch (error) {
      verdicts.push({ live: [], facade: [], error: String(error.stack) });
    }
    at += length;
  }
  process.stdout.write(JSON.stringify(verdicts) + "\n");
}

let waiting = [];
let size = 0;
process.stdin.on("data", (piece) => {
  waiting.push(piece);
  size += piece.length;
  while (size >= 4) {
    if (waiting[0].length < 4) waiting = [Buffer.concat(waiting)];
    const length = waiting[0].readUInt32LE(0);
    if (size < 4 + length) return;
    const all = Buffer.concat(waiting);
    waiting = [all.subarray(4 + length)];
    size -= 4 + length;
    answer(all.subarray(4, 4 + length));
  }
});
