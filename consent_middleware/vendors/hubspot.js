// @ts-check
// HubSpot's driver: how its chat is prepared, opened, found and taken away, and where its embeds go. `Driver` in
// facade/assets/types.d.ts says what each member does; the folder hubspot/ beside this file is the server's side.
//
// Source: HubSpot's Conversations SDK. What that leaves unsaid is marked "in the embed script".

// A hash is no change of the page.
const pageAddress = () => location.href.split("#")[0];

/** @type {Driver} */
export const driver = {
  // HubSpot's own kind of link, and the package's attribute.
  opens: "[data-consent-open],a[href*='#hs-chat-open' i]",

  // Returns the widget's API once the embed script has run, or null. An element with that id has no `load`, and our own
  // stand-in has every member.
  api() {
    const api = window.HubSpotConversations;
    return api?.widget?.load && !(EMBEDS && api.isStandIn) ? api : null;
  },

  // Without `open`, the chat loads as the site's own settings have it. A second call replaces the first.
  begin(open, done, _, fail, blocksStyles) {
    // In the embed script: it pushes to both, which only the tracking code makes.
    window._hsp ??= [];
    window._hsq ??= [];
    // In the embed script: the name of the event.
    addEventListener("hubspot:messages:initialized", (/** @type {any} */ { detail }) => {
      if (detail?.messageWillRender === false) fail();
    });
    // The site's object keeps its identity, because the site may add an identification token to it later.
    const settings = (window.hsConversationsSettings ??= {});
    // HubSpot then links its style sheet instead of putting style elements into the page.
    if (blocksStyles) settings.avoidInlineStyles ??= true;
    const { loadImmediately: before = true } = settings;
    if (open) settings.loadImmediately = false;
    // The tracking code, loaded later, must find the settings as the site has made them.
    driver.restore = () => (settings.loadImmediately = before);
    driver.meet = () => {
      const api = driver.api();
      if (!api) return;
      driver.meet = null;
      driver.restore();
      if (EMBEDS) driver.address = pageAddress();
      api.on("widgetLoaded", done);
      // A page swap has dropped the frame of a widget that still counts as loaded; `load` makes one after `remove`.
      if (driver.loaded() && !driver.frame()) api.widget.remove();
      if (open) api.widget.load({ widgetOpen: true });
      else if (!before) done();
    };
    // The array is the site's as well, so it is never replaced.
    if (!driver.api()) (window.hsConversationsOnReady ??= []).push(() => driver.meet?.());
    driver.meet();
    return driver.api();
  },

  // Called four times a second. It also meets an API whose ready call was lost because the site set its own array after
  // the click.
  loaded() {
    driver.meet?.();
    if (EMBEDS) driver.replayWaiting();
    // In the embed script: until `load`, the API is a stub with `load`, `on` and `off` alone.
    return driver.api()?.widget.status?.()?.loaded;
  },

  // `load` alone is not enough: HubSpot takes one a second, and a ready function of the site's may have been first. An
  // open widget is left alone, since it would take the focus.
  open() {
    if (!document.querySelector(".hs-messages-widget-open")) driver.api()?.widget.open?.();
  },

  frame() {
    return document.querySelector("iframe[id^=hubspot-conversations],#hubspot-messages-iframe-container iframe");
  },

  // Also takes a half-built widget away, and forgets what `begin` asked for.
  remove() {
    driver.restore?.();
    driver.meet = null;
    if (EMBEDS) driver.isGone = false;
    driver.api()?.widget.remove?.();
  },

  // HubSpot's `revokeCookieConsent` is not called. In the banner's code (version 2): it replaces the banner's own
  // record by a refusal of everything, so that a partial choice, or a later one elsewhere, would no longer count.
  forget() {
    driver.remove();
    driver.api()?.clear?.();
  },
};

// Pages with a button for HubSpot's chat have the script with placeholders.
if (EMBEDS) {
  driver.id = "hubspot";

  // HubSpot wants single-page apps to call `refresh` when the address has changed. It takes one call a second, and a
  // call by the site counts. The address that the chat knows is kept on HubSpot's own object, since a page that is
  // swapped in brings a driver of its own. A refresh takes the widget away where the account has no chat for the page,
  // and the next one may bring it back.
  driver.follow = () => {
    const widget = driver.api()?.widget;
    if (!widget?.refresh) return;
    const { loaded, pending } = widget.status?.() ?? {};
    if (!widget.refresh.address) {
      const { refresh } = widget;
      /** @type {any} */
      const own = (widget.refresh = (/** @type {unknown[]} */ ...args) => {
        if (Date.now() - own.time < 1000) return;
        own.address = pageAddress();
        refresh.apply(widget, args);
        // Not before HubSpot's own time, which it takes in the call: it would ignore a call that comes too soon for it.
        own.time = Date.now();
      });
      own.address = driver.address ?? pageAddress();
    }
    if (loaded) driver.isGone = false;
    if (pending || widget.refresh.address === pageAddress()) return;
    // Until the chat is there, it will load with the address of that time.
    if (loaded || driver.isGone) {
      driver.isGone = true;
      widget.refresh();
    } else widget.refresh.address = pageAddress();
  };

  // The elements that HubSpot's scripts fill by themselves.
  driver.embeds = {
    ".hs-form-frame,.hs-form-html,.payments-iframe-container": "forms",
    ".meetings-iframe-container": "meetings",
    "iframe[data-hsv-src]": "video",
  };

  // Returns the element for a selector, an element or a jQuery object.
  const findElement = (/** @type {any} */ target) => {
    try {
      return target?.nodeType ? target : target?.jquery ? target[0] : document.querySelector(target);
    } catch {
      // Not a selector: the script puts it together, so that only its beginning was read.
    }
  };

  // The target that the script's text names, else the script itself. A call to action with a link beside it needs no
  // placeholder.
  driver.spot = (script) => {
    if (script.closest(".hs-cta-wrapper")?.querySelector("a[href]")) return;
    const target = /["']?target["']?\s*:\s*["']([^"']+)/.exec(script.text)?.[1];
    return findElement(target) || script;
  };

  driver.globals = ["hbspt", "HubSpotConversations"];

  driver.kindOf = (call) => {
    const [what] = call.path;
    /** @type {Record<string, string>} */
    const kinds = {
      __proto__: null,
      forms: "forms",
      enqueueForm: "forms",
      meetings: "meetings",
      cta: "calls-to-action",
    };
    const [options] = call.args;
    call.target = () => {
      const named = options?.target ?? (what === "meetings" && options);
      if (named) return findElement(named) ?? undefined;
      return what !== "cta" && call.script?.isConnected ? call.script : null;
    };
    return call.name === "hbspt" ? kinds[what] : null;
  };

  // A click on an element may be meant for the site's own way to start the chat. One that the site hears everywhere is
  // not: delayed scripts start at any click.
  driver.asksToOpen = ({ path: [, name], args: [options], active }) =>
    name === "open" || (name === "load" && (options?.widgetOpen || active === "click")) || options?.openToNewThread;

  /**
   * The calls of the chat that wait for HubSpot's own script.
   * @type {Set<() => void>}
   */
  const waiting = new Set();

  const makeWaiting = (/** @type {() => void} */ again) => {
    if (waiting.delete(again)) again();
  };

  // Called four times a second, because the list that HubSpot's script goes through may be lost: the site may put
  // another in its place, or a function of the site's may throw.
  driver.replayWaiting = () => {
    if (driver.api()) waiting.forEach(makeWaiting);
  };

  // Calls of the chat go into the list that HubSpot's own script goes through once it is there.
  driver.replay = (call) => {
    const { name, path, args, script } = call;
    const again = () => {
      // An error is reported as the site's own, and the other calls go on.
      try {
        const owner = path.slice(0, -1).reduce((object, key) => object[key], window[name]);
        const last = path.at(-1);
        // The chat may be loading by then, with the page's present address.
        const { loaded, pending } = (/^(open|load|refresh)$/.test(last) && owner.status?.()) || {};
        if (!(loaded || pending)) owner[last](...args);
      } catch (error) {
        reportError(error);
      }
    };
    if (name !== "hbspt") {
      waiting.add(again);
      (window.hsConversationsOnReady ??= []).push(() => makeWaiting(again));
      return;
    }
    // A form without a target stands where its script does.
    if (/create|enqueueForm/.test(path) && script?.isConnected && args[0]?.formId && !args[0].target) {
      const place = document.createElement("div");
      place.id = "consent-form-" + Math.random().toString(36).slice(2);
      script.before(place);
      args[0] = { ...args[0], target: "#" + place.id };
    }
    again();
  };

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
