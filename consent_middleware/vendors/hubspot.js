// HubSpot in the visitor's browser: how its chat widget is prepared, opened, found and taken away.
//
// Knows: everything of HubSpot's that reaches the browser. Its server side is hubspot.py, beside this file.
// Must not know: the facade's looks, words and states. Another vendor offers the same functions.
// Source: HubSpot's Conversations SDK; what the SDK leaves unsaid is marked "in the embed script".
const driver = {
  // The widget's API once the embed script has run, or null. A look at `load` tells it from an element with that id.
  api() {
    const api = window.HubSpotConversations;
    return typeof api?.widget?.load === "function" ? api : null;
  },

  // Called before the chat script is fetched, or in its place when the API stands already. `open`: the visitor asked
  // for the chat, so it is loaded and opened; otherwise it loads as the site's own settings have it. `done` is called
  // when the widget is there. A second call replaces the first.
  begin(open, done) {
    // In the embed script: it pushes to both without looking, and nothing but the tracking code makes them.
    window._hsp ??= [];
    window._hsq ??= [];
    // The site's object keeps its identity, because the site may add an identification token to it later.
    const settings = (window.hsConversationsSettings ??= {});
    const waits = settings.loadImmediately === false;
    if (open && !Reflect.set(settings, "loadImmediately", false)) {
      window.hsConversationsSettings = { ...settings, loadImmediately: false };
    }
    let met = false;
    driver.meet = () => {
      const api = driver.api();
      if (met || !api) return;
      met = true;
      api.on("widgetLoaded", done);
      // A page swap has dropped the frame of a widget that still counts as loaded; `load` makes one after `remove`.
      if (driver.loaded() && !driver.frame()) api.widget.remove();
      if (open) api.widget.load({ widgetOpen: true });
      else if (waits) done();
    };
    // The array is the site's as well, so it is added to and never set.
    if (!driver.api()) (window.hsConversationsOnReady ??= []).push(() => driver.meet());
    driver.loaded();
  },

  // Calls `appeared` when a widget comes into the page, whoever brought it. In the embed script: the name of the event.
  watch(appeared) {
    addEventListener("hubspot:messages:initialized", (event) => event.detail?.messageWillRender && appeared());
  },

  // Filled in by `begin`: what is to be done once the API is there.
  meet() {},

  // True when the widget is there. Asked again and again, it also meets an API whose ready call was lost because the
  // site set its own array after the click.
  loaded() {
    driver.meet();
    // In the embed script: until `load`, a stub stands in that knows `load`, `on` and `off` alone.
    return !!driver.api()?.widget.status?.()?.loaded;
  },

  // Opens the loaded widget. `load` alone is not enough: HubSpot takes one a second, and a ready function of the
  // site's may have used it up. A widget that is open is left alone: told to open, it would take the focus.
  open() {
    if (document.documentElement.classList.contains("hs-messages-widget-open")) return;
    driver.api()?.widget.open?.();
  },

  // The element to which the focus goes, or null.
  frame() {
    return document.querySelector(
      "#hubspot-conversations-iframe,#hubspot-messages-iframe-container iframe,#hubspot-conversations-inline-iframe",
    );
  },

  // Takes away the widget, a half-built one too, and forgets what `begin` asked for.
  remove() {
    driver.meet = () => {};
    driver.api()?.widget.remove?.();
  },

  // Deletes the chat's own cookies.
  forget() {
    driver.api()?.clear?.();
  },
};
