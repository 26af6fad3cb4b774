"""The ways in which a script can give an element an address of HubSpot's, all tried on one page.

Each way gets its own place in the page, and its own number in the address, so that each request names the way that made
it. So a page and a wait serve all of them, and a failure still names its way.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from .pages import PORTAL

LOADER = f"https://js.hs-scripts.com/{PORTAL}.js"
PIXEL = f"https://track.hubspot.com/__ptq.gif?a={PORTAL}"

CALENDAR = "https://meetings.hubspot.com/ann"
XLINK = "'http://www.w3.org/1999/xlink'"
#: A picture's attribute without an element yet, and one whose value is set later.
NODE = f"window.kept = new Image(); const node = document.createAttribute('src'); node.value = '{PIXEL}';"
VALUE = f"window.kept = new Image(); kept.setAttribute('src', 'data:,'); kept.attributes.src.{{}} = '{PIXEL}'"
PICTURE = (
    "const picture = document.createElement('picture'), source = document.createElement('source'); {};"
    "picture.append(source, new Image()); document.body.append(picture)"
)
HINT = (
    "const tag = document.createElement('link'); tag.rel = 'preload'; tag.as = 'image'; {}; document.head.append(tag)"
)
FRAME = "const tag = document.createElement('iframe'); tag.title = 'x';"
SVG = (
    "const make = (name) => document.createElementNS('http://www.w3.org/2000/svg', name);"
    "const box = make('svg'), tag = make('{}'); tag.setAttribute('width', 9); tag.setAttribute('height', 9);"
    "{}; box.append(tag); document.body.append(box)"
)

#: How a tag manager, or any script, can insert the loader: each creates `tag` or inserts it directly.
MAKE = (
    f"const tag = document.createElement('script'); tag.async = true; tag.src = '{LOADER}';tag.id = 'hs-script-loader';"
)
WAYS = {
    "appendChild": MAKE + "document.head.appendChild(tag)",
    "insertBefore the first script, as a tag manager does": MAKE
    + "const first = document.getElementsByTagName('script')[0]; first.parentNode.insertBefore(tag, first)",
    "append": MAKE + "document.body.append(tag)",
    "prepend": MAKE + "document.body.prepend(tag)",
    "before": MAKE + "heading.before(tag)",
    "after": MAKE + "heading.after(tag)",
    "replaceWith": MAKE + "heading.replaceWith(tag)",
    "replaceChild": MAKE + "main.replaceChild(tag, heading)",
    "replaceChildren": MAKE + "heading.replaceChildren(tag)",
    "insertAdjacentElement": MAKE + "heading.insertAdjacentElement('afterend', tag)",
    "a range": MAKE + "const range = document.createRange(); range.selectNode(heading);range.insertNode(tag)",
    "a subtree": MAKE + "const box = document.createElement('div'); box.append(tag); document.body.append(box)",
    "a fragment": MAKE + "const box = new DocumentFragment(); box.append(tag); document.body.append(box)",
    "setAttribute": "const tag = document.createElement('script');"
    f"tag.setAttribute('src', '{LOADER}'); tag.setAttribute('id', 'hs-script-loader'); document.body.append(tag)",
    "the address set after insertion": "const tag = document.createElement('script'); document.body.append(tag);"
    f"tag.id = 'hs-script-loader'; tag.src = '{LOADER}'",
    "a namespace": "const tag = document.createElementNS('http://www.w3.org/1999/xhtml', 'script');"
    f"tag.src = '{LOADER}'; tag.id = 'hs-script-loader'; document.body.append(tag)",
    "a clone": MAKE + "document.body.append(tag.cloneNode(true))",
    "a template": "document.body.append(main.querySelector('template').content.cloneNode(true))",
    "an imported template": "const box = main.querySelector('template');"
    "document.body.append(document.importNode(box.content, true))",
    "markup of a parsed document": "const parsed = new DOMParser().parseFromString("
    f"'<script id=\"hs-script-loader\" src=\"{LOADER}\"></' + 'script>', 'text/html');"
    "const tag = document.createElement('script'); document.body.append(tag);"
    "for (const { name, value } of parsed.querySelector('script').attributes) tag.setAttribute(name, value)",
    "a contextual fragment": "document.body.append(document.createRange().createContextualFragment("
    f"'<script id=\"hs-script-loader\" src=\"{LOADER}\"></' + 'script>'))",
    "svg-script": SVG.format("script", f"tag.id = 'hs-script-loader'; tag.setAttribute('href', '{LOADER}')"),
    "svg-script-NS": SVG.format(
        "script", f"tag.id = 'hs-script-loader'; tag.setAttributeNS({XLINK}, 'x:href', '{LOADER}')"
    ),
    "node-script": "const tag = document.createElement('script'), node = document.createAttribute('src');"
    f"tag.id = 'hs-script-loader'; document.body.append(tag); node.value = '{LOADER}'; tag.setAttributeNode(node)",
    "an inline loader that runs": "const tag = document.createElement('script');"
    f"tag.text = `(function(d){{var s=d.createElement('script');s.src='{LOADER}';s.id='hs-script-loader';"
    "d.head.appendChild(s)})(document)`;"
    "document.body.append(tag)",
}
#: The same for images, frames and hints.
BEACONS = {
    "a new Image": f"window.kept = new Image(); kept.src = '{PIXEL}'",
    "markup": f'heading.innerHTML = \'<b>Hi</b><img alt="" src="{PIXEL}">\'',
    "markup in place of an element": f"heading.outerHTML = `<img alt='' src='{PIXEL}'>`",
    "markup before an element": f"heading.insertAdjacentHTML('beforebegin', '<p>a > b <img src={PIXEL}></p>')",
    "markup at the end of an element": f"main.insertAdjacentHTML('beforeend',"
    f'\'<IMG ALT="" DATA-X=1\\nSRC = "{PIXEL}">\')',
    "markup added to a detached element": "window.box = document.createElement('div');"
    f"box.insertAdjacentHTML('afterbegin', '<img src={PIXEL}>')",
    "markup in place of a detached element": "window.box = document.createElement('div');"
    f"box.innerHTML = '<b></b>'; box.firstChild.outerHTML = '<img src={PIXEL}>'",
    "a frame in markup": 'heading.innerHTML =\'<iframe title="x" src="https://meetings.hubspot.com/ann"></iframe>\'',
    "a hint in markup": f"heading.innerHTML = '<link rel=preload as=script href={LOADER}>'",
    "an appended image": f"const tag = document.createElement('img'); tag.src = '{PIXEL}'; document.body.append(tag)",
    "a frame": "const tag = document.createElement('iframe'); tag.src = 'https://meetings.hubspot.com/ann';"
    "document.body.append(tag)",
    "a hint": "const tag = document.createElement('link'); tag.rel = 'preload'; tag.as = 'script';"
    f"tag.href = '{LOADER}'; document.head.append(tag)",
    "srcset": f"window.kept = new Image(); kept.srcset = '{PIXEL} 1x'",
    "srcset-attribute": f"window.kept = new Image(); kept.setAttribute('srcset', '/a.png 9x, {PIXEL} 1x')",
    "srcset-markup": f'heading.innerHTML = \'<img alt="" srcset="{PIXEL} 1x">\'',
    "source": PICTURE.format(f"source.srcset = '{PIXEL}'"),
    "source-attribute": PICTURE.format(f"source.setAttribute('srcset', '{PIXEL}')"),
    "source-markup": f'heading.innerHTML = \'<picture><source srcset="{PIXEL}"><img alt=""></picture>\'',
    "imagesrcset": HINT.format(f"tag.imageSrcset = '{PIXEL} 1x'"),
    "imagesrcset-attribute": HINT.format(f"tag.setAttribute('imagesrcset', '{PIXEL} 1x')"),
    "imagesrcset-markup": f"heading.innerHTML = '<link rel=preload as=image imagesrcset=\"{PIXEL} 1x\">'",
    "node": NODE + "kept.setAttributeNode(node)",
    "node-NS": NODE + "kept.setAttributeNodeNS(node)",
    "node-empty-list": NODE + "kept.attributes.setNamedItem(node)",
    "node-list-NS": NODE + "kept.alt = ''; kept.attributes.setNamedItemNS(node)",
    "node-value": VALUE.format("value"),
    "node-nodeValue": VALUE.format("nodeValue"),
    "node-textContent": VALUE.format("textContent"),
    "srcdoc": f'{FRAME}tag.srcdoc = \'<p>Hi</p><img alt="" src="{PIXEL}">\'; document.body.append(tag)',
    # The guard looks at an element when it is put into the page, so a later change is another way.
    "srcdoc-later": f"{FRAME}document.body.append(tag);"
    f'setTimeout(() => {{ tag.srcdoc = \'<img alt="" src="{PIXEL}">\' }})',
    "srcdoc-attribute": f"{FRAME}tag.setAttribute('srcdoc', '<img alt=\"\" src=\"{PIXEL}\">');"
    "document.body.append(tag)",
    "srcdoc-markup": "heading.innerHTML = "
    f"'<iframe title=x srcdoc=\"&lt;img alt src=&quot;{PIXEL}&quot;&gt;\"></iframe>'",
    "srcdoc-script": f"{FRAME}tag.srcdoc = '<script>new Image().src = `{PIXEL}`</' + 'script>';"
    "document.body.append(tag)",
    "object": f"const tag = document.createElement('object'); tag.data = '{CALENDAR}'; document.body.append(tag)",
    "object-attribute": "const tag = document.createElement('object');"
    f"tag.setAttribute('data', '{CALENDAR}'); document.body.append(tag)",
    "object-markup": f"heading.innerHTML = '<object data=\"{CALENDAR}\"></object>'",
    "embed": f"const tag = document.createElement('embed'); tag.src = '{CALENDAR}'; document.body.append(tag)",
    "input": "const tag = document.createElement('input'); tag.type = 'image';"
    f"tag.src = '{PIXEL}'; tag.alt = 'x'; document.body.append(tag)",
    "poster": f"window.kept = document.createElement('video');kept.poster = '{PIXEL}'; document.body.append(kept)",
    "poster-later": f"const tag = document.createElement('video'); document.body.append(tag);"
    f"setTimeout(() => {{ tag.poster = '{PIXEL}' }})",
    "poster-markup": f"heading.innerHTML = '<video poster=\"{PIXEL}\"></video>'",
    "svg-image": SVG.format("image", f"tag.setAttribute('href', '{PIXEL}')"),
    "svg-image-NS": SVG.format("image", f"tag.setAttributeNS({XLINK}, 'xlink:href', '{PIXEL}')"),
    "svg-image-markup": f"heading.innerHTML = '<svg><image xlink:href=\"{PIXEL}\" width=9 height=9></image></svg>'",
    "svg-feImage": "heading.innerHTML = '<svg><filter id=f>"
    f'<feImage href="{PIXEL}"/></filter><rect width=9 height=9 filter="url(#f)"/></svg>\'',
    "template-srcset": "const box = document.createElement('template');"
    f'box.innerHTML = \'<img alt="" srcset="{PIXEL}">\'; document.body.append(box.content.cloneNode(true))',
}
#: Ways by which no element keeps the address, so that nothing is released, and films and sounds.
UNRELEASED = {
    "video": f"window.kept = document.createElement('video'); kept.src = '{PIXEL}'",
    "audio": f"window.kept = document.createElement('audio'); kept.src = '{PIXEL}'",
    "video-source": "window.kept = document.createElement('video');"
    f"const source = document.createElement('source'); source.src = '{PIXEL}'; kept.append(source)",
    "style": f"main.style = 'background: url({PIXEL})'",
    "style-cssText": f"main.style.cssText = 'background: url(\"{PIXEL}\")'",
    "style-setProperty": f"main.style.setProperty('background-image', 'url({PIXEL})')",
    "style-attribute": f"main.setAttribute('style', 'background: url({PIXEL})')",
    "style-markup": f"heading.innerHTML = '<p style=\"background: url(&quot;{PIXEL}&quot;)\">x</p>'",
    "style-element": "const tag = document.createElement('style');"
    f"tag.textContent = '#way {{ background: url({PIXEL}) }}'; document.head.append(tag)",
    "style-element-import": "const tag = document.createElement('style');"
    f"tag.textContent = '@import \"{PIXEL}\";'; document.head.append(tag)",
    "style-element-markup": f"heading.innerHTML = '<style>#way {{ background: url({PIXEL}) }}</style>'",
    "insertRule": f"document.styleSheets[0].insertRule('#way {{ background: url({PIXEL}) }}')",
    "replaceSync": "const sheet = new CSSStyleSheet();"
    f"sheet.replaceSync('#way {{ background: url({PIXEL}) }}'); document.adoptedStyleSheets = [sheet]",
    "setHTML": f"heading.setHTML?.('<img alt src=\"{PIXEL}\">', {{ sanitizer: {{}} }})",
    "parseHTML": "if (Document.parseHTML) document.body.append(...Document.parseHTML("
    f"'<img alt src=\"{PIXEL}\">', {{ sanitizer: {{}} }}).images)",
}


def place_for(number: int, code: str) -> str:
    """Return the markup of the place of a way: `main` in its code, with `heading`, and a template if it copies one."""
    template = '<template><script src="LOADER" id="hs-script-loader"></script></template>'.replace("LOADER", LOADER)
    inside = f"<h1>Shop</h1>{template if 'template' in code else ''}"
    return f'<main id="way-{number}">{numbered(inside, number)}</main>'


def numbered(code: str, number: int) -> str:
    """Return code or markup with the number of its way in addresses, ids and selectors."""
    for text, own in (
        (PIXEL, f"{PIXEL}&way={number}"),
        (LOADER, f"{LOADER}?way={number}"),
        (CALENDAR, f"{CALENDAR}?way={number}"),
        ("hs-script-loader", f"hs-script-loader-{number}"),
        ("#way", f"#way-{number}"),
    ):
        code = code.replace(text, own)
    return code


def attempt(number: int, code: str) -> str:
    """Return the body of a function that tries a way in its place. What the way keeps outside the page stays alive."""
    return (
        f"const main = document.getElementById('way-{number}'), heading = main.querySelector('h1');"
        f"window.kept = window.box = undefined; {numbered(code, number)};"
        "(window.all ??= []).push(window.kept, window.box);"
    )


#: Appends what a way has made outside the page.
APPEND_BOXES = "document.body.append(...all.filter((each) => each?.localName === 'div'));"


@dataclass(repr=False)
class Attempts:
    """The outcome of ways that were tried on one page.

    Attributes:
        ways: The code of each way.
        errors: The error of each way whose code failed.
        before: The addresses that were requested before consent.
        after: The addresses that were requested until after consent.
        cookies_before: The cookies before consent.
        cookies_after: The cookies after it.
        blocked: The markup of the elements that were still blocked at the end.
    """

    ways: dict[str, str]
    errors: dict[str, str] = field(default_factory=dict)
    before: list[str] = field(default_factory=list)
    after: list[str] = field(default_factory=list)
    cookies_before: dict[str, str] = field(default_factory=dict)
    cookies_after: dict[str, str] = field(default_factory=dict)
    blocked: list[str] = field(default_factory=list)

    def of(self, way: str, addresses: Iterable[str]) -> list[str]:
        """Return those of the addresses that have the number of a way; fail if its code did."""
        assert way not in self.errors, self.errors[way]
        mark = re.compile(rf"[?&]way={list(self.ways).index(way)}(?!\d)")
        return [address for address in addresses if mark.search(address)]
