// The facade in the visitor's browser: a button that stands in for a chat, and the click that brings the chat.
//
// Knows: the states idle, loading, ready, failed and granted, and what each one shows and says.
// Must not know: any vendor (that is `driver`, from the vendors folder), how consent is read, any server but its own.
// Composed into one file with `driver`, the style sheet as `CSS` and the English words as `TEXTS`; see __init__.py.

// How long a visitor waits, in milliseconds, before being told that the chat does not come.
const WAIT = 8000;
const POLL = 250;

let conf, nonce, host, box, label, note, button, status, sheet, policy;
let state = "idle";
let message = "";
// The attempt that is under way. What an older one still reports is not heard.
let attempt;

const text = (key) => (conf.texts?.[key] ?? TEXTS[key]).replaceAll("{vendor}", conf.vendor);

const make = (parent, name, part) => {
  const element = document.createElement(name);
  // A part is the name under which the site's own style sheet reaches into the facade.
  element.part = part;
  return parent.appendChild(element);
};

// Builds the facade where the server has put its place, and again when the page has been swapped for another one.
//
// It lives in a shadow root: the site's styles do not bend it, the server's link is shown only where the slot says so,
// and the copies that Turbo and others keep of a page do not hold a dead button. Its listener needs no delegation,
// since no swap leaves the button without it. Adopted style sheets pass a policy that allows neither inline styles nor
// a second nonce. A browser without them throws here, before anything has changed, and keeps the plain link.
const enhance = () => {
  const place = document.querySelector("[data-consent-facade]");
  if (!conf || !place || place.shadowRoot) return;
  if (!sheet) (sheet = new CSSStyleSheet()).replaceSync(CSS);
  const root = place.attachShadow({ mode: "open" });
  root.adoptedStyleSheets = [sheet];
  host = place;
  box = make(root, "div", "box");
  note = make(box, "p", "note");
  note.id = "note";
  const card = make(box, "div", "card");
  status = make(card, "p", "message");
  status.setAttribute("role", "status");
  make(card, "slot", "contact");
  button = make(box, "button", "button");
  button.type = "button";
  button.setAttribute("aria-haspopup", "dialog");
  button.setAttribute("aria-describedby", "note");
  make(button, "span", "icon");
  label = make(button, "span", "label");
  button.addEventListener("click", click);
  // A chat on its way goes on. Else what the page holds decides: a chat that is there needs no button beside it, and
  // one that went with the old page's content needs it again.
  if (state === "loading" || state === "granted") show(state, message);
  else show(driver.frame() ? "ready" : "idle");
};

const show = (next, says = "") => {
  // Read before the button goes: the focus follows into the chat only if the visitor has not moved on meanwhile.
  if (next === "ready" && host.contains(document.activeElement)) driver.frame()?.focus();
  // The message may be longer than the label, so the button keeps its width and nothing moves.
  if (next === "failed") button.style.minInlineSize = button.offsetWidth + "px";
  state = next;
  // On the box for the style sheet, since a swap may take the attributes off the host; on the host for the site.
  box.dataset.state = host.dataset.state = next;
  note.textContent = text("description");
  label.textContent = text({ loading: "loading", failed: "retry" }[next] ?? "button");
  // Busy and not disabled: a disabled button would lose the focus.
  button.setAttribute("aria-busy", next === "loading");
  status.textContent = message = says;
  host.dispatchEvent(new CustomEvent("consent:chat-" + next, { bubbles: true }));
};

const click = (event) => {
  // Assistive technology clicks as trusted events, browser extensions in the wake of a key. A click that a script
  // makes up on its own is nobody's choice.
  if (state === "loading" || !(event.isTrusted || (navigator.userActivation?.isActive ?? true))) return;
  remember("=1");
  // Safari does not focus a button that is clicked with the mouse.
  button.focus({ preventScroll: true });
  start(true);
};

// The visitor's choice lasts for this visit: a session cookie, and nothing else is stored.
const remember = (value) => {
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = conf.cookie + value + "; Path=/; SameSite=Lax" + secure;
};

// Loads the chat alone. `open`: the visitor has clicked, so it opens and every step is told. Otherwise the chat is
// allowed already and comes without a word; should it not come, the button stands there as if nothing had been.
const start = (open) => {
  const mine = (attempt = {});
  let script, timer, poll;
  const rest = () => {
    clearTimeout(timer);
    clearInterval(poll);
  };
  const done = () => {
    if (attempt !== mine) return;
    attempt = null;
    rest();
    if (open) driver.open();
    show("ready", open ? text("ready") : "");
  };
  const fail = (key) => {
    if (attempt !== mine) return;
    attempt = null;
    rest();
    // Nothing is taken away: a chat that comes late is welcome, and takes the button's place.
    if (!open) return show("idle");
    // A failed script must not keep its id: it would tell the vendor's own loader that the chat is there.
    script?.remove();
    try {
      driver.remove();
    } finally {
      show("failed", text(host.querySelector("a[href]") ? key : key + "_alone"));
    }
  };
  show(open ? "loading" : "granted", open ? text("loading") : "");
  if (navigator.onLine === false) return fail("offline");
  // A script that arrives does not mean a chat that comes: what it asks for next may be blocked or hang.
  timer = setTimeout(fail, WAIT, "failed");
  poll = setInterval(() => driver.loaded() && done(), POLL);
  try {
    driver.begin(open, done);
    if (driver.loaded()) done();
    // The site's own chat, or one that is on its way under the same id, is not loaded twice.
    else if (!driver.api()) script = document.getElementById(conf.attrs.id) ?? insert(() => fail("failed"));
  } catch {
    fail("failed");
  }
};

const insert = (failed) => {
  // The policy makes a trusted address of one address only.
  policy ??= window.trustedTypes?.createPolicy("consent-facade", {
    createScriptURL: (url) => {
      if (url !== conf.src) throw new TypeError(url);
      return url;
    },
  });
  const script = document.createElement("script");
  for (const [name, value] of Object.entries(conf.attrs)) script.setAttribute(name, value);
  script.nonce = nonce;
  script.onerror = () => {
    script.remove();
    failed();
  };
  script.src = policy ? policy.createScriptURL(conf.src) : conf.src;
  return document.head.appendChild(script);
};

// Takes the settings of the page whose script is running, so that a page swapped in brings its own.
const begin = () => {
  enhance();
  if (!conf.granted || !host || state !== "idle") return;
  const go = () => state === "idle" && start(false);
  if (document.readyState === "complete") go();
  else addEventListener("load", go);
};

const front = {
  enhance,

  // Ends what the visitor's click began: the cookie, the chat, and by a reload the code that is running.
  withdraw() {
    remember("=; Max-Age=0");
    try {
      driver.remove();
      driver.forget();
    } finally {
      location.reload();
    }
  },
};

// Only a script that the browser really runs is believed. Markup that someone got into the page could carry the same
// attribute, or take the name `currentScript`, and would otherwise choose the address of a trusted script.
const own = document.currentScript;
if (own instanceof HTMLScriptElement && own.dataset.conf) {
  const first = typeof window.consentMiddleware?.take !== "function";
  if (first) {
    front.take = (script) => {
      conf = JSON.parse(script.dataset.conf);
      nonce = script.nonce;
      begin();
    };
    window.consentMiddleware = front;
    // Something else may bring the chat, a tag manager perhaps: two buttons for one chat are one too many.
    driver.watch(() => host && state === "idle" && show("ready"));
    new MutationObserver(() => host?.isConnected || enhance()).observe(document, { childList: true, subtree: true });
  }
  window.consentMiddleware.take(own);
}
