"""A case for each row of the table "Who blocks what" in docs/tags.md: what may make a browser contact HubSpot."""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import dataclass
from pathlib import Path

SCRIPT = "https://js.hs-scripts.com/12345.js"
PIXEL = "https://track.hubspot.com/__ptq.gif?a=12345"
LOADS = f"var s=document.createElement('script');s.src='{SCRIPT}';document.head.appendChild(s)"
IN_BASE64 = b64encode(LOADS.encode()).decode()


@dataclass(frozen=True, slots=True)
class Case:
    """One case, in the body or in the head of a page.

    Attributes:
        body: markup in the page.
        live: the part of it that loads: it must be gone, or stay if nobody blocks it.
        field: a field in the head instead.
        value: its value.
        left: what must stay of the value.
        early: whether the field is in an early hint.
        seen: whether Chromium makes a request soon after the page has loaded, if nobody blocks it.
    """

    body: str = ""
    live: str = ""
    field: str = ""
    value: str = ""
    left: str = ""
    early: bool = False
    seen: bool = False


def _tag(body: str, live: str = "", *, seen: bool = True) -> Case:
    return Case(body, live or body, seen=seen)


def _script(code: str) -> Case:
    """Return a request by a script of the site's own. Its address is joined from parts, so no server sees it."""
    hidden = re.sub(r"https://([a-z]+)\.", r"https://\1' + '.", code)
    return Case(f"<script>{hidden}</script>", hidden, seen=True)


PARTS = "['https:', '', 'js.' + 'hs-' + 'scripts' + String.fromCharCode(46) + 'com', '12345.js'].join('/')"
HIDDEN_LOADER = f"const s = document.createElement('script'); s.src = {PARTS}; document.head.append(s)"
PIXEL_PARTS = "['https:', '', 'track.' + 'hubspot' + String.fromCharCode(46) + 'com', '__ptq.gif'].join('/')"

CASES: dict[str, Case] = {
    "a script with an address": _tag(f'<script src="{SCRIPT}"></script>', f'script src="{SCRIPT}'),
    "a script that is inline, and a vendor's snippet": _tag(f"<script>{LOADS}</script>", "<script>var s"),
    # Without a guard, the server blocks it.
    "a script that is inline, with code of the site's own": _tag(
        f"<script>document.title += ' '; {LOADS}</script>", "<script>document.title", seen=False
    ),
    "a script in SVG": _tag(f'<svg><script href="{SCRIPT}"></script></svg>', f'script href="{SCRIPT}'),
    "a script that is inline in SVG": _tag(f"<svg><script>{LOADS}</script></svg>", "<svg><script>"),
    "a script that is inline in SVG, in a CDATA section": _tag(
        f"<svg><script><![CDATA[{LOADS}]]></script></svg>", "<svg><script>"
    ),
    "a script whose address is `data:`": _tag(
        f'<script src="data:text/javascript;base64,{IN_BASE64}"></script>', ' src="data:'
    ),
    "a script whose address is `blob:`": _tag(
        "<script>const b = document.createElement('script');"
        f"b.src = URL.createObjectURL(new Blob([{HIDDEN_LOADER!r}])); document.head.append(b)</script>",
        "createObjectURL",
    ),
    "a module that imports, whatever comments stand between": _tag(
        f"<script type=module>import/* a *//**/'{SCRIPT}'</script>", "<script type=module>"
    ),
    "a script that is started later by a plugin": _tag(
        f'<script type="rocketlazyloadscript" data-rocket-src="{SCRIPT}"></script>', " data-rocket-src=", seen=False
    ),
    "an import map": _tag(f'<script type="importmap">{{"imports": {{"hs": "{SCRIPT}"}}}}</script>', seen=False),
    "speculation rules that name a host": _tag(
        f'<script type="speculationrules">{{"prefetch": [{{"urls": ["{SCRIPT}"], "eagerness": "immediate"}}]}}'
        "</script>",
        '<script type="speculationrules">',
    ),
    "speculation rules by a pattern without a host": _tag(
        '<script type="speculationrules">{"prefetch": [{"where": {"href_matches": "/*"}}]}</script>', seen=False
    ),
    "a preconnection, also with `as`": _tag(
        '<link rel="preconnect" as="image" href="https://js.hs-scripts.com">', " href=", seen=False
    ),
    "a preconnection beside a style sheet of another type": _tag(
        '<link rel="preconnect stylesheet" type="text/x" href="https://js.hs-scripts.com">', " href=", seen=False
    ),
    "a style sheet, also with a preconnection beside it": _tag(
        '<link rel="preconnect stylesheet" href="https://js.hubspot.com/a.css">'
    ),
    "a dictionary for compression": _tag(f'<link rel="compression-dictionary" href="{SCRIPT}">', " href=", seen=False),
    "a preloaded script": _tag(f'<link rel="preload" as="script" href="{SCRIPT}">', " href="),
    "a preloaded picture by `href` or `imagesrcset`": _tag(
        f'<link rel="preload" as="image" imagesrcset="{PIXEL} 1x">', " imagesrcset="
    ),
    "a preloaded font": _tag(
        '<link rel="preload" as="font" crossorigin href="https://static.hsappstatic.net/a.woff2">'
    ),
    "an icon or a manifest": _tag('<link rel="manifest" href="https://js.hubspot.com/a.json">', seen=False),
    "a picture by `src` or `srcset`": _tag(f'<img alt="" srcset="{PIXEL} 1x">', " srcset="),
    "a `source` in a `picture`": _tag(f'<picture><source srcset="{PIXEL}"><img alt=""></picture>'),
    "a frame with an address": _tag('<iframe src="https://meetings.hubspot.com/ann"></iframe>', ' src="https://meet'),
    "a frame with `srcdoc`": _tag(
        f"<iframe srcdoc=\"<script src='{SCRIPT}'></script>\"></iframe>", f"<script src='{SCRIPT}"
    ),
    "a frame whose address is `data:` or `javascript:`": _tag(
        f"<iframe src=\"data:text/html,<script src='{SCRIPT}'></script>\"></iframe>"
        f"<iframe src=\"javascript:'<img src={PIXEL}>'\"></iframe>",
        "<iframe src=",
    ),
    "a `base` in a `noscript`": _tag(
        '<noscript><base href="https://js.hs-scripts.com/"><img alt="" src="12345.js"></noscript>',
        "<base href=",
        seen=False,
    ),
    "a custom element": _tag(f'<amp-img src="{PIXEL}"></amp-img>', f' src="{PIXEL}', seen=False),
    "a plug-in (`embed`, `object`)": _tag('<object data="https://meetings.hubspot.com/ann"></object>'),
    "an event handler's attribute": _tag(
        f'<img alt="" src="data:," onerror="{HIDDEN_LOADER}">', f'onerror="{HIDDEN_LOADER}"'
    ),
    "a redirect by `meta`": _tag(
        '<meta http-equiv="refresh" content="9999; url=https://meetings.hubspot.com/ann">', seen=False
    ),
    "a link or a form": _tag(
        '<a href="https://meetings.hubspot.com/ann">Book</a><form action="https://forms.hubspot.com/a"></form>',
        seen=False,
    ),
    "`Link`": Case(
        field="Link",
        value=f"</a.css>; rel=preload; as=style, <{SCRIPT}>; rel=preconnect; as=image",
        left="</a.css>; rel=preload; as=style",
    ),
    "`Link` in an early hint (103)": Case(
        field="Link", value=f'<{SCRIPT}>; rel="preconnect stylesheet"', left="", early=True
    ),
    "`Link` with `imagesrcset`": Case(
        field="Link", value=f'<>; rel=preload; as=image; imagesrcset="/a.png 1x, {PIXEL} 2x"', left=""
    ),
    "`Speculation-Rules`": Case(field="Speculation-Rules", value=f'"/own.json", "{SCRIPT}"', left='"/own.json"'),
    "`Reporting-Endpoints`": Case(
        field="Reporting-Endpoints", value=f'own="/reports", theirs="{PIXEL}"', left='own="/reports"'
    ),
    "`Report-To`": Case(
        field="Report-To",
        value='{"group": "a", "max_age": 1, "endpoints": [{"url": "https://own.example/"}, {"url": "'
        + PIXEL
        + '"}]}, {"group": "b", "max_age": 1, "endpoints": [{"url": "'
        + PIXEL
        + '"}]}',
        left='{"group": "a", "max_age": 1, "endpoints": [{"url": "https://own.example/"}]}',
    ),
    "`NEL`": Case(field="NEL", value='{"report_to": "b", "max_age": 1}', left='{"report_to": "b", "max_age": 1}'),
    "`Content-Security-Policy` with `report-uri`": Case(
        field="Content-Security-Policy",
        value=f"default-src 'self'; report-uri /own {PIXEL}; script-src https://js.hs-scripts.com",
        left="default-src 'self'; report-uri /own; script-src https://js.hs-scripts.com",
    ),
    "`Content-Security-Policy` with `report-to`": Case(
        field="Content-Security-Policy", value="default-src 'self'; report-to b", left="default-src 'self'; report-to b"
    ),
    "`Content-Security-Policy-Report-Only`": Case(
        field="Content-Security-Policy-Report-Only", value=f"img-src 'self'; Report-URI {PIXEL}", left="img-src 'self';"
    ),
    "`Refresh`": Case(
        field="Refresh", value="9; url=https://meetings.hubspot.com/a", left="9; url=https://meetings.hubspot.com/a"
    ),
    "`SourceMap`": Case(field="SourceMap", value=SCRIPT, left=SCRIPT),
    "a tag that a script inserts": _script(HIDDEN_LOADER),
    "a tag in markup that a script makes": Case(
        f"<script>document.head.innerHTML += '<img alt src=' + {PIXEL_PARTS} + '>'</script>", "innerHTML", seen=True
    ),
    "a tag that a script clones from a template": Case(
        f'<template id="t"><img alt="" src="{PIXEL}"></template>'
        "<script>document.head.append(document.importNode(t.content, true))</script>",
        f'src="{PIXEL}',
        seen=True,
    ),
    "a tag in a shadow root": Case(
        "<div id=d></div><script>d.attachShadow({ mode: 'open' }).innerHTML ="
        f" '<img alt src=' + {PIXEL_PARTS} + '>'</script>",
        "innerHTML",
        seen=True,
    ),
    "a picture to which a script gives `srcset`": Case(
        f"<script>new Image().srcset = {PIXEL_PARTS} + ' 1x'</script>", "srcset", seen=True
    ),
    "a frame to which a script gives `srcdoc`": Case(
        "<script>const f = document.createElement('iframe'); f.srcdoc = '<img alt src=' + "
        f"{PIXEL_PARTS} + '>'; document.head.append(f)</script>",
        "srcdoc",
        seen=True,
    ),
    "a `source` in a `picture` that a script makes": _script(
        "const p = document.createElement('picture'), s = document.createElement('source');"
        f"s.srcset = {PIXEL_PARTS}; p.append(s, new Image()); document.head.append(p)"
    ),
    "a preloaded picture to which a script gives `imagesrcset`": _script(
        "const l = document.createElement('link'); l.rel = 'preload'; l.as = 'image';"
        f"l.imageSrcset = {PIXEL_PARTS}; document.head.append(l)"
    ),
    "an address that a script sets as an attribute node": _script(
        f"const a = document.createAttribute('src'); a.value = {PIXEL_PARTS}; new Image().setAttributeNode(a)"
    ),
    "a script in SVG that a script makes": _script(
        "const s = document.createElementNS('http://www.w3.org/2000/svg', 'script');"
        f"s.setAttribute('href', {PARTS}); document.head.append(s)"
    ),
    "a picture in SVG that a script makes": _script(
        "const s = document.createElementNS('http://www.w3.org/2000/svg', 'image');"
        f"s.setAttribute('href', {PIXEL_PARTS}); document.head.append(s)"
    ),
    "a plug-in (`embed`, `object`) that a script makes": _script(
        "const o = document.createElement('object');"
        f"o.data = {PIXEL_PARTS}; addEventListener('load', () => document.body.append(o))"
    ),
    "a film to which a script gives `poster`": _script(
        f"const v = document.createElement('video'); v.poster = {PIXEL_PARTS}; document.head.append(v)"
    ),
    "a style that a script sets as an attribute or text": _script(
        f"document.documentElement.setAttribute('style', 'background: url(' + {PIXEL_PARTS} + ')')"
    ),
    "a style that a script sets by a property of its own": _script(
        f"document.documentElement.style.background = 'url(' + {PIXEL_PARTS} + ')'"
    ),
    "`fetch`": _script(f"fetch({PIXEL_PARTS}).catch(() => {{}})"),
    "`fetchLater`": Case(
        f"<script>try {{ fetchLater({PIXEL_PARTS}, {{ activateAfter: 0 }}) }} catch {{}}</script>",
        "fetchLater(",
        seen=False,
    ),
    "`XMLHttpRequest`": _script(f"const x = new XMLHttpRequest(); x.open('GET', {PIXEL_PARTS}); x.send()"),
    "`sendBeacon`": _script(f"navigator.sendBeacon({PIXEL_PARTS}, 'x')"),
    "`EventSource`": _script(f"new EventSource({PIXEL_PARTS})"),
    "`WebSocket`": Case(f"<script>new WebSocket({PIXEL_PARTS})</script>", "new WebSocket(", seen=False),
    "a worker": _script(
        f"new Worker(URL.createObjectURL(new Blob(['importScripts(' + JSON.stringify({PARTS}) + ')'])))"
    ),
    "`import()` in a script file": _script(f"import({PARTS}).catch(() => {{}})"),
}


def table() -> dict[str, str]:
    """Return who blocks each row of the table in the docs: "server", "guard" or "nobody"."""
    text = (Path(__file__).parents[2] / "docs" / "tags.md").read_text("utf-8")
    section = text.partition("## Who blocks what\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (.+?) \| (server|guard|nobody: .).*\|$", section, re.MULTILINE)
    return {what: holder.partition(":")[0] for what, holder in rows}
