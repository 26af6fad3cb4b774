"""The apps: each uses a real library and inserts HubSpot's tag as that library does."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tests.browser.app import App

from .build import built

LOADER = "https://js.hs-scripts.com/12345.js"
ANALYTICS = "https://js.hs-analytics.net/analytics/1/12345.js"
PIXEL = "https://track.hubspot.com/__ptq.gif?a=12345"
MEETINGS = "https://meetings.hubspot.com/ann"
FORMS = "https://js.hsforms.net/forms/v2.js"
CONTAINER = "https://www.googletagmanager.com/gtm.js"

#: A container of a tag manager and HubSpot's form library, which the stand-in does not serve.
SCRIPTS = {
    CONTAINER: f"""const first = document.getElementsByTagName("script")[0], tag = document.createElement("script");
tag.async = true; tag.id = "hs-script-loader"; tag.src = "{LOADER}"; first.parentNode.insertBefore(tag, first)""",
    FORMS: """window.hbspt = { forms: { create({ target }) {
document.querySelector(target).append(document.createElement("iframe")) } } }""",
}


@dataclass(frozen=True, slots=True)
class Case:
    """One app.

    Attributes:
        kind: The build that contains it (see `build.built`).
        next: Whether it inserts its tag, or another one, when the visitor goes to the next page.
        address: The address of HubSpot that it loads.
        button: Whether its page has a button for the chat.
        told: Whether it listens for the load of its script and counts it in the variable `told`.
        late: Whether its tag loads only with the next page, because it neither runs nor copies swapped-in scripts of an
            unknown type.
        adds: Whether it adds the tag once more from the head of the next page. What the tag loads is there by then.
    """

    kind: str = "apps"
    next: bool = False
    address: str = LOADER
    button: bool = True
    told: bool = False
    late: bool = False
    adds: bool = False


#: The apps by the path of their page. An app with a server side has the tag in its page; others insert it.
CASES = {
    "helmet": Case(),
    "helmet-18": Case("react18"),
    "document": Case(),
    "effect": Case(),
    "component": Case(next=True),
    "before": Case("next", next=True),
    "after": Case("next", next=True),
    "lazy": Case("next", next=True),
    "head": Case("next", next=True),
    "script": Case("next", next=True),
    "vue-head": Case(),
    "vue-html": Case(address=PIXEL, button=False),
    "vue-router": Case(next=True),
    "preact": Case(),
    "svelte": Case(),
    # Markup in a template is content, so it gets no button.
    "alpine-if": Case(next=True, button=False),
    "alpine-html": Case(next=True, address=PIXEL, button=False),
    "turbo-head": Case(next=True),
    "turbo-stream": Case(button=False),
    "turbo-response": Case(next=True, button=False),
    "htmx": Case(next=True),
    "idiomorph": Case(next=True),
    "morphdom": Case(next=True),
    "alpine-morph": Case(next=True),
    # Only a part of the page is swapped, and the button is outside it.
    "swup": Case(next=True),
    "unpoly": Case(next=True, button=False, late=True),
    "lit": Case(address=PIXEL),
    "lit-shadow": Case(address=MEETINGS, button=False),
    "jquery-html": Case(next=True),
    "jquery-script": Case(address=ANALYTICS, told=True),
    "inner-html": Case(button=False),
    "postscribe": Case(told=True),
    "lazysizes": Case(address=MEETINGS, button=False),
    "loadjs": Case(told=True),
    "scriptjs": Case(address=ANALYTICS, told=True),
    "load-script": Case(told=True),
    "gtm-support": Case(),
    "gtm-react": Case(),
    "form-react": Case(address=FORMS, button=False, told=True),
    "form-hook": Case(address=FORMS, button=False),
    "boost": Case(next=True),
    "turbo-drive": Case(next=True, adds=True),
    "routes-vue": Case(next=True),
    "routes-react": Case(next=True),
    "astro": Case("astro", next=True),
}


def path_of(name: str) -> str:
    """Return the path of the page of an app."""
    return f"{name}" if CASES[name].kind == "next" else f"{name}/"


def put(app: App, name: str) -> None:
    """Serve the pages and scripts of an app."""
    folder = built(CASES[name].kind)
    if CASES[name].kind == "next":
        app.folders["_next"] = folder / "_next"
        for file in (*folder.rglob("*.html"), *folder.rglob("*.txt")):
            _page(app, f"/{file.relative_to(folder)}".removesuffix(".html"), file)
        return
    app.folders[name] = folder / name
    if CASES[name].kind == "astro":
        for file in (folder / name).rglob("index.html"):
            _page(app, f"/{file.relative_to(folder)}".removesuffix("index.html"), file)
        return
    for file in (folder / name).glob("*.html"):
        _page(app, f"/{name}/{file.stem.removesuffix('.stream').removeprefix('page')}", file)
        if file.stem.endswith(".stream"):
            app.types[f"/{name}/second"] = "text/vnd.turbo-stream.html; charset=utf-8"


def _page(app: App, path: str, file: Path) -> None:
    app.pages[path] = file.read_text("utf-8")
    if file.suffix == ".txt":
        app.types[path] = "text/plain; charset=utf-8"
