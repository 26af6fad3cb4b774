// @ts-check
// Stand-ins for a vendor's globals while the scripts that make them wait.
//
// A site's own code calls a library: it makes a form, or opens the chat. While a script that makes such a global is
// blocked, a stand-in has its name and keeps the calls, in their order. The facade's script shows a placeholder for an
// embed, takes a call that opens the chat for the visitor's click if it is one, and makes the kept calls once the library
// is there.
//
// It is a part of the facade's script where there may be placeholders, and also runs by itself, before the first blocked
// library of a page, whose scripts may call it at once.

import { blocked, core, mayLoad } from "./core.js";
import { findAll, purposeOf } from "./dom.js";

/**
 * Return a stand-in for a global, or for what it has at `path`.
 * @param {string} name
 * @param {Record<string, unknown>} returns what the methods return that return anything
 * @param {string[]} path
 * @param {Record<string | symbol, any>} own what the site has put into it
 * @returns {any}
 */
const createStandIn = (name, returns, path, own) =>
  new Proxy(() => {}, {
    get(_, key) {
      if (own[key] != null) return own[key];
      // It is no promise, and no array.
      if (typeof key === "symbol" || key === "then") return undefined;
      return createStandIn(name, returns, [...path, key], { __proto__: null });
    },
    set: (_, key, value) => Reflect.set(own, key, value),
    apply(_, self, args) {
      const script = /** @type {AnyElement | null} */ (document.currentScript);
      core.calls.push({ name, path, args, script, active: navigator.userActivation?.isActive });
      core.handleCalls?.();
      return returns[path.at(-1)];
    },
  });

const isAnyBlocked = (/** @type {string[]} */ purposes) =>
  [...findAll("script[data-consent]"), ...blocked].some((script) => purposes.includes(purposeOf(script)));

/** Install the stand-ins, once a page. */
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
    // A site may have declared the name for good; then this does nothing.
    Reflect.defineProperty(window, name, {
      __proto__: null,
      configurable: true,
      enumerable: true,
      get: () => library ?? (!mayLoad(purposes[0]) && isAnyBlocked(purposes) ? standIn : undefined),
      set(value) {
        if (value === standIn) return;
        // The library that has come may build on what the site has put into the stand-in.
        for (const key in value && own) value[key] ??= own[key];
        library = value;
      },
    });
  }
};
