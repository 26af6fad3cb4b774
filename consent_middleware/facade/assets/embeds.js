// What only scripts tell of, in the visitor's browser: the button that stands where a held form, meeting or video would
// be, and the click that brings all of its kind on this page, once; the button for a chat whose tag a script has put
// into the page; and what the site calls of what waits.
//
// Knows: which held elements are seen, where they stand, and what the guard's stand-ins have kept.
// Must not know: any vendor; a driver says where a script's embed would be.
// It is put in front of facade.js, in one scope, for pages that have a use for it.

// The places of the buttons, by the element that each belongs to.
const places = new Map();

// Libraries that count as loaded, with what is to be told when they have.
const told = (core.told ??= new WeakMap());

// What the site has called of embeds that wait, with the kind of each, the element that it names, and its place there.
const calls = [];

// Hears what the site has called of what waits.
const takeCalls = () => {
  for (const call of core.calls.splice(0)) {
    const vendor = DRIVERS.find((each) => each.globals?.includes(call.name));
    call.kind = vendor.kindOf(call);
    if (call.kind) calls.push(call);
    else if (call.active && vendor === driver && vendor.asksToOpen(call)) openChat();
    else vendor.repeat(call);
  }
  enhance();
};

// Calls again what the site has called of embeds that may be there: those of a kind, or all that are allowed. A library
// that is still on its way makes its calls once it has come.
const repeat = (kind) => {
  for (const call of [...calls])
    if (window[call.name] && (kind ? call.kind === kind : live.embeds)) {
      calls.splice(calls.indexOf(call), 1);
      DRIVERS.find((each) => each.globals?.includes(call.name)).repeat(call);
    }
};

// Scripts that a site loads by itself tell it so by an event, and there it calls for its form, or goes on with the next
// of its scripts. So a library that has a stand-in says at once that it has loaded, and so does what a script has
// brought, unless the site may look for more of it; and not again when it has.
const fireLoad = () => {
  for (const element of [...all("script[data-consent]"), ...caught]) {
    if (told.has(element) || !element.isConnected || !baseOf(element)) continue;
    const { consentKind } = element.dataset;
    if (!STAND_INS.some(([, , , makers]) => makers?.test(addressOf(element))) && (consentKind || !made.has(element))) continue;
    told.set(element);
    setTimeout(() => markOf(element) && element.dispatchEvent(new Event("load")));
  }
};
if (!core.hears) {
  core.hears = 1;
  const onLoaded = (event) => {
    const resolve = event.isTrusted && told.get(event.target);
    if (!resolve) return;
    event.stopImmediatePropagation();
    resolve(event);
    repeat();
  };
  document.addEventListener("load", onLoaded, true);
}

// Makes a button for a chat that a script of the site's brings: the guard holds its tag, and nothing in the page tells of
// it. An element that only markup has made would not have run.
const addChatButton = () => {
  const whose = core.offers?.chat;
  if (!whose || first("[data-consent-facade]")) return;
  const { proxied } = SITE;
  for (const element of caught) {
    if (!element.isConnected || !made.has(element) || !driver.chat || kept(element, "src") === null) continue;
    const url = new URL(kept(element, "src"), document.baseURI);
    // An origin of the site's own may stand in for several hosts.
    const stands = Object.keys(proxied).filter((host) => new URL(proxied[host]).host === url.host);
    const found = [url.host, ...stands].map((host) => driver.chat(element, "https://" + host + url.pathname));
    const chat = found.find((each) => each && (whose === 1 || whose.includes(each.account)));
    if (!chat) continue;
    const { host: wanted, pathname } = new URL(chat.src);
    conf = { ...conf, ...chat, src: (proxied[wanted] ?? "https://" + wanted) + pathname, nonce: element.nonce };
    const place = make("aside");
    place.dataset.consentFacade = "";
    place.ariaLabel = SITE.label;
    place.lang = SITE.lang;
    document.body.append(place);
    if (live.chat) due = 1;
    return;
  }
};

// Puts a button where each held embed would be.
const standInForEmbeds = () => {
  if (core.offers && !core.offers.embeds) return;
  const waiting = [...new Set([...all("[data-consent=embeds]:not(form)"), ...caught])].filter(
    (element) => markOf(element) === "embeds" && baseOf(element),
  );
  const put = (kind, spot, itself) => {
    if (!SITE[kind] || places.get(spot)?.isConnected) return;
    const frame = spot.localName === "iframe";
    const place = make("div");
    // Only what is seen counts as there: a script that has come may make nothing.
    const around = itself ? document.body : spot;
    const count = () => around.querySelectorAll("*:not(script,style,link,template)").length;
    const bring = async () => {
      clicked.embeds = true;
      show("loading", "embed-loading");
      const before = count();
      const wanted = (element) => element.dataset.consentKind === kind;
      const came = await comes(async (end) => {
        await release(wanted, kind);
        const look = () => {
          if (frame || !place.isConnected || count() > before) end(true);
          else if (place.dataset.state === "loading") setTimeout(look, 50);
        };
        look();
      });
      if (came) closeEmbeds(kind);
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
      if (waiting.some((element) => element.dataset.consentKind === kind))
        all(selector).forEach((spot) => put(kind, spot, spot.localName === "iframe"));
    }
    for (const element of waiting) {
      const inline = isScript(element) && !addressOf(element);
      const spot = inline ? vendor.spot?.(element) : element.localName === "iframe" && element;
      if (spot) put(element.dataset.consentKind, spot, spot === element);
    }
  }
  for (const call of calls) {
    // What is called when nothing tells where it is to stand, stands beside its library.
    const library = (element) => isScript(element) && element.isConnected && element.dataset.consentKind === call.kind;
    const named = call.target();
    const spot = named || waiting.find(library);
    if (spot) put(call.kind, spot, !named || named === call.script);
  }
};

// Takes away the buttons of a kind, or all.
const closeEmbeds = (kind) => places.forEach((place) => place.end(kind));
