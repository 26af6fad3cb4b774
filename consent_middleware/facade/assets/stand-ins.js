// What stands in for a vendor's globals while the scripts that make them wait.
//
// A site's own code calls into a library: it makes a form, or opens the chat. As long as a script that makes such a
// global is held, a stand-in has its name and keeps the calls, in their order. The facade's script shows a placeholder
// for an embed, takes a call that opens the chat for the visitor's click if it is one, and calls again what has been
// called once the library is there.
//
// It is put in front of facade.js, in one scope, and by itself into a page, before the first library of which a script
// may ask at once.
//
//   STAND_INS  the globals: a name, the purposes of the scripts that make it, what those of its methods return that
//              return anything, and maybe the addresses of scripts whose load event tells a site that it is there;
//              the name alone of an array that the vendor's script goes through once it is there

// What the site has called of what waits.
core.calls ??= [];

// A stand-in for a global, or for what it has at `path`. What the site puts into it stays there.
const standIn = (name, returns, path, own) =>
  new Proxy(() => {}, {
    // A promise would call `then`.
    get: (_, key) =>
      own[key] ??
      (typeof key === "symbol" || key === "then" ? void 0 : standIn(name, returns, [...path, key], { __proto__: null })),
    set: (_, key, value) => Reflect.set(own, key, value),
    apply(_, it, given) {
      core.calls.push({ name, path, given, script: document.currentScript, active: navigator.userActivation?.isActive });
      core.takeCalls?.();
      return returns[path.at(-1)];
    },
  });

const isHeld = (purposes) => [...all("script[data-consent]"), ...caught].some((it) => purposes.includes(markOf(it)));

if (!core.stands) {
  core.stands = 1;
  for (const [name, purposes, returns] of STAND_INS) {
    if (!purposes) {
      window[name] ??= [];
      continue;
    }
    let real = window[name];
    const own = { __proto__: null };
    const stub = standIn(name, returns, [], own);
    // A site may have declared the name for good.
    Reflect.defineProperty(window, name, {
      __proto__: null,
      configurable: true,
      enumerable: true,
      get: () => real ?? (!mayLoad(purposes[0]) && isHeld(purposes) ? stub : void 0),
      // The library that has come may build on what the site has put into the stand-in.
      set(given) {
        if (given === stub) return;
        for (const key in given && own) given[key] ??= own[key];
        real = given;
      },
    });
  }
}
