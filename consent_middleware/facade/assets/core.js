// @ts-check
// State that the guard and the facade share. Whichever of them runs first creates it, as `consentMiddleware.core`.

const createCore = () => {
  /** @type {TrustRules | undefined} */
  let policy;
  const unchanged = (/** @type {string} */ text) => text;
  const rules = { createHTML: unchanged, createScriptURL: unchanged };
  /** @type {any} */
  const created = {
    __proto__: null,
    // A purpose may come from markup that a visitor got into the page, and be any word. So these objects have no
    // prototype, and hold nothing but what the server has said.
    allowed: { __proto__: null },
    clicked: { __proto__: null },
    token: Math.random() + "",
    blocked: new Set(),
    scripted: new WeakSet(),
    released: new WeakMap(),
    // The policy is created at the first need, since a page may forbid it, and once, since a page may forbid a second
    // one of the same name.
    trust(/** @type {"HTML" | "ScriptURL"} */ kind, /** @type {string} */ text) {
      policy ??= window.trustedTypes?.createPolicy("consent-facade", rules) ?? rules;
      return policy[`create${kind}`](text);
    },
  };
  return created;
};

// An element with this name as its id is a property of the window too, but not an own property.
if (!Object.hasOwn(window, "consentMiddleware")) window.consentMiddleware = {};

/** @type {Core} */
export const core = (window.consentMiddleware.core ??= createCore());
export const { allowed, clicked, token, blocked, scripted, released, trust } = core;

/** Return whether elements that wait for `purpose` may load now. */
export const mayLoad = (/** @type {string} */ purpose) => allowed[purpose] || clicked[purpose];
