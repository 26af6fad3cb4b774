// The stand-in for HubSpot's tracker. It sets four cookies, sends one beacon, and inserts the loader if it is missing.
(function (standin) {
  "use strict";
  if (window.__standinTracker) return;
  window.__standinTracker = true;

  var HALF_YEAR = 180 * 24 * 60 * 60;
  var HALF_HOUR = 30 * 60;
  var NINE = ["__hs_cookie_cat_pref", "__hs_initial_opt_in", "__hs_opt_out", "__hssc", "__hssrc", "__hs_do_not_track",
    "__hstc", "hubspotutk", "messagesUtk"];

  // HubSpot uses the domain that the account has configured, normally the registrable one, and otherwise the host alone.
  // The stand-in counts every name as configured, except IP addresses and names of this machine.
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
    document.cookie = name + "=" + value + ";path=/;SameSite=Lax" + (domain ? ";domain=" + domain : "") +
      (seconds === null ? "" : ";max-age=" + seconds) + (standin.secureCookies ? ";Secure" : "");
  }
  function forget(name) {
    var host = location.hostname.replace(/^www\./, "");
    ["", "." + host, configuredDomain()].forEach(function (domain) { write(name, "", 0, domain); });
  }
  function random() {
    var bytes = crypto.getRandomValues(new Uint8Array(16)), text = "";
    for (var i = 0; i < 16; i++) text += (bytes[i] + 256).toString(16).slice(1);
    return text;
  }
  function hash(text) {
    var sum = 0;
    for (var i = 0; i < text.length; i++) sum = (sum * 31 + text.charCodeAt(i)) >>> 0;
    return sum;
  }

  var tracked = true;
  var allowed = false;
  var visitor = read("hubspotutk") || random();

  function remember() {
    var domain = configuredDomain(), time = Date.now(), mark = hash(domain || location.hostname);
    var known = read("__hstc").split("."), session = read("__hssc").split(".");
    var again = known.length === 6 && session.length === 3;
    var initial = known.length === 6 ? known[2] : time;
    var previous = again ? known[3] : known.length === 6 ? known[4] : time;
    var current = again ? known[4] : time;
    var count = known.length === 6 ? Number(known[5]) + (again ? 0 : 1) : 1;
    write("__hstc", [mark, visitor, initial, previous, current, count].join("."), HALF_YEAR, domain);
    write("hubspotutk", visitor, HALF_YEAR, domain);
    write("__hssc", [mark, again ? Number(session[1]) + 1 : 1, again ? session[2] : time].join("."), HALF_HOUR, domain);
    write("__hssrc", "1", null, domain);
  }
  function beacon() {
    if (!tracked || read("__hs_do_not_track") === "yes") return;
    var query = { k: 1, v: "1.1", a: standin.portal, pu: location.href, t: document.title, cts: Date.now() };
    if (allowed) { query.vi = visitor; query.u = read("__hstc"); query.b = read("__hssc"); }
    var parts = Object.keys(query).map(function (name) { return name + "=" + encodeURIComponent(query[name]); });
    new Image().src = standin.origins[host("track")] + "/__ptq.gif?" + parts.join("&");
  }
  function host(label) {
    return label + (standin.hublet === "na1" ? "" : "-" + standin.hublet) + ".hubspot.com";
  }

  var commands = {
    doNotTrack: function (options) {
      if (options && options.track) forget("__hs_do_not_track");
      else write("__hs_do_not_track", "yes", HALF_YEAR, configuredDomain());
    },
    revokeCookieConsent: function () { allowed = false; NINE.forEach(forget); },
    addPrivacyConsentListener: function (listener) {
      (window._hsp = window._hsp || []).push(["addPrivacyConsentListener", listener]);
    },
    addIdentityListener: function (listener) { listener(read("__hstc"), "", "", allowed ? visitor : ""); },
    trackPageView: beacon,
    embedHubSpotScript: function (src, id) {
      if (document.getElementById(id)) return;
      var script = document.createElement("script");
      script.id = id;
      script.src = src;
      var first = document.getElementsByTagName("script")[0];
      first.parentNode.insertBefore(script, first);
    }
  };
  function run(command) {
    if (typeof command === "function") command();
    else if (Object.prototype.hasOwnProperty.call(commands, command[0])) commands[command[0]](command[1], command[2]);
  }
  var waiting = window._hsq || [];
  window._hsq = { push: function () { Array.prototype.forEach.call(arguments, run); return 0; } };
  window._hsq.push(["embedHubSpotScript", standin.loader, "hs-script-loader"]);
  Array.prototype.forEach.call(waiting, run);

  function consent(answer) {
    allowed = Boolean(answer.allowed || answer.categories.analytics);
    if (allowed) remember();
  }
  if (standin.banner) commands.addPrivacyConsentListener(consent);
  else consent({ allowed: true, categories: {} });
  // The beacon is sent whatever the visitor answers; without consent it does not identify the visitor.
  setTimeout(beacon, standin.banner ? 300 : 0);
})(__STANDIN__);
