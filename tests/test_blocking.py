"""Each form of a tag is blocked, and what only looks like a tag stays."""

from __future__ import annotations

import json
import re
from urllib.parse import quote

import pytest

from consent_middleware import Consent, Policy, State
from consent_middleware.blocking import TagBlocker
from consent_middleware.consent import OPTIONAL_CATEGORIES, Category
from consent_middleware.csp import ContentSecurityPolicy
from consent_middleware.engine import Engine
from consent_middleware.html.charset import LABELS
from consent_middleware.html.rewriter import HTMLRewriter
from consent_middleware.purpose import Purpose
from consent_middleware.recognition import hint_purpose
from consent_middleware.scripts.loads import Scan
from tests.engines import engine_for
from tests.pages import BLOCKED_CHAT, BLOCKED_LOADER, CHAT, LOADER, TAG_MANAGER, page

#: The guard has tests of its own.
POLICY = Policy(contact_url="/contact", guard="auto")
PROXIED = Policy(
    contact_url="/contact",
    guard="auto",
    proxied={
        "js.hs-scripts.com": "https://hs.example.com",
        "js.usemessages.com": "https://hs.example.com",
        "js-eu1.hs-scripts.com": "http://127.0.0.1:9101",
    },
)
NOTHING = Consent()
FUNCTIONAL = Consent({Category.FUNCTIONAL: State.GRANTED})
EVERYTHING = Consent(dict.fromkeys(OPTIONAL_CATEGORIES, State.GRANTED))


def rewrite(
    document: bytes, consent: Consent = NOTHING, policy: Policy = POLICY, *, clicked: bool = False, xml: bool = False
) -> tuple[bytes, TagBlocker]:
    blocker = TagBlocker(
        engine_for(policy),
        policy.decide(consent, clicked=clicked),
        "/_consent/facade.js",
        "page-nonce",
        "www.shop.example:8000",
    )
    rewriter = HTMLRewriter(blocker, xml=xml)
    return rewriter.feed(document) + rewriter.close(), blocker


#: The script that releases blocked tags, without a facade before it.
RELEASING = re.compile(rb"(?<!</aside>)<script src=\"/_consent/facade\.js\"[^>]* data-conf='[^']*'></script>")


def settings(document: bytes) -> dict[str, object]:
    """Return the settings of the only facade in a document."""
    (found,) = re.findall(rb"<script src=\"/_consent/facade\.js\"[^>]* data-conf='([^']*)'></script>", document)
    text = found.decode("ascii").replace("&#38;", "&").replace("&#39;", "'").replace("&#60;", "<").replace("&#62;", ">")
    parsed: dict[str, object] = json.loads(text)
    return parsed


LEFT_ALONE = {
    "no script at all": b"<p>js.hs-scripts.com</p>",
    "a link to HubSpot": b'<a href="https://js.hs-scripts.com/12345.js">x</a>',
    "a comment": b'<!-- <script src="//js.hs-scripts.com/12345.js"></script> -->',
    "a conditional comment": b'<!--[if lte IE 8]><script src="//js.hs-scripts.com/1.js"></script><![endif]-->',
    "an attribute value": b"<input value='<script src=\"//js.hs-scripts.com/12345.js\"></script>'>",
    "a string in a script": b'<script>var s = "<script src=//js.hs-scripts.com/12345.js>";</script>',
    "a text area": b'<textarea><script src="//js.hs-scripts.com/12345.js"></script></textarea>',
    "a title": b'<title><script src="//js.hs-scripts.com/12345.js"></script></title>',
    "a style sheet's text": b'<style>/* <script src="//js.hs-scripts.com/12345.js"></script> */</style>',
    "a template": b'<template><script src="//js.hs-scripts.com/12345.js"></script></template>',
    "another host's path": b'<script src="/js.hs-scripts.com/12345.js"></script>',
    "a host that only ends alike": b'<script src="//myhs-scripts.com/12345.js"></script>',
    "a host that only begins alike": b'<script src="//js.hs-scripts.com.evil.example/12345.js"></script>',
    "a query that names the host": b'<script src="/x.js?u=//js.hs-scripts.com/1.js"></script>',
    "JSON": b'<script type="application/json">{"src": "//js.hs-scripts.com/1.js"}</script>',
    "a data block with a src": b'<script type="application/ld+json" src="//js.hs-scripts.com/1.js"></script>',
    "a tag another tool blocks": b'<script type=text/plain data-x="HubSpot" src="//js.hs-scripts.com/1.js"></script>',
    "an address that is none": b'<script src="https://[js.hs-scripts.com/1.js"></script>',
    "an empty src": b'<script src="">//js.hs-scripts.com</script>',
    "the later of two src": b'<script src="/a.js" src="//js.hs-scripts.com/1.js"></script>',
    "a CSP in a meta": b'<meta http-equiv="Content-Security-Policy" content="script-src https://js.hs-scripts.com">',
    "a picture on HubSpot's file host": b'<img src="https://cdn2.hubspot.net/hubfs/1/logo.png">',
    "a style sheet on HubSpot's host": b'<link rel="stylesheet" href="https://static.hsappstatic.net/a.css">',
    "a preloaded style sheet": b'<link rel="preload stylesheet" href="https://static.hsappstatic.net/a.css">',
    "a hint to HubSpot's file host": b'<link rel="preconnect" href="https://cdn2.hubspot.net">',
    "a hint to somebody else": b'<link rel="preconnect" href="https://www.example.com/?js.hs-scripts.com">',
    "a canonical link": b'<link rel="canonical" href="https://www.hubspot.com/a">',
    "a link without href": b'<link rel="preconnect" data-x="js.hs-scripts.com">',
    "a link without rel": b'<link href="//js.hs-scripts.com">',
    "the word in a bot list": b'<script>var bots = ["httrack", "hubspot", "ichiro"];</script>',
    "harmless settings": b'<script>var leadin_wordpress = {"pageType": "home"}; window._hsq = [];</script>',
    "the comments with nothing between": b"<!-- Start of HubSpot Embed Code --><!-- End of HubSpot Embed Code -->",
    "an import map": b'<script type="importmap">{"imports": {"a": "https://js.hs-scripts.com/1.js"}}</script>',
    "an unclosed comment": b'<!-- <script src="//js.hs-scripts.com/12345.js"></script>',
}


@pytest.mark.parametrize("fragment", LEFT_ALONE.values(), ids=LEFT_ALONE)
def test_content_stays(fragment: bytes) -> None:
    document = page(fragment)

    out, blocker = rewrite(document)

    assert out == document
    assert blocker.blocked == []


BLOCKED = {
    "the official tag": LOADER.splitlines()[1],
    "https": b'<script src="https://js.hs-scripts.com/12345.js"></script>',
    "single quotes": b"<script src='//js.hs-scripts.com/12345.js'></script>",
    "no quotes": b"<script src=//js.hs-scripts.com/12345.js></script>",
    "upper case": b'<SCRIPT SRC="HTTPS://JS.HS-SCRIPTS.COM/12345.JS"></SCRIPT>',
    "another region": b'<script src="//js-eu1.hs-scripts.com/12345.js"></script>',
    "a region to come": b'<script src="//js-xx7.hs-scripts.com/12345.js"></script>',
    "a query": b'<script src="//js.hs-scripts.com/12345.js?businessUnitId=7"></script>',
    "character references in the query": b"<script src='https://js.hs-scripts.com/1.js?integration=WordPress&#038;ver=8'></script>",
    "white space around the URL": b'<script src=" \n//js.hs-scripts.com/12345.js "></script>',
    "a new line in the tag": b'<script\n  async\n  src="//js.hs-scripts.com/12345.js"\n></script>',
    "a port": b'<script src="https://js.hs-scripts.com:443/12345.js"></script>',
    "user information": b'<script src="https://a:b@js.hs-scripts.com/12345.js"></script>',
    "a dot at the host's end": b'<script src="//js.hs-scripts.com./12345.js"></script>',
    "backslashes": b'<script src="\\\\js.hs-scripts.com\\12345.js"></script>',
    "a module": b'<script type="module" src="//js.hs-scripts.com/12345.js"></script>',
    "an older JavaScript type": b'<script type="application/x-javascript" src="//js.hs-scripts.com/1.js"></script>',
    "an empty type": b'<script type="" src="//js.hs-scripts.com/1.js"></script>',
    "white space in the type": b'<script type=" text/javascript " src="//js.hs-scripts.com/1.js"></script>',
    "a language": b'<script language="JavaScript" src="//js.hs-scripts.com/1.js"></script>',
    "two src, the first HubSpot's": b'<script src="//js.hs-scripts.com/1.js" src="/b.js"></script>',
    "no digits in the path": b'<script src="//js.hs-scripts.com/12a.js"></script>',
    "the standalone chat": CHAT.strip(),
    "the older analytics tag": b'<script id="hs-analytics" src="//js.hs-analytics.net/analytics/1/12345.js"></script>',
    "the banner of a saved page": b'<script id="cookieBanner-1" src="https://js.hs-banner.com/v2/1/banner.js"></script>',
    "lead flows": b'<script src="https://js.hsleadflows.net/leadflows.js"></script>',
    "a DNS hint": b'<link rel="dns-prefetch" href="//js.hs-scripts.com">',
    "a connection hint": b"<link href='https://js-eu1.hs-scripts.com' rel=preconnect crossorigin>",
    "a preload": b'<link rel="preload" href="https://js.hs-scripts.com/12345.js" as="script"/>',
    "a module preload": b'<link rel="MODULEPRELOAD" href="https://js.hs-scripts.com/12345.js">',
    "two relations": b'<link rel="dns-prefetch preconnect" href="//forms-eu1.hscollectedforms.net">',
    "the base URL is HubSpot's": b'<base href="https://js.hs-scripts.com/"><script src="12345.js"></script>',
    "svg": b'<svg><script href="//js.hs-scripts.com/1.js"></script></svg>',
}
_LIVE = re.compile(rb"(?<![\w-])(?:src|href)\s*=\s*[\"']?\s*[^\s>\"']*(?:hs-|usemessages|hscoll|hslead)", re.IGNORECASE)


def test_language_attribute_stays() -> None:
    out, _ = rewrite(page(BLOCKED["a language"]))

    assert b'<script type="text/x-consent" data-consent="tracking" language="JavaScript" data-consent-src=' in out


@pytest.mark.parametrize("fragment", BLOCKED.values(), ids=BLOCKED)
def test_each_form_of_a_tag_is_blocked(fragment: bytes) -> None:
    out, blocker = rewrite(page(fragment))

    assert len(blocker.blocked) == 1
    assert b'data-consent="' in out
    if b"<base" not in fragment:
        assert not _LIVE.search(out.partition(b"<aside")[0])
    assert not re.search(rb"(?<![\w-])id=[\"']?hs-", out.partition(b"<aside")[0])


@pytest.mark.parametrize("fragment", BLOCKED.values(), ids=BLOCKED)
def test_full_consent_changes_nothing(fragment: bytes) -> None:
    document = page(fragment)

    assert rewrite(document, EVERYTHING)[0] == document


@pytest.mark.parametrize("fragment", [*BLOCKED.values(), *LEFT_ALONE.values()], ids=[*BLOCKED, *LEFT_ALONE])
def test_rewriting_twice_changes_nothing_more(fragment: bytes) -> None:
    once, _ = rewrite(page(fragment))
    twice, blocker = rewrite(once)

    assert twice == once
    assert blocker.blocked == []


def test_unfinished_tag_stays() -> None:
    document = b'<p>x</p><script src="//js.hs-scripts.com/12345.js"'

    assert rewrite(document)[0] == document


@pytest.mark.parametrize(
    ("base", "src"),
    [
        (b'<base href="https://cdn.example/a/">', b"//www.shop.example:8000/_consent/facade.js"),
        (b'<base href="/a/">', b"/_consent/facade.js"),
        (b'<base target="_top">', b"/_consent/facade.js"),
        (b"", b"/_consent/facade.js"),
    ],
)
def test_base_cannot_redirect_the_facade(base: bytes, src: bytes) -> None:
    out, _ = rewrite(page(LOADER, head=base))

    assert b'<script src="%s" async' % src in out


@pytest.mark.parametrize("charset", ["utf-8", "windows-1252", "shift_jis", "koi8-r"])
@pytest.mark.parametrize(
    "host",
    [
        "js.hs-scripts&#46;com",
        "js&period;hs-scripts&#x2e;com",
        "js.&#65352;s-scripts.com",
        "js.hs&shy;-scripts.com",
        "js.%68s-scripts.com",
        "js.hs-scripts%2Ecom",
        "js.%EF%BD%88s-scripts.com",
        "js.hs-\tscr\nipts.com",
        "js&#x3002;hs-scripts.com",
    ],
)
def test_disguised_host_is_blocked_in_each_charset(host: str, charset: str) -> None:
    # A percent-encoded word in a tag beside it, and text beyond ASCII, change nothing.
    tag = b'<script src="//%s/12345.js"></script>' % host.encode("ascii")
    document = page(b'<link rel="x" href="/%E2%82%AC">' + "\N{DEGREE SIGN}".encode("latin-1") + tag)
    blocker = TagBlocker(engine_for(POLICY), POLICY.decide(NOTHING), "/f.js")

    out = HTMLRewriter(blocker, charset=charset).rewrite(document)

    assert [tag.rule for tag in blocker.blocked] == ["hubspot.loader"]
    assert tag.replace(b"src=", b"data-consent-src=")[7:] in out


#: The first and the last of the characters that a host drops only in UTS #46 of Unicode 16 and later.
NEWLY_DROPPED = [
    *[("\u115f", "\u1160"), ("\u17b4", "\u17b5"), ("\u180e", "\u180e"), ("\u2061", "\u2063"), ("\u206a", "\u206f")],
    *[("\u3164", "\u3164"), ("\uffa0", "\uffa0"), ("\U0001bca0", "\U0001bca3"), ("\U0001d173", "\U0001d17a")],
]
#: Tags with the place of a host's letter "s", or of a character behind it.
DISGUISED = [
    "<script src=//js.h{}-scripts.com/1.js></script>",
    "<img src='//track.hub{}pot.com/a.gif'>",
    "<iframe srcdoc='<script src=//js.h{}-scripts.com/1.js></script>'></iframe>",
    "<link rel=preconnect href=//js.h{}-scripts.com>",
]


def assert_disguised_hosts_are_blocked(letter: str, charset: str = "utf-8") -> None:
    spellings = {letter, f"s&#{ord(letter[-1])};" if letter[0] == "s" else f"&#{ord(letter)};", quote(letter)}
    for tag in DISGUISED:
        for spelling in sorted(spellings):
            document = tag.format(spelling).encode(LABELS[charset])
            blocker = TagBlocker(engine_for(POLICY), POLICY.decide(NOTHING), "/f.js")

            assert b"data-consent" in HTMLRewriter(blocker, charset=charset).rewrite(document), document


@pytest.mark.parametrize(("first", "last"), NEWLY_DROPPED)
def test_newly_dropped_character_hides_no_host(first: str, last: str) -> None:
    for code in range(ord(first), ord(last) + 1):
        assert_disguised_hosts_are_blocked("s" + chr(code))


@pytest.mark.parametrize("letter", ["\ua7f1", "\U0001cce8"])
def test_newly_mapped_letter_hides_no_host(letter: str) -> None:
    assert_disguised_hosts_are_blocked(letter)


@pytest.mark.parametrize(
    ("letter", "charset"),
    [("s\u3164", "euc-kr"), ("s\u3164", "gb18030"), ("s\u115f", "gb18030"), ("\U0001cce8", "gb18030")],
)
def test_newer_characters_hide_no_host_in_charset(letter: str, charset: str) -> None:
    assert_disguised_hosts_are_blocked(letter, charset)


def test_duplicate_attributes_are_renamed() -> None:
    out, _ = rewrite(b'<script src="//js.hs-scripts.com/1.js" id=a SRC="//js.hs-scripts.com/2.js"></script>')

    assert b'data-consent-src="//js.hs-scripts.com/1.js" data-consent-id=a data-consent-src=' in out


def test_other_attributes_stay() -> None:
    out, _ = rewrite(
        b'<script nonce=abc integrity="sha384-x" crossorigin=anonymous referrerpolicy=origin data-x="&amp;" '
        b'src="//js.hs-scripts.com/1.js" defer></script>'
    )

    assert out.startswith(
        b'<script type="text/x-consent" data-consent="tracking" nonce=abc integrity="sha384-x" crossorigin=anonymous '
        b'referrerpolicy=origin data-x="&amp;" data-consent-src="//js.hs-scripts.com/1.js" defer></script>'
    )


def test_facade_gets_portal_and_region() -> None:
    out, _ = rewrite(page(LOADER.replace(b"//js.", b"https://js-eu1.")))

    assert settings(out) == {
        "src": "https://js-eu1.usemessages.com/conversations-embed.js",
        "attrs": {
            "id": "hubspot-messages-loader",
            "data-loader": "hs-scriptloader",
            "data-hsjs-portal": "12345",
            "data-hsjs-env": "prod",
            "data-hsjs-hublet": "eu1",
        },
        "live": {},
        "marks": [
            [
                "script",
                "data-consent=tracking",
                "data-consent-type=text/javascript",
                "data-consent-id=hs-script-loader",
                "data-consent-src=https://js-eu1.hs-scripts.com/12345.js",
            ]
        ],
    }


def test_first_portal_of_many_tags_counts() -> None:
    out, blocker = rewrite(page(LOADER + LOADER.replace(b"12345", b"999") + CHAT))

    assert len(blocker.blocked) == 3
    assert settings(out)["attrs"]["data-hsjs-portal"] == "12345"  # type: ignore[index]


def test_tag_after_body_end_gets_a_facade() -> None:
    out, _ = rewrite(b"<html><body><p>x</p></body></html>" + LOADER)

    assert out.startswith(b"<html><body><p>x</p></body></html>" + BLOCKED_LOADER)
    assert settings(out)


def test_fragment_gets_a_facade_at_its_end() -> None:
    out, _ = rewrite(b"<div>" + LOADER + b"</div>")

    assert out.startswith(b"<div>" + BLOCKED_LOADER + b"</div><aside")


def test_functional_consent_loads_the_chat_alone() -> None:
    out, _ = rewrite(page(LOADER), FUNCTIONAL)

    assert BLOCKED_LOADER in out
    assert settings(out)["live"] == {"chat": 1}


def test_click_loads_only_the_inserted_chat() -> None:
    out, _ = rewrite(page(LOADER), clicked=True)

    assert BLOCKED_LOADER in out
    assert settings(out)["live"] == {"chat": 1}


def test_no_facade_if_a_chat_tag_loads() -> None:
    out, _ = rewrite(page(LOADER + CHAT), FUNCTIONAL)

    assert RELEASING.sub(b"", out) == page(BLOCKED_LOADER + CHAT)


def test_no_facade_if_the_full_tag_loads() -> None:
    tracking = Consent({Category.ANALYTICS: State.GRANTED, Category.MARKETING: State.GRANTED})

    out, _ = rewrite(page(LOADER + CHAT), tracking)

    assert RELEASING.sub(b"", out) == page(LOADER + BLOCKED_CHAT)


def test_no_facade_without_a_portal() -> None:
    out, blocker = rewrite(page(LOADER.replace(b"12345", b"abc")))

    assert len(blocker.blocked) == 1
    assert b"<aside" not in out


def test_facade_bears_nonce_of_page_or_tag() -> None:
    """The tag may be injected markup, so the nonce of the page's policy goes first."""
    nonced = page(LOADER.replace(b"async", b'nonce="tag&amp;nonce" async'))
    without = HTMLRewriter(TagBlocker(engine_for(POLICY), POLICY.decide(NOTHING), "/_consent/facade.js")).rewrite(
        nonced
    )

    assert b' nonce="page-nonce"' in rewrite(nonced)[0].partition(b"<aside")[2]
    assert b' nonce="page-nonce"' in rewrite(page(LOADER))[0].partition(b"<aside")[2]
    assert b' nonce="tag&#38;nonce"' in without.partition(b"<aside")[2]


def test_xhtml_page_stays_well_formed() -> None:
    import xml.etree.ElementTree as ElementTree

    document = (
        b'<?xml version="1.0"?>\n<html xmlns="http://www.w3.org/1999/xhtml"><head><title>x</title>'
        b'<link rel="preconnect" href="https://js.hs-scripts.com"/></head><body><p>y</p>'
        b'<script type="text/javascript" id="hs-script-loader" src="https://js.hs-scripts.com/1.js"/></body></html>'
    )

    out, blocker = rewrite(document, xml=True)

    assert len(blocker.blocked) == 2
    assert ElementTree.fromstring(out).find(".//{*}aside") is not None  # noqa: S314 - our own text


def test_prefixed_name_in_xhtml_stays_whole() -> None:
    out, blocker = rewrite(
        b'<h:html xmlns:h="http://www.w3.org/1999/xhtml"><h:script src="https://js.hs-scripts.com/1.js"/></h:html>',
        xml=True,
    )

    assert len(blocker.blocked) == 1
    assert (
        b'<h:script type="text/x-consent" data-consent="tracking" data-consent-src="https://js.hs-scripts.com/1.js"/>'
        in out
    )


@pytest.mark.parametrize(
    ("src", "rule", "chat"),
    [
        ("https://hs.example.com/12345.js", "hubspot.loader", "https://hs.example.com/conversations-embed.js"),
        ("//HS.example.com:443/12345.js", "hubspot.loader", "https://hs.example.com/conversations-embed.js"),
        ("https://hs.example.com/conversations-embed.js", "hubspot.chat", None),
        ("http://127.0.0.1:9101/12345.js", "hubspot.loader", "https://js-eu1.usemessages.com/conversations-embed.js"),
    ],
)
def test_proxied_origin_is_blocked_as_its_host(src: str, rule: str, chat: str | None) -> None:
    out, blocker = rewrite(page(b'<script src="%s"></script>' % src.encode()), policy=PROXIED)

    assert [tag.rule for tag in blocker.blocked] == [rule]
    if chat:
        assert settings(out)["src"] == chat


@pytest.mark.parametrize(
    "src", ["https://hs.example.com/app.js", "http://127.0.0.1:9102/1.js", "https://other.example/1.js"]
)
def test_other_files_of_a_proxied_origin_stay(src: str) -> None:
    document = page(b'<script src="%s"></script>' % src.encode())

    assert rewrite(document, policy=PROXIED)[0] == document


def test_hint_to_a_proxied_origin_is_blocked() -> None:
    assert hint_purpose(engine_for(PROXIED), "preconnect", "https://hs.example.com") is Purpose.TRACKING
    assert hint_purpose(engine_for(POLICY), "preconnect", "https://hs.example.com") is None
    assert hint_purpose(engine_for(POLICY), "preconnect", "https://[bad") is None


ANOTHER = LOADER.replace(b"12345", b"67890")
OTHER_CHAT = CHAT.replace(b'"12345"', b'"67890"')


@pytest.mark.parametrize(
    ("markup", "portal"),
    [
        (LOADER + ANOTHER, "12345"),
        (ANOTHER + LOADER, "67890"),
        (LOADER + OTHER_CHAT, "67890"),
        (OTHER_CHAT + LOADER, "67890"),
        (CHAT + OTHER_CHAT, "12345"),
        (LOADER + OTHER_CHAT + CHAT, "67890"),
    ],
)
def test_chat_tag_precedes_full_tag(markup: bytes, portal: str) -> None:
    attributes = settings(rewrite(page(markup))[0])["attrs"]

    assert isinstance(attributes, dict)
    assert attributes["data-hsjs-portal"] == portal


def test_portal_without_a_chat_gets_no_facade() -> None:
    policy = Policy(contact_url="/contact", chat_accounts=[67890])

    assert b"data-consent-facade" not in rewrite(page(LOADER), policy=policy)[0]
    assert b'"data-hsjs-portal":"67890"' in rewrite(page(LOADER + ANOTHER), policy=policy)[0]


@pytest.mark.parametrize("place", [{"offers_chat": False}, {"elsewhere": True}], ids=["not now", "on other pages"])
def test_page_without_a_chat_still_blocks_tags(place: dict[str, bool]) -> None:
    blocker = TagBlocker(engine_for(POLICY), POLICY.decide(NOTHING), "/_consent/facade.js", **place)  # type: ignore[arg-type]

    out = HTMLRewriter(blocker).rewrite(page(LOADER + CHAT))

    assert b"data-consent-facade" not in out
    assert BLOCKED_LOADER in out
    assert BLOCKED_CHAT in out
    assert ("src" in settings(out)) is ("elsewhere" in settings(out)) is ("elsewhere" in place)


def test_page_of_a_site_with_chat_elsewhere_knows_it() -> None:
    blocker = TagBlocker(engine_for(POLICY), POLICY.decide(NOTHING), "/_consent/facade.js", elsewhere=True)

    out = HTMLRewriter(blocker).rewrite(page(LOADER + CHAT))

    # The visitor may go to a page with the chat within the browser.
    found = settings(out)
    assert str(found["src"]).endswith(".usemessages.com/conversations-embed.js")
    assert found["elsewhere"] == 1


WIDGET = b'<script async src="https://widget.intercom.io/widget/abc12345"></script>'


@pytest.mark.parametrize(
    ("tag", "chat_pages", "whole"),
    [
        (LOADER, None, True),
        (WIDGET, None, False),
        (WIDGET, ["/help"], True),
        (b'<script src="https://js.hs-banner.com/12345.js"></script>', ["/help"], False),
    ],
)
def test_chat_without_guard_gets_the_script_it_needs(tag: bytes, chat_pages: list[str] | None, whole: bool) -> None:
    """HubSpot's chat has a global with a stand-in, and `chat_pages` is judged in the browser."""
    policy = Policy(contact_url="/c", guard="never", chat_pages=chat_pages, vendors=["hubspot", "intercom"])
    engine = engine_for(policy)
    blocker = TagBlocker(engine, policy.decide(NOTHING), "/_consent/" + engine.facade.asset().name)

    out = HTMLRewriter(blocker).rewrite(page(tag)).decode()

    names = {
        engine.facade.asset(vendor=vendor, placeholders=placeholders).name: placeholders
        for vendor in ("hubspot", "intercom")
        for placeholders in (False, True)
    }
    assert [names[name] for name in names if name in out] == [whole]


def test_named_custom_element_is_blocked() -> None:
    document = page(b'<lazy-script src="//js.hs-scripts.com/12345.js"></lazy-script>')
    named = Policy(contact_url="/contact", loading_elements=["lazy-script"])

    assert rewrite(document)[0] == document
    assert b'<lazy-script data-consent="tracking" data-consent-src=' in rewrite(document, policy=named)[0]


PIXEL = "//track.hubspot.com/__ptq.gif"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (f'src="{PIXEL}" data-src="{PIXEL}?2"', f'data-consent-src="{PIXEL}" data-consent-data-src="{PIXEL}?2"'),
        (f'data-src="{PIXEL}" src="{PIXEL}?2"', f'data-consent-data-src="{PIXEL}" data-consent-src="{PIXEL}?2"'),
        (f'src="{PIXEL}" data-src="/own.gif"', f'data-consent-src="{PIXEL}" data-src="/own.gif"'),
        (f'src="/own.gif" data-src="{PIXEL}"', f'src="/own.gif" data-consent-src="{PIXEL}"'),
        (
            f'data-lazy-src="{PIXEL}" srcset="/own.gif 2x" data-src="{PIXEL}?2"',
            f'data-consent-src="{PIXEL}" srcset="/own.gif 2x" data-consent-data-src="{PIXEL}?2"',
        ),
    ],
)
def test_lazy_address_is_blocked_beside_src(written: str, expected: str) -> None:
    out = rewrite(page(f"<img {written}>".encode()))[0]

    assert f'<img data-consent="tracking" {expected}>'.encode() in out
    assert rewrite(out)[0].count(b'data-consent="tracking"') == out.count(b'data-consent="tracking"')


def test_lazy_address_is_blocked_beside_allowed_src() -> None:
    meeting = 'src="https://meetings.hubspot.com/ann"'
    some = Consent({Category.FUNCTIONAL: State.GRANTED, Category.MARKETING: State.GRANTED})

    assert rewrite(page(f"<iframe {meeting}></iframe>".encode()), some)[1].blocked == []
    out = rewrite(page(f'<iframe {meeting} data-src="{PIXEL}"></iframe>'.encode()), some)[0]

    assert f'<iframe data-consent="tracking" {meeting} data-consent-src="{PIXEL}">'.encode() in out


@pytest.mark.parametrize("mark", ["data-usercentrics=x", "data-cookieconsent=marketing", "class='cmplz-script a'"])
def test_address_of_a_consent_tool_stays(mark: str) -> None:
    claimed = page(f'<script {mark} data-lazy-src="//js.hs-scripts.com/12345.js"></script>'.encode())
    running = page(f'<script {mark} src="//js.hs-scripts.com/12345.js"></script>'.encode())

    assert rewrite(claimed)[0] == claimed
    assert rewrite(running)[0] != running


@pytest.mark.parametrize("mark", ["data-usercentrics=x", "data-cookieconsent=marketing", "class='cmplz-script a'"])
@pytest.mark.parametrize("kind", ["text/x-later", "later", "text/plain"])
def test_unknown_type_with_consent_mark_stays(kind: str, mark: str) -> None:
    claimed = page(f'<script type="{kind}" {mark} src="//js.hs-scripts.com/12345.js"></script>'.encode())

    assert rewrite(claimed)[0] == claimed


@pytest.mark.parametrize(
    "kind",
    [
        "application/consent",
        "text/x-cookie-consent",
        "didomi/javascript",
        "text/cmp-vendor",
        "application/ld+json",
        "text/html",
        "text/x-handlebars-template",
        "importmap",
        "x-shader/x-vertex",
    ],
)
def test_type_of_data_or_consent_tool_stays(kind: str) -> None:
    written = page(f'<script type="{kind}" src="//js.hs-scripts.com/12345.js"></script>'.encode())

    assert rewrite(written)[0] == written


@pytest.mark.parametrize("kind", ["later", "text/x-later", "lazy/script", "javascript", "text/javascript2", "a\nb"])
@pytest.mark.parametrize("address", ["src", "data-src", "data-lazy-src"])
def test_unknown_type_is_blocked(kind: str, address: str) -> None:
    written = page(f'<script type="{kind}" {address}="//js.hs-scripts.com/12345.js"></script>'.encode())

    assert b'data-consent-src="//js.hs-scripts.com/12345.js"' in rewrite(written)[0]


@pytest.mark.parametrize("kind", ["later", "text/x-later"])
def test_unknown_type_with_own_address_stays(kind: str) -> None:
    written = page(f'<script type="{kind}" src="/js.hs-scripts.com/1.js" data-src="/a.js">b()</script>'.encode())

    assert rewrite(written)[0] == written


@pytest.mark.parametrize(
    ("relation", "destination", "url", "purpose"),
    [
        ("preload", "script", "//js.hsforms.net/forms/v2.js", Purpose.EMBEDS),
        ("preload", "SCRIPT", "//js.hs-scripts.com/1.js", Purpose.TRACKING),
        ("preload", "font", "//static.hsappstatic.net/a.woff2", None),
        ("preload", "Style", "//js.hubspot.com/a.css", None),
        ("prefetch", "", "//js.hs-scripts.com/1.js", Purpose.TRACKING),
        ("prefetch", "", "/hs/scriptloader/12345.js", Purpose.TRACKING),
        ("preconnect", "", "//no-cache.hubspot.com", Purpose.EMBEDS),
        ("preconnect", "", "//hubspot-no-cache-eu1-prod.s3.amazonaws.com", Purpose.EMBEDS),
        ("preconnect", "", "//my-files-eu1-prod.s3.amazonaws.com", None),
        ("prefetch", "", "//www.hubspot.com/page", None),
        ("preconnect", "", "https://[", None),
    ],
)
def test_purpose_of_a_hint(relation: str, destination: str, url: str, purpose: Purpose | None) -> None:
    assert hint_purpose(engine_for(POLICY), relation, url, None, destination) is purpose


@pytest.mark.parametrize(
    "manager",
    [
        TAG_MANAGER,
        b'<script async src="https://www.googletagmanager.com/gtm.js?id=GTM-X"></script>',
        b'<script src="/gtm.js?id=GTM-X"></script>',
        b'<script src="//cdn.segment.com/analytics.js/v1/x/analytics.min.js"></script>',
        b'<script src="https://tags.tiqcdn.com/utag/a/b/prod/utag.sync.js"></script>',
        b'<script src="//assets.adobedtm.com/launch-EN.min.js"></script>',
        b'<script src="/matomo/js/container_AbCdEf12.js"></script>',
    ],
)
def test_guard_before_the_first_tag_manager(manager: bytes) -> None:
    out, blocker = rewrite(page(head=b"<script>first()</script>" + manager + TAG_MANAGER))

    assert re.search(
        rb"<script>first\(\)</script><script src=[^>]* data-guard='\{\}'></script>" + re.escape(manager), out
    )
    assert out.count(b"data-guard") == 1
    assert b"data-conf" not in out
    assert blocker.blocked == []


@pytest.mark.parametrize(
    "other",
    [
        b'<script async src="https://www.googletagmanager.com/gtag/js?id=G-X"></script>',
        b"<script>var x = 'https://www.googletagmanager.com/ns.html'</script>",
        b'<script type="text/plain" src="https://www.googletagmanager.com/gtm.js?id=GTM-X"></script>',
        b'<noscript><iframe src="https://www.googletagmanager.com/ns.html?id=GTM-X"></iframe></noscript>',
        b'<script src="/js/container_a.js"></script>',
    ],
)
def test_no_guard_without_a_tag_manager(other: bytes) -> None:
    assert rewrite(page(head=other))[0] == page(head=other)


def test_guard_setting_decides() -> None:
    plain = page(head=b"<script>first()</script><script>second()</script>")

    always = rewrite(plain, policy=Policy(contact_url="/c", guard="always"))[0]
    never = rewrite(page(head=TAG_MANAGER), policy=Policy(contact_url="/c", guard="never"))[0]

    assert re.search(rb"data-guard='\{\}'></script><script>first\(\)", always)
    assert always.count(b"data-guard") == 1
    assert never == page(head=TAG_MANAGER)
    assert rewrite(page(head=TAG_MANAGER), EVERYTHING)[0] == page(head=TAG_MANAGER)


def test_frame_guard_does_not_cover_the_page() -> None:
    frame = b"<iframe srcdoc='<script src=//www.googletagmanager.com/gtm.js?id=GTM-F></script>'></iframe>"

    out, _ = rewrite(page(head=frame + TAG_MANAGER))
    within, _, own = out.partition(b"</iframe>")

    assert within.count(b"data-guard") == 1
    assert own.count(b"data-guard") == 1
    assert own.index(b"data-guard") < own.index(TAG_MANAGER)
    assert rewrite(out)[0] == out


def test_guard_has_allowed_purposes_and_comes_once() -> None:
    once = rewrite(page(head=TAG_MANAGER), FUNCTIONAL)[0]

    assert b"data-guard='{\"chat\":1}'" in once
    assert rewrite(once, FUNCTIONAL)[0] == once


def test_guard_has_page_host_and_nonce() -> None:
    blocker = TagBlocker(
        engine_for(POLICY), POLICY.decide(NOTHING), "/_consent/facade.js", authority="www.shop.example"
    )
    document = page(head=b'<base href="https://cdn.example/">' + TAG_MANAGER)

    out = HTMLRewriter(blocker).rewrite(document.replace(b"</body>", LOADER + b"</body>"))

    assert out.count(b'<script src="//www.shop.example/_consent/') == 2
    assert out.count(b'data-file="//www.shop.example/_consent/facade.') == 1
    assert out.count(b'nonce="n1"') == 2


def test_withdrawal_at_once_adds_a_script() -> None:
    document = page(LOADER)
    at_once = Policy(contact_url="/contact", withdrawal="at-once")
    assert rewrite(document, EVERYTHING)[0] == document

    out, blocker = rewrite(document, EVERYTHING, at_once)

    assert settings(out) == {"live": {"chat": 1, "tracking": 1, "embeds": 1}, "marks": []}
    assert RELEASING.sub(b"", out) == document
    assert not blocker.blocked


@pytest.mark.parametrize("tag", [CHAT, LOADER, b'<iframe src="https://meetings.hubspot.com/anna"></iframe>'])
def test_allowed_tag_gets_withdrawal_script(tag: bytes) -> None:
    out, _ = rewrite(page(tag), EVERYTHING, Policy(contact_url="/contact", withdrawal="at-once"))

    assert RELEASING.sub(b"", out) == page(tag)
    assert out != page(tag)


def test_page_without_vendor_gets_no_script() -> None:
    document = page(b"<script src=/a.js></script>")

    assert rewrite(document, EVERYTHING, Policy(contact_url="/contact", withdrawal="at-once"))[0] == document


def test_cached_rule_depends_on_base_and_policy() -> None:
    tag = b'<script src="12345.js"></script>'
    based = b'<base href="https://js.hs-scripts.com/">'
    for _ in range(2):
        assert b"data-consent" in rewrite(page(based + tag))[0]
        assert b"data-consent" not in rewrite(page(tag))[0]

    own = b'<script src="https://hs.example.com/12345.js"></script>'
    for _ in range(2):
        assert b"data-consent" in rewrite(page(own), policy=PROXIED)[0]
        assert b"data-consent" not in rewrite(page(own))[0]


def test_cached_markup_depends_on_the_page() -> None:
    first, second = LOADER, LOADER.replace(b"12345", b"999")
    for _ in range(2):
        for tag, portal in ((first, "12345"), (second, "999")):
            assert settings(rewrite(page(tag))[0])["attrs"]["data-hsjs-portal"] == portal  # type: ignore[index]
        assert settings(rewrite(page(LOADER), FUNCTIONAL)[0])["live"] == {"chat": 1}

    blockers = [
        TagBlocker(engine_for(POLICY), POLICY.decide(NOTHING), "/_consent/facade.js", nonce)
        for nonce in ("one", None, "two")
    ]
    written = [HTMLRewriter(each).rewrite(page(LOADER)) for each in blockers]
    assert [re.findall(rb'async=""( nonce="\w+")? data-conf', each) for each in written] == [
        [b' nonce="one"'],
        [b""],
        [b' nonce="two"'],
    ]


def test_long_address_is_recognized() -> None:
    for length in (10, 1000, 1100, 5000):
        tag = b'<script src="//js.hs-scripts.com/12345.js?%s"></script>' % (b"x" * length)
        out, blocker = rewrite(page(tag))
        assert [tag.rule for tag in blocker.blocked] == ["hubspot.loader"]
        assert addresses(out) == ["//js.hs-scripts.com/12345.js?" + "x" * length]


def addresses(document: bytes) -> list[str]:
    """Return the addresses in the list for the page's script."""
    marks = settings(document)["marks"]
    assert isinstance(marks, list)
    return [said.partition("=")[2] for mark in marks for said in mark if said.startswith("data-consent-src=")]


def nonced(document: bytes, consent: Consent = NOTHING) -> tuple[bytes, TagBlocker]:
    """Rewrite a page whose policy has a nonce and trusts what scripts insert."""
    csp = ContentSecurityPolicy("abc", ("'nonce-abc' 'strict-dynamic'",))
    blocker = TagBlocker(engine_for(POLICY), POLICY.decide(consent), "/_consent/facade.js", "abc", csp=csp)
    return HTMLRewriter(blocker).rewrite(document), blocker


@pytest.mark.parametrize("nonce", [b"", b' nonce=""', b' nonce="wrong"', b' nonce="ABC"'])
def test_stopped_script_is_never_released(nonce: bytes) -> None:
    """The policy trusts our script, so the tag would run if that released it."""
    evil = b'<script src="//js.hs-scripts.com/666.js"%s></script>' % nonce
    good = LOADER.replace(b"async", b'nonce="abc" async')

    out, blocker = nonced(page(evil))
    assert b'data-consent-src="//js.hs-scripts.com/666.js"' in out
    assert b"<aside" not in out
    assert [tag.rule for tag in blocker.blocked] == ["hubspot.loader"]
    assert engine_for(POLICY).notices.counts["no-nonce"] >= 1

    out, _ = nonced(page(evil + good))
    assert settings(out)["attrs"]["data-hsjs-portal"] == "12345"  # type: ignore[index]
    assert addresses(out) == ["//js.hs-scripts.com/12345.js"]


def test_stopped_chat_does_not_count_as_loading() -> None:
    stopped = CHAT.replace(b"<script", b"<script nonce=wrong")
    out, _ = nonced(page(stopped + LOADER.replace(b"async", b'nonce="abc" async')), FUNCTIONAL)

    assert stopped in out
    assert settings(out)["live"] == {"chat": 1}
    assert b"<aside" in out


def test_stopped_tag_that_is_allowed_adds_nothing() -> None:
    policy = Policy(contact_url="/contact", withdrawal="at-once")
    document = page(CHAT.replace(b"<script", b"<script nonce=wrong"))
    csp = ContentSecurityPolicy("abc", ("'nonce-abc' 'strict-dynamic'",))
    blocker = TagBlocker(Engine(policy), policy.decide(EVERYTHING), "/f.js", "abc", csp=csp)

    assert HTMLRewriter(blocker).rewrite(document) == document


def test_picture_needs_no_nonce() -> None:
    out, _ = nonced(page(b'<img src="https://track.hubspot.com/__ptq.gif?a=1">'))

    assert addresses(out) == ["https://track.hubspot.com/__ptq.gif?a=1"]


def test_guard_loads_the_same_facade() -> None:
    """The guard is sent before it is known whether the page has embeds."""
    blocker = TagBlocker(
        engine_for(POLICY), POLICY.decide(NOTHING), f"/_consent/{engine_for(POLICY).facade.asset().name}"
    )
    manager = b"<script src='https://www.googletagmanager.com/gtm.js?id=GTM-X'></script>"
    out = HTMLRewriter(blocker).rewrite(page(LOADER, head=manager))

    names = re.findall(rb'(?:src|data-file)="/_consent/(facade[^"]+)"', out)
    assert names == [engine_for(POLICY).facade.asset(placeholders=True).name.encode()] * 2


def test_frame_guard_adds_no_page_script() -> None:
    manager = "<script src='https://www.googletagmanager.com/gtm.js?id=GTM-X'></script>"
    out, _ = rewrite(page(f'<iframe srcdoc="{manager}"></iframe>'.encode()))

    assert out.count(b"data-guard") == 1
    assert b"data-conf" not in out


@pytest.mark.parametrize(
    "script",
    [
        b"<script src href=//js.hs-scripts.com/1.js></script>",
        b"<script src=a.js xlink:href=//js.hs-scripts.com/1.js></script>",
        b"<script src=a.js>var s=document.createElement('script');s.src='//js.hs-scripts.com/1.js';a(s)</script>",
    ],
)
def test_src_of_svg_script_is_ignored(script: bytes) -> None:
    document = b"<svg>" + script + b"</svg>"
    after, blocker = rewrite(document)

    assert len(blocker.blocked) == 1
    assert b'type="text/x-consent"' in after
    assert b" src" in after.partition(b"</script>")[0]
    assert b" href" not in after.partition(b"</script>")[0].replace(b"data-consent-href", b"").replace(b"xlink:", b" ")


def test_guard_comes_once() -> None:
    policy = Policy(contact_url="/contact", guard="always")
    for document in (b"<body>" + CHAT + b"</body>", b"<body><img src=//track.hubspot.com/1></body>"):
        once, _ = rewrite(document, policy=policy)
        assert rewrite(once, policy=policy)[0] == once


def test_guard_after_a_fake_release_script() -> None:
    policy = Policy(contact_url="/contact", guard="always")
    own = b"<script src='/_consent/facade.0.js' data-conf='{}'></script>"
    after, _ = rewrite(b"<body>" + own + b"<script src=/x.js></script>", policy=policy)

    assert after.index(b"data-guard") > after.index(own)


def test_guard_is_put_where_tags_are_certain() -> None:
    manager = b'<script src="https://www.googletagmanager.com/gtm.js?id=GTM-ABCDEF"></script>'
    document = b"<body>" + manager.join((b"<select><style>", b"</style></select>", b"")) + CHAT
    after, _ = rewrite(document)

    assert after.count(b"data-guard") == 1
    assert after.index(b"data-guard") > after.index(b"</select>")


@pytest.fixture
def scripts_read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list to which each inline script is added that is read."""
    read: list[str] = []
    make = Scan.__init__

    def note(self: Scan, text: str) -> None:
        read.append(text)
        make(self, text)

    monkeypatch.setattr(Scan, "__init__", note)
    return read


def scripts(length: int = 0) -> bytes:
    """Return twelve different scripts of at least some length, which name a vendor's host and load nothing."""
    texts = (f"var link{number} = 'https://www.hubspot.com/{number}';".ljust(length) for number in range(12))
    return "".join(f"<script>{text}</script>" for text in texts).encode()


def rewrite_with(engine: Engine, body: bytes, charset: str = "utf-8") -> bytes:
    """Return a page rewritten with an engine that has seen others."""
    return HTMLRewriter(TagBlocker(engine, engine.shared_page_plan, "/f.js"), charset=charset).rewrite(body)


def test_same_scripts_are_read_once(scripts_read: list[str]) -> None:
    engine = Engine(POLICY)
    for number in range(3):
        body = b"<p>%d</p>" % number + scripts()
        assert rewrite_with(engine, body) == body

    assert len(scripts_read) == len(set(scripts_read)) == 12


def test_long_scripts_are_not_kept(scripts_read: list[str]) -> None:
    engine = Engine(POLICY)
    for _ in range(2):
        rewrite_with(engine, scripts(5000))

    assert len(scripts_read) == 2 * len(set(scripts_read)) == 24


def test_same_bytes_in_other_encodings_are_other_scripts() -> None:
    engine = Engine(POLICY)
    # In Shift_JIS, the first backslash is a part of a letter, and the string ends after it. Elsewhere it goes on.
    body = b"<script>a='\x83\\';document.write('<script src=//js.hs-scripts.com/1.js><\\/script>');b='\x83\\'</script>"
    first, other, again = (
        rewrite_with(engine, body, charset) for charset in ("shift_jis", "windows-1252", "shift_jis")
    )

    assert b'data-consent="tracking"' in first
    assert again == first
    assert other == body
