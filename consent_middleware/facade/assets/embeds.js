// @ts-check
// Placeholders: the buttons that stand where a blocked form, meeting or video would be. A click brings all of its kind on
// this page, once. Also the button for a chat whose tag a script has inserted, and what the site has called of libraries
// that wait.
//
// It is left out of the script for pages that have no use for it (`EMBEDS` is false).

import { failureState, openChat, startAlone, withTimeout } from "./chat.js";
import { allowed, blocked, clicked, core, scripted } from "./core.js";
import { blockedAttr, create, findAll, findFirst, isScript, purposeOf } from "./dom.js";
import { mountButton } from "./button.js";
import { mountAll } from "./chat.js";
import { addressOf, knownBase, release } from "./release.js";
import { driver, settings, useSettings } from "./settings.js";

/**
 * The placeholders, by the element where each embed would be.
 * @type {Map<AnyElement, {place: AnyElement, kind: string, close: () => void}>}
 */
const placeholders = new Map();

/**
 * Scripts whose load event we have fired, each with what to call when it has really loaded.
 * @type {WeakMap<AnyElement, Resolve | undefined>}
 */
export const announced = new WeakMap();

/**
 * What the site has called of embeds that wait, with the kind of each.
 * @type {Call[]}
 */
const calls = [];

const driverOf = (/** @type {Call} */ call) => DRIVERS.find((vendor) => vendor.globals?.includes(call.name));

/** Sort the calls that the stand-ins have kept: what makes an embed waits, what opens the chat does so. */
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
 * Make the kept calls of a kind again, or of all kinds if embeds are allowed. Calls of a library that has not come yet
 * are made once it has.
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
 * A site that loads a script by itself makes its form at this event, or goes on with the next of its scripts. So a
 * library with a stand-in says at once that it has loaded, and so does what a script has inserted, unless the site may
 * look for more of it.
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

/** Keep the real load event of announced scripts from the site, which has had one. */
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
};

/**
 * Make a button for a chat that a script inserts: the guard has blocked its tag, and the page's markup does not tell of
 * it. An element that came as markup would not have run.
 */
export const addChatButton = () => {
  const offered = core.offers?.chat;
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
    useSettings({ ...settings, ...chat, src: chatUrl, nonce: element.nonce });
    const place = create("aside");
    place.dataset.consentFacade = "";
    place.ariaLabel = SITE.label;
    place.lang = SITE.lang;
    document.body.append(place);
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
    // A call that does not tell where its embed goes has its placeholder beside the library.
    const target = call.target();
    const spot = target || waiting.find(isLibraryOf(call));
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
  // Only what is seen counts as an embed that is there: a script that has loaded may make nothing.
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
  // What comes is beside the place, so the focus stays there and goes on from there.
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
