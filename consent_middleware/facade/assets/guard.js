// @ts-check
// The guard: blocks the tags that other scripts insert, until the facade's script releases them.
//
// Idea. A tag loads something once it has an address and stands in the page. Scripts insert elements in a dozen ways,
// but give them an address in few: a property (`script.src`), an attribute (`setAttribute`, or a node), markup
// (`innerHTML`), or a copy of a template. The guard patches these, and looks at the address before the browser does.
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
// Styles are no elements that could wait: an address in one becomes `about:`, and is not released.
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
  script.setAttribute("data-conf", '{"marks":[]' + (ownScript.hasAttribute("data-ask") ? ',"ask":1}' : "}"));
  script.src = trust("ScriptURL", new URL(ownScript.getAttribute("data-file"), pageUrl()).href);
  (document.head ?? document.documentElement).append(script);
};

// At the end of the page, which may have the facade's script itself.
const requestFacade = () => {
  if (document.readyState === "loading") addEventListener("DOMContentLoaded", loadFacade);
  else loadFacade();
};

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

// An element and an attribute by which it loads something. Other elements have `src` too, such as custom ones.
const LOADS = / (src(set|doc)?|imagesrcset|poster)$|^object data$|^(link|script|\w*image) (\S+:)?href$/i;
const TAGS = "script,img,iframe,link,source,audio,video,input,embed,object";
// An address in a text.
const ADDRESS = /(https?:)?\/\/[^\s"'&)]+/gi;

/**
 * Return the rule for which an element has to wait that gets an attribute, or something falsy.
 * @param {string} tag
 * @param {string} name
 * @param {any} value
 */
const ruleFor = (tag, name, value) =>
  LOADS.test(tag + " " + name) &&
  // Any address of a `srcset` may be the one that loads, and so may those of a frame's document, except its links.
  (/set|doc/i.test(name) ? ((value + "").replace(/<a\s[^<]+/gi, "").match(ADDRESS) ?? []) : [value])
    .map(findRule)
    // Pictures, sounds and films from a chat's hosts are content, for the server too.
    .filter((rule) => rule && !(rule[0] === "chat" && /^(im|so|vi)\w+$/i.test(tag)))
    // In the order of the alphabet, the most demanding purpose is the last.
    .sort()
    .pop();

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
 * @param {string} name the attribute
 * @param {any} url its value
 * @param {boolean} [byScript]
 */
const block = (element, name, url, byScript) => {
  const rule = ruleFor(element.localName, name, url);
  // Style sheets are content, for the server too.
  if (!rule || /style|icon/.test(element.rel) || released.get(element)?.includes(url + "")) return;
  element.dataset.consent = rule[0];
  if (rule[3]) element.dataset.consentKind = rule[3];
  element.removeAttribute(name);
  // In SVG an address may have a prefix, which it does not need.
  setAttribute.call(element, "data-consent-" + (name + "").replace(/.*:/, ""), url);
  // Browsers warn of a hint that has no address.
  if (element.rel) {
    setAttribute.call(element, "data-consent-rel", element.rel);
    element.removeAttribute("rel");
  }
  if (byScript) scripted.add(element);
  if (byScript || element.nonce === nonce) element.dataset.consentBy = token;
  requestFacade();
  return blocked.add(element);
};

// What may load, and what contains it.
const LOADING =
  TAGS + ",[src],image,feImage,template,[data-consent]";

const nodeType = Node.prototype.__lookupGetter__("nodeType");

/** Block what has to wait in a node and below it. */
const scan = (/** @type {any} */ node) => {
  // A form's properties may be its fields, so the type is not read as a property.
  if (nodeType.call(node) !== 1) return;
  for (const element of [node, ...querySelectorAll.call(node, LOADING)]) {
    // A form loads nothing.
    if (element instanceof HTMLFormElement) continue;
    for (const { name, value } of [...element.attributes]) block(element, name, value);
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

/** Return markup or a style sheet in which what has to wait is blocked. */
const blockInText = (/** @type {string} */ text) =>
  text
    // An address in a style sheet, in an attribute `style` or in a `style` element.
    .replace(/((url\(|[@]import)(\W|&\w+;)*?)((https?:)?\/\/[^\s"'&)]+)/gi, (address, start, _, __, url) =>
      ruleFor("img", "src", url) ? start + "about:" : address,
    )
    .replace(TAG, (tag, element) => {
      let marks = "";
      return tag.replace(ATTRIBUTE, (attribute, name, doubleQuoted, singleQuoted, unquoted) => {
        const rule = ruleFor(element, name, doubleQuoted ?? singleQuoted ?? unquoted);
        if (!rule) return attribute;
        // On a page with a nonce, a script in markup gets no mark and is never released: its author is not known.
        const by = nonce && /^script$/i.test(element) ? "" : '" data-consent-by="' + token;
        const kind = rule[3] ? '" data-consent-kind="' + rule[3] : "";
        // Markup in XML must not repeat an attribute.
        const added = marks ? "" : (marks = 'data-consent="' + rule[0] + kind + by + '" ');
        return added + "data-consent-" + attribute.replace(/^\w+:/, "");
      });
    });

// A browser asks for pictures as soon as it reads markup, so the markup is changed before it is read.
const blockInMarkup = (/** @type {unknown} */ _, /** @type {any[]} */ args) =>
  args.forEach((markup, index) => {
    const text = markup + "";
    // Most markup names no address, and is as fast as without a guard.
    if (!/src|href|data|poster|url|@/i.test(text)) return;
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
 * @param {((target: any, args: any[], name: string) => unknown) | null} before called first; the call is dropped if it
 *   returns something truthy
 * @param {((result: any) => void) | null} [after] called with the result
 * @param {unknown} [dropped] what a dropped call returns
 */
const patch = (types, names, before, after, dropped) => {
  for (const { prototype } of types)
    for (const name of names.split(" ")) {
      const set = prototype.__lookupSetter__(name);
      // Browsers lack some of these.
      if (!(name in prototype)) continue;
      const native = set ?? prototype[name];
      Object.defineProperty(prototype, name, {
        __proto__: null,
        // What is inherited, such as the text of a `style` element, is patched for this type alone.
        ...(set && { get: prototype.__lookupGetter__(name) }),
        [set ? "set" : "value"](/** @type {any[]} */ ...args) {
          if (before?.(this, args, name)) return dropped;
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
const blockRequest = (/** @type {unknown} */ _, /** @type {any[]} */ args) =>
  args.forEach((given, index) => {
    if (findRule(given?.url ?? given)) args[index] = "about:";
  });

const installPatches = () => {
  const addressed = TAGS.split(",").map((/** @type {any} */ tag) => create(tag).constructor);
  // Loaders read an address again once they have set it, so a blocked element returns the address that it keeps.
  for (const { prototype } of addressed.slice(0, 4)) {
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
  patch(addressed, "src href srcset srcdoc imageSrcset poster data", (element, [url], name) =>
    block(element, name, url, true),
  );
  patch([Element], "setAttribute setAttributeNS", (element, args) => {
    const [name, url] = args.slice(-2);
    // A front end creates a blocked script anew, because scripts in markup do not run.
    if (name === "data-consent-src" && isScript(element)) {
      scripted.add(element);
      blocked.add(element);
      element.dataset.consentBy = token;
      requestFacade();
    }
    if (name === "style") blockInMarkup(0, args);
    return block(element, name, url, true);
  });
  patch(
    [Element, NamedNodeMap],
    "setAttributeNode setAttributeNodeNS setNamedItem setNamedItemNS",
    (target, [{ name, value }]) => {
      if (value && !target.attributes) {
        // An empty list does not tell whose attributes it has.
        if (!target[0]) target.setNamedItem(document.createAttribute("data-consent"));
        target = target[0].ownerElement;
        if (!purposeOf(target)) target.removeAttribute("data-consent");
      }
      return block(target, name, value, true);
    },
    null,
    null,
  );
  patch(
    [Attr],
    "value nodeValue textContent",
    ({ ownerElement, name }, [value]) => ownerElement && block(ownerElement, name, value, true),
  );
  patch(
    [Document, { prototype: Document }, DOMParser, Element, ShadowRoot, Range],
    "write writeln parseFromString innerHTML outerHTML insertAdjacentHTML setHTML setHTMLUnsafe parseHTML" +
      " parseHTMLUnsafe createContextualFragment",
    blockInMarkup,
  );
  patch([HTMLStyleElement], "textContent", blockInMarkup);
  // `element.style = …` sets `cssText` too.
  patch([CSSStyleDeclaration, CSSStyleSheet], "cssText setProperty insertRule replace replaceSync", blockInMarkup);
  // A copy of a template loads as soon as it stands in the page.
  patch([Node, Document], "cloneNode importNode", null, (copy) => {
    if (copy instanceof DocumentFragment) [...copy.children].forEach(scan);
  });
  patch([Element], "attachShadow", null, watch);
  patch([{ prototype: window }], "fetch fetchLater", blockRequest);
  patch([XMLHttpRequest], "open", blockRequest);
  // Pictures of a requested document load as soon as they stand in the page. This event comes before "load", where the
  // site takes them.
  patch([XMLHttpRequest], "responseType", (request, [type]) => {
    if (type === "document")
      request.addEventListener("readystatechange", () => request.response?.body && scan(request.response.body));
  });
  patch([Navigator], "sendBeacon", (_, [url]) => findRule(url), null, false);
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
