// @ts-check
// Intercom's driver: how its Messenger is prepared, opened, found and taken away. `Driver` in facade/assets/types.d.ts
// says what each member does; intercom.py beside this file is the server's side.
//
// Source: Intercom's JavaScript API (boot, show, shutdown, onShow, ready; the settings app_id and api_base; cookies
// that begin with "intercom-"). What those pages leave unsaid is marked "seen": in the widget's published script, or in
// the tests of sites that use it.

/** @type {Driver} */
export const driver = {
  opens: "[data-consent-open]",

  // Seen: the frame of the open Messenger, and the launcher before and after its own code has come. The page also holds
  // an empty `iframe#intercom-frame`, which is neither.
  messenger: 'iframe[name="intercom-messenger-frame"]',
  launcher: ".intercom-lightweight-app-launcher,.intercom-launcher-frame,.intercom-launcher",

  // Set by `begin`: whether the visitor has asked for the chat, and the queue that stands in for the API.
  asked: false,
  queue: null,

  // Returns the Messenger's API once the widget's script has run, or null. Seen: a site's own snippet leaves a function
  // there that only queues. The widget's script sets `booted`, and takes every call from then on.
  api() {
    const api = window.Intercom;
    return typeof api === "function" && api.booted ? api : null;
  },

  // Without `open`, the chat comes as the site's own settings have it. `attributes` name the workspace, and the data
  // center if a tag did. A second call replaces the first.
  begin(open, done, attributes = {}) {
    // What the site has set for its visitor (a name, a region, an alignment) stays. The object keeps its identity,
    // because the site may add to it until the widget's script reads it. If the site has frozen it, a copy takes its
    // place.
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
      // Calls wait in `q` until the script is there, as in Intercom's own snippet.
      window.Intercom = driver.queue = (/** @type {unknown[]} */ ...call) => driver.queue.q.push(call);
      driver.queue.q = [];
    }
    const tell = () => {
      // The frame may come a moment after `onShow`; the next call of `loaded` finds it then.
      if (driver.begun === mine && (!open || driver.loaded())) done();
    };
    window.Intercom(open ? "onShow" : "ready", tell);
    // A running Messenger keeps its session. The script boots by itself when it finds the settings, but not again
    // after `shutdown`.
    if (!driver.frame()) window.Intercom("boot", window.intercomSettings);
    if (open) window.Intercom("show");
    return driver.api();
  },

  // Returns whether the open Messenger is there if a visitor asked for it, else whether the launcher is.
  loaded() {
    return !!driver.api() && !!(driver.asked ? document.querySelector(driver.messenger) : driver.frame());
  },

  open() {
    if (!document.querySelector(driver.messenger)) driver.api()?.("show");
  },

  // The open Messenger, else the button that opens it.
  frame() {
    return document.querySelector(driver.messenger) ?? document.querySelector(driver.launcher);
  },

  // Also takes a half-built widget away, and forgets what `begin` asked for.
  remove() {
    driver.asked = false;
    driver.begun = null;
    driver.api()?.("shutdown");
    // An unused queue would keep the site's own snippet, released later, from loading the script.
    if (window.Intercom === driver.queue && !driver.api()) delete window.Intercom;
  },

  // `shutdown` ends the session's cookie; the others are expired by name.
  forget() {
    driver.remove();
    const labels = location.hostname.split(".");
    const domains = labels.map((_, index) => "; Domain=" + labels.slice(index).join("."));
    for (const pair of document.cookie.split("; ")) {
      const name = pair.split("=")[0];
      if (!/^intercom-(?:id|session|device-id)-/.test(name)) continue;
      // Browsers ignore domains that are not the site's.
      for (const domain of ["", ...domains]) document.cookie = name + "=; Max-Age=0; Path=/" + domain;
    }
  },
};
