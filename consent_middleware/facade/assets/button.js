// @ts-check
// The button that stands in for a chat or an embed, with its note, its live region and its link.

import { core, trust } from "./core.js";
import { findFirst } from "./dom.js";
import { buttonMarkup, settings } from "./settings.js";

/** @type {CSSStyleSheet | undefined} */
let sheet;

/**
 * Do what a visitor has clicked for.
 *
 * Clicks of assistive technology are trusted events, and those of browser extensions follow a key press. A click that a
 * script has made up on its own is not a visitor's choice.
 *
 * @param {Event | undefined} event
 * @param {() => void} action
 * @returns {unknown}
 */
export const asVisitor = (event, action) => {
  if (!(event?.isTrusted || navigator.userActivation?.isActive)) return;
  // A page that frames this one may cover it and lead the visitor's click here. Pages of the same origin are trusted,
  // and those of the same host or a domain above, where the browser names them. To read the `document` of others
  // throws.
  try {
    const ancestors = location.ancestorOrigins;
    /** @type {Window} */
    let frame = self;
    for (let index = 0; frame !== top; index++) {
      frame = frame.parent;
      const isAbove = ancestors && ("." + location.hostname).endsWith("." + new URL(ancestors[index]).hostname);
      // eslint-disable-next-line no-unused-expressions -- it throws
      if (!isAbove) frame.document;
    }
  } catch {
    return open(location.href);
  }
  action();
};

/**
 * Move a button in the page's corner out of the way of the element that has the focus (WCAG 2.2, 2.4.11).
 *
 * An element that takes half the screen cannot be hidden by a button.
 */
export const keepFocusVisible = (/** @type {HTMLElement} */ box) => {
  let focused = document.activeElement ?? document.body;
  while (focused.shadowRoot?.activeElement) focused = focused.shadowRoot.activeElement;
  const place = focused.getBoundingClientRect();
  const isOver = [...box.children].some((part) => {
    const { x, y, right, bottom } = part.getBoundingClientRect();
    return x < place.right && place.x < right && y < place.bottom && place.y < bottom;
  });
  box.toggleAttribute("data-aside", isOver && place.height < innerHeight / 2);
};

/**
 * Put a button into `place` and return the function that shows a state.
 *
 * The button is in a shadow root. There the site's styles do not change it by accident, it hides the link that the
 * server wrote into the place, and it is not in the copies that Turbo and others keep of a page, where it would do
 * nothing. Adopted style sheets pass a policy that forbids inline styles. A browser without them throws here, before
 * anything has changed, and keeps the plain link.
 *
 * @param {AnyElement} place
 * @param {string} kind what the button stands in for: "chat" or a kind of embed
 * @param {() => void} onActivate called when a visitor uses the button
 * @param {() => HTMLElement | null} focusTarget finds the element that gets the focus once it is there
 * @returns {ShowState}
 */
export const mountButton = (place, kind, onActivate, focusTarget) => {
  const markup = trust("HTML", buttonMarkup);
  if (!sheet) {
    sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
  }
  const root = place.attachShadow({ mode: "open" });
  root.adoptedStyleSheets = [sheet];
  root.innerHTML = markup;
  const box = /** @type {HTMLElement} */ (root.firstChild);
  const [card, button] = /** @type {any} */ (box.children);
  const [note, status, contact] = card.children;
  const [summary, text] = note.children;
  // A page's own addresses go before those in the script. Those of the guard are for a page without other settings.
  const links = settings?.links ?? (EMBEDS && core.offers?.links);
  for (const [name, url] of Object.entries(links || {})) {
    const link = /** @type {HTMLAnchorElement} */ (root.getElementById(name));
    if (url) link.href = url;
    else link.remove();
  }
  if (EMBEDS && kind !== "chat") {
    text.firstChild.data = SITE.embed;
    button.ariaHasPopup = null;
  }
  if (kind === "chat" && !findFirst("[data-consent-chat]")) {
    box.dataset.corner = "";
    // Nothing is stored until the visitor closes the note. Then this tab remembers it, unless storage is forbidden.
    const close = () => {
      box.dataset.quiet = "";
      try {
        sessionStorage.consentNote = 1;
      } catch {}
    };
    const endQuiet = () => box.removeAttribute("data-quiet");
    summary.onclick = () => {
      if (note.open) close();
    };
    addEventListener("keydown", ({ key }) => {
      if (key !== "Escape" || !box.matches(":hover,:focus-within")) return;
      note.open = false;
      close();
    });
    box.onpointerleave = endQuiet;
    box.addEventListener("focusout", endQuiet);
    try {
      // On a low screen the page matters more than the note.
      note.open = innerHeight > 320 && !sessionStorage.consentNote;
    } catch {}
  } else summary.hidden = true;
  button.textContent = SITE[kind];
  button.onclick = (/** @type {Event} */ event) => {
    if (box.dataset.state === "loading") return;
    asVisitor(event, () => {
      // Safari does not focus a button that is clicked with the mouse.
      button.focus();
      onActivate();
    });
  };
  return (state, message = state) => {
    // Read before the button goes. The focus follows only if the visitor has not moved on.
    if (state === "ready" && place.matches(":focus-within")) focusTarget()?.focus();
    // On the box for our style sheet, and on the place for the site.
    box.dataset.state = place.dataset.state = state;
    note.hidden = state !== "idle";
    contact.hidden = state !== "failed";
    // Busy and not disabled: a disabled button would lose the focus.
    button.ariaBusy = state === "loading";
    status.textContent = SITE[message] ?? "";
    place.dispatchEvent(new Event("consent:" + kind + "-" + state, { bubbles: true }));
  };
};
