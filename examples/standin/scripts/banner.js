// The stand-in for HubSpot's own cookie banner. Without opt-in it shows nothing and allows everything.
(function (standin) {
  "use strict";
  if (window.__standinBanner) return;
  window.__standinBanner = true;

  var HALF_YEAR = 180 * 24 * 60 * 60;
  var WEEK = 7 * 24 * 60 * 60;
  var NINE = ["__hs_cookie_cat_pref", "__hs_initial_opt_in", "__hs_opt_out", "__hssc", "__hssrc", "__hs_do_not_track",
    "__hstc", "hubspotutk", "messagesUtk"];
  var listeners = [];

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

  function answer() {
    if (!standin.optIn) return true;
    if (read("__hs_opt_out")) return read("__hs_opt_out") === "no";
    return null;
  }
  function tell(listener) {
    var allowed = answer();
    if (allowed === null) return;
    listener({ allowed: allowed,
      categories: { necessary: true, analytics: allowed, advertisement: allowed, functionality: allowed } });
  }
  function decide(allowed) {
    write("__hs_opt_out", allowed ? "no" : "yes", HALF_YEAR, configuredDomain());
    write("__hs_initial_opt_in", "true", WEEK, configuredDomain());
    hide();
    listeners.forEach(tell);
  }
  function hide() {
    var shown = document.getElementById("hs-eu-cookie-confirmation");
    if (shown) shown.remove();
  }
  function show() {
    if (window.disableHubSpotCookieBanner || document.getElementById("hs-eu-cookie-confirmation")) return;
    var box = document.createElement("div");
    box.id = "hs-eu-cookie-confirmation";
    box.setAttribute("role", "dialog");
    box.setAttribute("aria-label", "Cookie banner");
    box.style.cssText = "position:fixed;inset:0 0 auto;padding:12px;background:#fff;border-bottom:1px solid #999;z-index:99999";
    box.append("This website stores cookies. ");
    [["hs-eu-confirmation-button", "Accept", true], ["hs-eu-decline-button", "Decline", false]].forEach(function (each) {
      var button = document.createElement("button");
      button.id = each[0];
      button.textContent = each[1];
      button.onclick = function () { decide(each[2]); };
      box.append(button, " ");
    });
    document.body.prepend(box);
  }

  var commands = {
    addPrivacyConsentListener: function (listener) { listeners.push(listener); tell(listener); },
    revokeCookieConsent: function () { NINE.forEach(forget); if (standin.optIn) show(); },
    showBanner: function () { if (standin.optIn) show(); },
    // The consent is not stored, so a page that uses this command sends it on each visit.
    setHubSpotConsent: function (given) {
      listeners.forEach(function (listener) { listener({ allowed: Boolean(given.analytics), categories: given }); });
    }
  };
  function run(command) {
    if (typeof command === "function") command();
    else if (Object.prototype.hasOwnProperty.call(commands, command[0])) commands[command[0]](command[1]);
  }
  var waiting = window._hsp || [];
  window._hsp = { push: function () { Array.prototype.forEach.call(arguments, run); return 0; } };
  Array.prototype.forEach.call(waiting, run);
  if (answer() === null) show();
})(__STANDIN__);
