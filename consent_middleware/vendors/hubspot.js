// HubSpot in the visitor's browser: how its chat widget is prepared, opened, found and taken away, and where its embeds
// would stand.
//
// Knows: everything of HubSpot's that reaches the browser. Its server side is hubspot.py, beside this file.
// Must not know: the facade's looks, words and states. Another vendor offers the same names; `embeds` and `spot` may
// be left out.
// Source: HubSpot's Conversations SDK; what the SDK leaves unsaid is marked "in the embed script".
const driver = {
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
  };

  // The element in or before which the embed of a held inline script would stand: what its text names as its target,
  // else itself. None, where a call to action has its link beside it.
  driver.spot = (script) => {
    if (script.closest(".hs-cta-wrapper")?.querySelector("a[href]")) return;
    const target = /["']?target["']?\s*:\s*["']([^"']+)/.exec(script.text)?.[1];
    try {
      return document.querySelector(target) || script;
    } catch {
      // Put together by the script, so that its beginning is no selector; or none at all.
      return script;
    }
  };
}
