// What the guard and the facade share: made by whichever comes first, and kept under `consentMiddleware.core`.
//
// It is put in front of guard.js and of facade.js, in one scope.

// What makes trusted strings of what is known to be safe: the facade's own markup, markup that was trusted before the
// guard took something out of it, and addresses that the server or the guard held. Made at the first need, since a page's
// policy may forbid it, and once, since it may forbid two of one name.
const shared = () => {
  let policy;
  const known = (given) => given;
  const rules = { createHTML: known, createScriptURL: known };
  return {
    __proto__: null,
    // What the server allows, by purpose, and what the visitor's click on this page does. A purpose may stand in markup
    // that a visitor got into the page and be any word, so there is nothing here but what the server has said.
    live: { __proto__: null },
    clicked: { __proto__: null },
    // What the guard held bears this. No markup can know it.
    token: Math.random() + "",
    // What the guard holds; some of it is not in the document.
    caught: new Set(),
    // What of it has its address from a script, so that it would have been asked for.
    made: new WeakSet(),
    // What has been released, with what its attributes are then: the guard may know an address as that of another purpose
    // than the server does. Another address of the same element waits like any.
    freed: new WeakMap(),
    trust(kind, given) {
      policy ??= window.trustedTypes?.createPolicy("consent-facade", rules) ?? rules;
      return policy["create" + kind](given);
    },
  };
};

// Markup may bear the name, and would be found as a property of the window, but not as its own.
if (!Object.hasOwn(window, "consentMiddleware")) window.consentMiddleware = {};
const core = (window.consentMiddleware.core ??= shared());
const { live, clicked, token, caught, made, freed, trust } = core;

// The page's own address, whatever its `<base>` says; a document without one of its own has that of its frame's.
const page = () => (/^http/.test(location) ? location.href : document.baseURI);
const own = document.currentScript;
const make = (name) => document.createElement(name);
const all = (selector) => [...document.querySelectorAll(selector)];
const first = (selector) => document.querySelector(selector);
// Not of `dataset`, which has what other code put on every object's prototype.
const markOf = (element) => element.getAttribute("data-consent");
const mayLoad = (purpose) => live[purpose] || clicked[purpose];
const kept = (element, name) => element.getAttribute("data-consent-" + name);
const isLive = (element) => live[markOf(element)];
const isScript = (element) => element.localName === "script";
