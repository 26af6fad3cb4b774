// Builds the small apps for build.py with esbuild: `node build.mjs TOOLS MODULES APPS OUT NAME=FOLDER…`. TOOLS is
// the node_modules with esbuild and the compilers, MODULES the one with the libraries; each FOLDER of APPS becomes NAME
// in OUT.
//
// An app is `client.jsx` or `client.js`, which becomes `app.js`; `server.jsx`, where there is one, prints its page when
// it is run. All is built for development, so that the libraries warn in the console.
import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const [, , tools, modules, apps, out, ...wanted] = process.argv;
const require = createRequire(join(tools, "tools.js"));
const { build } = require("esbuild");

const svelte = {
  name: "svelte",
  setup(esbuild) {
    const { compile } = require("svelte/compiler");
    esbuild.onLoad({ filter: /\.svelte$/ }, ({ path }) => {
      const options = { filename: path, generate: "client", dev: true };
      return { contents: compile(readFileSync(path, "utf-8"), options).js.code, loader: "js" };
    });
  },
};

const find = (folder, part) =>
  [".jsx", ".js"].map((end) => join(apps, folder, part + end)).find((file) => existsSync(file));

const bundle = (folder, entry, outfile, more) =>
  build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    nodePaths: [modules],
    plugins: [svelte],
    jsx: "automatic",
    jsxDev: true,
    jsxImportSource: folder.startsWith("preact") ? "preact" : "react",
    define: {
      "process.env.NODE_ENV": '"development"',
      __VUE_OPTIONS_API__: "true",
      __VUE_PROD_DEVTOOLS__: "false",
      __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: "true",
    },
    alias: { vue: "vue/dist/vue.esm-bundler.js" },
    conditions: ["development"],
    logLevel: "error",
    ...more,
  });

for (const [name, folder] of wanted.map((each) => each.split("="))) {
  mkdirSync(join(out, name));
  for (const file of readdirSync(join(apps, folder)))
    if (/\.html$|^second/.test(file)) copyFileSync(join(apps, folder, file), join(out, name, file));
  const client = find(folder, "client");
  await bundle(folder, client, join(out, name, "app.js"));
  // Without a page of its own, an app has one for it to fill, or one with the button that it makes count.
  if (!existsSync(join(apps, folder, "page.html"))) {
    const counts = readFileSync(client, "utf-8").includes('"../counter.js"');
    copyFileSync(join(apps, counts ? "counter.html" : "root.html"), join(out, name, "page.html"));
  }
  const server = find(folder, "server");
  if (!server) continue;
  const program = join(out, name, "server.cjs");
  await bundle(folder, server, program, { platform: "node", format: "cjs" });
  writeFileSync(join(out, name, "page.html"), execFileSync(process.execPath, [program]));
}
