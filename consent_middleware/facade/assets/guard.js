// The guard in the visitor's browser: it holds the tags which other scripts insert, until the facade's script releases
// them.
//
// Knows: every way by which a script gives an element its address, and which hosts have to wait.
// Must not know: any vendor by name, how consent is read, what becomes of what is held.
//
// It is the inside of a function, called with
//   HOSTS     what of the vendors has to wait: a purpose, a pattern for host and path, maybe another purpose whose
//             scripts bring it along, and maybe the kind of embed; the first fit counts
//   PROXIED   the hosts for which origins of the site's own stand in, by the origin's host and port
//
// It stands in the page itself, before the page's first script, or where the page's policy forbids that, in a file. It
// asks for nothing until it holds something: then it brings the facade's script, if the page has none.

// Takes addresses apart; unlike `URL`, without an objection to any.
const link = make("a");
const nonce = own?.nonce;

const load = () => {
  if (core.release || first("script[data-conf]")) return;
  const script = make("script");
  script.nonce = nonce;
  script.setAttribute("data-conf", '{"held":[]' + (own.hasAttribute("data-ask") ? ',"ask":1}' : "}"));
  script.src = trust("ScriptURL", new URL(own.getAttribute("data-file"), page()).href);
  (document.head ?? document.documentElement).append(script);
};
// Brings the script that releases what is held, when the page is there and has none of its own.
const bring = () => {
  if (document.readyState === "loading") addEventListener("DOMContentLoaded", load);
  else load();
};

const loadsBy = (name) => (name === "link" ? "href" : "src");

// Most addresses are nobody's here, and are told so by one look.
const anyone = RegExp(HOSTS.map(([, { source }]) => source).join("|"));
const find = (host) => {
  // A host's own label may bear a region.
  const place = "." + host.replace(/-[a-z]{2}\d\d?(?=[.-])/, "") + link.pathname;
  return anyone.test(place) && HOSTS.find(([, pattern]) => pattern.test(place));
};
// What an address has to wait for, as a row of `HOSTS`; nothing where it may be loaded.
const waits = (url) => {
  link.href = url;
  const stands = PROXIED[link.host];
  const row = stands ? stands.map(find).find((each) => each) : find(link.hostname);
  return row?.[0] && !mayLoad(row[0]) && !live[row[2]] && row;
};

// The browser's own, which the guard does not hear.
const { setAttribute: put, querySelectorAll: seek } = Element.prototype;

// Holds an element that is given an address, if what it leads to has to wait. `scripted`: by a script, not by markup,
// which is believed only where it has the page's nonce: somebody may have got it into the page.
const hold = (element, url, scripted, name = loadsBy(element.localName)) => {
  // Of a `srcset`, any address may be the one.
  const [purpose, , , kind] = (name === "srcset" ? url.split(/[\s,]+/) : [url]).map(waits).find((row) => row) || [];
  // What is shown from a chat's hosts is content, for the server too, and so is a style sheet.
  const shows = (purpose === "chat" && element.localName === "img") || /style|icon/.test(element.rel);
  if (!purpose || shows || freed.get(element)?.includes(url + "")) return;
  element.dataset.consent = purpose;
  if (kind) element.dataset.consentKind = kind;
  element.removeAttribute(name);
  put.call(element, "data-consent-" + name, url);
  // A hint without an address is told of as wrong.
  if (name === "href" && element.rel) {
    put.call(element, "data-consent-rel", element.rel);
    element.removeAttribute("rel");
  }
  if (scripted) made.add(element);
  if (scripted || element.nonce === nonce) element.dataset.consentBy = token;
  bring();
  return caught.add(element);
};

// Holds what there is in a node.
const typeOf = Node.prototype.__lookupGetter__("nodeType");
const scan = (node) => {
  // An element, whatever its fields are called.
  if (typeOf.call(node) !== 1) return;
  for (const element of [node, ...seek.call(node, "[src],link,template,[data-consent]")]) {
    // Its properties may be its fields, and it loads nothing.
    if (element instanceof HTMLFormElement) continue;
    const url = element.getAttribute(loadsBy(element.localName));
    if (url) hold(element, url);
    // What was held in markup may stand where nobody looks for it.
    if (kept(element, "by") === token) caught.add(element);
    // Vendors take an element with their script's id for the script. A library that the site calls may keep its own.
    if (isScript(element) && element.id && markOf(element) && !element.dataset.consentKind) {
      element.dataset.consentId = element.id;
      element.id = "";
    }
    // Held in markup, and put into the page when it may be there.
    if (isLive(element)) core.release ? core.release() : bring();
    // What is made of a template later has its address from there.
    if (element.content?.firstChild) [...element.content.children].forEach(scan);
  }
};

const observer = new MutationObserver((changes) => {
  changes.forEach(({ addedNodes }) => addedNodes.forEach(scan));
});
const watch = (root) => observer.observe(root, { childList: true, subtree: true });

// However an element comes into the page, a script has given it its address before, or has made it of markup.
const guard = () => {
  const patch = (types, names, stops, after) => {
    for (const { prototype } of types)
      for (const name of names.split(" ")) {
        const setter = prototype.__lookupSetter__(name);
        const native = setter ?? prototype[name];
        // Not what a type has from another, which is patched there, nor what this browser has not.
        if (!Object.hasOwn(prototype, name)) continue;
        Object.defineProperty(prototype, name, {
          __proto__: null,
          [setter ? "set" : "value"](...given) {
            if (stops?.(this, given)) return;
            const out = native.apply(this, given);
            after?.(out);
            return out;
          },
        });
      }
  };
  const addressed = [HTMLScriptElement, HTMLImageElement, HTMLIFrameElement, HTMLLinkElement];
  const set = (element, [url]) => hold(element, url, 1);
  // Loaders read an address again once they have set it: what is held has it still.
  for (const { prototype } of addressed) {
    const name = "src" in prototype ? "src" : "href";
    const native = prototype.__lookupGetter__(name);
    Object.defineProperty(prototype, name, {
      __proto__: null,
      get() {
        const url = kept(this, "by") === token && kept(this, name);
        return url ? new URL(url, document.baseURI).href : native.call(this);
      },
    });
  }
  // A picture in markup is asked for as soon as the markup is read: so the markup is read without its address.
  const markup = (_, given) =>
    given.forEach((text, at) => {
      const read = text + "";
      // Most markup names no address, and is as fast as without a guard.
      if (!/src|href/i.test(read)) return;
      // Tags by the grammar of HTML, so that no attribute's value is taken for an address.
      const veiled = read.replace(
        /<([a-z][^\s/>]*)(?:[\s/]*(?:=[^\s/>=]*|[^\s/>=]+)(?:\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'>][^\s>]*)?)?)*/gi,
        (tag, element) =>
          // An anchor's address is only content.
          tag.replace(/([^\s/>=]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>][^\s>]*))/g, (pair, name, one, two, bare) => {
            element = element.toLowerCase();
            const url = one ?? two ?? bare;
            const row = name.toLowerCase() === loadsBy(element) && waits(url);
            if (!row) return pair;
            // On a page with a nonce, a script that came as markup is not made to run: nobody knows whose it is.
            const by = nonce && element === "script" ? "" : '" data-consent-by="' + token;
            const kind = row[3] ? '" data-consent-kind="' + row[3] : "";
            return 'data-consent="' + row[0] + kind + by + '" data-consent-' + pair;
          }),
      );
      if (veiled === read) return;
      bring();
      // Text that the page's policy trusts stays trusted, and no other text becomes it.
      given[at] = window.trustedTypes?.isHTML(text) ? trust("HTML", veiled) : veiled;
    });
  patch(addressed, "src href", set);
  patch(addressed, "srcset", (element, [urls]) => hold(element, urls + "", 1, "srcset"));
  patch(
    [Document, { prototype: Document }, DOMParser, Element, ShadowRoot, Range, HTMLIFrameElement],
    "write writeln parseFromString innerHTML outerHTML insertAdjacentHTML setHTMLUnsafe parseHTMLUnsafe srcdoc" +
      " createContextualFragment",
    markup,
  );
  patch([Element], "setAttribute setAttributeNS", (element, given) => {
    const [name, url] = given.slice(-2);
    // A script that makes a held one anew, because those in markup do not run.
    if (name === "data-consent-src" && isScript(element)) {
      made.add(element);
      caught.add(element);
      element.dataset.consentBy = token;
      bring();
    }
    return (name + "").toLowerCase() === loadsBy(element.localName) && hold(element, url, 1);
  });
  // What is made of a template is asked for as soon as it stands in the page.
  const parts = (node) => {
    if (node instanceof DocumentFragment) [...node.children].forEach(scan);
  };
  patch([Node, Document], "cloneNode importNode", null, parts);
  patch([Element], "attachShadow", null, watch);
  // What a script asks for by itself ends as where there is no network.
  const lose = (at) => (_, given) => {
    if (waits(given[at]?.url ?? given[at])) given[at] = "about:";
  };
  patch([{ prototype: window }], "fetch fetchLater", lose(0));
  patch([XMLHttpRequest], "open", lose(1));
  // Pictures of a document that was asked for are loaded as soon as they stand in the page.
  patch([XMLHttpRequest], "send", (request) => {
    request.addEventListener("load", () => request.responseType === "document" && scan(request.response.body), true);
  });
  patch([Navigator], "sendBeacon", (_, [url]) => waits(url));
};

// Only a script that the browser really runs is believed, and the first of them that the page has.
if (own instanceof HTMLScriptElement && !core.guarded) {
  core.guarded = true;
  // What the site calls before the facade's script is there is done when it is.
  core.wanted = new Set();
  for (const name of ["refresh", "withdraw", "open"])
    window.consentMiddleware[name] ??= () => {
      // Only a visitor's click opens the chat, also later.
      if (name !== "open" || navigator.userActivation?.isActive) core.wanted.add(name);
      bring();
    };
  Object.assign(live, JSON.parse(own.getAttribute("data-guard")));
  core.offers = JSON.parse(own.getAttribute("data-offers")) ?? {};
  guard();
  watch(document);
  // A choice that falls before the facade's script is there is one to ask about. A sandbox has no cookies, and throws.
  try {
    core.seen = document.cookie + document.hidden;
  } catch {}
}
