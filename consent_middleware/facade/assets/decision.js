// @ts-check
// Consent that is given or taken back while the page is open.
//
// Consent platforms announce a choice in a dozen ways, and some not at all. The server reads it from the cookies, so
// the script asks the server whenever the cookies change, also by another tab. Scripts cannot see some cookies, so it
// asks when the visitor returns from another tab, too.

import { startAlone } from "./chat.js";
import { allowed, core } from "./core.js";
import { ownScript, pageUrl } from "./dom.js";
import { closePlaceholders } from "./embeds.js";
import { release } from "./release.js";

/**
 * The address at which the server answers.
 * @type {URL}
 */
export let endpoint;
/** The cookies at the last question, or "" to ask again. */
let answered = "";
let isAsking = false;

const cookieSnapshot = () => document.cookie + document.hidden;

/** Start from the cookies that the server has seen. Our script's own address leads to the server. */
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
 * There is one question at a time and at most one a second, since some cookies change all the time. A failed one
 * changes nothing and is asked again.
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
    // The vendors' scripts are told before any of them is released.
    window.consentMiddleware.forward?.(answer.consent);
    Object.assign(allowed, answer);
    for (const purpose in answer) if (before[purpose] && !answer[purpose]) endVendors();
    release();
    if (EMBEDS && answer.embeds) closePlaceholders();
    // The chat starts once it has a button on a page that offers it.
    if (!answer.chat || !before.chat) startAlone(answer.chat);
  } catch {
    answered = "";
  }
  setTimeout(() => (isAsking = false), 1000);
};

/**
 * End what the vendors have running. Running code cannot be unloaded, so the page is loaded again, but only once in ten
 * seconds, whatever the server says then.
 */
export const endVendors = () => {
  DRIVERS.forEach((vendor) => vendor.forget());
  if (Date.now() - sessionStorage.consentEnd < 10_000) return;
  sessionStorage.consentEnd = Date.now();
  location.reload();
};
