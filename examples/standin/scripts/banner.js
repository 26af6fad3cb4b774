// The stand-in for HubSpot's own cookie banner, version 2. "Read" is what was read in the banner's code (static-1.1671),
// "documented" is HubSpot's documentation of the consent banner API (2026-03-30).
(function (standin) {
  "use strict";
  if (window.__standinBanner) return;
  window.__standinBanner = true;

  var HALF_YEAR = 180 * 24 * 60 * 60;
  var RECORD = "__hs_cookie_cat_pref";
  // Read: what `revokeCookieConsent` removes.
  var ELEVEN = [RECORD, "__hs_initial_opt_in", "__hs_opt_out", "__hssc", "__hssrc", "__hs_do_not_track", "__hstc",
    "hubspotutk", "messagesUtk", "__hs_gpc_banner_dismiss", "__hs_notify_banner_dismiss"];
  var CATEGORIES = ["analytics", "advertisement", "functionality"];
  // Read: the policies of an account under which the banner asks, and those under which it never writes a record.
  var policy = standin.bannerPolicy;
  var asks = /^(OPT_IN|COOKIES_BY_CATEGORY|OPT_OUT|OPT_OUT_BY_CATEGORY)$/.test(policy);
  var byCategory = /BY_CATEGORY$/.test(policy);
  var ORIGIN = standin.origins["js" + (standin.hublet === "na1" ? "" : "-" + standin.hublet) + ".hs-banner.com"];
  var listeners = [];
  // What the site has said with `setHubSpotConsent`. Documented: it is not stored.
  var told = null;

  function configuredDomain() {
    var host = location.hostname;
    if (/^[\d.]+$|:|(^|\.)localhost$/.test(host) || host.indexOf(".") < 0) return "";
    return "." + host.split(".").slice(-2).join(".");
  }
  function read(name) {
    var found = document.cookie.match("(?:^|; )" + name + "=([^;]*)");
    return found ? found[1] : "";
  }
  function write(name, value, seconds, domain) {
    document.cookie = name + "=" + value + ";path=/;SameSite=Lax;max-age=" + seconds + (domain ? ";domain=" + domain : "");
  }
  function forget(name) {
    var host = location.hostname.replace(/^www\./, "");
    ["", "." + host, configuredDomain()].forEach(function (domain) { write(name, "", 0, domain); });
  }
  function forgetAll(pattern) {
    document.cookie.split("; ").forEach(function (each) {
      var name = each.split("=")[0];
      if (pattern.test(name)) forget(name);
    });
  }
  // Read: the banner counts how often it is shown and clicked, at its own host, from which it also gets its fonts and
  // the visitor's country. The method and the font's path are the stand-in's own choice.
  function ask(path) {
    fetch(ORIGIN + path, { mode: "no-cors", keepalive: true }).catch(function () {});
  }

  // Read: the parts of the record are joined by "_" or ",", and only the exact word "true" grants.
  function recorded() {
    var value = read(RECORD);
    if (!value) return null;
    var categories = {};
    CATEGORIES.forEach(function (name, index) {
      categories[name] = value.split(/[_,]/).indexOf(index + 1 + ":true") >= 0;
    });
    return categories;
  }
  function every(value) { return { analytics: value, advertisement: value, functionality: value }; }
  function record(categories) {
    var parts = CATEGORIES.map(function (name, index) { return index + 1 + ":" + Boolean(categories[name]); });
    write(RECORD, parts.join("_"), HALF_YEAR, configuredDomain());
  }

  // Read: without a policy that asks, consent is true without any cookie, and under NO_COOKIES it is false. Under the
  // two policies of opting out it is true until the visitor has chosen.
  function consent() {
    if (told) return told;
    if (policy === "NO_COOKIES") return every(false);
    if (!asks) return every(true);
    return recorded() || (/^OPT_OUT/.test(policy) ? every(true) : null);
  }
  function tell(listener) {
    var categories = consent();
    if (!categories) return;
    var allowed = CATEGORIES.every(function (name) { return categories[name]; });
    // Documented: `allowed` and the categories.
    listener({ allowed: allowed, categories: Object.assign({ necessary: true }, categories) });
  }
  function decide(categories) {
    ask("/v2/activity/click");
    var before = consent();
    record(categories);
    // Read: what the banner deletes of others.
    if (!categories.analytics) forgetAll(/^_ga_/);
    if (before && before.advertisement && !categories.advertisement) forget("_fbp");
    hide();
    listeners.forEach(tell);
  }

  function hide() {
    var shown = document.getElementById("hs-banner-parent");
    if (shown) shown.remove();
  }
  function button(id, text, action) {
    var made = document.createElement("button");
    made.id = id;
    made.textContent = text;
    made.onclick = action;
    return made;
  }
  // Read: the names of the elements, and the layer of the banner.
  function box(parent, id, label) {
    var made = document.createElement("div");
    made.id = id;
    made.setAttribute("role", "dialog");
    made.setAttribute("aria-label", label);
    parent.append(made);
    return made;
  }
  function show() {
    var disabled = window.disabledHsPopups || [];
    // Documented: the variable. Read: the list.
    if (window.disableHubSpotCookieBanner || disabled.indexOf("PRIVACY") >= 0 || !document.body) return;
    if (document.getElementById("hs-banner-parent")) return;
    ask("/v2/activity/view");
    var parent = document.createElement("div");
    parent.id = "hs-banner-parent";
    var style = document.createElement("style");
    style.textContent = "@font-face{font-family:Lato;src:url(" + ORIGIN + "/v2/fonts/lato.woff2)}" +
      "#hs-banner-parent{position:fixed;inset:0 0 auto;z-index:3000000000;padding:12px;background:#fff;" +
      "font-family:Lato,sans-serif;border-bottom:1px solid #999}";
    parent.append(style);
    var text = box(parent, "hs-eu-cookie-confirmation", "Cookie banner");
    text.append("This website stores cookies. ");
    if (policy === "NOTIFY") {
      text.append(button("hs-eu-confirmation-button", "OK", function () {
        write("__hs_notify_banner_dismiss", "true", HALF_YEAR, configuredDomain());
        hide();
      }));
    } else {
      text.append(button("hs-eu-confirmation-button", "Accept", function () { decide(every(true)); }), " ");
      text.append(button("hs-eu-decline-button", "Decline", function () { decide(every(false)); }), " ");
    }
    if (byCategory) text.append(button("hs-eu-cookie-settings-button", "Cookies settings", function () { choose(parent); }));
    document.body.prepend(parent);
  }
  function choose(parent) {
    var old = document.getElementById("hs-modal");
    if (old) old.remove();
    var modal = box(parent, "hs-modal", "Cookie settings");
    var chosen = consent() || every(false);
    CATEGORIES.forEach(function (name) {
      var label = document.createElement("label");
      var input = document.createElement("input");
      input.type = "checkbox";
      input.name = name;
      input.checked = chosen[name];
      label.append(input, " " + name + " ");
      modal.append(label);
    });
    modal.append(button("hs-modal-save", "Save settings", function () {
      var categories = {};
      CATEGORIES.forEach(function (name) { categories[name] = modal.querySelector("[name=" + name + "]").checked; });
      decide(categories);
    }));
  }

  var commands = {
    // Documented: called at once if the consent is known, and at every change.
    addPrivacyConsentListener: function (listener) { listeners.push(listener); tell(listener); },
    // Read: the record is written again as a refusal of everything, under the policies that ask.
    revokeCookieConsent: function () {
      ELEVEN.forEach(forget);
      if (!asks) return;
      record(every(false));
      listeners.forEach(tell);
      show();
    },
    // Documented: under opt-in and the policies by category only.
    showBanner: function () { if (policy === "OPT_IN" || byCategory) show(); },
    // Documented: it is not stored, so a page that uses it says it on each visit.
    setHubSpotConsent: function (given) {
      told = { analytics: !!given.analytics, advertisement: !!given.advertisement, functionality: !!given.functionality };
      listeners.forEach(tell);
    }
  };
  function run(command) {
    if (typeof command === "function") command();
    else if (Object.prototype.hasOwnProperty.call(commands, command[0])) commands[command[0]](command[1]);
  }

  // Read: the records of version 1 are removed, and no other cookie is written before a choice.
  forget("__hs_opt_out");
  forget("__hs_initial_opt_in");
  // Read: asked only where the account has rules by region.
  if (standin.bannerRegions) ask("/v2/cf-location");
  var waiting = window._hsp || [];
  window._hsp = { push: function () { Array.prototype.forEach.call(arguments, run); return 0; } };
  Array.prototype.forEach.call(waiting, run);
  function start() {
    if (policy === "NOTIFY" ? !read("__hs_notify_banner_dismiss") : asks && !recorded()) show();
  }
  if (document.body) start();
  else addEventListener("DOMContentLoaded", start);
})(__STANDIN__);
