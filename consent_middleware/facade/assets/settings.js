// @ts-check
// What the page's own script tags say, and what follows from it for the other modules.

import { mountAll, startAlone } from "./chat.js";
import { allowed } from "./core.js";
import { refresh } from "./decision.js";
import { learn, release } from "./release.js";

/** The driver of the page's chat. */
export let driver = DRIVERS[0];

/** The markup of the button, with its note, its live region and its links. */
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
 * The page may be another language's or vendor's than that of the file which runs, so the tag's own file hands over its
 * markup and its driver.
 *
 * @type {Core["adopt"]}
 */
export const adopt = (script, ownMarkup, ownDriver) => {
  buttonMarkup = ownMarkup;
  driver = ownDriver;
  nonce = script.nonce;
  // Not of `dataset`, and into an object without a prototype: other code may have put anything on the one of all objects.
  const text = script.getAttribute("data-conf");
  if (!text) return;
  const given = { __proto__: null, ...JSON.parse(text) };
  learn(given);
  // The page's first script says what is allowed. A second one, for what stands behind it, does not, nor does one that
  // the guard has loaded.
  if (given.live) {
    settings = given;
    startAlone({ __proto__: null, ...given.live }.chat);
    Object.assign(allowed, given.live);
  } else settings ??= given;
  mountAll();
  // The page may be an old copy from before the consent, or one that is the same for everybody.
  release();
  if (given.ask) refresh();
};
