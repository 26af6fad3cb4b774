// Intercom in the visitor's browser: how its Messenger is prepared, opened, found and taken away.
//
// Knows: everything of Intercom's that reaches the browser. Its server side is intercom.py, beside this file.
// Must not know: the facade's looks, words and states. Another vendor offers the same functions.
// Source: Intercom's JavaScript API (boot, show, shutdown, onShow, ready; the settings app_id and api_base; cookies
// that open with "intercom-"). What those pages leave unsaid is marked "seen": in the widget's published script, or in
// the tests of sites that use it.
const driver = {
  // What a visitor clicks on to open the chat: the package's attribute.
  opens: "[data-consent-open]",

  // Seen: the frame of the open Messenger, and the launcher before and after its own code has come. The page also holds
  // an empty `iframe#intercom-frame`, which is neither.
  messenger: 'iframe[name="intercom-messenger-frame"]',
  launcher: ".intercom-lightweight-app-launcher,.intercom-launcher-frame,.intercom-launcher",

  // Filled in by `begin`: whether the visitor has asked for the chat, and the queue that stands in for the API.
  asked: false,
  queue: null,

  // The Messenger's API once the widget's script has run, or null. Seen: a site's own snippet leaves a function there
  // that only queues; `booted` is set by the widget's script, and from then on every call is taken, at once or in turn.
  api() {
    const api = window.Intercom;
    return typeof api === "function" && api.booted ? api : null;
  },

  // Called before the chat script is fetched, or in its place when the API stands already. `open`: the visitor asked
  // for the chat, so it opens; otherwise it comes as the site's own settings have it. `done` is called when it is
  // there. `attributes` are the chat script's own: which workspace, and where its data is kept if a tag said so. A
  // second call replaces the first.
  begin(open, done, attributes = {}) {
    // What the site has set for its visitor (a name, a region, an alignment) stays. The object keeps its identity,
    // because the site may add to it until the widget's script reads it.
    const wanted = { app_id: attributes["data-app-id"], api_base: attributes["data-api-base"] };
    window.intercomSettings ??= {};
    for (const [name, value] of Object.entries(wanted)) {
      const settings = window.intercomSettings;
      if (!value || settings[name] || Reflect.set(settings, name, value)) continue;
      window.intercomSettings = { ...settings, [name]: value };
    }
    const mine = (driver.begun = {});
    driver.asked = open;
    if (typeof window.Intercom !== "function") {
      // What is called before the script has come waits in `q`, as in Intercom's own snippet.
      window.Intercom = driver.queue = (...call) => driver.queue.q.push(call);
      driver.queue.q = [];
    }
    const tell = () => {
      // The frame may come a moment after `onShow`; the next look at `loaded` finds it then.
      if (driver.begun === mine && (!open || driver.loaded())) done();
    };
    window.Intercom(open ? "onShow" : "ready", tell);
    // A Messenger that is up keeps its session. The script boots by itself when it finds the settings, but not again
    // after `shutdown`.
    if (!driver.frame()) window.Intercom("boot", window.intercomSettings);
    if (open) window.Intercom("show");
    return driver.api();
  },

  // True when what was asked for is there: the open Messenger, or else at least the launcher.
  loaded() {
    return !!driver.api() && !!(driver.asked ? document.querySelector(driver.messenger) : driver.frame());
  },

  // Opens the loaded widget. One that is open is left alone.
  open() {
    if (!document.querySelector(driver.messenger)) driver.api()?.("show");
  },

  // The element to which the focus goes, or null: the open Messenger, else the button that opens it.
  frame() {
    return document.querySelector(driver.messenger) ?? document.querySelector(driver.launcher);
  },

  // Takes away the widget, a half-built one too, and forgets what `begin` asked for.
  remove() {
    driver.asked = false;
    driver.begun = null;
    driver.api()?.("shutdown");
    // A queue that nothing has taken up would keep the site's own snippet, released later, from loading the script.
    if (window.Intercom === driver.queue && !driver.api()) delete window.Intercom;
  },

  // Ends the vendor's presence: the widget and its cookies. `shutdown` ends the session's; the others stay until they
  // are expired by name.
  forget() {
    driver.remove();
    const labels = location.hostname.split(".");
    const domains = labels.map((_, index) => "; Domain=" + labels.slice(index).join("."));
    for (const pair of document.cookie.split("; ")) {
      const name = pair.split("=")[0];
      if (!/^intercom-(?:id|session|device-id)-/.test(name)) continue;
      // A browser leaves alone the domains that are not the site's.
      for (const domain of ["", ...domains]) document.cookie = name + "=; Max-Age=0; Path=/" + domain;
    }
  },
};
