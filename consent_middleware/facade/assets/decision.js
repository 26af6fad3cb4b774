// @ts-check
// Consent that is given or taken back while the page is open.
//
// Consent platforms tell of a choice in a dozen ways, and some not at all. The server reads it from the cookies. So any
// change of these, whoever made it, in whichever tab, is a reason to ask the server. Some cookies no script can see: for
// these, a return from another tab is a reason too.

import { startIfIdle } from "./chat.js";
import { allowed, core } from "./core.js";
import { ownScript, pageUrl } from "./dom.js";
import { closePlaceholders } from "./embeds.js";
import { release } from "./release.js";

/** @type {URL} */
let endpoint;
/** The cookies that the server's last answer is for, or "" if it is to be asked again. */
let answered = "";
let isAsking = false;

const cookieSnapshot = () => document.cookie + document.hidden;

/** Set up the questions to the server whose script this is. */
export const initDecision = () => {
  endpoint = new URL("decision", new URL(ownScript.getAttribute("src"), pageUrl()));
  answered = core.cookies ?? cookieSnapshot();
};

/** Ask the server if the cookies have changed. */
export const checkCookies = () => {
  if (cookieSnapshot() !== answered) refresh();
};

/**
 * Ask the server what is allowed, and do what follows.
 *
 * One question at a time, and at most one a second, since some cookies change all the time. A failed answer leaves
 * everything as it is, and is asked for again.
 */
export const refresh = async () => {
  if (isAsking) {
    answered = "";
    return;
  }
  isAsking = true;
  answered = cookieSnapshot();
  try {
    /** @type {Record<string, unknown>} */
    const answer = { __proto__: null, ...(await (await fetch(endpoint)).json()) };
    if (answer.chat == null) throw answer;
    /** @type {Record<string, unknown>} */
    const before = { __proto__: null, ...allowed };
    Object.assign(allowed, answer);
    for (const purpose in answer) if (before[purpose] && !answer[purpose]) endVendors();
    release();
    if (EMBEDS && answer.embeds) closePlaceholders();
    if (answer.chat && !before.chat) startIfIdle();
  } catch {
    answered = "";
  }
  setTimeout(() => (isAsking = false), 1000);
};

/**
 * End what the vendors have running. Running code cannot be unloaded, so the page is loaded again: once, whatever the
 * server says then.
 */
export const endVendors = () => {
  DRIVERS.forEach((vendor) => vendor.forget());
  if (Date.now() - sessionStorage.consentEnd < 10_000) return;
  sessionStorage.consentEnd = Date.now();
  location.reload();
};
