// What the package does in the visitor's browser beside the guard: the button that stands in for a chat or an embed, the
// click that brings it, the release of held tags once the visitor consents, and the end of what runs once that is taken
// back.
//
// Knows: the marks that the server puts on what it holds, the states and what each one shows, and when to ask again.
// Must not know: any vendor (that is a driver, from the vendors folder), how consent is read, any server but its own.
//
// It is the inside of a function, called with
//   SITE      what the site has chosen: words, and the name of its cookie
//   BOX       the markup of the button with its note, its live region and its links
//   CSS       the style sheet
//   DRIVERS   the vendors' drivers, that of the page's chat first; what each offers is told in the vendors folder
//   STAND_INS what stand-ins.js asks for; only where embeds are seen to

let [driver] = DRIVERS,
  conf, due, nonce, endpoint, host, show, script, settle, sheet, seen, queue, opensLater;
let asking = 0;
// The marks of what is held may stand in markup that a visitor got into the page, so no mark is believed by itself. What
// the server held it lists in its own script's settings: here each element as `nameOf` has it, with the base of its
// address. Of a script without an address there is no name to go by: they are counted, and what they say is kept.
const admitted = new Map();
const counted = new Set();
const textOf = (element) => nameOf(element) + element.text + element.nonce;

// Does what a visitor has clicked for. Assistive technology clicks as trusted events, browser extensions in the wake of
// a key. A click that a script makes up on its own is nobody's choice.
const asVisitor = (event, press) => {
  if (!(event?.isTrusted || navigator.userActivation?.isActive)) return;
  // A page that frames this one may lie above it, and have led the visitor's click here. Pages of the same origin do
  // not, nor those of a domain above it, where the browser tells them.
  try {
    const around = location.ancestorOrigins;
    for (let frame = self, at = 0; frame !== top; at++) {
      frame = frame.parent;
      if (!(around && ("." + location.hostname).endsWith("." + new URL(around[at]).hostname))) frame.document;
    }
  } catch {
    return open(location);
  }
  press();
};

// Puts a button with its note and its live region into `place`, and gives back what shows a state. `kind` is what it
// stands in for, `goal` gives the element to which the focus goes once that is there.
//
// It lives in a shadow root: the site's styles do not bend it, what the server wrote into the place is no longer shown,
// and the copies that Turbo and others keep of a page do not hold a dead button. Its listener needs no delegation,
// since no swap leaves the button without it. Adopted style sheets pass a policy that allows neither inline styles nor
// a second nonce. A browser without them throws here, before anything has changed, and keeps the plain link.
const stand = (place, kind, press, goal) => {
  const markup = trust("HTML", BOX);
  if (!sheet) (sheet = new CSSStyleSheet()).replaceSync(CSS);
  const root = place.attachShadow({ mode: "open" });
  root.adoptedStyleSheets = [sheet];
  root.innerHTML = markup;
  const box = root.firstChild;
  const [card, button] = box.children;
  const [note, status, way] = card.children;
  if (EMBEDS && kind !== "chat") {
    note.firstChild.data = SITE.embed;
    button.ariaHasPopup = null;
  } else box.toggleAttribute("data-corner", !first("[data-consent-chat]"));
  button.textContent = SITE[kind];
  button.onclick = (event) => {
    if (box.dataset.state === "loading") return;
    asVisitor(event, () => {
      // Safari does not focus a button that is clicked with the mouse.
      button.focus();
      if (EMBEDS) press();
      else click();
    });
  };
  return (next, says = next) => {
    // Read before the button goes: the focus follows only if the visitor has not moved on meanwhile.
    if (next === "ready" && place.matches(":focus-within")) (EMBEDS ? goal() : driver.frame())?.focus();
    // On the box for the style sheet; on the place for the site.
    box.dataset.state = place.dataset.state = next;
    note.hidden = next !== "idle";
    way.hidden = next !== "failed";
    // Busy and not disabled: a disabled button would lose the focus.
    button.ariaBusy = next === "loading";
    status.textContent = SITE[says] ?? "";
    place.dispatchEvent(new Event("consent:" + kind + "-" + next, { bubbles: true }));
  };
};

// ---- the chat

// Not of the place itself: who brings a fresh copy of the page may set that back.
const state = () => host?.shadowRoot.firstChild.dataset.state;

// Builds what the page has room for, and again when the page has been swapped for another one: the facade then moves
// over as it is, with a chat that is on its way.
const enhance = () => {
  if (EMBEDS) {
    addChatButton();
    fireLoad();
  }
  const place = conf?.src && first("[data-consent-facade]");
  if (place && place !== host) {
    if (host) place.replaceWith(host);
    else {
      first("[data-consent-chat]")?.append(place);
      show = stand(place, "chat", click, () => driver.frame());
      host = place;
    }
    // A chat that is there needs no button beside it, and one that went with the old page's content needs it again.
    if (!/loading|granted/.test(state())) show(driver.frame() ? "ready" : "idle", "");
  }
  if (EMBEDS && conf) standInForEmbeds();
};

const click = () => {
  clicked.chat = true;
  remember("=1");
  start();
};

// Opens the chat, because a link, a button or a call of the site's says so: the visitor's click, as one on our button.
const openChat = (event) => {
  if (driver.frame()) driver.open();
  else if (state() === "granted") opensLater = true;
  else if (/idle|failed/.test(state())) asVisitor(event, click);
};

// The visitor's choice lasts for this visit: a session cookie, and nothing else is stored.
const remember = (value) => {
  document.cookie = SITE.cookie + value + ";Path=/;SameSite=Lax" + (/^https/.test(location) ? ";Secure" : "");
};

// Whether what `load` begins has come; `load` is given what to tell it with.
const comes = (load) =>
  new Promise((end) => {
    // A script that arrives does not mean a chat that comes: what it asks for next may be blocked or hang.
    if (navigator.onLine) load(end, setTimeout(end, 8000))?.catch(() => end());
    else end();
    // What the site has left for the vendor may be in the way.
  }).catch(() => {});
const trouble = () => (navigator.onLine ? "failed" : "offline");

// Loads the chat alone. With `quiet` nobody has clicked: it is not opened and comes without a word, and should it not
// come, the button stands there as if nothing had been.
const start = async (quiet) => {
  show(quiet ? "granted" : "loading");
  const came = await comes((end) => {
    settle = end;
    script = null;
    // The site's own chat, or one that is on its way under the same id, is not loaded twice.
    if (driver.begin(!quiet, () => end(true), conf.attrs, end) || (script = alive(conf.attrs.id))) return;
    script = make("script");
    for (const [name, value] of Object.entries(conf.attrs)) script.setAttribute(name, value);
    script.nonce = conf.nonce ?? nonce;
    script.onerror = () => end(script.remove());
    script.src = trust("ScriptURL", conf.src);
    document.head.append(script);
  });
  // What nobody has waited for may still come.
  if (quiet && !opensLater) return show(came ? "ready" : "idle", "");
  opensLater = false;
  if (came) {
    driver.open();
    show("ready");
  } else {
    // A failed script must not keep its id: it would tell the vendor's own loader that the chat is there.
    script?.remove();
    driver.remove();
    show("failed", trouble());
  }
};

// The element with this id, unless it is one that waits.
const alive = (id) => {
  const found = id && document.getElementById(id);
  return found && markOf(found) ? null : found;
};

// ---- what is held

const addressOf = (element) => isScript(element) && (kept(element, "src") ?? kept(element, "href"));

// An element by its name and marks, and a script by all that it may read of itself, as in the server's list.
const nameOf = (element) => {
  const named = isScript(element) ? /^data-/ : /^data-consent/;
  const said = [...element.attributes].filter(({ name }) => named.test(name));
  return JSON.stringify([element.localName, ...said.map(({ name, value }) => name + "=" + value)]);
};

// The base of the address of what the server or the guard held; nothing of what only looks like it.
const baseOf = (element) =>
  addressOf(element) === null
    ? counted.has(textOf(element))
    : kept(element, "by") === token
      ? document.baseURI
      : admitted.get(nameOf(element));

// Lets a held element do what the site wrote it for. The element is the same one, taken out and put in again, so that
// its listeners, its nonce and its text stay: a script that has not run yet runs when it comes into the document, a
// custom element is told that it is connected. Resolves when a script has run or cannot be had, to the event that told;
// with `patient` however long that takes.
const revive = (element, patient) =>
  new Promise((resolve) => {
    const base = baseOf(element);
    const names = isScript(element) ? ["src", "href", "type", "id"] : ["src", "srcset", "href", "imagesrcset", "rel"];
    // A nonce is hidden, and would be lost; a policy would have its say once more on a handler.
    const stays = /^(nonce|on.*)$/;
    let address;
    // As the site wrote it, in its order, so that who compares it with a copy of the page finds it. These attributes come
    // back and no others: an address beside the one that is known would else come, or a handler.
    const attributes = [];
    for (const { name, value } of [...element.attributes]) {
      const own = name.replace(/^data-consent-?/, "");
      if (own === name ? !stays.test(name) && !(name === "type" && value === "text/x-consent") : names.includes(own))
        attributes.push([own, value]);
    }
    const values = attributes.map(([name, value]) => {
      if (!/src$|href/.test(name)) return value;
      try {
        // A `<base>` that stands behind the element counts for nothing in it.
        value = new URL(value, base).href;
      } catch {}
      return isScript(element) ? trust("ScriptURL", (address = value)) : value;
    });
    const spot = new Comment();
    // Each tag once: the same one may be there already. One with another nonce may be one that the page's policy stops.
    const twin =
      alive(kept(element, "id")) ||
      (address && all("script").some((other) => other.src === address && other.nonce === element.nonce && !markOf(other)));
    element.removeAttribute("data-consent");
    if (twin) {
      // Who looks for the script by its id finds one.
      const id = kept(element, "id");
      if (id && !document.getElementById(id)) element.id = id;
      return resolve(true);
    }
    element.replaceWith(spot);
    caught.delete(element);
    for (const { name } of [...element.attributes]) if (!stays.test(name)) element.removeAttribute(name);
    freed.set(element, values.map(String));
    attributes.forEach(([name], at) => element.setAttribute(name, values[at]));
    if (address) {
      // A script that has waited is async unless it is told not to be.
      element.async = element.hasAttribute("async");
      if (EMBEDS && told.has(element)) told.set(element, resolve);
      element.addEventListener("load", resolve);
      element.addEventListener("error", resolve);
      // One that tells of neither, because browsers do not run it, must not keep the others waiting.
      if (!EMBEDS || !patient) setTimeout(resolve, 5000, element);
    }
    spot.replaceWith(element);
    // A loader takes its script away again once it has been told that it has loaded.
    if (EMBEDS && told.has(element) && !element.isConnected) document.head.append(element);
    if (!address || !element.isConnected) resolve(true);
  });

// Releases what is held and wanted, by default all that is allowed, in the document's order. `strict`, the kind of embed
// that a visitor has asked for: what depends on a script that fails stays held.
const release = (wanted = isLive, strict) => {
  // A form's properties may be its fields.
  const waiting = [...new Set([...all("[data-consent]:not(form)"), ...caught])].filter(
    (element) => wanted(element) && baseOf(element),
  );
  // At once, one after another, or one after another once those are through. An embed's library comes before what
  // depends on it, however either was to be loaded.
  const rank = (element) => {
    if (!isScript(element) || caught.has(element)) return 0;
    const external = addressOf(element);
    if (EMBEDS && strict) return external ? 1 : 2;
    if (external && element.hasAttribute("async")) return 0;
    return kept(element, "type") === "module" || (external && element.defer) ? 2 : 1;
  };
  // Of twins, one that a script has made goes first: no browser runs one that came as markup later.
  waiting.sort((one, other) => rank(one) - rank(other) || made.has(other) - made.has(one));
  if (EMBEDS) {
    // What listens at a library's tag, which it finds by its id, does so before the library loads.
    const ids = waiting.filter(addressOf).map((element) => element.id);
    const listens = (element) => !addressOf(element) && ids.some((id) => id && element.text?.includes(id));
    waiting.sort((one, other) => listens(other) - listens(one));
  }
  let turn = queue;
  const steps = [];
  for (const element of waiting) {
    const step = async (before) => {
      await before;
      if (!markOf(element)) return;
      if (!EMBEDS) return revive(element);
      const spare = element.cloneNode(true);
      const event = await revive(element, strict);
      if (strict && event.type === "error") {
        // Held again, for the next try.
        element.replaceWith(spare);
        throw event;
      }
    };
    if (rank(element)) turn = step(turn);
    else steps.push(step());
  }
  queue = EMBEDS ? turn?.catch(() => {}) : turn;
  return EMBEDS ? Promise.all([turn, ...steps]).then(() => repeat(strict)) : turn;
};

// ---- consent that is given or taken back while the page stands

// What may have changed with the visitor's choice. Consent platforms tell of one in a dozen ways, and some not at all;
// the server reads it from the cookies, so a change of these, whoever made it, in whichever tab, is a reason to ask. Of
// cookies that no script can see, a look at another tab may tell.
const sight = () => document.cookie + document.hidden;

// Asks the server what is allowed, and does what follows: one question at a time, and at most once a second, for there
// are cookies that change all the time. An answer that is none leaves all as it is, and is asked for again.
const ask = async () => {
  if (asking) return (seen = 0);
  asking = 1;
  seen = sight();
  try {
    const now = { __proto__: null, ...(await (await fetch(endpoint)).json()) };
    if (now.chat == null) throw now;
    const before = { __proto__: null, ...live };
    Object.assign(live, now);
    for (const purpose in now) if (before[purpose] && !now[purpose]) end();
    release();
    if (EMBEDS && now.embeds) closeEmbeds();
    if (now.chat && !before.chat && state() === "idle") start(true);
  } catch {
    seen = 0;
  }
  setTimeout(() => (asking = 0), 1000);
};

// Ends what runs. Code that runs cannot be unloaded, so the page is loaded again; once, whatever the server says then.
const end = () => {
  DRIVERS.forEach((vendor) => vendor.forget());
  if (Date.now() - sessionStorage.consentEnd < 1e4) return;
  sessionStorage.consentEnd = Date.now();
  location.reload();
};

// ---- the door

const tick = () => {
  if (sight() !== seen) ask();
  if (host && host.dataset.state !== state()) host.dataset.state = state();
  if (driver.loaded()) settle?.(true);
  // Something else may bring the chat, a tag manager perhaps: two buttons for one chat are one too many.
  if (state() === "idle") {
    if (driver.frame()) show("ready", "");
    // Allowed already: it comes when the page itself is there, and once.
    else if (due && document.readyState === "complete") due = void start(true);
  }
};

// Takes the settings of the script that is running, so that a page swapped in brings its own.
const take = (script, box, itsDriver) => {
  // A file that the guard has loaded came before it was known whose chat the page has.
  BOX = box;
  driver = itsDriver;
  nonce = script.nonce;
  // Not of `dataset`; and what is read has no prototype, on which other code may have put anything.
  const said = script.getAttribute("data-conf");
  if (!said) return;
  const given = { __proto__: null, ...JSON.parse(said) };
  // Those with the page's nonce, and those that its policy lets run by their digest: the ones stop none of the others.
  const count = (nonced, most) => {
    const texts = all("script[data-consent]").filter(
      (element) => (element.nonce === nonce) === nonced && !addressOf(element) && !counted.has(textOf(element)),
    );
    // One too many: nobody knows which of them is none of the server's.
    if (texts.length <= most) texts.forEach((element) => counted.add(textOf(element)));
  };
  count(true, given.texts);
  count(false, given.bare);
  given.held.forEach((tag, at) => admitted.set(JSON.stringify(tag), at >= given.based ? document.baseURI : page()));
  // Not a second script, for what stands behind the first, nor one that the guard has loaded.
  if (given.live) {
    conf = given;
    due = { __proto__: null, ...conf.live }.chat;
    Object.assign(live, conf.live);
  } else conf ??= given;
  enhance();
  // A page that was kept from before the consent, and is swapped in now; or one that is the same for everybody.
  release();
  if (given.ask) ask();
};

// Only a script that the browser really runs is believed. Markup that someone got into the page could carry the same
// attribute, or take the name `currentScript`, and would otherwise choose the address of a trusted script.
if (own instanceof HTMLScriptElement) {
  const api = window.consentMiddleware;
  if (!api.take) {
    endpoint = new URL("decision", new URL(own.getAttribute("src"), page()));
    seen = core.seen ?? sight();
    core.release = release;
    Object.assign(api, {
      refresh: ask,
      take,
      open: openChat,

      // Ends what the visitor's click began: the cookie, the chat, and by a reload the code that is running.
      withdraw() {
        remember("=; Max-Age=0");
        end();
      },
    });
    addEventListener("click", (event) => {
      if (event.composedPath().some((it) => it.matches?.(driver.opens))) openChat(event);
    });
    setInterval(tick, 250);
    new MutationObserver(() => {
      if (EMBEDS || !host?.isConnected) enhance();
    }).observe(document, { childList: true, subtree: true });
  }
  api.take(own, BOX, driver);
  // What the site has called before, now that the button is there.
  const { wanted } = core;
  core.wanted = null;
  wanted?.forEach((name) => api[name]());
  if (EMBEDS) (core.takeCalls ??= takeCalls)();
}
