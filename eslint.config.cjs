// The rules for the browser's script and its build: `make style` runs them, with the packages that tests/node pins.
"use strict";

const path = require("node:path");

// tests/style_js.py names the folder of the packages, which is in the cache. An editor finds them in `node_modules`.
const modules = process.env.NODE_MODULES ?? path.join(__dirname, "node_modules");
const js = require(path.join(modules, "@eslint/js"));
const globals = require(path.join(modules, "globals"));

const rules = {
  ...js.configs.recommended.rules,
  eqeqeq: ["error", "always", { null: "ignore" }],
  "max-len": ["error", { code: 120, ignoreRegExpLiterals: true }],
  "no-empty": ["error", { allowEmptyCatch: true }],
  "no-implicit-globals": "error",
  "no-sequences": "error",
  "no-shadow": ["error", { builtinGlobals: false }],
  "no-unused-expressions": ["error", { allowShortCircuit: true, allowTernary: true }],
  "no-unused-vars": ["error", { argsIgnorePattern: "^_" }],
  "no-use-before-define": ["error", { functions: false, variables: false }],
  "no-var": "error",
  "no-void": "error",
  "object-shorthand": "error",
  "prefer-const": "error",
};

/** What asset.py and the bundler fill in: see types.d.ts. */
const parameters = [
  ...["EMBEDS", "SITE", "BUTTON_MARKUP", "STYLE", "DRIVERS", "STAND_INS", "RULES", "PROXIED"],
  ...["RECEIVERS", "CONSENT"],
];

module.exports = [
  { ignores: ["**/*.min.js"] },
  {
    files: ["consent_middleware/**/*.js"],
    languageOptions: {
      ecmaVersion: 2022,
      sourceType: "module",
      globals: { ...globals.browser, ...Object.fromEntries(parameters.map((name) => [name, "readonly"])) },
    },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules,
  },
  {
    files: ["**/*.cjs"],
    languageOptions: { ecmaVersion: 2022, sourceType: "commonjs", globals: globals.node },
    rules,
  },
];
