// @ts-check
// The release: puts blocked elements back, so that they do what the site wrote them for.
//
// Idea. The server and the guard leave a blocked element in its place, with its address under another name. To release
// it, this module takes it out, restores its attributes and puts it back. A script runs when it is inserted if it has
// not run before, and a blocked one has not: its type was not JavaScript, or it had no address. It stays the same
// element, so that it keeps its listeners, its nonce and its text.
//
// Invariant. Nothing is released that neither the server nor the guard has blocked. The marks in the page prove
// nothing, since a visitor may have got markup into it. So an element counts only if the server has listed it in the
// settings of its own script, if it is one of as many inline scripts as the server has counted, or if it has the
// guard's token.
//
// Example. The server sends
//
//     <script type="text/x-consent" data-consent="tracking" data-consent-src="//js.example/1.js" async></script>
//
// and lists `["script", "data-consent=tracking", "data-consent-src=//js.example/1.js"]`. Once tracking is allowed, this
// becomes `<script src="https://js.example/1.js" async>` in the same place. Without the list it stays as it is.
//
// The order is that of the HTML standard, "The script element" (4.12.1): async scripts at once, classic ones one after
// another, deferred ones and modules last.

import { allowed, blocked, released, scripted, token, trust } from "./core.js";
import { blockedAttr, findAll, isScript, pageUrl, purposeOf } from "./dom.js";
import { findActive } from "./chat.js";
import { announced, replayCalls } from "./embeds.js";
import { nonce } from "./settings.js";

/**
 * The base of the address of each element that the server has listed, by its signature.
 * @type {Map<string, string>}
 */
const listed = new Map();

/**
 * The inline scripts that the server has counted.
 * @type {Set<string>}
 */
const counted = new Set();

/**
 * The addresses of the released scripts.
 * @type {Set<string | undefined>}
 */
export const ran = new Set();

/** @type {Promise<unknown> | undefined} */
let queue;

/** Return the address that a blocked script keeps, null if it is inline, false for other elements. */
export const addressOf = (/** @type {AnyElement} */ element) =>
  isScript(element) && (blockedAttr(element, "src") ?? blockedAttr(element, "href"));

// An element's name and marks, as in the server's list. A script may read all of its data attributes, so all count, but
// for the one that Astro adds to each script.
const signatureOf = (/** @type {AnyElement} */ element) => {
  const names = isScript(element) ? /^data-(?!astro-exec)/ : /^data-consent/;
  const marks = [...element.attributes].filter(({ name }) => names.test(name));
  return JSON.stringify([element.localName, ...marks.map(({ name, value }) => name + "=" + value)]);
};

const textSignatureOf = (/** @type {AnyElement} */ element) => signatureOf(element) + element.text + element.nonce;

/**
 * Return the base of the address of an element that the server or the guard has blocked, true for its inline script,
 * and something falsy for an element that only looks like it.
 * @param {AnyElement} element
 */
export const knownBase = (element) =>
  addressOf(element) === null
    ? counted.has(textSignatureOf(element))
    : blockedAttr(element, "by") === token
      ? document.baseURI
      : listed.get(signatureOf(element));

/** Remember what the server has blocked, from the settings of its script. */
export const learn = (/** @type {PageSettings} */ given) => {
  // Those with the page's nonce, and those that its policy runs by their hash, are counted apart.
  const count = (/** @type {boolean} */ hasNonce, /** @type {number | undefined} */ limit) => {
    const scripts = findAll("script[data-consent]").filter(
      (element) =>
        (element.nonce === nonce) === hasNonce && !addressOf(element) && !counted.has(textSignatureOf(element)),
    );
    // With one too many, nothing tells which of them is not the server's.
    if (scripts.length <= limit) scripts.forEach((element) => counted.add(textSignatureOf(element)));
  };
  count(true, given.texts);
  count(false, given.bare);
  given.marks.forEach((mark, index) =>
    listed.set(JSON.stringify(mark), index >= given.based ? document.baseURI : pageUrl()),
  );
};

// A nonce is hidden from scripts and would be lost. The page's policy would judge a handler once more.
const STAYS = /^(nonce|on.*)$/;

/**
 * Return the attributes that an element had before it was blocked, as pairs of a name and a value.
 *
 * They are in the order of the site's own markup, so that front ends which compare the two find no difference. No
 * others come back: an address beside the one that the server knows could, or a handler.
 *
 * @param {AnyElement} element
 */
const originalAttributes = (element) => {
  const names = isScript(element) ? /^(src|href|type|id)$/ : /^(src(set|doc)?|href|imagesrcset|rel|data|poster)$/;
  const attributes = [];
  for (const { name, value } of [...element.attributes]) {
    const own = name.replace(/^data-consent-?/, "");
    if (own === name ? !STAYS.test(name) && !(name === "type" && value === "text/x-consent") : names.test(own))
      attributes.push([own, value]);
  }
  return attributes;
};

/**
 * Release one element.
 *
 * Resolves when its script has run or cannot be had, to the event that told so. With `waitsForEvent` it waits for the
 * event however long that takes.
 *
 * @param {AnyElement} element
 * @param {unknown} [waitsForEvent]
 * @returns {Promise<any>}
 */
const releaseElement = (element, waitsForEvent) =>
  new Promise((resolve) => {
    const base = /** @type {string} */ (knownBase(element));
    const attributes = originalAttributes(element);
    /** @type {string | undefined} */
    let address;
    const values = attributes.map(([name, value]) => {
      if (!/src$|href/.test(name)) return value;
      try {
        // With the base that counted for it, so that a `<base>` behind it does not.
        value = new URL(value, base).href;
      } catch {}
      return isScript(element) ? trust("ScriptURL", (address = value)) : value;
    });
    // Each script runs once, and the page may have the same one already. One with another nonce may be one that the
    // page's policy stops.
    const isThere =
      findActive(blockedAttr(element, "id")) ||
      (address &&
        findAll("script").some((other) => other.src === address && other.nonce === element.nonce && !purposeOf(other)));
    element.removeAttribute("data-consent");
    if (isThere) {
      // The site may look for the script by its id.
      const id = blockedAttr(element, "id");
      if (id && !document.getElementById(id)) element.id = id;
      return resolve(true);
    }
    const spot = new Comment();
    element.replaceWith(spot);
    blocked.delete(element);
    for (const { name } of [...element.attributes]) if (!STAYS.test(name)) element.removeAttribute(name);
    // The guard lets these pass: it may have another rule for the address than the server.
    released.set(element, values.map(String));
    attributes.forEach(([name], index) => element.setAttribute(name, values[index]));
    if (address) {
      // An inserted script is async unless `async` is set to false.
      element.async = element.hasAttribute("async");
      if (EMBEDS) ran.add(address);
      if (EMBEDS && announced.has(element)) announced.set(element, resolve);
      element.addEventListener("load", resolve);
      element.addEventListener("error", resolve);
      // A script that browsers refuse to run fires neither, and must not keep the others waiting.
      if (!EMBEDS || !waitsForEvent) setTimeout(resolve, 5000, element);
    }
    spot.replaceWith(element);
    // A loader removes its script once it has been told that it has loaded.
    if (EMBEDS && announced.has(element) && !element.isConnected) document.head.append(element);
    const isLoading = address && element.isConnected;
    if (!isLoading) resolve(true);
  });

const isAllowed = (/** @type {AnyElement} */ element) => allowed[purposeOf(element)];

/**
 * Release the blocked elements that `isWanted` chooses, by default all that are allowed, in the document's order.
 *
 * @param {(element: AnyElement) => unknown} [isWanted]
 * @param {string} [kind] the kind of embed that a visitor has asked for: if one of its scripts fails, those that depend
 *   on it stay blocked
 * @returns {Promise<unknown> | undefined}
 */
export const release = (isWanted = isAllowed, kind) => {
  // A form's properties may be its fields.
  const waiting = [...new Set([...findAll("[data-consent]:not(form)"), ...blocked])].filter(
    (element) => isWanted(element) && knownBase(element),
  );
  // 0: at once. 1: one after another. 2: the same, once those are through. An embed's library comes before the scripts
  // that depend on it, however either was to be loaded.
  const phaseOf = (/** @type {AnyElement} */ element) => {
    if (!isScript(element) || blocked.has(element)) return 0;
    const address = addressOf(element);
    if (EMBEDS && kind) return address ? 1 : 2;
    if (address && element.hasAttribute("async")) return 0;
    return blockedAttr(element, "type") === "module" || (address && element.defer) ? 2 : 1;
  };
  // Of two that load the same, one that a script has inserted goes first: browsers do not run one that came as markup.
  waiting.sort((one, other) => phaseOf(one) - phaseOf(other) || +scripted.has(other) - +scripted.has(one));
  if (EMBEDS) {
    // A script that listens at a library's tag, which it finds by its id, does so before the library loads.
    const ids = waiting.filter(addressOf).map((element) => element.id);
    const listens = (/** @type {AnyElement} */ element) =>
      !addressOf(element) && ids.some((id) => id && element.text?.includes(id));
    waiting.sort((one, other) => +listens(other) - +listens(one));
  }
  let turn = queue;
  /** @type {Promise<unknown>[]} */
  const steps = [];
  for (const element of waiting) {
    const step = async (/** @type {Promise<unknown>} */ before = undefined) => {
      await before;
      if (!purposeOf(element)) return;
      if (!EMBEDS) return releaseElement(element);
      const copy = /** @type {AnyElement} */ (element.cloneNode(true));
      const event = await releaseElement(element, kind);
      if (kind && event.type === "error") {
        // Blocked again, for the next try.
        element.replaceWith(copy);
        throw event;
      }
    };
    if (phaseOf(element)) turn = step(turn);
    else steps.push(step());
  }
  queue = EMBEDS ? turn?.catch(() => {}) : turn;
  return EMBEDS ? Promise.all([turn, ...steps]).then(() => replayCalls(kind)) : turn;
};
