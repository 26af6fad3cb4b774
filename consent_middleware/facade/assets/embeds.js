// Embeds in the visitor's browser: the button that stands where a held form, meeting or video would be, and the click
// that brings all of its kind on this page, once.
//
// Knows: which held elements are seen, and where they stand.
// Must not know: any vendor; a driver says where a script's embed would be.
// It is put in front of facade.js, in one scope, for pages that have a use for it.

// The places of the buttons, by the element that each belongs to.
const places = new Map();

// Puts a button where each held embed would be.
const standInForEmbeds = () => {
  const waiting = all("[data-consent=embeds]:not(form)").filter(baseOf);
  const put = (kind, spot, itself) => {
    if (!SITE[kind] || places.get(spot)?.isConnected) return;
    const frame = spot.localName === "iframe";
    const place = make("div");
    const bring = async () => {
      clicked.embeds = true;
      show("loading", "embed-loading");
      const wanted = (element) => element.dataset.consentKind === kind;
      if (await comes((end) => Promise.resolve(release(wanted, true)).then(() => end(true), () => end()))) closeEmbeds(kind);
      else show("failed", "embed-" + trouble());
    };
    // What comes is in the place's neighbourhood: the focus stays there, and goes on from there.
    const show = stand(place, kind, bring, () => (frame ? spot : place));
    place.tabIndex = -1;
    place.end = (which = kind) => {
      if (which !== kind) return;
      if (frame) spot.style.display = place.shown;
      show("ready", "");
    };
    if (frame) {
      // The button has the room of what it stands for, so that nothing moves.
      place.shadowRoot.firstChild.style.cssText = `min-height:${spot.offsetHeight}px;width:${spot.offsetWidth}px`;
      place.shown = spot.style.display;
      spot.style.display = "none";
    }
    if (itself) spot.before(place);
    else spot.append(place);
    places.set(spot, place);
    show("idle");
  };
  for (const vendor of DRIVERS) {
    for (const selector of Object.keys(vendor.embeds ?? {})) {
      const kind = vendor.embeds[selector];
      if (waiting.some((element) => element.dataset.consentKind === kind)) all(selector).forEach((spot) => put(kind, spot));
    }
    for (const element of waiting) {
      const inline = isScript(element) && !addressOf(element);
      const spot = inline ? vendor.spot?.(element) : element.localName === "iframe" && element;
      if (spot) put(element.dataset.consentKind, spot, spot === element);
    }
  }
};

// Takes away the buttons of a kind, or all.
const closeEmbeds = (kind) => places.forEach((place) => place.end(kind));
