"""The guard: tags that other scripts insert wait as those of the page do, however they are inserted."""

from __future__ import annotations

import pytest
from playwright.sync_api import Error, Page, expect

from consent_middleware.purpose import Purpose
from examples.standin import StandIn

from .pages import (
    CHAT_HOSTS,
    DECISION,
    PORTAL,
    TRACKING_COOKIES,
    URL,
    asked,
    button,
    comes,
    cookies,
    decide,
    document,
    expect_state,
    hosts,
    open_page,
    put,
    quiet,
    until,
)
from .site import Document, Site

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
    "before": MAKE + "document.querySelector('h1').before(tag)",
    "after": MAKE + "document.querySelector('h1').after(tag)",
    "replaceWith": MAKE + "document.querySelector('h1').replaceWith(tag)",
    "replaceChild": MAKE + "document.querySelector('main').replaceChild(tag, document.querySelector('h1'))",
    "replaceChildren": MAKE + "document.querySelector('h1').replaceChildren(tag)",
    "insertAdjacentElement": MAKE + "document.querySelector('h1').insertAdjacentElement('afterend', tag)",
    "a range": MAKE + "const range = document.createRange(); range.selectNode(document.querySelector('h1'));"
    "range.insertNode(tag)",
    "a subtree": MAKE + "const box = document.createElement('div'); box.append(tag); document.body.append(box)",
    "a fragment": MAKE + "const box = new DocumentFragment(); box.append(tag); document.body.append(box)",
    "setAttribute": "const tag = document.createElement('script');"
    f"tag.setAttribute('src', '{LOADER}'); tag.setAttribute('id', 'hs-script-loader'); document.body.append(tag)",
    "the address set after insertion": "const tag = document.createElement('script'); document.body.append(tag);"
    f"tag.id = 'hs-script-loader'; tag.src = '{LOADER}'",
    "a namespace": "const tag = document.createElementNS('http://www.w3.org/1999/xhtml', 'script');"
    f"tag.src = '{LOADER}'; tag.id = 'hs-script-loader'; document.body.append(tag)",
    "a clone": MAKE + "document.body.append(tag.cloneNode(true))",
    "a template": "document.body.append(document.querySelector('template').content.cloneNode(true))",
    "an imported template": "const box = document.querySelector('template');"
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
    "markup": f"document.querySelector('h1').innerHTML = '<b>Hi</b><img alt=\"\" src=\"{PIXEL}\">'",
    "markup in place of an element": f"document.querySelector('h1').outerHTML = `<img alt='' src='{PIXEL}'>`",
    "markup before an element": "document.querySelector('h1')"
    f".insertAdjacentHTML('beforebegin', '<p>a > b <img src={PIXEL}></p>')",
    "markup at the end of an element": f"document.querySelector('main').insertAdjacentHTML('beforeend',"
    f'\'<IMG ALT="" DATA-X=1\\nSRC = "{PIXEL}">\')',
    "markup added to a detached element": "window.box = document.createElement('div');"
    f"box.insertAdjacentHTML('afterbegin', '<img src={PIXEL}>')",
    "markup in place of a detached element": "window.box = document.createElement('div');"
    f"box.innerHTML = '<b></b>'; box.firstChild.outerHTML = '<img src={PIXEL}>'",
    "a frame in markup": "document.querySelector('h1').innerHTML ="
    '\'<iframe title="x" src="https://meetings.hubspot.com/ann"></iframe>\'',
    "a hint in markup": f"document.querySelector('h1').innerHTML = '<link rel=preload as=script href={LOADER}>'",
    "an appended image": f"const tag = document.createElement('img'); tag.src = '{PIXEL}'; document.body.append(tag)",
    "a frame": "const tag = document.createElement('iframe'); tag.src = 'https://meetings.hubspot.com/ann';"
    "document.body.append(tag)",
    "a hint": "const tag = document.createElement('link'); tag.rel = 'preload'; tag.as = 'script';"
    f"tag.href = '{LOADER}'; document.head.append(tag)",
    "srcset": f"window.kept = new Image(); kept.srcset = '{PIXEL} 1x'",
    "srcset-attribute": f"window.kept = new Image(); kept.setAttribute('srcset', '/a.png 9x, {PIXEL} 1x')",
    "srcset-markup": f"document.querySelector('h1').innerHTML = '<img alt=\"\" srcset=\"{PIXEL} 1x\">'",
    "source": PICTURE.format(f"source.srcset = '{PIXEL}'"),
    "source-attribute": PICTURE.format(f"source.setAttribute('srcset', '{PIXEL}')"),
    "source-markup": "document.querySelector('h1').innerHTML = "
    f'\'<picture><source srcset="{PIXEL}"><img alt=""></picture>\'',
    "imagesrcset": HINT.format(f"tag.imageSrcset = '{PIXEL} 1x'"),
    "imagesrcset-attribute": HINT.format(f"tag.setAttribute('imagesrcset', '{PIXEL} 1x')"),
    "imagesrcset-markup": "document.querySelector('h1').innerHTML = "
    f"'<link rel=preload as=image imagesrcset=\"{PIXEL} 1x\">'",
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
    "srcdoc-markup": "document.querySelector('h1').innerHTML = "
    f"'<iframe title=x srcdoc=\"&lt;img alt src=&quot;{PIXEL}&quot;&gt;\"></iframe>'",
    "srcdoc-script": f"{FRAME}tag.srcdoc = '<script>new Image().src = `{PIXEL}`</' + 'script>';"
    "document.body.append(tag)",
    "object": f"const tag = document.createElement('object'); tag.data = '{CALENDAR}'; document.body.append(tag)",
    "object-attribute": "const tag = document.createElement('object');"
    f"tag.setAttribute('data', '{CALENDAR}'); document.body.append(tag)",
    "object-markup": f"document.querySelector('h1').innerHTML = '<object data=\"{CALENDAR}\"></object>'",
    "embed": f"const tag = document.createElement('embed'); tag.src = '{CALENDAR}'; document.body.append(tag)",
    "input": "const tag = document.createElement('input'); tag.type = 'image';"
    f"tag.src = '{PIXEL}'; tag.alt = 'x'; document.body.append(tag)",
    "poster": f"window.kept = document.createElement('video');kept.poster = '{PIXEL}'; document.body.append(kept)",
    "poster-markup": f"document.querySelector('h1').innerHTML = '<video poster=\"{PIXEL}\"></video>'",
    "svg-image": SVG.format("image", f"tag.setAttribute('href', '{PIXEL}')"),
    "svg-image-NS": SVG.format("image", f"tag.setAttributeNS({XLINK}, 'xlink:href', '{PIXEL}')"),
    "svg-image-markup": f"document.querySelector('h1').innerHTML = '<svg><image xlink:href=\"{PIXEL}\" "
    "width=9 height=9></image></svg>'",
    "svg-feImage": "document.querySelector('h1').innerHTML = '<svg><filter id=f>"
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
    "style": f"document.body.style = 'background: url({PIXEL})'",
    "style-cssText": f"document.body.style.cssText = 'background: url(\"{PIXEL}\")'",
    "style-setProperty": f"document.body.style.setProperty('background-image', 'url({PIXEL})')",
    "style-attribute": f"document.body.setAttribute('style', 'background: url({PIXEL})')",
    "style-markup": "document.querySelector('h1').innerHTML = "
    f"'<p style=\"background: url(&quot;{PIXEL}&quot;)\">x</p>'",
    "style-element": "const tag = document.createElement('style');"
    f"tag.textContent = 'body {{ background: url({PIXEL}) }}'; document.head.append(tag)",
    "style-element-import": "const tag = document.createElement('style');"
    f"tag.textContent = '@import \"{PIXEL}\";'; document.head.append(tag)",
    "style-element-markup": "document.querySelector('h1').innerHTML = "
    f"'<style>body {{ background: url({PIXEL}) }}</style>'",
    "insertRule": f"document.styleSheets[0].insertRule('body {{ background: url({PIXEL}) }}')",
    "replaceSync": "const sheet = new CSSStyleSheet();"
    f"sheet.replaceSync('body {{ background: url({PIXEL}) }}'); document.adoptedStyleSheets = [sheet]",
    "setHTML": f"document.querySelector('h1').setHTML?.('<img alt src=\"{PIXEL}\">', {{ sanitizer: {{}} }})",
    "parseHTML": "if (Document.parseHTML) document.body.append(...Document.parseHTML("
    f"'<img alt src=\"{PIXEL}\">', {{ sanitizer: {{}} }}).images)",
}


def guarded(site: Site, *allowed: Purpose, nonce: str | None = None, before: str = "", no_chat: bool = False) -> None:
    put(site, document(guard=allowed, nonce=nonce, before=before, no_chat=no_chat))


def run(page: Page, code: str) -> None:
    page.evaluate(f"() => {{ {code} }}")


@pytest.mark.parametrize("way", WAYS)
def test_inserted_script_waits_and_runs_once(page: Page, site: Site, standin: StandIn, way: str) -> None:
    guarded(site, before=f'<template><script src="{LOADER}" id="hs-script-loader"></script></template>')
    open_page(page)
    run(page, WAYS[way])
    quiet(page, 300)
    assert asked(standin) == []
    assert cookies(page) == {}
    decide(site, chat=True, tracking=True, embeds=True)
    page.evaluate("document.cookie = 'choice=1'")
    until(page, "document.cookie.includes('__hstc')")
    assert sum(record.host == "js.hs-scripts.com" for record in asked(standin)) == 1
    assert set(cookies(page)) >= TRACKING_COOKIES


@pytest.mark.parametrize("way", BEACONS)
def test_inserted_image_frame_or_hint_waits(page: Page, site: Site, standin: StandIn, way: str) -> None:
    guarded(site)
    open_page(page)
    run(page, BEACONS[way])
    quiet(page)
    assert asked(standin) == []
    run(page, "if (window.box) document.body.append(box)")
    decide(site, chat=False, tracking=True, embeds=True)
    page.evaluate("document.cookie = 'choice=1'")
    comes(page, lambda: len(asked(standin)) == 1)


@pytest.mark.parametrize("way", UNRELEASED)
def test_address_that_is_never_released_waits(page: Page, site: Site, standin: StandIn, way: str) -> None:
    guarded(site)
    open_page(page)
    run(page, UNRELEASED[way])
    quiet(page)
    assert asked(standin) == []


@pytest.mark.parametrize("way", [*BEACONS, *UNRELEASED])
def test_allowed_purpose_passes_untouched(page: Page, site: Site, standin: StandIn, way: str) -> None:
    guarded(site, Purpose.TRACKING, Purpose.EMBEDS)
    open_page(page)
    run(page, (BEACONS | UNRELEASED)[way])
    run(page, "if (window.box) document.body.append(box)")
    comes(page, lambda: len(asked(standin)) > 0)
    assert page.locator("[data-consent]").count() == 0


def test_blocked_frame_document_shows_after_consent(page: Page, site: Site, standin: StandIn) -> None:
    """A frame whose document loads for two purposes waits for the more demanding one."""
    guarded(site)
    open_page(page)
    calendar = f"<iframe src={CALENDAR} title=y></iframe>"
    run(page, f"{FRAME}tag.srcdoc = '<p>Own</p>{calendar}<img alt src={PIXEL}>'; document.body.append(tag)")
    decide(site, embeds=True)
    page.evaluate("document.cookie = 'choice=1'")
    comes(page, lambda: site.asked.count(DECISION) == 1)
    quiet(page)
    assert asked(standin) == []
    decide(site, embeds=True, tracking=True)
    page.evaluate("document.cookie = 'choice=2'")
    expect(page.frame_locator("iframe[title=x]").locator("p")).to_have_text("Own")
    comes(page, lambda: hosts(standin) == {"meetings.hubspot.com", "track.hubspot.com"})


def test_content_set_by_scripts_stays(page: Page, site: Site) -> None:
    guarded(site)
    site.pages["/own.gif"] = Document(b"GIF89a")
    open_page(page)
    found = page.evaluate(
        """(calendar) => {
            const link = document.createElement("a"), other = document.createElement("a");
            const node = document.createAttribute("href");
            node.value = calendar;
            link.attributes.setNamedItem(node);
            other.setAttribute("href", "#");
            other.attributes.href.value = calendar;
            const frame = document.createElement("iframe");
            frame.srcdoc = `<a class="b" href="${calendar}">x</a>`;
            const picture = document.createElement("p");
            picture.innerHTML = '<img alt="" src="https://static.hsappstatic.net/logo.png">';
            const style = document.createElement("style");
            style.textContent = "p { background: url(/own.gif) }";
            document.body.append(link, other, frame, picture, style);
            return [link, other, frame, picture.firstChild, style].map((each) => each.outerHTML);
        }""",
        CALENDAR,
    )
    assert found == [
        f'<a href="{CALENDAR}"></a>',
        f'<a href="{CALENDAR}"></a>',
        f'<iframe srcdoc="&lt;a class=&quot;b&quot; href=&quot;{CALENDAR}&quot;&gt;x&lt;/a&gt;"></iframe>',
        '<img alt="" src="https://static.hsappstatic.net/logo.png">',
        "<style>p { background: url(/own.gif) }</style>",
    ]


def test_patched_members_return_what_native_ones_do(page: Page, site: Site) -> None:
    guarded(site)
    open_page(page)
    found = page.evaluate(
        """(pixel) => {
            const tag = new Image(), own = document.createElement("p");
            const node = (value) => {
                const made = document.createAttribute("src");
                made.value = value;
                return made;
            };
            const first = node("a");
            const told = [
                tag.setAttributeNode(node(pixel)),
                tag.attributes.setNamedItem(node(pixel)),
                navigator.sendBeacon(pixel, "x"),
                own.setAttributeNode(first),
                own.setAttributeNode(node("b")) === first,
                own.attributes.src.nodeValue + own.attributes.src.textContent,
                own.attributes.setNamedItem(document.createAttribute("id")),
            ];
            const style = document.createElement("style");
            style.textContent = "p {}";
            own.style = "color: red";
            for (const wrong of [() => tag.setAttributeNode(null), () => tag.attributes.setNamedItem({})])
                try {
                    wrong();
                } catch (error) {
                    told.push(error.name);
                }
            return [...told, style.textContent, own.style.cssText];
        }""",
        PIXEL,
    )
    assert found == [None, None, False, None, True, "bb", None, "TypeError", "TypeError", "p {}", "color: red;"]


def test_requested_xml_document_causes_no_error(page: Page, site: Site) -> None:
    guarded(site)
    site.pages["/feed.xml"] = Document(b"<feed/>", {"Content-Type": "text/xml"})
    open_page(page)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(error.message))
    ask = (
        "new Promise((end) => { const request = new XMLHttpRequest(); request.open('GET', '/feed.xml');"
        "request.responseType = 'document'; request.onload = () => end(request.response.documentElement.localName);"
        "request.send() })"
    )
    assert page.evaluate(ask) == "feed"
    quiet(page)
    assert errors == []


def test_blocked_hint_has_no_rel(page: Page, site: Site) -> None:
    """Browsers warn of a hint without an address."""
    guarded(site)
    open_page(page)
    run(page, BEACONS["a hint"])
    link = page.locator("link")
    assert (link.get_attribute("rel"), link.get_attribute("href")) == (None, None)
    decide(site, chat=False, tracking=True, embeds=False)
    page.evaluate("document.cookie = 'choice=1'")
    expect(link).to_have_attribute("rel", "preload")
    expect(link).to_have_attribute("href", LOADER)


@pytest.mark.parametrize("copy", ["document.importNode(t.content, true)", "t.content.cloneNode(true)"])
def test_template_that_is_filled_late_is_blocked(page: Page, site: Site, standin: StandIn, copy: str) -> None:
    guarded(site)
    open_page(page)
    # A frame has setters of its own.
    code = (
        "const frame = document.body.appendChild(document.createElement('iframe'));"
        "const t = document.createElement('template'), s = frame.contentDocument.createElement('script');"
    )
    run(page, f"{code}s.src = '{LOADER}'; t.content.append(s); document.body.append({copy})")
    quiet(page, 300)
    assert asked(standin) == []


@pytest.mark.parametrize("way", ["write", "writeln"])
def test_tag_that_a_script_writes_waits_and_runs_once(page: Page, site: Site, standin: StandIn, way: str) -> None:
    end = "</scr' + 'ipt>"
    written = (
        f'<script>document.{way}(\'<p>Wr\', \'itten <img alt="" src="{PIXEL}"> text\', \'<script id="hs-script-loader"'
        f" src=\"{LOADER}\">{end}<b id=b>mo', 're</b>')</script>"
    )
    guarded(site, before=written)
    open_page(page)
    quiet(page)
    assert asked(standin) == []
    assert cookies(page) == {}
    assert page.locator("p", has_text="Written").inner_text().split() == ["Written", "textmore"]
    decide(site, chat=True, tracking=True, embeds=True)
    page.evaluate("document.cookie = 'choice=1'")
    until(page, "document.cookie.includes('__hstc')")
    comes(page, lambda: "track.hubspot.com" in hosts(standin))
    assert sum(record.host == "js.hs-scripts.com" for record in asked(standin)) == 1


def test_blocked_markup_inserted_later_is_released(page: Page, site: Site, standin: StandIn) -> None:
    guarded(site)
    open_page(page)
    run(page, f"box = document.createElement('div'); box.innerHTML = '<img alt=\"\" src=\"{PIXEL}\">'")
    decide(site, tracking=True)
    page.evaluate("document.cookie = 'choice=1'")
    comes(page, lambda: site.asked.count(DECISION) == 1)
    quiet(page)
    assert asked(standin) == []
    run(page, "document.body.append(box)")
    comes(page, lambda: len(asked(standin)) == 1)


def test_tags_of_others_are_left_alone(page: Page, site: Site) -> None:
    guarded(site)
    site.pages["/own.js"] = Document(b"window.own = 1", {"Content-Type": "text/javascript"})
    site.pages["/own.gif"] = Document(b"GIF89a")
    open_page(page)
    run(
        page,
        "const tag = document.createElement('script'); tag.src = '/own.js'; document.body.append(tag);"
        "new Image().src = '/own.gif'; document.querySelector('h1').innerHTML = '<b id=b>hubspot.com</b>';"
        "const link = document.createElement('a'); link.href = 'https://www.hubspot.com/'; document.body.append(link);"
        "const said = '<a id=a href=https://app.hubspot.com/x>x</a><p id=p lang=\"src=//js.hs-scripts.com\">1 < 2</p>';"
        "document.querySelector('main').insertAdjacentHTML('beforeend', said + '<img alt=\"\" src=\"/own.gif?2\">')",
    )
    until(page, "window.own")
    comes(page, lambda: "/own.gif" in site.asked)
    assert page.evaluate("document.querySelector('#b').textContent") == "hubspot.com"
    assert page.locator("a[href='https://www.hubspot.com/']").count() == 1
    assert page.evaluate("a.href + p.lang + p.textContent") == "https://app.hubspot.com/xsrc=//js.hs-scripts.com1 < 2"
    assert page.locator("[data-consent]").count() == 0


def test_tag_allowed_on_this_page_passes(page: Page, site: Site, standin: StandIn) -> None:
    guarded(site, Purpose.TRACKING, Purpose.CHAT)
    page.goto(URL)
    run(page, WAYS["appendChild"])
    standin.wait_for("js.hs-scripts.com")


def test_tag_that_allowed_loader_brings_passes(page: Page, site: Site, standin: StandIn) -> None:
    """Consent to analytics and marketing allows the full tag of HubSpot, and that loads the chat."""
    guarded(site, Purpose.TRACKING)
    page.goto(URL)
    run(page, WAYS["appendChild"])
    standin.wait_for("js.usemessages.com")
    assert page.locator("[data-consent=chat]").count() == 0


def test_click_brings_only_the_chat_through_the_guard(page: Page, site: Site, standin: StandIn) -> None:
    guarded(site)
    open_page(page)
    run(page, WAYS["appendChild"])
    button(page).click()
    expect_state(page, "ready")
    assert hosts(standin) == CHAT_HOSTS
    assert page.locator("iframe[src]").count() == 1


def test_blocked_script_does_not_pass_for_a_live_one(page: Page, site: Site, standin: StandIn) -> None:
    guarded(site)
    open_page(page)
    run(
        page,
        "const tag = document.createElement('script'); tag.src = 'https://js.usemessages.com/conversations-embed.js';"
        "tag.id = 'hubspot-messages-loader'; document.body.append(tag)",
    )
    quiet(page, 300)
    assert page.evaluate("document.getElementById('hubspot-messages-loader')") is None
    button(page).click()
    expect_state(page, "ready")


def test_own_tag_and_inserted_copy_run_once(page: Page, site: Site, standin: StandIn) -> None:
    own = (
        '<script type="text/x-consent" data-consent="tracking" data-consent-id="hs-script-loader" async '
        f'data-consent-src="{LOADER}"></script>'
    )
    put(site, document(guard=(), before=own, blocked=(LOADER,)))
    open_page(page)
    run(page, WAYS["appendChild"])
    decide(site, chat=True, tracking=True)
    page.evaluate("document.cookie = 'choice=1'")
    until(page, "document.cookie.includes('__hstc')")
    quiet(page)
    assert sum(record.host == "js.hs-scripts.com" for record in asked(standin)) == 1


def test_page_with_guard_but_no_facade_releases(page: Page, site: Site, standin: StandIn) -> None:
    body = document(guard=())
    put(site, body.partition(b"<aside")[0] + b"</body></html>")
    page.goto(URL)
    run(page, WAYS["appendChild"])
    quiet(page, 300)
    assert asked(standin) == []
    decide(site, chat=True, tracking=True)
    page.evaluate("document.cookie = 'choice=1'")
    until(page, "document.cookie.includes('__hstc')")


def alone(site: Site, head: str = "", *, inline: bool = True, body: str = "", before: str = "") -> None:
    """Serve a page with the guard, in which the server has blocked no tag."""
    guard = document(guard=(), inline=inline).partition(b"</style>")[2].partition(b"</head>")[0].decode()
    put(
        site,
        f'<!DOCTYPE html><html lang="en"><head><title>Shop</title>{before}{guard}{head}</head><body><h1>Shop</h1>'
        f"{body}</body></html>".encode(),
    )


class TestGuardWithoutBlockedTags:
    """The guard in a page in which the server has blocked no tag."""

    def test_page_that_inserts_nothing_loads_no_facade(self, page: Page, site: Site) -> None:
        alone(site, "<script>ran = 1</script>")
        page.goto(URL)
        run(page, "document.body.append(document.createElement('script'))")
        quiet(page)
        assert page.evaluate("ran") == 1
        assert [path for path in site.asked if "_consent" in path] == []

    @pytest.mark.parametrize("inline", [True, False])
    def test_script_inserted_while_the_page_loads_waits(
        self, page: Page, site: Site, standin: StandIn, inline: bool
    ) -> None:
        alone(site, f"<script>{WAYS['appendChild'].replace('document.body', 'document.head')}</script>", inline=inline)
        page.goto(URL)
        comes(page, lambda: sum("/_consent/facade." in path for path in site.asked) == 1)
        quiet(page)
        assert asked(standin) == []
        assert cookies(page) == {}
        decide(site, chat=True, tracking=True)
        page.evaluate("document.cookie = 'choice=1'")
        until(page, "document.cookie.includes('__hstc')")
        assert sum(record.host == "js.hs-scripts.com" for record in asked(standin)) == 1

    def test_guard_blocks_even_if_facade_fails_to_load(self, page: Page, site: Site, standin: StandIn) -> None:
        alone(site, f"<script>{WAYS['appendChild']}</script>")
        for path in [path for path in site.pages if path.startswith("/_consent/")]:
            del site.pages[path]
        page.goto(URL)
        comes(page, lambda: any("/_consent/facade." in path for path in site.asked))
        quiet(page)
        assert asked(standin) == []

    def test_consent_before_facade_loads_is_noticed(self, page: Page, site: Site, standin: StandIn) -> None:
        alone(site)
        page.goto(URL)
        decide(site, chat=True, tracking=True)
        page.evaluate("document.cookie = 'choice=1'")
        quiet(page)
        assert DECISION not in site.asked
        run(page, WAYS["appendChild"])
        until(page, "document.cookie.includes('__hstc')")

    def test_shared_page_requests_decision_at_once(self, page: Page, site: Site, standin: StandIn) -> None:
        alone(site, f"<script>{WAYS['appendChild']}</script>")
        body = site.pages["/"].body.replace(b" data-guard=", b' data-ask="" data-guard=')
        put(site, body)
        decide(site, chat=True, tracking=True)
        page.goto(URL)
        until(page, "document.cookie.includes('__hstc')")

    def test_blocked_markup_of_a_later_page_is_released(self, page: Page, site: Site, standin: StandIn) -> None:
        """The facade releases a tag that a server had blocked, that a script inserts, and that is allowed by now."""
        alone(site)
        put(site, site.pages["/"].body.replace(b"data-guard='{}'", b"data-guard='{\"tracking\":1}'"))
        page.goto(URL)
        run(page, f'document.body.innerHTML = \'<img alt="" data-consent="tracking" data-consent-src="{PIXEL}">\'')
        comes(page, lambda: any("/_consent/facade." in path for path in site.asked))

    @pytest.mark.parametrize("name", ["open", "core", "refresh"])
    def test_markup_named_like_the_guard_does_no_harm(
        self, page: Page, site: Site, standin: StandIn, name: str
    ) -> None:
        taken = f'<form id="consentMiddleware"><input name="{name}"><input name="waits"></form>'
        body = document(guard=()).decode()
        guard, _, rest = body.partition("</style>")[2].partition("</head>")
        put(site, f"<!DOCTYPE html><html lang=en><head><title>x</title></head><body>{taken}{guard}{rest[6:]}".encode())
        open_page(page)
        run(page, WAYS["appendChild"])
        quiet(page)
        assert asked(standin) == []
        decide(site, chat=True, tracking=True)
        page.evaluate("document.cookie = 'choice=1'")
        until(page, "document.cookie.includes('__hstc')")

    @pytest.mark.parametrize("blocked", [False, True])
    def test_early_site_calls_run_once_the_script_loads(
        self, page: Page, site: Site, standin: StandIn, blocked: bool
    ) -> None:
        alone(site, "<script>consentMiddleware.refresh()</script>")
        if blocked:
            put(site, document(guard=(), head="<script>consentMiddleware.refresh()</script>"))
        page.goto(URL)
        comes(page, lambda: site.asked.count(DECISION) == 1)
        page.evaluate("document.cookie = 'consent_chat=1'; consentMiddleware.withdraw()")
        comes(page, lambda: site.asked.count("/") == 2)
        assert cookies(page) == {}
        assert asked(standin) == []

    def test_second_guard_does_nothing(self, page: Page, site: Site, standin: StandIn) -> None:
        alone(site)
        source = site.pages["/"].body
        once = b"<script>once = Element.prototype.setAttribute</script>"
        again = source.partition(b"</title>")[2].partition(b"</head>")[0]
        put(site, source.replace(b"</head>", once + again + b"</head>"))
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(error.message))
        page.goto(URL)
        run(page, WAYS["setAttribute"])
        quiet(page)
        assert errors == []
        assert asked(standin) == []
        assert page.locator("[data-consent-by]").count() == 1
        assert page.evaluate("Element.prototype.setAttribute === once && !/native code/.test(once)")

    def test_scripts_of_the_page_see_no_difference(self, page: Page, site: Site) -> None:
        alone(site)
        page.goto(URL)
        found = page.evaluate(
            "Object.keys(window).filter((name) => /consent/i.test(name)).join() + '|' + document.scripts.length"
            " + '|' + new Image().src + '|' + document.createElement('script').src"
        )
        assert found == "consentMiddleware|1||"


class TestContentSecurityPolicy:
    def test_guard_works_under_policy_with_trusted_types(self, page: Page, site: Site, standin: StandIn) -> None:
        policy = (
            "script-src 'nonce-abc' 'strict-dynamic'; connect-src 'self' https://api.hubspot.com https://*.hubapi.com"
            " https://*.hscollectedforms.net; require-trusted-types-for 'script';"
            " trusted-types consent-facade site default"
        )
        loose = (
            "<script nonce='abc'>trustedTypes.createPolicy('default', {createScriptURL: (url) => url});"
            "site = trustedTypes.createPolicy('site', {createScriptURL: (url) => url})</script>"
        )
        put(
            site,
            document(guard=(), nonce="abc", head=loose),
            headers={"Content-Security-Policy": policy},
        )
        open_page(page)
        code = MAKE.replace(f"'{LOADER}'", f"site.createScriptURL('{LOADER}')") + "document.head.appendChild(tag)"
        run(page, code)
        quiet(page, 300)
        assert asked(standin) == []
        decide(site, chat=True, tracking=True)
        page.evaluate("document.cookie = 'choice=1'")
        standin.wait_for("js.hs-scripts.com")

    def test_only_trusted_markup_stays_trusted(self, page: Page, site: Site, standin: StandIn) -> None:
        policy = "require-trusted-types-for 'script'; trusted-types consent-facade site"
        own = "<script>site = trustedTypes.createPolicy('site', {createHTML: (html) => html})</script>"
        put(site, document(guard=(), head=own), headers={"Content-Security-Policy": policy})
        open_page(page)
        picture = f"""'<b id=b>x</b><img alt="" src="{PIXEL}">'"""
        run(page, f"document.querySelector('h1').innerHTML = site.createHTML({picture})")
        assert page.locator("h1 #b").count() == 1
        with pytest.raises(Error, match="TrustedHTML"):
            run(page, f"document.querySelector('main').innerHTML = {picture}")
        quiet(page)
        assert asked(standin) == []
        decide(site, tracking=True)
        page.evaluate("document.cookie = 'choice=1'")
        comes(page, lambda: len(asked(standin)) == 1)

    def test_markup_admits_no_address_for_other_markup(self, page: Page, site: Site, standin: StandIn) -> None:
        """Both elements are injected: one names an address, the other has our attributes."""
        evil = (
            f'<template><script src="{LOADER}"></script></template>'
            f'<script type="text/x-consent" data-consent="tracking" data-consent-src="{LOADER}"></script>'
        )
        put(
            site,
            document(guard=(), nonce="abc", before=evil),
            headers={"Content-Security-Policy": "script-src 'nonce-abc' 'strict-dynamic'; connect-src 'self'"},
        )
        open_page(page)
        names = page.evaluate(
            "[...document.querySelector('template').content.firstChild.attributes].map((a) => a.name)"
        )
        assert "data-consent" in names
        assert "data-consent-by" not in names
        decide(site, chat=False, tracking=True)
        page.evaluate("document.cookie = 'choice=1'")
        comes(page, lambda: DECISION in site.asked)
        quiet(page)
        assert asked(standin) == []

    def test_script_in_markup_without_nonce_never_runs(self, page: Page, site: Site, standin: StandIn) -> None:
        """Injected markup that would not have run must not run because the guard blocked it."""
        put(
            site,
            document(guard=(), nonce="abc"),
            headers={"Content-Security-Policy": "script-src 'nonce-abc' 'strict-dynamic'; connect-src 'self'"},
        )
        open_page(page)
        run(page, WAYS["a contextual fragment"].replace("document.body", "document.querySelector('h1')"))
        decide(site, chat=False, tracking=True)
        page.evaluate("document.cookie = 'choice=1'")
        comes(page, lambda: DECISION in site.asked)
        quiet(page)
        assert asked(standin) == []
        expect(page.locator("h1 script")).to_have_count(1)
