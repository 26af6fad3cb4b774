// @ts-check
// The facade's script: the button for the chat, the release of blocked tags once the visitor consents, and the end of
// what runs once consent is taken back. This module connects the parts and makes the public object.
//
// No part knows a vendor (that is a driver, from the vendors folder), how consent is read, or a server but its own.

// The release first: the code has the order of the imports, and compresses best in this one.
import { release } from "./release.js";
import { checkChat, isMounted, mountAll, openChat, setClickCookie } from "./chat.js";
import { core } from "./core.js";
import { checkCookies, endVendors, initDecision, refresh } from "./decision.js";
import { ownScript } from "./dom.js";
import { handleCalls, watchLibraries } from "./embeds.js";
import { adopt, buttonMarkup, driver } from "./settings.js";
import { installStandIns } from "./stand-ins.js";

if (EMBEDS) {
  installStandIns();
  watchLibraries();
}

// Only a script that the browser really runs is believed. Markup that a visitor got into the page could bear the same
// attribute, or take the name `currentScript`, and would then choose the address of a trusted script.
if (ownScript instanceof HTMLScriptElement) {
  const api = window.consentMiddleware;
  if (!core.adopt) {
    initDecision();
    core.release = release;
    core.adopt = adopt;
    Object.assign(api, {
      refresh,
      open: openChat,
      // Ends what the visitor's click began: the cookie, the chat, and by a reload the code that runs.
      withdraw() {
        setClickCookie("=; Max-Age=0");
        endVendors();
      },
    });
    addEventListener("click", (event) => {
      if (event.composedPath().some((target) => /** @type {any} */ (target).matches?.(driver.opens))) openChat(event);
    });
    setInterval(() => {
      checkCookies();
      checkChat();
    }, 250);
    new MutationObserver(() => {
      if (EMBEDS || !isMounted()) mountAll();
    }).observe(document, { childList: true, subtree: true });
  }
  core.adopt(ownScript, buttonMarkup, driver);
  // What the site has called before, now that the button is there.
  const { earlyCalls } = core;
  core.earlyCalls = null;
  earlyCalls?.forEach((name) => api[name]());
  if (EMBEDS) (core.handleCalls ??= handleCalls)();
}
