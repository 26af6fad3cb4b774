// Bundles and minifies the parts of the browser's script: `node minify.cjs NODE_MODULES < parts.json`.
//
// esbuild joins the modules of a part and leaves out what `EMBEDS` switches off, and terser shortens the result. Prints
// the minified text of each part, in order, as JSON.
"use strict";

const path = require("node:path");
const { readFileSync } = require("node:fs");

const modules = path.resolve(process.argv[2]);
const esbuild = require(path.join(modules, "esbuild"));
const { minify } = require(path.join(modules, "terser"));

/** What the supported browsers understand. */
const TARGET = "es2022";

/** Short names for members of the shared state (`Core`), the same ones in every script. */
const CORE_NAMES = {
  allowed: "a",
  blocked: "b",
  clicked: "c",
  cookies: "k",
  earlyCalls: "e",
  released: "r",
  scripted: "s",
  token: "t",
  trust: "T",
};

/** Returns the modules of a part as one expression. */
const bundle = async ({ code, folder, head, tail, embeds, isOurs }) => {
  const built = await esbuild.build({
    stdin: { contents: code, resolveDir: folder },
    banner: { js: `PART = ${head}` },
    footer: { js: tail },
    bundle: true,
    define: { EMBEDS: String(embeds) },
    format: "esm",
    legalComments: "none",
    minifySyntax: true,
    target: TARGET,
    write: false,
    ...(isOurs && { mangleProps: RegExp(`^(${Object.keys(CORE_NAMES).join("|")})$`), mangleCache: CORE_NAMES }),
  });
  return built.outputFiles[0].text;
};

const minifyScript = async (part) => {
  const { code } = await minify(await bundle(part), {
    ecma: 2022,
    compress: {
      ecma: 2022,
      inline: 1,
      keep_fargs: false,
      lhs_constants: false,
      passes: 5,
      unsafe_arrows: true,
    },
    format: { ascii_only: true },
  });
  // Without the assignment, which keeps terser from dropping an expression that nothing uses.
  if (!code.startsWith("PART=") || !code.endsWith(";")) throw Error(`not one expression: ${code.slice(0, 80)}`);
  return code.slice("PART=".length, -1);
};

const minifyStyle = async ({ style }) => {
  const options = { loader: "css", minify: true, legalComments: "none", target: TARGET };
  const { code } = await esbuild.transform(style, options);
  return code.trim();
};

const main = async () => {
  const parts = JSON.parse(readFileSync(0, "utf8"));
  const made = [];
  for (const part of parts) made.push(await ("style" in part ? minifyStyle(part) : minifyScript(part)));
  console.log(JSON.stringify(made));
};

main();
