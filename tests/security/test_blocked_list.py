"""The list for the page's script: which elements are blocked, and whose chat the button opens."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import replace
from html import unescape
from typing import Any

import pytest

from consent_middleware import Policy
from consent_middleware.exchange import Exchange, RequestHead
from consent_middleware.purpose import ChatScript
from consent_middleware.vendor import Vendor
from consent_middleware.vendors.hubspot import HUBSPOT
from tests.engines import engine_for
from tests.exchanges import respond

LOADER = '<script src="//js.hs-scripts.com/12345.js"></script>'
NONCED = '<script nonce="abc" src="//js.hs-scripts.com/12345.js"></script>'
EVIL = '<script src="//js.hs-scripts.com/666.js"></script>'
PIXEL = '<img src="https://track.hubspot.com/__ptq.gif?a=1">'


def sent(
    body: str,
    *,
    head: str = "",
    csp: str = "",
    policy: Policy | None = None,
    host: bytes = b"shop.example",
    mount: str = "",
) -> str:
    """Return the page that the middleware sends."""
    page = f'<!doctype html><html lang="en"><head><title>x</title>{head}</head><body>{body}</body></html>'
    given = [(b"content-type", b"text/html; charset=utf-8")]
    if csp:
        given.append((b"content-security-policy", csp.encode()))
    exchange = Exchange(
        engine_for(policy or Policy(contact_url="/contact")), RequestHead("GET", "/", mount, [(b"host", host)])
    )
    return respond(exchange, 200, given, page.encode())[1].decode()


def told(page: str) -> list[dict[str, Any]]:
    """Return the settings of each script of ours in the page."""
    return [json.loads(unescape(found)) for found in re.findall(r"data-conf='([^']*)'", page)]


def portal(page: str) -> str | None:
    """Return the account whose chat the button opens."""
    found: str | None = next((each["attrs"]["data-hsjs-portal"] for each in told(page) if "attrs" in each), None)
    return found


def test_blocked_element_is_listed_by_its_marks() -> None:
    link = '<link rel="preconnect" href="https://js.hs-scripts.com">'
    frame = '<iframe src="https://meetings.hubspot.com/a" data-x=1></iframe>'
    script = '<script data-x="a&amp;b" src="//js.hs-scripts.com/1.js" id="hs-script-loader" defer></script>'
    [conf] = told(sent(link + frame + PIXEL + script))
    assert conf["marks"] == [
        ["link", "data-consent=tracking", "data-consent-rel=preconnect", "data-consent-href=https://js.hs-scripts.com"],
        [
            "iframe",
            "data-consent=embeds",
            "data-consent-kind=meetings",
            "data-consent-src=https://meetings.hubspot.com/a",
        ],
        ["img", "data-consent=tracking", "data-consent-src=https://track.hubspot.com/__ptq.gif?a=1"],
        [
            "script",
            "data-consent=tracking",
            "data-x=a&b",
            "data-consent-src=//js.hs-scripts.com/1.js",
            "data-consent-id=hs-script-loader",
        ],
    ]
    assert "based" not in conf
    assert "texts" not in conf


def test_existing_marks_do_not_count() -> None:
    [conf] = told(
        sent('<img data-consent="chat" data-consent-src="//evil.example" src="https://track.hubspot.com/x.gif">')
    )
    assert conf["marks"] == [["img", "data-consent=tracking", "data-consent-src=//evil.example"]]


def test_element_with_forged_marks_is_not_listed() -> None:
    [conf] = told(sent('<img data-consent="tracking" data-consent-src="//evil.example">' + PIXEL))
    assert [mark[0] for mark in conf["marks"]] == ["img"]
    assert "evil" not in json.dumps(conf)


def test_scripts_without_an_address_are_counted() -> None:
    inline = "<script>var s=document.createElement('script');s.src='//js.hs-scripts.com/1.js';head.append(s)</script>"
    [conf] = told(sent(inline + inline + PIXEL))
    assert conf["texts"] == 2
    assert len(conf["marks"]) == 1


RULES = '{"prefetch": [{"urls": ["https://js.hs-scripts.com/1.js"]}]}'


def test_blocked_speculation_rules_are_counted() -> None:
    rules = f'<script type="speculationrules">{RULES}</script>'
    page = sent(rules + PIXEL)
    assert 'data-consent-type="speculationrules"' in page
    [conf] = told(page)
    assert conf["texts"] == 1
    assert [mark[0] for mark in conf["marks"]] == ["img"]


@pytest.mark.parametrize(
    "tag",
    [
        f'<script type="speculationrules" src="/rules.json">{RULES}</script>',
        '<script type="speculationrules">{"prefetch": [{"where": {"href_matches": "/*"}}]}</script>',
        '<script type="speculationrules">{"prefetch": [{"urls": ["/js.hs-scripts.com/1.js"]}]}</script>',
        '<script type="speculationrules">{"prefetch": [{"urls": ["https://[js.hs-scripts.com/1.js"]}]}</script>',
    ],
)
def test_other_speculation_rules_are_not_counted(tag: str) -> None:
    page = sent(tag + PIXEL)
    assert tag in page
    assert "texts" not in told(page)[0]


WITHOUT_ADDRESS = [
    f'<script href="/x" type="speculationrules">{RULES}</script>',
    f'<svg><script src="/x" type="speculationrules">{RULES}</script></svg>',
    "<script href='/x'>fetch('https://js.hs-banner.com/1.js')</script>",
    "<svg><script src='/x'>fetch('https://js.hs-banner.com/1.js')</script></svg>",
]


@pytest.mark.parametrize("tag", WITHOUT_ADDRESS)
def test_unused_address_attribute_stays(tag: str) -> None:
    page = sent(tag + PIXEL)
    assert "data-consent-href" not in page
    assert told(page)[0]["texts"] == 1


@pytest.mark.parametrize("name", ["data-consent-src", "data-consent-href"])
def test_text_with_forged_address_is_not_counted(name: str) -> None:
    page = sent(f"<script {name}='/x'>fetch('https://js.hs-banner.com/1.js')</script>" + PIXEL)
    assert "fetch" in page
    [conf] = told(page)
    assert "texts" not in conf
    assert [mark[0] for mark in conf["marks"]] == ["img"]


#: After this, browsers do not agree where tags begin.
DOUBT = "<svg></x><desc></desc></svg>"
TRACKER = "<script nonce=evil>fetch('https://js.hs-banner.com/1.js')</script>"
HINT = '<link rel="preconnect" href="https://js.hs-scripts.com">'


#: Places that some browsers read as tags. What is in the script must not end it.
NO_TAGS = [
    f"<!-- {EVIL}{TRACKER}{PIXEL}{HINT} -->",
    f"<title>{EVIL}{TRACKER}{PIXEL}{HINT}</title>",
    f"<script>var said = `{EVIL}{TRACKER}{PIXEL}{HINT}`;".replace("</script>", "") + "</script>",
]


class TestUncertainTags:
    @pytest.mark.parametrize("text", NO_TAGS)
    def test_uncertain_tag_is_blocked_but_not_listed(self, text: str) -> None:
        page = sent(PIXEL + DOUBT + text)
        assert page.partition(" data-conf=")[0].count(" data-consent=") == 5
        [conf] = told(page)
        assert [mark[0] for mark in conf["marks"]] == ["img"]
        assert conf.keys() == {"live", "marks"}
        assert "nonce" not in page.rpartition("<script")[2]

    @pytest.mark.parametrize("text", NO_TAGS)
    def test_uncertain_tag_names_no_account(self, text: str) -> None:
        policy = Policy(contact_url="/c")
        assert portal(sent(DOUBT + text, policy=policy)) is None
        assert portal(sent(DOUBT + text + LOADER, policy=policy)) == "12345"
        assert "several-accounts" not in engine_for(policy).notices.counts

    def test_certain_tag_is_listed(self) -> None:
        inline = "<script>fetch('https://js.hs-banner.com/1.js')</script>"
        [conf] = told(sent(DOUBT + LOADER + inline + PIXEL + HINT))
        assert [mark[0] for mark in conf["marks"]] == ["script", "img", "link"]
        assert conf["texts"] == 1
        assert conf["attrs"]["data-hsjs-portal"] == "12345"


def test_tags_before_a_base_come_first() -> None:
    [conf] = told(sent(f'{LOADER}<base href="/a/">{PIXEL}{LOADER}'))
    assert [mark[0] for mark in conf["marks"]] == ["script", "img"]
    assert conf["based"] == 1


def test_tag_in_a_frame_document_is_not_listed() -> None:
    inner = LOADER.replace('"', "&quot;")
    assert told(sent(f'<iframe srcdoc="{inner}"></iframe>{PIXEL}'))[0]["marks"] == [
        ["img", "data-consent=tracking", "data-consent-src=https://track.hubspot.com/__ptq.gif?a=1"]
    ]


def test_tag_after_the_body_gets_a_second_script() -> None:
    inline = "<script>fetch('https://js.hs-banner.com/1.js')</script>"
    first, second = told(sent(f"{LOADER}</body>{PIXEL}{inline}"))
    assert len(first["marks"]) == 1
    assert [mark[0] for mark in second["marks"]] == ["script", "img"]
    assert second["texts"] == 1
    assert second.keys() == {"marks", "texts"}


def test_chat_after_the_body_gets_a_facade() -> None:
    page = sent(f"{PIXEL}</body>{LOADER}")
    first, second = told(page)
    assert "src" not in first
    assert second["attrs"]["data-hsjs-portal"] == "12345"
    assert page.count("<aside") == 1


def test_known_tag_after_the_body_adds_nothing() -> None:
    assert len(told(sent(f"{LOADER}</body>{LOADER}</body>"))) == 1


@pytest.mark.parametrize(
    "tag",
    [
        '<script src="/copy/conversations-embed.js" data-hsjs-portal="7" integrity="x"></script>',
        (
            '<script src="//js-eu1.usemessages.com/conversations-embed.js?x" data-hsjs-portal="7" '
            'data-hsjs-hublet="na1"></script>'
        ),
    ],
)
def test_chat_is_loaded_from_the_vendor_host(tag: str) -> None:
    [conf] = told(sent(tag))
    assert conf["src"] == "https://js.usemessages.com/conversations-embed.js"
    assert conf["attrs"]["data-hsjs-portal"] == "7"
    assert "integrity" not in conf["attrs"]


@pytest.mark.parametrize(
    "tag",
    [
        '<script src="https://evil.example/conversations-embed.js" data-hsjs-portal="7"></script>',
        '<script src="data:text/javascript,1//conversations-embed.js" data-hsjs-portal="7"></script>',
        '<script id="hubspot-messages-loader" src="https://evil.example/x.js" data-hsjs-portal="7"></script>',
        '<script src="//evil.example/hs/scriptloader/7.js"></script>',
    ],
)
def test_tag_at_a_foreign_host_brings_no_chat(tag: str) -> None:
    assert not any("src" in conf for conf in told(sent(tag)))


def test_proxied_origin_serves_the_chat() -> None:
    policy = Policy(contact_url="/c", proxied={"js.usemessages.com": "https://hs.shop.example:8443"})
    assert told(sent(LOADER, policy=policy))[0]["src"] == "https://hs.shop.example:8443/conversations-embed.js"


@pytest.mark.parametrize("hublet", ["evil.example/x", "eu1.", "EU1", "e", "eu123", "eu1\n"])
def test_invalid_region_brings_no_chat(hublet: str) -> None:
    chat = (
        f'<script src="//js.usemessages.com/conversations-embed.js" data-hsjs-portal="1" data-hsjs-hublet="{hublet}">'
    )
    loader = f'<script src="//js.hs-scripts.com/1.js" data-hsjs-hublet="{hublet}"></script>'
    assert portal(sent(chat + "</script>")) is None
    assert portal(sent(loader)) is None


@pytest.mark.parametrize("src", ["https://evil.example/x.js", "//js.usemessages.com/x.js", "https://", "javascript:1"])
def test_rule_with_a_foreign_host_gives_no_chat(src: str) -> None:
    rules = tuple(replace(rule, chat=lambda _: ChatScript(src, ())) for rule in HUBSPOT.tag_rules)
    vendor = replace(HUBSPOT, tag_rules=rules)
    assert isinstance(vendor, Vendor)
    [conf] = told(sent(LOADER, policy=Policy(contact_url="/c", vendors=[vendor])))
    assert "src" not in conf


@pytest.mark.parametrize(
    "src", ["https://js.usemessages.com/x.js", "https://static.hsappstatic.net/x.js", "https://x.app.hubspot.com/x.js"]
)
def test_rule_may_give_any_vendor_host(src: str) -> None:
    rules = tuple(replace(rule, chat=lambda _: ChatScript(src, ())) for rule in HUBSPOT.tag_rules)
    policy = Policy(contact_url="/c", vendors=[replace(HUBSPOT, tag_rules=rules)])
    assert told(sent(LOADER, policy=policy))[0]["src"] == src


@pytest.mark.parametrize("name", ["amp-img", "amp-iframe", "amp-pixel"])
def test_scriptless_element_brings_no_chat(name: str) -> None:
    policy = Policy(contact_url="/c", chat_accounts=["1"])
    assert portal(sent(f'<{name} src="https://js.hs-scripts.com/1.js"></{name}>', policy=policy)) is None
    assert portal(sent('<script src="https://js.hs-scripts.com/1.js"></script>', policy=policy)) == "1"


class TestPolicies:
    @pytest.mark.parametrize(
        "csp",
        [
            "script-src 'nonce-abc'",
            "script-src 'nonce-abc' 'strict-dynamic' https:",
            "default-src 'nonce-abc'",
            "script-src-elem 'nonce-abc'",
            "script-src 'nonce-abc', script-src 'nonce-abc' https:",
        ],
    )
    def test_stopped_tag_brings_no_chat(self, csp: str) -> None:
        assert portal(sent(EVIL, csp=csp)) is None
        assert portal(sent(EVIL + NONCED, csp=csp)) == "12345"

    def test_allowed_tag_brings_its_chat(self) -> None:
        assert portal(sent(LOADER, csp="script-src 'nonce-abc' https://js.hs-scripts.com")) == "12345"
        assert portal(sent(LOADER, csp="img-src 'self'")) == "12345"

    def test_stopped_tag_does_not_count_as_loading(self) -> None:
        policy = Policy(contact_url="/c", requires={"tracking": [], "chat": ["marketing"], "embeds": ["marketing"]})
        page = sent(
            '<script src="//js.usemessages.com/conversations-embed.js" data-hsjs-portal="2"></script>' + EVIL,
            csp="script-src 'nonce-abc'",
            policy=policy,
        )
        assert portal(page) is None

    @pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
    def test_inline_tag_counts_by_its_digest(self, ending: str) -> None:
        text = f"var s=document.createElement('script');{ending}s.src='//js.hs-scripts.com/1.js';head.append(s)"
        digest = hashlib.sha256(text.replace("\r\n", "\n").replace("\r", "\n").encode()).digest()
        source = f"'sha256-{base64.b64encode(digest).decode()}'"
        assert portal(sent(f"<script>{text}</script>", csp=f"script-src 'self' {source}")) == "1"
        assert portal(sent(f"<script>{text}</script>", csp="script-src 'self'")) is None

    @pytest.mark.parametrize("more", ["", " 'strict-dynamic'"])
    def test_digest_beside_a_nonce_is_released(self, more: str) -> None:
        text = "var s=document.createElement('script');s.src='//js.hs-scripts.com/1.js';document.head.append(s)"
        csp = (
            f"script-src 'nonce-abc' 'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'{more}"
        )
        [conf] = told(sent(f"<script>{text}</script>{PIXEL}", csp=csp))
        assert (conf["bare"], conf.get("texts"), conf["attrs"]["data-hsjs-portal"]) == (1, None, "1")
        [conf] = told(sent(f'<script nonce="abc">{text}</script><script>{text}</script>', csp=csp))
        assert (conf["bare"], conf["texts"]) == (1, 1)

    def test_text_with_another_digest_is_not_counted(self) -> None:
        text = "var s=document.createElement('script');s.src='//js.hs-scripts.com/1.js';document.head.append(s)"
        csp = f"script-src 'nonce-abc' 'sha256-{base64.b64encode(hashlib.sha256(b'x').digest()).decode()}'"
        [conf] = told(sent(f"<script>{text}</script>{PIXEL}", csp=csp))
        assert conf.keys() & {"bare", "texts", "src"} == set()

    def test_invalid_address_is_stopped(self) -> None:
        tag = '<script id="hs-script-loader" data-hsjs-portal="1" src="https://"></script>'
        assert portal(sent(tag + PIXEL, csp="script-src *")) is None


class TestMetaPolicies:
    """A policy in a `meta` element that is not read: only the nonce of the page's own tags is known."""

    def test_tag_without_page_nonce_is_left_out(self) -> None:
        [conf] = told(sent(EVIL + NONCED))
        assert [mark[-1] for mark in conf["marks"]] == ["data-consent-src=//js.hs-scripts.com/12345.js"]
        assert conf["attrs"]["data-hsjs-portal"] == "12345"

    def test_inline_tag_without_nonce_is_not_counted(self) -> None:
        code = "var s=document.createElement('script');s.src='//js.hs-scripts.com/7.js';document.head.append(s)"
        inline = f"<script{{}}>{code}</script>"
        [conf] = told(sent(inline.format("") + inline.format(" nonce=abc") + NONCED))
        assert conf["texts"] == 1

    def test_nonce_of_a_blocked_script_is_used(self) -> None:
        tracker = '<script nonce="abc" src="//js.hs-banner.com/1.js"></script>'
        assert 'nonce="abc" data-conf' in sent(EVIL + tracker)
        assert portal(sent(EVIL + tracker)) is None

    def test_pictures_need_no_nonce(self) -> None:
        [conf] = told(sent(PIXEL + NONCED))
        assert [mark[0] for mark in conf["marks"]] == ["img", "script"]


class TestBases:
    AWAY = ("https://cdn.example/", "//cdn.example", "ftp://x.example/", "https:\\\\x.example", "http://[", "blob:x")

    @pytest.mark.parametrize("href", AWAY)
    @pytest.mark.parametrize(
        "page",
        [
            "{base}{tag}",
            "{tag}{base}",
            "{tag}<svg>{base}</svg>",
            '<base href="/">{tag}{base}',
            '{base}{tag}<base href="/">',
        ],
    )
    def test_script_names_the_page_host(self, href: str, page: str) -> None:
        body = page.format(base=f'<base href="{href}">', tag=LOADER)
        assert 'src="//shop.example/_consent/facade.' in sent(body)

    @pytest.mark.parametrize(
        "base", ["", '<base target="_top">', '<base href="/a/">', '<base href="b/?x">', "<!--{}-->"]
    )
    def test_own_base_changes_nothing(self, base: str) -> None:
        away = base.format('<base href="https://x.example">')
        assert 'src="/_consent/facade.' in sent(away + LOADER)

    def test_guard_names_the_page_host(self) -> None:
        manager = "<script src='https://www.googletagmanager.com/gtm.js'></script>"
        page = sent(LOADER, head=f'<base href="https://x.example/">{manager}')
        assert page.count('src="//shop.example/_consent/facade.') == 1
        assert page.count('data-file="//shop.example/_consent/facade.') == 1

    @pytest.mark.parametrize("host", [b"", b"a b", b'x">'])
    def test_no_script_if_own_host_is_unknown(self, host: bytes) -> None:
        policy = Policy(contact_url="/c", guard="always")
        page = sent(f'<base href="https://x.example/">{LOADER}', policy=policy, host=host)
        assert "/_consent/" not in page.partition("<base")[2]
        assert 'data-consent-src="//js.hs-scripts.com' in page
        assert engine_for(policy).notices.counts["base-without-host"] >= 1
