// @ts-check
// The chat: its button, the script that a click loads, and the states in between.

import { asVisitor, keepFocusVisible, mountButton } from "./button.js";
import { clicked, trust } from "./core.js";
import { create, findFirst, purposeOf } from "./dom.js";
import { addChatButton, announceLibraries, isOffered, mountPlaceholders } from "./embeds.js";
import { driver, nonce, settings } from "./settings.js";

/**
 * The element with the button.
 * @type {AnyElement | undefined}
 */
let host;
/** @type {ShowState} */
let showState;
/**
 * Ends the wait for the chat that is loading.
 * @type {Resolve | undefined}
 */
let resolveChat;
/**
 * Whether a chat that loads by itself is opened too, because a visitor has asked for it meanwhile.
 * @type {boolean | undefined}
 */
let opensLater;
/**
 * Whether the chat loads by itself once the page is there.
 * @type {unknown}
 */
let startsAlone;

// Read from the shadow root: a script that brings a fresh copy of the page may set the host's own attribute back.
const chatState = () => host?.shadowRoot.firstChild.dataset.state;

/** Set whether the chat loads without a click once the page is there. */
export const startAlone = (/** @type {unknown} */ value) => {
  startsAlone = value;
};

/**
 * Mount the buttons that the page has room for.
 *
 * Called again when a front end has swapped the page: the button then moves over as it is, even while its chat loads.
 */
export const mountAll = () => {
  if (EMBEDS) {
    addChatButton();
    announceLibraries();
  }
  const place = settings?.src && findFirst("[data-consent-facade]");
  if (place && place !== host) {
    if (host) place.replaceWith(host);
    else {
      findFirst("[data-consent-chat]")?.append(place);
      showState = mountButton(place, "chat", onChatClick, () => driver.frame());
      host = place;
    }
    // An open chat needs no button. One that went with the old page's content needs it again.
    if (!/loading|granted/.test(chatState())) showState(driver.frame() ? "ready" : "idle", "");
  }
  if (EMBEDS) {
    hideElsewhere();
    if (settings) mountPlaceholders();
  }
};

/** Hide the button where the site does not offer its chat. A chat that a visitor has opened stays. */
const hideElsewhere = () => {
  if (host) host.hidden = chatState() === "idle" && !isOffered();
};

/** Return whether the chat's button is in the page. */
export const isMounted = () => host?.isConnected;

const onChatClick = () => {
  clicked.chat = true;
  setClickCookie("=" + (driver.click ?? 1));
  startChat();
};

/**
 * Open the chat for a click on the site's own link or button, or for a call, as a click on our button does.
 * @param {Event} [event]
 */
export const openChat = (event) => {
  if (driver.frame()) driver.open();
  else if (chatState() === "granted") opensLater = true;
  else if (/idle|failed/.test(chatState())) asVisitor(event, onChatClick);
};

/** Set or end the cookie that keeps the visitor's choice for this visit. Nothing else is stored. */
export const setClickCookie = (/** @type {string} */ value) => {
  document.cookie = SITE.cookie + value + ";Path=/;SameSite=Lax" + (/^https/.test(location) ? ";Secure" : "");
};

/**
 * Call `load` and return whether it calls `resolve(true)` within eight seconds.
 * @param {(resolve: Resolve) => any} load
 */
export const withTimeout = (load) =>
  new Promise((/** @type {Resolve} */ resolve) => {
    // Not the script's load event: what the script requests next may be blocked or hang.
    if (navigator.onLine) {
      setTimeout(resolve, 8000);
      load(resolve)?.catch(() => resolve());
    } else resolve();
    // Objects that the site has left for the vendor may make `load` throw.
  }).catch(() => {});

/** Return the name of the message to show when nothing has loaded. */
export const failureState = () => (navigator.onLine ? "failed" : "offline");

/**
 * Load the chat. With `quiet` no visitor has clicked: the chat is not opened, and if it does not come, the button is
 * shown without a message.
 * @param {boolean} [quiet]
 */
export const startChat = async (quiet) => {
  showState(quiet ? "granted" : "loading");
  /** @type {AnyElement | null | undefined} */
  let script;
  const hasCome = await withTimeout((resolve) => {
    resolveChat = resolve;
    // The site's own chat, or one that is loading under the same id, is not loaded twice.
    if (driver.begin(!quiet, () => resolve(true), settings.attrs, resolve, settings.blocksStyles)) return;
    script = findActive(settings.attrs.id);
    if (script) return;
    script = create("script");
    for (const [name, value] of Object.entries(settings.attrs)) script.setAttribute(name, value);
    script.nonce = settings.nonce ?? nonce;
    script.onerror = () => resolve(script.remove());
    script.src = trust("ScriptURL", settings.src);
    document.head.append(script);
  });
  if (quiet && !opensLater) return showState(hasCome ? "ready" : "idle", "");
  opensLater = false;
  if (hasCome) {
    driver.open();
    showState("ready");
  } else {
    // A failed script must not keep its id: it would tell the vendor's own loader that the chat is there.
    script?.remove();
    driver.remove();
    showState("failed", failureState());
  }
};

/** Return the element with this id, unless it is blocked. */
export const findActive = (/** @type {string | null} */ id) => {
  const found = id && document.getElementById(id);
  return found && purposeOf(found) ? null : found;
};

/** Look whether the chat has come, by us or by another script, and whether it is to load by itself now. */
export const checkChat = () => {
  if (host) {
    if (host.dataset.state !== chatState()) host.dataset.state = chatState();
    keepFocusVisible(host.shadowRoot.firstChild);
  }
  if (driver.loaded()) resolveChat?.(true);
  if (EMBEDS) {
    driver.follow?.();
    hideElsewhere();
  }
  if (chatState() === "idle") {
    // Another script may have loaded the chat, a tag manager perhaps.
    if (driver.frame()) showState("ready", "");
    else if (startsAlone && !(EMBEDS && host.hidden) && document.readyState === "complete") {
      startsAlone = false;
      startChat(true);
    }
  }
};
