// @ts-check
// Stand-ins for a vendor's globals while the scripts that make them wait.
//
// A site's own code calls a library to make a form or to open the chat. While a script that makes such a global is
// blocked, a stand-in has its name and keeps the calls in their order. The facade's script shows placeholders for
// embeds, opens the chat if a visitor's click is the cause of the call, and makes the kept calls once the library is
// there.
//
// This is a part of the facade's script for pages with placeholders. It also runs alone before the first blocked
// library of a page, since the page's scripts may call the library at once.

import { blocked, core, mayLoad } from "./core.js";
import { findAll, purposeOf } from "./dom.js";

/**
 * Return a stand-in for a global, or for its member at `path`.
 * @param {string} name
 * @param {Record<string, unknown>} returns the return values, by the method's name
 * @param {string[]} path
 * @param {Record<string | symbol, any>} own members that the site has added
 * @returns {any}
 */
const createStandIn = (name, returns, path, own) =>
  new Proxy(() => {}, {
    get(_, key) {
      if (own[key] != null) return own[key];
      // A promise would have `then`, and an iterable has symbols.
      if (typeof key === "symbol" || key === "then") return undefined;
      return createStandIn(name, returns, [...path, key], { __proto__: null });
    },
    set: (_, key, value) => Reflect.set(own, key, value),
    apply(_, self, args) {
      const script = /** @type {AnyElement | null} */ (document.currentScript);
      const { type, currentTarget } = window.event ?? {};
      const isClick = type === "click" && currentTarget instanceof Element && currentTarget !== document.body;
      const active = navigator.userActivation?.isActive && (isClick ? "click" : true);
      core.calls.push({ name, path, args, script, active });
      core.handleCalls?.();
      return returns[path.at(-1)];
    },
  });

const isAnyBlocked = (/** @type {string[]} */ purposes) =>
  [...findAll("script[data-consent]"), ...blocked].some((script) => purposes.includes(purposeOf(script)));

/** Install the stand-ins, once for each page. */
export const installStandIns = () => {
  core.calls ??= [];
  if (core.standIns) return;
  core.standIns = true;
  for (const [name, purposes, returns] of STAND_INS) {
    if (!purposes) {
      // An array that the vendor's script goes through once it is there.
      window[name] ??= [];
      continue;
    }
    let library = window[name];
    /** @type {Record<string, any>} */
    const own = { __proto__: null };
    const standIn = createStandIn(name, returns, [], own);
    // If the site has declared the name with `var` or `const`, this does nothing.
    Reflect.defineProperty(window, name, {
      __proto__: null,
      configurable: true,
      enumerable: true,
      get: () => library ?? (!mayLoad(purposes[0]) && isAnyBlocked(purposes) ? standIn : undefined),
      set(value) {
        if (value === standIn) return;
        // The library may need what the site has added to the stand-in.
        for (const key in value && own) value[key] ??= own[key];
        library = value;
      },
    });
  }
};
