// @ts-check
// Short names for what the other modules ask of the document, and the marks of blocked elements.

/** The script that runs: it bears the settings, and nothing else in the page is believed to do so. */
export const ownScript = /** @type {HTMLScriptElement} */ (document.currentScript);

/** Return the page's own address, whatever its `<base>` says. A document without an address has its frame's. */
export const pageUrl = () => (/^http/.test(location) ? location.href : document.baseURI);

/**
 * Return a new element.
 * @template {keyof HTMLElementTagNameMap} Name
 * @param {Name} name
 */
export const create = (name) => document.createElement(name);

/** Return the elements that match, in the document's order. */
export const findAll = (/** @type {string} */ selector) => [
  .../** @type {NodeListOf<AnyElement>} */ (document.querySelectorAll(selector)),
];

/** Return the first element that matches, or null. */
export const findFirst = (/** @type {string} */ selector) =>
  /** @type {AnyElement | null} */ (document.querySelector(selector));

// Attributes are read with `getAttribute`, because `dataset` also has what other code put on every object's prototype.

/** Return an attribute that a blocked element keeps under a name of ours, or null. */
export const blockedAttr = (/** @type {Element} */ element, /** @type {string} */ name) =>
  element.getAttribute("data-consent-" + name);

/** Return the purpose for which an element waits, or null if it is not blocked. */
export const purposeOf = (/** @type {Element} */ element) => element.getAttribute("data-consent");

export const isScript = (/** @type {Element} */ element) => element.localName === "script";
