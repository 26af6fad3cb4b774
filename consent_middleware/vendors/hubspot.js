// HubSpot in the visitor's browser: how its chat widget is prepared, opened, found and taken away, and where its embeds
// would stand.
//
// Knows: everything of HubSpot's that reaches the browser. Its server side is hubspot.py, beside this file.
// Must not know: the facade's looks, words and states. Another vendor offers the same names; `embeds` and `spot` may
// be left out.
// Source: HubSpot's Conversations SDK; what the SDK leaves unsaid is marked "in the embed script".
const driver = {
  // What a visitor clicks on to open the chat: HubSpot's own kind of link, and the package's attribute.
  opens: "[data-consent-open],a[href*='#hs-chat-open' i]",

  // The widget's API once the embed script has run, or null. A look at `load` tells it from an element with that id.
  api() {
    const api = window.HubSpotConversations;
    return api?.widget?.load ? api : null;
  },

  // Called before the chat script is fetched, or in its place when the API stands already. `open`: the visitor asked
  // for the chat, so it is loaded and opened; otherwise it loads as the site's own settings have it. `done` is called
  // when the widget is there, `fail` when the account has no chat for this page. A second call replaces the first.
  begin(open, done, _, fail) {
    // In the embed script: it pushes to both without looking, and nothing but the tracking code makes them.
    window._hsp ??= [];
    window._hsq ??= [];
    // In the embed script: the name of the event.
    addEventListener("hubspot:messages:initialized", ({ detail }) => detail?.messageWillRender === false && fail());
    // The site's object keeps its identity, because the site may add an identification token to it later.
    const settings = (window.hsConversationsSettings ??= {});
    const { loadImmediately: before = true } = settings;
    if (open) settings.loadImmediately = false;
    // A later load of the whole tracking code finds the settings as the site has made them.
    driver.restore = () => (settings.loadImmediately = before);
    driver.meet = () => {
      const api = driver.api();
      if (!api) return;
      driver.meet = null;
      driver.restore();
      api.on("widgetLoaded", done);
      // A page swap has dropped the frame of a widget that still counts as loaded; `load` makes one after `remove`.
      if (driver.loaded() && !driver.frame()) api.widget.remove();
      if (open) api.widget.load({ widgetOpen: true });
      else if (!before) done();
    };
    // The array is the site's as well, so it is added to and never set.
    if (!driver.api()) (window.hsConversationsOnReady ??= []).push(() => driver.meet?.());
    driver.meet();
    return driver.api();
  },

  // True when the widget is there. Asked again and again, it also meets an API whose ready call was lost because the
  // site set its own array after the click.
  loaded() {
    driver.meet?.();
    // In the embed script: until `load`, a stub stands in that knows `load`, `on` and `off` alone.
    return driver.api()?.widget.status?.()?.loaded;
  },

  // Opens the loaded widget. `load` alone is not enough: HubSpot takes one a second, and a ready function of the
  // site's may have used it up. A widget that is open is left alone: told to open, it would take the focus.
  open() {
    if (!document.querySelector(".hs-messages-widget-open")) driver.api()?.widget.open?.();
  },

  // The element to which the focus goes, or null.
  frame() {
    return document.querySelector("iframe[id^=hubspot-conversations],#hubspot-messages-iframe-container iframe");
  },

  // Takes away the widget, a half-built one too, and forgets what `begin` asked for.
  remove() {
    driver.restore?.();
    driver.meet = null;
    driver.api()?.widget.remove?.();
  },

  // Ends the vendor's presence: the widget, its cookies, and by the vendor's own call the consent that it remembers.
  forget() {
    driver.remove();
    driver.api()?.clear?.();
    window._hsp?.push(["revokeCookieConsent"]);
  },
};

if (EMBEDS) {
  // The elements in which embeds stand whose script finds them by itself, each with the kind of embed.
  driver.embeds = {
    ".hs-form-frame,.hs-form-html,.payments-iframe-container": "forms",
    ".meetings-iframe-container": "meetings",
    "iframe[data-hsv-src]": "video",
  };

  // The element that a selector or an element stands for.
  const find = (target) => {
    try {
      return target?.nodeType ? target : target?.jquery ? target[0] : document.querySelector(target);
    } catch {
      // Put together by the script, so that its beginning is no selector; or none at all.
    }
  };

  // The element in or before which the embed of a held inline script would stand: what its text names as its target,
  // else itself. None, where a call to action has its link beside it.
  driver.spot = (script) => {
    if (script.closest(".hs-cta-wrapper")?.querySelector("a[href]")) return;
    const target = /["']?target["']?\s*:\s*["']([^"']+)/.exec(script.text)?.[1];
    return find(target) || script;
  };

  // The globals whose calls come here.
  driver.globals = ["hbspt", "HubSpotConversations"];

  // The kind of embed that a call makes, and on the call, what finds the element in which that would stand.
  driver.kindOf = (call) => {
    const [what] = call.path;
    const kind = { __proto__: null, forms: "forms", enqueueForm: "forms", meetings: "meetings", cta: "calls-to-action" };
    const [to] = call.given;
    call.target = () =>
      what === "cta" ? null : find(to?.target ?? to) || (call.script?.isConnected ? call.script : null);
    return call.name === "hbspt" ? kind[what] : null;
  };

  driver.asksToOpen = ({ path: [, name], given: [options] }) => name === "open" || (name === "load" && options?.widgetOpen);

  // Calls again what was called of a stand-in. Of the chat, once it is there; its own script then goes through this list.
  driver.repeat = (call) => {
    const { name, path, given, script } = call;
    const again = () => {
      const of = path.slice(0, -1).reduce((object, key) => object[key], window[name]);
      const last = path.at(-1);
      // The chat may be on its way by then.
      const { loaded, pending } = (/^(open|load)$/.test(last) && of.status?.()) || {};
      if (!(loaded || pending)) of[last](...given);
    };
    if (name !== "hbspt") return (window.hsConversationsOnReady ??= []).push(again);
    // Where a script names no target, the form stands where the script does.
    if (/create|enqueueForm/.test(path) && script?.isConnected && given[0]?.formId && !given[0].target) {
      const place = document.createElement("div");
      place.id = "consent-form-" + Math.random().toString(36).slice(2);
      script.before(place);
      given[0] = { ...given[0], target: "#" + place.id };
    }
    again();
  };

  // The chat that a tag brings: its script, what that needs, and its account. None where it brings no chat.
  driver.chat = (tag, url) => {
    let [, region, portal] =
      /^https:\/\/(?:js|api)(?:-([a-z]{2}\d{1,2}))?\.(?:hs-scripts\.com|hubapi\.com\/scriptloader\/v1|hs-analytics\.net\/analytics\/[^/]+)\/([1-9]\d{0,18})\.js/.exec(url) ?? [];
    if (/^https:\/\/js(-[a-z]{2}\d{1,2})?\.usemessages\.com\/conversations-embed\.js/.test(url)) {
      portal = tag.getAttribute("data-hsjs-portal");
      region = tag.getAttribute("data-hsjs-hublet");
    }
    region ||= "na1";
    if (!/^[1-9]\d{0,18}$/.test(portal) || !/^[a-z]{2}\d{1,2}$/.test(region)) return;
    return {
      account: portal,
      src: `https://js${region === "na1" ? "" : "-" + region}.usemessages.com/conversations-embed.js`,
      attrs: {
        id: "hubspot-messages-loader",
        "data-loader": "hs-scriptloader",
        "data-hsjs-portal": portal,
        "data-hsjs-env": "prod",
        "data-hsjs-hublet": region,
      },
    };
  };
}
