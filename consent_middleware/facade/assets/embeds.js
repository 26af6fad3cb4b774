// @ts-check
// Placeholders: the buttons that stand where a blocked form, meeting or video would be. A click loads all embeds of its
// kind on this page. Also the button for a chat whose tag a script has inserted, and the calls that the site has made
// of blocked libraries.
//
// The script for pages without placeholders leaves this module out (`EMBEDS` is false).

import { failureState, mountAll, openChat, startAlone, withTimeout } from "./chat.js";
import { allowed, blocked, clicked, core, scripted } from "./core.js";
import { endpoint } from "./decision.js";
import { blockedAttr, create, findAll, findFirst, isScript, purposeOf } from "./dom.js";
import { mountButton } from "./button.js";
import { addressOf, knownBase, ran, release } from "./release.js";
import { driver, settings, useSettings } from "./settings.js";

/**
 * The placeholders, by the element where each embed would be.
 * @type {Map<AnyElement, {place: AnyElement, kind: string, close: () => void}>}
 */
const placeholders = new Map();

/**
 * The scripts whose load event we have fired, each with the function to call once it has really loaded.
 * @type {WeakMap<AnyElement, Resolve | undefined>}
 */
export const announced = new WeakMap();

/**
 * The kept calls that make embeds.
 * @type {Call[]}
 */
const calls = [];

const driverOf = (/** @type {Call} */ call) => DRIVERS.find((vendor) => vendor.globals?.includes(call.name));

/** Handle the calls that the stand-ins have kept: a visitor's call opens the chat, and calls that make embeds wait. */
export const handleCalls = () => {
  for (const call of core.calls.splice(0)) {
    const vendor = driverOf(call);
    call.kind = vendor.kindOf(call);
    if (call.kind) calls.push(call);
    else if (call.active && vendor === driver && vendor.asksToOpen(call)) openChat();
    else vendor.replay(call);
  }
  mountAll();
};

/**
 * Make the kept calls of a kind again, or those of all kinds if embeds are allowed. Calls of a library that has not
 * loaded yet are made once it has.
 * @param {string} [kind]
 */
export const replayCalls = (kind) => {
  for (const call of [...calls])
    if (window[call.name] && (kind ? call.kind === kind : allowed.embeds)) {
      calls.splice(calls.indexOf(call), 1);
      driverOf(call).replay(call);
    }
};

/**
 * Fire the load event of blocked scripts that the site may wait for.
 *
 * A site that inserts a script makes its form at this event, or inserts the next of its scripts. So the event is fired
 * at once for a library with a stand-in. It is also fired for other scripts that a script has inserted, but not for
 * those of embeds, because the site may use what they define.
 */
export const announceLibraries = () => {
  for (const element of [...findAll("script[data-consent]"), ...blocked]) {
    if (announced.has(element) || !element.isConnected || !knownBase(element)) continue;
    const { consentKind } = element.dataset;
    const hasStandIn = STAND_INS.some(([, , , makers]) => makers?.test(addressOf(element)));
    if (!hasStandIn && (consentKind || !scripted.has(element))) continue;
    announced.set(element, undefined);
    setTimeout(() => purposeOf(element) && element.dispatchEvent(new Event("load")));
  }
};

/**
 * Hide the real load event of announced scripts from the site, which has had one.
 *
 * Also tell Astro which scripts of a page that it swaps in have run already. It marks those that it has seen with their
 * address itself.
 */
export const watchLibraries = () => {
  if (core.watchesLibraries) return;
  core.watchesLibraries = true;
  const onLoad = (/** @type {Event} */ event) => {
    const resolve = event.isTrusted && announced.get(/** @type {any} */ (event.target));
    if (!resolve) return;
    event.stopImmediatePropagation();
    resolve(event);
    replayCalls();
  };
  document.addEventListener("load", onLoad, true);
  document.addEventListener("astro:before-swap", (/** @type {any} */ { newDocument }) => {
    for (const script of newDocument.scripts) if (ran.has(script.src)) script.dataset.astroExec = "";
  });
};

/**
 * The path for which the server has said whether the site offers its chat there.
 * @type {string | undefined}
 */
let judgedPath;

/** Remember whether the server offers the chat on this page. */
export const judgePage = () => {
  judgedPath = location.pathname;
};

/**
 * Return whether the site offers its chat at the page's present address.
 *
 * The server has answered for the address at which the page came. It may know that page by another path than the
 * browser, so its answer goes before the patterns, which are for the addresses that a front end sets later.
 */
export const isOffered = () => {
  if (!SITE.pages) return true;
  let { pathname } = location;
  if (pathname === judgedPath) return !settings.elsewhere;
  const [pattern, length] = SITE.pages;
  const mount = endpoint.pathname.slice(0, -length);
  try {
    pathname = decodeURIComponent(pathname);
  } catch {
    // The bytes are no text.
  }
  return pathname.startsWith(mount) && RegExp(pattern, "s").test(pathname.slice(mount.length));
};

const addPlace = () => {
  const place = create("aside");
  place.dataset.consentFacade = "";
  place.ariaLabel = SITE.label;
  place.lang = SITE.lang;
  document.body.append(place);
};

/**
 * Add a button for a chat whose tag a script has inserted, and the guard has blocked. A tag in markup counts for
 * nothing, since it would not have run. Also a hidden one on a page from which the visitor may go to one with the chat.
 */
export const addChatButton = () => {
  const offered = core.offers?.chat;
  if (settings?.elsewhere === 1 && !findFirst("[data-consent-facade]")) {
    // Once for each page that the server sends.
    settings.elsewhere = 2;
    addPlace();
  }
  if (!offered || findFirst("[data-consent-facade]")) return;
  const { proxied } = SITE;
  for (const element of blocked) {
    const src = blockedAttr(element, "src");
    if (!element.isConnected || !scripted.has(element) || !driver.chat || src === null) continue;
    const url = new URL(src, document.baseURI);
    // An origin of the site's own may stand in for several hosts.
    const proxiedHosts = Object.keys(proxied).filter((host) => new URL(proxied[host]).host === url.host);
    const chats = [url.host, ...proxiedHosts].map((host) => driver.chat(element, "https://" + host + url.pathname));
    const chat = chats.find((found) => found && (offered === 1 || offered.includes(found.account)));
    if (!chat) continue;
    const { host, pathname } = new URL(chat.src);
    const chatUrl = (proxied[host] ?? "https://" + host) + pathname;
    useSettings({ ...core.offers, ...settings, ...chat, src: chatUrl, nonce: element.nonce });
    addPlace();
    if (allowed.chat) startAlone(true);
    return;
  }
};

/** Mount a placeholder where each blocked embed would be. */
export const mountPlaceholders = () => {
  if (core.offers && !core.offers.embeds) return;
  const waiting = [...new Set([...findAll("[data-consent=embeds]:not(form)"), ...blocked])].filter(
    (element) => purposeOf(element) === "embeds" && knownBase(element),
  );
  const isLibraryOf = (/** @type {Call} */ call) => (/** @type {AnyElement} */ element) =>
    isScript(element) && element.isConnected && element.dataset.consentKind === call.kind;
  for (const vendor of DRIVERS) {
    for (const [selector, kind] of Object.entries(vendor.embeds ?? {}))
      if (waiting.some((element) => element.dataset.consentKind === kind))
        findAll(selector).forEach((spot) => mountPlaceholder(kind, spot, spot.localName === "iframe"));
    for (const element of waiting) {
      const isInline = isScript(element) && !addressOf(element);
      const spot = isInline ? vendor.spot?.(element) : element.localName === "iframe" && element;
      if (spot) mountPlaceholder(element.dataset.consentKind, spot, spot === element);
    }
  }
  for (const call of calls) {
    // A call that names no target has its placeholder beside the library. One whose target is not there yet has none.
    const target = call.target();
    const spot = target === null ? waiting.find(isLibraryOf(call)) : target;
    if (spot) mountPlaceholder(call.kind, spot, !target || target === call.script);
  }
};

/**
 * Mount a placeholder in an element, or before it.
 * @param {string} kind
 * @param {AnyElement} spot
 * @param {boolean} isBefore
 */
const mountPlaceholder = (kind, spot, isBefore) => {
  if (!SITE[kind] || placeholders.get(spot)?.place.isConnected) return;
  const isFrame = spot.localName === "iframe";
  const { display } = spot.style;
  /** @type {AnyElement} */
  const place = create("div");
  // A script that has loaded may have made nothing, so visible elements are counted.
  const surroundings = isBefore ? document.body : spot;
  const countVisible = () => surroundings.querySelectorAll("*:not(script,style,link,template)").length;
  const loadEmbeds = async () => {
    clicked.embeds = true;
    showState("loading", "embed-loading");
    const before = countVisible();
    const isOfKind = (/** @type {AnyElement} */ element) => element.dataset.consentKind === kind;
    const hasCome = await withTimeout(async (resolve) => {
      await release(isOfKind, kind);
      const look = () => {
        if (isFrame || !place.isConnected || countVisible() > before) resolve(true);
        else if (place.dataset.state === "loading") setTimeout(look, 50);
      };
      look();
    });
    if (hasCome) closePlaceholders(kind);
    else showState("failed", "embed-" + failureState());
  };
  const close = () => {
    if (isFrame) spot.style.display = display;
    showState("ready", "");
  };
  // The embed appears beside the place, so the focus stays there.
  const showState = mountButton(place, kind, loadEmbeds, () => (isFrame ? spot : place));
  place.tabIndex = -1;
  if (isFrame) {
    // The button takes the room of what it stands for, so that nothing moves.
    place.shadowRoot.firstChild.style.cssText = `min-height:${spot.offsetHeight}px;width:${spot.offsetWidth}px`;
    spot.style.display = "none";
  }
  if (isBefore) spot.before(place);
  else spot.append(place);
  placeholders.set(spot, { place, kind, close });
  showState("idle");
};

/** Close the placeholders of a kind, or all. */
export const closePlaceholders = (/** @type {string | undefined} */ kind = undefined) =>
  placeholders.forEach((placeholder) => {
    if (kind && placeholder.kind !== kind) return;
    placeholder.close();
  });
