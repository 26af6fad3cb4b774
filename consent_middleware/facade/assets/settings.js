// @ts-check
// The settings from the page's own script tags.

import { mountAll, startAlone } from "./chat.js";
import { allowed, clicked } from "./core.js";
import { refresh } from "./decision.js";
import { judgePage } from "./embeds.js";
import { learn, release } from "./release.js";

/** The driver of the page's chat. */
export let driver = DRIVERS[0];

/** The markup of the button, with its note, its live region and its link. */
export let buttonMarkup = BUTTON_MARKUP;

/**
 * The nonce of the page's policy.
 * @type {string | undefined}
 */
export let nonce;

/**
 * The page's settings, once a script tag has brought some.
 * @type {PageSettings | undefined}
 */
export let settings;

export const useSettings = (/** @type {PageSettings} */ given) => (settings = given);

/**
 * Adopt the settings of a script tag, so that a page swapped in brings its own.
 *
 * The page may have another language or vendor than the file that runs, so the tag's own file passes its markup and its
 * driver.
 *
 * @type {Core["adopt"]}
 */
export const adopt = (script, ownMarkup, ownDriver) => {
  buttonMarkup = ownMarkup;
  // A driver with an id goes on if the page swapped in has the same vendor: it knows with which address it loaded the
  // chat.
  if (!EMBEDS || !ownDriver.id || ownDriver.id !== driver.id) driver = ownDriver;
  nonce = script.nonce;
  // Other code may have put anything on `Object.prototype`, so neither `dataset` is used nor an object with a
  // prototype.
  const text = script.getAttribute("data-conf");
  if (!text) return;
  const given = { __proto__: null, ...JSON.parse(text) };
  learn(given);
  // The page's first tag says what is allowed. A second tag, for what comes behind the first, does not, nor does one
  // that the guard has inserted.
  if (given.live) {
    settings = given;
    if (EMBEDS) judgePage();
    clicked.chat ??= given.starts;
    startAlone(given.starts ?? { __proto__: null, ...given.live }.chat);
    Object.assign(allowed, given.live);
  } else settings ??= given;
  mountAll();
  // The page may be an old copy from before the consent, or one that is the same for everybody.
  release();
  if (given.ask) refresh();
};
