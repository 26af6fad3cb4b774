"""What is driven: small apps with a real library each, which bring HubSpot's tag in the library's own way.

Knows: the apps, what a visitor does in each, and what each would load.
Must not know: the facade, the guard.
"""

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

#: A tag manager's container and HubSpot's library of forms, which nobody on this machine stands for.
SCRIPTS = {
    CONTAINER: f"""const first = document.getElementsByTagName("script")[0], tag = document.createElement("script");
tag.async = true; tag.id = "hs-script-loader"; tag.src = "{LOADER}"; first.parentNode.insertBefore(tag, first)""",
    FORMS: """window.hbspt = { forms: { create({ target }) {
document.querySelector(target).append(document.createElement("iframe")) } } }""",
}


@dataclass(frozen=True, slots=True)
class Case:
    """One app.

    kind: what it is built with, as `build.built` has it.
    next: whether it brings its tag, or another one, when the visitor goes on.
    address: what of HubSpot's it loads.
    button: whether a button for the chat stands in its page.
    told: whether it asks to be told when its script has run, and keeps in `told` how often it was.
    late: whether what it brings comes with the next page only: it neither runs scripts of an unknown type that it swaps
        in, nor makes them anew.
    """

    kind: str = "apps"
    next: bool = False
    address: str = LOADER
    button: bool = True
    told: bool = False
    late: bool = False


#: By the path of the page. An app with a server's part has the tag in its page; one without brings it in the browser.
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
    # What stands in a template is content, and names no account.
    "alpine-if": Case(next=True, button=False),
    "alpine-html": Case(next=True, address=PIXEL, button=False),
    "turbo-head": Case(next=True),
    "turbo-stream": Case(button=False),
    "turbo-response": Case(next=True, button=False),
    "htmx": Case(next=True),
    "idiomorph": Case(next=True),
    "morphdom": Case(next=True),
    "alpine-morph": Case(next=True),
    # Only a part of the page is swapped, and the button stands outside of it.
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
}


def path_of(name: str) -> str:
    """The path of a case's page."""
    return f"{name}" if CASES[name].kind == "next" else f"{name}/"


def put(app: App, name: str) -> None:
    """Put a case's pages and scripts on the app."""
    folder = built(CASES[name].kind)
    if CASES[name].kind == "next":
        app.folders["_next"] = folder / "_next"
        for file in (*folder.rglob("*.html"), *folder.rglob("*.txt")):
            _page(app, f"/{file.relative_to(folder)}".removesuffix(".html"), file)
        return
    app.folders[name] = folder / name
    for file in (folder / name).glob("*.html"):
        _page(app, f"/{name}/{file.stem.removesuffix('.stream').removeprefix('page')}", file)
        if file.stem.endswith(".stream"):
            app.types[f"/{name}/second"] = "text/vnd.turbo-stream.html; charset=utf-8"


def _page(app: App, path: str, file: Path) -> None:
    app.pages[path] = file.read_text("utf-8")
    if file.suffix == ".txt":
        app.types[path] = "text/plain; charset=utf-8"
