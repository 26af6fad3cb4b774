// @ts-check
// The guard: blocks the tags that other scripts insert, until the facade's script releases them.
//
// Idea. A tag loads something once it has an address and stands in the page. Scripts insert elements in a dozen ways,
// but give them an address in few: a property (`script.src`), an attribute (`setAttribute`), markup (`innerHTML`), or a
// copy of a template. The guard patches these few, and looks at the address before the browser does.
//
// Invariant. No element keeps an address that has to wait, neither in the page nor before it comes there: the address
// moves to `data-consent-src`, and the element to `core.blocked`. The mark `data-consent-by` holds a number that no
// markup can know, so that the release tells what the guard has blocked from what somebody wrote into the page.
//
// Example. A script does `tag.src = "https://js.example/chat.js"; document.head.append(tag)`. The patched setter finds
// the rule for the host and leaves
//
//     <script data-consent="chat" data-consent-src="https://js.example/chat.js" data-consent-by="0.123">
//
// which the browser inserts and does not load. The guard then loads the facade's script, if the page has none.
//
// See the HTML standard, "prepare the script element" (4.12.1.1) for when a script loads, and "update the image data"
// (4.8.4.3.5) for images, which load before they stand in the page.
//
// It runs before the page's first script: in the page itself, or in a file where the page's policy forbids that.

import { allowed, blocked, core, mayLoad, released, scripted, token, trust } from "./core.js";
import { blockedAttr, create, findFirst, isScript, ownScript, pageUrl, purposeOf } from "./dom.js";

// It parses addresses and, unlike `URL`, accepts any text.
const parser = create("a");
const nonce = ownScript?.nonce;

const loadFacade = () => {
  if (core.release || findFirst("script[data-conf]")) return;
  const script = create("script");
  script.nonce = nonce;
  script.setAttribute("data-conf", '{"held":[]' + (ownScript.hasAttribute("data-ask") ? ',"ask":1}' : "}"));
  script.src = trust("ScriptURL", new URL(ownScript.getAttribute("data-file"), pageUrl()).href);
  (document.head ?? document.documentElement).append(script);
};

// At the end of the page, which may have the facade's script itself.
const requestFacade = () => {
  if (document.readyState === "loading") addEventListener("DOMContentLoaded", loadFacade);
  else loadFacade();
};

const addressName = (/** @type {string} */ tag) => (tag === "link" ? "href" : "src");

// ---- which addresses wait

// One test is enough for most addresses, for which there is no rule.
const anyRule = RegExp(RULES.map(([, { source }]) => source).join("|"));

const ruleForHost = (/** @type {string} */ host) => {
  // A host's first label may name a region.
  const place = "." + host.replace(/-[a-z]{2}\d\d?(?=[.-])/, "") + parser.pathname;
  return anyRule.test(place) && RULES.find(([, pattern]) => pattern.test(place));
};

/** Return the rule for which an address has to wait, or something falsy if it may load. */
const findRule = (/** @type {any} */ url) => {
  parser.href = url;
  const hosts = PROXIED[parser.host];
  const rule = hosts ? hosts.map(ruleForHost).find(Boolean) : ruleForHost(parser.hostname);
  return rule?.[0] && !mayLoad(rule[0]) && !allowed[rule[2]] && rule;
};

// ---- blocking an element

// Kept from before the patches.
const { setAttribute, querySelectorAll } = Element.prototype;

/**
 * Block an element that is given an address, if the address has to wait. Return something truthy if it has.
 *
 * `byScript` says that a script gave the address. Markup counts as the site's only if it has the page's nonce, since a
 * visitor may have got it into the page.
 *
 * @param {AnyElement} element
 * @param {any} url
 * @param {boolean} [byScript]
 * @param {string} [name] the attribute
 */
const block = (element, url, byScript, name = addressName(element.localName)) => {
  // Any address of a `srcset` may be the one that loads.
  /** @type {any} */
  const [purpose, , , kind] = (name === "srcset" ? url.split(/[\s,]+/) : [url]).map(findRule).find(Boolean) || [];
  // Pictures from a chat's hosts are content, and so are style sheets, for the server too.
  const isContent = (purpose === "chat" && element.localName === "img") || /style|icon/.test(element.rel);
  if (!purpose || isContent || released.get(element)?.includes(url + "")) return;
  element.dataset.consent = purpose;
  if (kind) element.dataset.consentKind = kind;
  element.removeAttribute(name);
  setAttribute.call(element, "data-consent-" + name, url);
  // Browsers warn of a hint that has no address.
  if (name === "href" && element.rel) {
    setAttribute.call(element, "data-consent-rel", element.rel);
    element.removeAttribute("rel");
  }
  if (byScript) scripted.add(element);
  if (byScript || element.nonce === nonce) element.dataset.consentBy = token;
  requestFacade();
  return blocked.add(element);
};

const nodeType = Node.prototype.__lookupGetter__("nodeType");

/** Block what has to wait in a node and below it. */
const scan = (/** @type {any} */ node) => {
  // A form's properties may be its fields, so the type is not read as a property.
  if (nodeType.call(node) !== 1) return;
  for (const element of [node, ...querySelectorAll.call(node, "[src],link,template,[data-consent]")]) {
    // A form loads nothing.
    if (element instanceof HTMLFormElement) continue;
    const url = element.getAttribute(addressName(element.localName));
    if (url) block(element, url);
    // What was blocked in markup may be in a shadow root, where no search of the document finds it.
    if (blockedAttr(element, "by") === token) blocked.add(element);
    // Vendors take an element with their script's id for the script. A library that the site calls may keep its own.
    if (isScript(element) && element.id && purposeOf(element) && !element.dataset.consentKind) {
      element.dataset.consentId = element.id;
      element.id = "";
    }
    // Blocked in markup, and put into the page when its purpose is allowed.
    if (allowed[purposeOf(element)]) {
      if (core.release) core.release();
      else requestFacade();
    }
    // Copies of a template get their addresses from it.
    if (element.content?.firstChild) [...element.content.children].forEach(scan);
  }
};

// ---- blocking in markup

// A tag by the grammar of HTML, so that no attribute's value is taken for an address.
const TAG =
  /<([a-z][^\s/>]*)(?:[\s/]*(?:=[^\s/>=]*|[^\s/>=]+)(?:\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'>][^\s>]*)?)?)*/gi;
const ATTRIBUTE = /([^\s/>=]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>][^\s>]*))/g;

/** Return markup in which what has to wait is blocked. */
const blockInText = (/** @type {string} */ text) =>
  text.replace(TAG, (tag, element) =>
    tag.replace(ATTRIBUTE, (attribute, name, doubleQuoted, singleQuoted, unquoted) => {
      element = element.toLowerCase();
      const url = doubleQuoted ?? singleQuoted ?? unquoted;
      const rule = name.toLowerCase() === addressName(element) && findRule(url);
      if (!rule) return attribute;
      // On a page with a nonce, a script in markup gets no mark and is never released: its author is not known.
      const by = nonce && element === "script" ? "" : '" data-consent-by="' + token;
      const kind = rule[3] ? '" data-consent-kind="' + rule[3] : "";
      return 'data-consent="' + rule[0] + kind + by + '" data-consent-' + attribute;
    }),
  );

// A browser asks for pictures as soon as it reads markup, so the markup is changed before it is read.
const blockInMarkup = (/** @type {unknown} */ _, /** @type {any[]} */ args) =>
  args.forEach((markup, index) => {
    const text = markup + "";
    // Most markup names no address, and is as fast as without a guard.
    if (!/src|href/i.test(text)) return;
    const blockedText = blockInText(text);
    if (blockedText === text) return;
    requestFacade();
    // Markup that the page's policy trusts stays trusted. Other markup does not become trusted.
    args[index] = window.trustedTypes?.isHTML(markup) ? trust("HTML", blockedText) : blockedText;
  });

// ---- patches

/**
 * Wrap methods or setters of types.
 *
 * @param {Patchable[]} types
 * @param {string} names separated by spaces
 * @param {((target: any, args: any[]) => unknown) | null} before called first; the call is dropped if it returns
 *   something truthy
 * @param {(result: any) => void} [after] called with the result
 */
const patch = (types, names, before, after) => {
  for (const { prototype } of types)
    for (const name of names.split(" ")) {
      const setter = prototype.__lookupSetter__(name);
      const native = setter ?? prototype[name];
      // Inherited members are patched where they are defined. Browsers lack some of these.
      if (!Object.hasOwn(prototype, name)) continue;
      Object.defineProperty(prototype, name, {
        __proto__: null,
        [setter ? "set" : "value"](/** @type {any[]} */ ...args) {
          if (before?.(this, args)) return;
          const result = native.apply(this, args);
          after?.(result);
          return result;
        },
      });
    }
};

const observer = new MutationObserver((changes) => {
  changes.forEach(({ addedNodes }) => addedNodes.forEach(scan));
});
const watch = (/** @type {Node} */ root) => observer.observe(root, { childList: true, subtree: true });

// A blocked request fails as one without a network does.
const blockRequest = (/** @type {number} */ index) => (/** @type {unknown} */ _, /** @type {any[]} */ args) => {
  if (findRule(args[index]?.url ?? args[index])) args[index] = "about:";
};

const installPatches = () => {
  const addressed = [HTMLScriptElement, HTMLImageElement, HTMLIFrameElement, HTMLLinkElement];
  // Loaders read an address again once they have set it, so a blocked element returns the address that it keeps.
  for (const { prototype } of addressed) {
    const name = "src" in prototype ? "src" : "href";
    const native = prototype.__lookupGetter__(name);
    Object.defineProperty(prototype, name, {
      __proto__: null,
      get() {
        const url = blockedAttr(this, "by") === token && blockedAttr(this, name);
        return url ? new URL(url, document.baseURI).href : native.call(this);
      },
    });
  }
  patch(addressed, "src href", (element, [url]) => block(element, url, true));
  patch(addressed, "srcset", (element, [urls]) => block(element, urls + "", true, "srcset"));
  patch([Element], "setAttribute setAttributeNS", (element, args) => {
    const [name, url] = args.slice(-2);
    // A front end creates a blocked script anew, because scripts in markup do not run.
    if (name === "data-consent-src" && isScript(element)) {
      scripted.add(element);
      blocked.add(element);
      element.dataset.consentBy = token;
      requestFacade();
    }
    return (name + "").toLowerCase() === addressName(element.localName) && block(element, url, true);
  });
  patch(
    [Document, { prototype: Document }, DOMParser, Element, ShadowRoot, Range, HTMLIFrameElement],
    "srcdoc write writeln parseFromString innerHTML outerHTML insertAdjacentHTML setHTMLUnsafe parseHTMLUnsafe" +
      " createContextualFragment",
    blockInMarkup,
  );
  // A copy of a template loads as soon as it stands in the page.
  patch([Node, Document], "cloneNode importNode", null, (copy) => {
    if (copy instanceof DocumentFragment) [...copy.children].forEach(scan);
  });
  patch([Element], "attachShadow", null, watch);
  patch([{ prototype: window }], "fetch fetchLater", blockRequest(0));
  patch([XMLHttpRequest], "open", blockRequest(1));
  // Pictures of a requested document load as soon as they stand in the page. This event comes before "load", where the
  // site takes them.
  patch([XMLHttpRequest], "responseType", (request, [type]) => {
    if (type === "document")
      request.addEventListener("readystatechange", () => request.response && scan(request.response.body));
  });
  patch([Navigator], "sendBeacon", (_, [url]) => findRule(url));
};

// Only for a script that the browser really runs, and only for the first guard of the page.
if (ownScript instanceof HTMLScriptElement && !core.guarded) {
  core.guarded = true;
  // Calls before the facade's script is there are kept for it.
  core.earlyCalls = new Set();
  for (const name of ["refresh", "withdraw", "open"])
    window.consentMiddleware[name] ??= () => {
      // Only a visitor's click opens the chat, also later.
      if (name !== "open" || navigator.userActivation?.isActive) core.earlyCalls.add(name);
      requestFacade();
    };
  Object.assign(allowed, JSON.parse(ownScript.getAttribute("data-guard")));
  core.offers = JSON.parse(ownScript.getAttribute("data-offers")) ?? {};
  installPatches();
  watch(document);
  // The facade's script compares the cookies with these, so that it notices a choice made before it was there. In a
  // sandbox, reading cookies throws.
  try {
    core.cookies = document.cookie + document.hidden;
  } catch {}
}
