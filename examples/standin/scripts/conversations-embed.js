// The stand-in for HubSpot's chat. It has the widget's public interface and cookies, and shows a small chat page.
(function (standin) {
  "use strict";
  var LOADER = "hubspot-messages-loader";
  var HALF_YEAR = 180 * 24 * 60 * 60;
  var HALF_HOUR = 30 * 60;
  var UTK = /^[a-zA-Z\d]{32}$/;
  var EVENTS = ["conversationStarted", "conversationClosed", "userSelectedThread", "unreadConversationCountChanged",
    "contactAssociated", "userInteractedWithWidget", "widgetLoaded", "quickReplyButtonClick", "widgetClosed"];
  var SETTINGS = {
    loadImmediately: ["boolean"],
    inlineEmbedSelector: ["string"],
    enableWidgetCookieBanner: ["boolean", "string"],
    disableAttachment: ["boolean"],
    disableInitialInputFocus: ["boolean"],
    avoidInlineStyles: ["boolean"],
    identificationEmail: ["string"],
    identificationToken: ["string"],
    isFullscreen: ["boolean"],
    hideScrollToButton: ["boolean"],
    hideNewThreadLink: ["boolean"]
  };

  var settings, portal, hublet, utk, container, frame;
  var state = "idle";
  var shown = false;
  var last = {};
  var listeners = {};

  // ---- cookies: set for the host without a leading "www.", so that its subdomains share them
  function domain() {
    var host = location.hostname.replace(/^www\./, "");
    return /^[\d.]+$|:/.test(host) ? "" : ";domain=." + host;
  }
  function read(name) {
    var found = document.cookie.match("(?:^|; )" + name + "=([^;]*)");
    return found ? decodeURIComponent(found[1]) : "";
  }
  function write(name, value, seconds) {
    document.cookie = name + "=" + value + ";path=/;SameSite=Lax;max-age=" + seconds + domain() +
      (location.protocol === "https:" ? ";Secure" : "");
  }
  function random() {
    var bytes = crypto.getRandomValues(new Uint8Array(16)), text = "";
    for (var i = 0; i < 16; i++) text += (bytes[i] + 256).toString(16).slice(1);
    return text;
  }

  // ---- addresses
  function origin(label) {
    var host = label + (hublet === "na1" || !hublet ? "" : "-" + hublet) + ".hubspot.com";
    return standin.origins[host] || "https://" + host;
  }
  function query(values) {
    return Object.keys(values).filter(function (name) { return values[name] !== ""; }).map(function (name) {
      return name + "=" + encodeURIComponent(values[name]);
    }).join("&");
  }

  // ---- the site's settings: a value of the wrong type is an error
  function checked(given) {
    Object.keys(given).forEach(function (name) {
      var types = SETTINGS[name];
      if (types && types.indexOf(typeof given[name]) < 0) {
        throw new TypeError("hsConversationsSettings." + name + " must be of type " + types.join(" or "));
      }
    });
    var prompt = given.enableWidgetCookieBanner;
    if (typeof prompt === "string" && prompt !== "ON_WIDGET_LOAD" && prompt !== "ON_EXIT_INTENT") {
      throw new TypeError("hsConversationsSettings.enableWidgetCookieBanner is unknown: " + prompt);
    }
    return given;
  }
  function prompt(answer) {
    var own = settings.enableWidgetCookieBanner;
    if (own === true) return "ON_WIDGET_LOAD";
    return own || answer.cookiePrompt;
  }

  // ---- the widget
  function tooSoon(name) {
    var time = Date.now();
    if (time - (last[name] || 0) < 1000) {
      console.warn("HubSpotConversations.widget." + name + " was called twice within a second; the call is ignored");
      return true;
    }
    last[name] = time;
    return false;
  }
  function emit(name, payload) {
    (listeners[name] || []).slice().forEach(function (listener) { listener(payload); });
  }
  function on(name, listener) {
    if (EVENTS.indexOf(name) < 0) { console.warn("HubSpotConversations has no event " + name); return; }
    (listeners[name] = listeners[name] || []).push(listener);
  }
  function off(name, listener) {
    listeners[name] = (listeners[name] || []).filter(function (each) { return each !== listener; });
  }
  function load(options) {
    if (tooSoon("load")) return;
    if (state !== "idle") { console.warn("the chat is there already"); return; }
    if (options && options.widgetOpen) write("hs-messages-is-open", "true", HALF_HOUR);
    window.HubSpotConversations = whole;
    begin();
  }
  function begin() {
    state = "pending";
    var known = read("messagesUtk");
    utk = UTK.test(known) ? known : random();
    var values = {
      portalId: portal, conversations_embed: "stand-in", mobile: false, messagesUtk: utk, traceId: random(),
      hubspotUtk: read("hubspotutk"), __hstc: read("__hstc"), __hssc: read("__hssc"), referrer: document.referrer,
      identificationToken: settings.identificationToken || "", email: settings.identificationEmail || ""
    };
    var request = new XMLHttpRequest();
    request.open("GET", origin("api") + "/livechat-public/v1/message/public?" + query(values));
    request.setRequestHeader("X-HubSpot-Messages-Uri", location.href);
    request.onload = function () {
      if (state !== "pending") return;
      if (request.status !== 200) {
        state = "idle";
        if (request.status === 204) announce(false);
        return;
      }
      render(JSON.parse(request.responseText), UTK.test(known));
    };
    request.onerror = function () { if (state === "pending") state = "idle"; };
    request.send();
  }
  function render(answer, returning) {
    var asks = prompt(answer);
    if (read("__hs_opt_out") === "yes" && asks !== "NEVER") window._hsp.push(["showBanner"]);
    if (returning) write("messagesUtk", utk, HALF_YEAR);
    var place = settings.inlineEmbedSelector ? document.querySelector(settings.inlineEmbedSelector) : null;
    if (settings.inlineEmbedSelector && !place) { state = "idle"; return; }
    styles();
    container = document.createElement("div");
    frame = document.createElement("iframe");
    if (place) {
      container.id = "hubspot-conversations-inline-parent";
      frame.id = "hubspot-conversations-inline-iframe";
    } else {
      container.id = "hubspot-messages-iframe-container";
      container.className = "widget-align-right";
      frame.id = "hubspot-conversations-iframe";
    }
    frame.title = "Chat Widget";
    frame.allow = "clipboard-read; clipboard-write";
    frame.src = origin("app") + "/conversations-visitor/" + portal + "/threads/utk/" + utk + "?" + query({
      uuid: random(), mobile: false, hideWelcomeMessage: read("hs-messages-hide-welcome-message") === "true",
      hstc: read("__hstc"), domain: location.hostname, messagesUtk: utk, url: location.href, inline: Boolean(place),
      isFullscreen: Boolean(settings.isFullscreen), disableAttachment: Boolean(settings.disableAttachment),
      disableInitialInputFocus: Boolean(settings.disableInitialInputFocus),
      consent: asks !== "NEVER" && !returning, open: Boolean(place) || wantsOpen()
    });
    container.append(frame);
    (place || document.body).append(container);
    resize(Boolean(place) || wantsOpen());
    announce(true);
  }
  function announce(rendered) {
    window.dispatchEvent(new CustomEvent("hubspot:messages:initialized", { detail: { messageWillRender: rendered } }));
  }
  function styles() {
    var address = origin_static() + "/conversations-embed/static-1.1/embed.css";
    if (document.getElementById("standin-chat-style")) return;
    var element = document.createElement(settings.avoidInlineStyles ? "link" : "style");
    element.id = "standin-chat-style";
    if (settings.avoidInlineStyles) { element.rel = "stylesheet"; element.href = address; }
    else {
      element.textContent = "#hubspot-messages-iframe-container{position:fixed!important;inset:auto 0 0 auto;" +
        "z-index:2147483647}#hubspot-messages-iframe-container iframe,#hubspot-conversations-inline-parent iframe" +
        "{display:block;width:100%;height:100%;border:0}#hubspot-conversations-inline-parent{height:100%;min-height:400px}" +
        "@media print{#hubspot-messages-iframe-container{display:none}}";
    }
    document.head.append(element);
  }
  function origin_static() {
    return standin.origins["static.hsappstatic.net"] || "https://static.hsappstatic.net";
  }
  function wantsOpen() {
    return read("hs-messages-is-open") === "true" || /#hs-chat-open/i.test(location.href);
  }
  function resize(isOpen) {
    shown = isOpen;
    if (container.id !== "hubspot-messages-iframe-container") return;
    container.style.width = isOpen ? "min(376px, 100vw)" : "100px";
    container.style.height = isOpen ? "min(540px, 100vh)" : "96px";
    document.documentElement.classList.toggle("hs-messages-widget-open", isOpen);
  }
  function post(message) {
    if (frame && frame.contentWindow) frame.contentWindow.postMessage(JSON.stringify(message), "*");
  }
  function turn(isOpen) {
    if (state !== "loaded") return;
    post({ type: "set-open", isOpen: isOpen });
  }
  function remove() {
    if (container) container.remove();
    container = frame = undefined;
    state = "idle";
    shown = false;
    document.documentElement.classList.remove("hs-messages-widget-open");
  }
  function clear(options) {
    ["messagesUtk", "hs-messages-is-open", "hs-messages-hide-welcome-message"].forEach(function (name) {
      write(name, "", 0);
    });
    if (options && options.resetWidget && state !== "idle") { remove(); begin(); }
  }

  function heard(event) {
    if (!frame || event.source !== frame.contentWindow || typeof event.data !== "string") return;
    var message;
    try { message = JSON.parse(event.data); } catch (_error) { return; }
    if (message.type === "ready") {
      state = "loaded";
      emit("widgetLoaded", { message: "widget has loaded" });
    } else if (message.type === "store-messages-cookie") {
      write("messagesUtk", utk, HALF_YEAR);
    } else if (message.type === "open-change") {
      var before = shown;
      resize(message.isOpen);
      write("hs-messages-is-open", String(message.isOpen), HALF_HOUR);
      if (before && !message.isOpen) emit("widgetClosed", { message: "widget has closed" });
    } else if (message.type === "hide-welcome-message") {
      write("hs-messages-hide-welcome-message", "true", HALF_HOUR);
    } else if (message.type === "interacted") {
      emit("userInteractedWithWidget", { message: "user interacted with widget" });
    } else if (message.type === "conversation-started") {
      emit("conversationStarted", { conversation: { conversationId: 1 } });
    }
  }

  var whole = {
    widget: {
      load: load,
      refresh: function (options) {
        if (tooSoon("refresh") || state === "pending") return;
        if (state === "loaded") remove();
        if (options && options.openToNewThread) write("hs-messages-is-open", "true", HALF_HOUR);
        begin();
      },
      open: function () { turn(true); },
      close: function () { turn(false); },
      remove: remove,
      status: function () { return { loaded: state === "loaded", pending: state === "pending" }; }
    },
    on: on,
    off: off,
    clear: clear,
    resetAndReloadWidget: function () { if (state === "idle") return; clear(); remove(); begin(); }
  };
  // Before the first load, only load, on and off have an effect.
  function nothing() {}
  var stub = {
    widget: { load: load, refresh: nothing, open: nothing, close: nothing, remove: nothing, status: nothing },
    on: on,
    off: off,
    clear: nothing,
    resetAndReloadWidget: nothing
  };

  // Tests read from this list what the page has called, in its order.
  var calls = (window.standInCalls = window.standInCalls || []);
  function logged(owner) {
    Object.keys(owner).forEach(function (name) {
      var method = owner[name];
      if (typeof method !== "function") { logged(method); return; }
      owner[name] = function () {
        if (name !== "status") calls.push([name].concat([].slice.call(arguments)));
        return method.apply(owner, arguments);
      };
    });
    return owner;
  }
  logged(whole);
  logged(stub);

  function start() {
    if (window.hubspot_live_messages_running) {
      console.warn("the chat is on this page twice; the second copy does nothing");
      return;
    }
    if (!window.WeakMap || !window.requestAnimationFrame) return;
    if ((window.disabledHsPopups || []).indexOf("LIVE_CHAT") >= 0) return;
    if (Object.prototype.toJSON || Array.prototype.toJSON || String.prototype.toJSON) return;
    var element = document.getElementById(LOADER);
    // As in the real script, it is an error if the element or its environment is missing.
    var env = element.getAttribute("data-hsjs-env");
    if (!env) throw new Error("the chat's script has no data-hsjs-env");
    portal = parseInt(element.getAttribute("data-hsjs-portal"), 10);
    hublet = element.getAttribute("data-hsjs-hublet");
    settings = checked(window.hsConversationsSettings || {});
    window.hubspot_live_messages_running = true;
    window.addEventListener("message", heard);
    window.addEventListener("hashchange", function () {
      if (/#hs-chat-open/i.test(location.href)) whole.widget.open();
    });
    (window._hsq = window._hsq || []).push(["addPrivacyConsentListener", function (consent) {
      if (!consent.allowed) write("messagesUtk", "", 0);
    }]);
    var wait = settings.loadImmediately === false;
    window.HubSpotConversations = wait ? stub : whole;
    if (!wait) begin();
    var ready = window.hsConversationsOnReady;
    if (ready !== undefined && !Array.isArray(ready)) throw new TypeError("hsConversationsOnReady must be an array");
    (ready || []).forEach(function (each) { each(); });
  }
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})(__STANDIN__);
