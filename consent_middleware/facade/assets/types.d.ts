// Types of the browser's script, for `tsc --checkJs`. Nothing of it is in what browsers get.

// ---- the parameters of the parts, which asset.py fills in

/** Whether the part has placeholders for embeds. The bundler replaces it, so that the rest is left out. */
declare const EMBEDS: boolean;
/** What the site has chosen: its texts, by where they are shown, and the name of its cookie. */
declare const SITE: Record<string, any>;
/** The markup of the button with its note, its live region and its links. */
declare const BUTTON_MARKUP: string;
/** The style sheet. */
declare const STYLE: string;
/** The vendors' drivers, that of the page's chat first. */
declare const DRIVERS: Driver[];
/**
 * The globals that have a stand-in: a name, the purposes of the scripts that make it, what those of its methods return
 * that return anything, and maybe the addresses of scripts whose load event tells a site that it is there. The name
 * alone is an array that the vendor's script goes through once it is there.
 */
declare const STAND_INS: [string, string[]?, Record<string, unknown>?, RegExp?][];
/** Functions that tell a vendor's scripts what the visitor has agreed to, by category. */
declare const RECEIVERS: ((consent: Record<string, boolean>) => void)[];
/** What the visitor had agreed to when the page was made. */
declare const CONSENT: Record<string, boolean>;
/**
 * The guard's rules: a purpose, an expression for host and path, maybe another purpose whose scripts bring the host
 * along, and maybe the kind of embed. The first that fits counts.
 */
declare const RULES: [string, RegExp, string?, string?][];
/** The hosts for which origins of the site's own stand in, by the origin's host and port. */
declare const PROXIED: Record<string, string[]>;

// ---- what the modules share

interface TrustRules {
  createHTML(text: string): any;
  createScriptURL(text: string): any;
}

/** The state that all scripts of the page share, as `consentMiddleware.core`. It has no prototype. */
interface Core {
  /** What the server allows, by purpose. */
  allowed: Record<string, unknown>;
  /** What the visitor's click on this page allows, by purpose. */
  clicked: Record<string, unknown>;
  /** What the guard has blocked bears this number. No markup can know it. */
  token: string;
  /** What the guard has blocked. Some of it is not in the document. */
  blocked: Set<AnyElement>;
  /** Elements that have their address from a script, so that they would have loaded. */
  scripted: WeakSet<AnyElement>;
  /** The attributes of released elements: the guard lets these pass, and blocks other addresses of theirs. */
  released: WeakMap<AnyElement, string[]>;
  /** Makes a trusted string of what is known to be safe: our own markup, and markup and addresses from before. */
  trust(kind: "HTML" | "ScriptURL", text: string): string;

  // Set by the guard.
  guarded?: boolean;
  /** For what scripts insert a button may stand in: the chat of these accounts (1: of any), and embeds. */
  offers?: { chat?: 1 | string[]; embeds?: 1; links?: PageSettings["links"]; blocksStyles?: 1 };
  /** The cookies as they were when the guard began. */
  cookies?: string;
  /** What the site has called of the public object before the facade's script was there. */
  earlyCalls?: Set<string> | null;

  // Set by the facade.
  adopt?: (script: HTMLScriptElement, ownMarkup: string, ownDriver: Driver) => void;
  release?: () => unknown;
  handleCalls?: () => void;
  watchesLibraries?: boolean;

  // Set by the stand-ins.
  standIns?: boolean;
  /** What the site has called of libraries that wait. */
  calls?: Call[];
}

/** A call that a stand-in has kept. */
interface Call {
  /** The global, and the way from it to the method. */
  name: string;
  path: string[];
  args: any[];
  /** The script that made the call, and whether a visitor was active then: "click" in a listener at an element. */
  script: AnyElement | null;
  active: unknown;
  /** Set by the driver: the kind of embed that the call makes, and what finds the element that it names: null without a
   * name, undefined if there is no such element yet. */
  kind?: string | null;
  target?: () => AnyElement | null | undefined;
}

/** What a script tag of ours says in `data-conf`. */
interface PageSettings {
  /** The chat's script and its attributes, if the page has a chat. */
  src?: string;
  attrs?: Record<string, string>;
  /** The nonce of the tag that brings the chat, where a script has inserted that. */
  nonce?: string;
  /** What is allowed, by purpose; missing in a second tag. */
  live?: Record<string, 1>;
  /** The marks of every blocked element that has an address. */
  marks: string[][];
  /** How many of these stand before the first `<base>`. */
  based?: number;
  /** How many inline scripts are blocked, and how many more that the policy runs by their hash. */
  texts?: number;
  bare?: number;
  /** The chat loads by itself, although the tags of chats wait. */
  starts?: 1;
  /** The page's policy blocks style elements. */
  blocksStyles?: 1;
  /** The addresses of the page's links by id, where they differ from those in the script; "" for no link. */
  links?: Record<string, string>;
  /** The site offers its chat on other pages only; 2 once such a page has its hidden button. */
  elsewhere?: number;
  /** The page is the same for everybody: ask the server. */
  ask?: boolean;
}

type Resolve = (value?: unknown) => void;
type ShowState = (state: string, message?: string) => void;

// ---- a vendor's driver

interface Driver {
  /** The value of the click's cookie, where it names the vendor: the site has chats of several. */
  click?: string;
  /** A selector of what a visitor clicks on to open the chat, besides the button. */
  opens: string;
  /**
   * Prepares the page before the chat's script is fetched. With `open` the chat opens once it is there. Calls `done`
   * when it is there and `fail` when the account has no chat for the page. With `blocksStyles` the page's policy blocks
   * style elements. Returns the vendor's API where it is there already.
   */
  begin(
    open: boolean,
    done: () => void,
    attributes?: Record<string, string>,
    fail?: Resolve,
    blocksStyles?: unknown,
  ): unknown;
  /** Returns whether the widget is there. */
  loaded(): unknown;
  /** Opens the loaded widget. */
  open(): void;
  /** Returns the element that gets the focus, or null. */
  frame(): HTMLElement | null;
  /** The vendor's id, if the driver knows something that the driver of a page swapped in would have to know. */
  id?: string;
  /** The page's address when the chat was loaded. */
  address?: string;
  /** Tells the loaded widget that the page's address has changed; called four times a second. */
  follow?(): void;
  /** Takes the widget away. */
  remove(): void;
  /** Takes the widget away, and its cookies. */
  forget(): void;

  // For embeds; each may be missing.
  /** Selectors of the elements where embeds go, with the kind of each. */
  embeds?: Record<string, string>;
  /** Returns where the embed of a blocked inline script goes. */
  spot?(script: AnyElement): AnyElement | null | undefined;
  /** The globals that have a stand-in. */
  globals?: string[];
  /** Returns the kind of embed that a call makes, and sets the call's `target`. */
  kindOf?(call: Call): string | null;
  /** Returns whether a call opens the chat. */
  asksToOpen?(call: Call): unknown;
  /** Makes a call again, now that the library is there. */
  replay?(call: Call): void;
  /** Returns the chat that a tag brings, if it brings one. */
  chat?(tag: AnyElement, url: string): { account: string; src: string; attrs: Record<string, string> } | undefined;

  // What a driver keeps for itself.
  [name: string]: any;
}

// ---- the browser

/** An element of any kind. Scripts, links and frames have these; on others they are undefined. */
interface AnyElement extends HTMLElement {
  async?: boolean;
  defer?: boolean;
  src?: string;
  text?: string;
  rel?: string;
  shadowRoot: any;
  content?: DocumentFragment;
}

interface Window {
  consentMiddleware: { core?: Core; [name: string]: any };
  trustedTypes?: { createPolicy(name: string, rules: TrustRules): TrustRules; isHTML(value: unknown): boolean };
  /** A vendor's globals. */
  [name: string]: any;
}

interface RegExp {
  /** Like every browser, this turns its argument into a string. */
  test(value: unknown): boolean;
}

interface PropertyDescriptor {
  /** No prototype, on which other code may have put a `get` or a `set`. */
  __proto__?: null;
}

interface Object {
  __lookupGetter__(name: string): (() => any) | undefined;
  __lookupSetter__(name: string): ((value: any) => void) | undefined;
}

/** A type whose prototype the guard patches. */
interface Patchable {
  prototype: any;
}
