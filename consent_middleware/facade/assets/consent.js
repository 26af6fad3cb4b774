// @ts-check
// Tells the vendors' scripts what the visitor has agreed to, before any of them runs. When the visitor chooses
// something else on the page, the facade's script calls `consentMiddleware.forward` before it releases anything.
//
// This is a script of its own, so that only pages with the setting `forward_consent` have it.

/** @type {string} */
let told;

const forward = (/** @type {Record<string, boolean> | undefined} */ consent) => {
  const text = JSON.stringify(consent);
  // A server whose setting was turned off meanwhile says nothing.
  if (consent && text !== told) RECEIVERS.forEach((receive) => receive(consent));
  told = text;
};

// An element with this name as its id is a property of the window too, but not an own property.
if (!Object.hasOwn(window, "consentMiddleware")) window.consentMiddleware = {};
window.consentMiddleware.forward = forward;
forward(CONSENT);
