"""Intercom as a second vendor: its tags, hints and cookies, and how its chat is loaded."""

from __future__ import annotations

import json
import re

import pytest

from consent_middleware import Policy, PolicyError
from consent_middleware.consent import Category
from consent_middleware.exchange import Exchange, RequestHead
from consent_middleware.purpose import ChatScript, Purpose
from consent_middleware.rules import ChatContext, PageElement
from consent_middleware.vendors import KNOWN_VENDORS, VENDORS
from consent_middleware.vendors.hubspot import HUBSPOT
from consent_middleware.vendors.intercom import INTERCOM
from tests.engines import engine_for
from tests.exchanges import respond
from tests.pages import LOADER, page

WIDGET = b'<script async src="https://widget.intercom.io/widget/abc12345"></script>\n'
BLOCKED_WIDGET = (
    b'<script type="text/x-consent" data-consent="chat" async '
    b'data-consent-src="https://widget.intercom.io/widget/abc12345"></script>\n'
)
HINT = b'<link rel="preconnect" href="https://js.intercomcdn.com">\n'
SETTINGS = b"<script>window.intercomSettings = { name: 'Ada', api_base: 'https://api-iam.eu.intercom.io' };</script>\n"
ONLY = Policy(contact_url="/contact", vendors=["intercom"], guard="auto")
BOTH = Policy(contact_url="/contact", vendors=["hubspot", "intercom"])
ATTRIBUTES = {"id": "intercom-messenger-script", "data-app-id": "abc12345"}


def sent(policy: Policy, document: bytes, cookie: str = "", *lines: bytes) -> tuple[bytes, list[bytes]]:
    """Return the page and the `Set-Cookie` lines for a visitor with this `Cookie` header."""
    exchange = Exchange(
        engine_for(policy), RequestHead("GET", "/", "", [(b"host", b"shop.example"), (b"cookie", cookie.encode())])
    )
    head = [(b"content-type", b"text/html"), *((b"set-cookie", line) for line in lines)]
    headers, body = respond(exchange, 200, head, document)
    return body, [value for name, value in headers if name == b"set-cookie"]


def facade(document: bytes) -> dict[str, object]:
    """Return the settings of the one facade in a document."""
    (found,) = re.findall(rb" data-conf='([^']*)'", document)
    parsed: dict[str, object] = json.loads(found.decode("ascii").replace("&#38;", "&").replace("&#39;", "'"))
    return parsed


def test_widget_is_blocked_behind_a_button() -> None:
    document, _ = sent(ONLY, page(SETTINGS + WIDGET, head=HINT))

    settings = facade(document)
    assert BLOCKED_WIDGET in document
    assert SETTINGS in document
    assert (
        b'<link data-consent="chat" data-consent-rel="preconnect" data-consent-href="https://js.intercomcdn.com">'
        in document
    )
    assert settings["marks"] == [
        ["link", "data-consent=chat", "data-consent-rel=preconnect", "data-consent-href=https://js.intercomcdn.com"],
        ["script", "data-consent=chat", "data-consent-src=https://widget.intercom.io/widget/abc12345"],
    ]
    assert settings["src"] == "https://widget.intercom.io/widget/abc12345"
    assert settings["attrs"] == ATTRIBUTES


def test_widget_loads_with_functional_consent() -> None:
    document = page(SETTINGS + WIDGET, head=HINT)

    assert sent(ONLY, document, "consent=functional")[0] == document


def test_widget_loads_unless_intercom_is_named() -> None:
    document = page(WIDGET, head=HINT)
    cookies = [b"intercom-id-abc12345=x"]

    assert sent(Policy(contact_url="/contact", guard="auto"), document, "", *cookies) == (document, cookies)


def test_first_chat_of_two_vendors_gets_the_button() -> None:
    document, _ = sent(BOTH, page(WIDGET + LOADER))

    assert BLOCKED_WIDGET in document
    assert b'data-consent="tracking"' in document
    assert document.count(b"data-consent-facade") == 1
    assert facade(document)["attrs"] == ATTRIBUTES


@pytest.mark.parametrize(
    ("host", "path", "rule", "account"),
    [
        ("widget.intercom.io", "/widget/abc12345", "intercom.widget", "abc12345"),
        ("widget.intercom.io", "/widget/abc12345/", "intercom.widget", "abc12345"),
        ("widget.intercom.io", "/other", "intercom.service", ""),
        ("js.intercomcdn.com", "/shim.latest.js", "intercom.bundle", ""),
        ("js.intercomcdn.com", "/frame-modern.123a8fdf.js", "intercom.bundle", ""),
    ],
)
def test_scripts_are_recognized(host: str, path: str, rule: str, account: str) -> None:
    found = INTERCOM.recognize(PageElement("script", f"https://{host}{path}", (host,), path))

    assert found is not None
    assert (found.rule.id, found.region, found.account) == (rule, "", account)


@pytest.mark.parametrize(
    "host",
    [
        "www.intercom.com",
        "intercom.io",
        "widget.intercom.io.evil.example",
        "mywidget.intercom.io",
        "downloads.intercomcdn.com",
        "static.intercomassets.com",
    ],
)
def test_look_alikes_and_content_are_not_recognized(host: str) -> None:
    path = "/widget/abc12345"

    assert INTERCOM.recognize(PageElement("script", f"https://{host}{path}", (host,), path)) is None


@pytest.mark.parametrize(
    ("host", "purpose"),
    [
        ("widget.intercom.io", Purpose.CHAT),
        ("api-iam.eu.intercom.io", Purpose.CHAT),
        ("nexus-websocket-a.intercom.io", Purpose.CHAT),
        ("js.intercomcdn.com", Purpose.CHAT),
        ("downloads.intercomcdn.com", None),
        ("uploads.intercomcdn.eu", None),
        ("static.intercomassets.com", None),
        ("www.intercom.com", None),
    ],
)
def test_hints_wait_but_content_does_not(host: str, purpose: Purpose | None) -> None:
    assert INTERCOM.host_purpose(host) is purpose


def chat(account: str, region: str = "", origin: str = "https://widget.intercom.io") -> ChatScript | None:
    (build,) = [rule.chat for rule in INTERCOM.tag_rules if rule.chat is not None]
    return build(ChatContext("", region, account, {}, lambda _: origin))


@pytest.mark.parametrize("region", ["eu", "au"])
def test_known_region_is_passed_on(region: str) -> None:
    script = chat("abc12345", region)

    assert script is not None
    assert script.attributes == (*ATTRIBUTES.items(), ("data-api-base", f"https://api-iam.{region}.intercom.io"))


@pytest.mark.parametrize("region", ["", "us", "eu1", "evil.example/"])
def test_unknown_region_is_not_passed_on(region: str) -> None:
    script = chat("abc12345", region)

    assert script is not None
    assert dict(script.attributes) == ATTRIBUTES


@pytest.mark.parametrize("account", ["", "abc", "a/b/c/d", "abc12345?x", "ABC 12345"])
def test_invalid_workspace_gives_no_chat(account: str) -> None:
    assert chat(account) is None


INSTALLED = (
    b"<script>window.intercomSettings={app_id:'abc12345'};</script>"
    b"<script>(function(){var w=window;var ic=w.Intercom;if(typeof ic==='function'){ic('update',w.intercomSettings);}"
    b"else{var l=function(){var s=document.createElement('script');s.async=true;"
    b"s.src='https://widget.intercom.io/widget/abc12345';document.head.appendChild(s);};"
    b"window.addEventListener('load',l,false);}})();</script>"
)


def test_snippet_is_blocked_but_not_its_settings() -> None:
    document, _ = sent(ONLY, page(INSTALLED))

    assert b"<script>window.intercomSettings={app_id:'abc12345'};</script>" in document
    assert b'<script type="text/x-consent" data-consent="chat">(function(){' in document
    assert facade(document)["src"] == "https://widget.intercom.io/widget/abc12345"
    assert sent(ONLY, page(INSTALLED), "consent=functional")[0] == page(INSTALLED)


SNIPPET = (
    "(function(){var w=window;var ic=w.Intercom;if(typeof ic==='function'){ic('update',w.intercomSettings);}else{"
    "var l=function(){var s=document.createElement('script');s.async=true;s.src='https://widget.intercom.io/widget/%s;"
    "document.body.appendChild(s);};w.addEventListener('load',l,false);}})();"
)
SETTINGS_IN_ONE = "window.intercomSettings={app_id:'abc12345',api_base:'https://api-iam.eu.intercom.io'};"


@pytest.mark.parametrize(
    ("script", "attributes"),
    [
        pytest.param(SNIPPET % "abc12345'", ATTRIBUTES, id="the snippet with the workspace in its address"),
        pytest.param(
            SETTINGS_IN_ONE + SNIPPET % "'+w.intercomSettings.app_id",
            {**ATTRIBUTES, "data-api-base": "https://api-iam.eu.intercom.io"},
            id="settings and snippet in one, the address put together",
        ),
        pytest.param(SNIPPET % "'+id", None, id="a snippet that does not tell the workspace"),
    ],
)
def test_inline_snippet_names_workspace_and_region(script: str, attributes: dict[str, str] | None) -> None:
    document, _ = sent(ONLY, page(f"<script>{script}</script>".encode()))

    assert b'<script type="text/x-consent" data-consent="chat">' in document
    if attributes is None:
        assert b"data-consent-facade" not in document
    else:
        assert facade(document)["attrs"] == attributes


@pytest.mark.parametrize(
    "script",
    [
        "window.intercomSettings = {app_id: 'abc12345'};",
        "Intercom('update');",
        "var docs = 'https://widget.intercom.io/widget/abc12345';",
    ],
)
def test_inline_script_without_loading_stays(script: str) -> None:
    document = page(f"<script>{script}</script>".encode())

    assert sent(ONLY, document)[0] == document


def test_only_named_workspaces_have_a_chat() -> None:
    document = page(WIDGET)

    offered = Policy(vendors=["intercom"], chat_accounts=["abc12345"])
    other = Policy(vendors=["intercom"], chat_accounts=["other123"])
    assert b"data-consent-facade" in sent(offered, document)[0]
    assert b"data-consent-facade" not in sent(other, document)[0]


def test_chat_loads_from_proxied_origin() -> None:
    policy = Policy(vendors=["intercom"], proxied={"widget.intercom.io": "https://chat.shop.example"})
    document, _ = sent(policy, page(b'<script src="https://chat.shop.example/widget/abc12345"></script>'))

    assert facade(document)["src"] == "https://chat.shop.example/widget/abc12345"


NAMES = ["intercom-id-abc12345", "intercom-session-abc12345", "intercom-device-id-x9"]


@pytest.mark.parametrize("name", NAMES)
def test_cookies_wait_for_any_workspace(name: str) -> None:
    line = f"{name}=1; Max-Age=9".encode()
    document = page()

    assert sent(ONLY, document, "", line)[1] == []
    assert sent(ONLY, document, "consent=functional", line)[1] == [line]
    assert [value.partition(b"=")[0].decode() for value in sent(ONLY, document, f"consent=necessary; {name}=1")[1]] == [
        name,
        name,
    ]


@pytest.mark.parametrize("name", ["intercom-something-else", "Intercom-id-abc", "my-intercom-id-abc", "intercom"])
def test_other_cookies_are_left_alone(name: str) -> None:
    line = f"{name}=1; Max-Age=9".encode()

    assert sent(ONLY, page(), f"consent=necessary; {name}=1", line)[1] == [line]


def test_cookies_have_documented_lifetimes() -> None:
    day = 86_400

    assert {rule.name: rule.lifetime for rule in INTERCOM.cookie_rules} == {
        "intercom-id-": 270 * day,
        "intercom-session-": 7 * day,
        "intercom-device-id-": 270 * day,
    }
    assert all(rule.prefix and rule.purpose is Purpose.CHAT for rule in INTERCOM.cookie_rules)


def test_vendors_may_be_ids_or_objects() -> None:
    assert Policy().vendors == VENDORS == (HUBSPOT,)
    assert Policy(vendors=["hubspot", INTERCOM]).vendors == KNOWN_VENDORS
    assert Policy.from_mapping({"CONSENT_VENDORS": ["intercom"]}).vendors == (INTERCOM,)


@pytest.mark.parametrize(
    "given", [["drift"], [], "hubspot", b"hubspot", None, 1, [None], ["hubspot", "hubspot"], ["hubspot", HUBSPOT]]
)
def test_invalid_vendors_are_a_numbered_error(given: object) -> None:
    with pytest.raises(PolicyError, match=r"\(CM060\) vendors is .*hubspot, intercom") as error:
        Policy(vendors=given)  # type: ignore[arg-type]

    assert error.value.numbers == ("CM060",)


def test_unused_purpose_requires_nothing() -> None:
    assert ONLY.requires[Purpose.CHAT] == {Category.FUNCTIONAL}
    assert ONLY.requires[Purpose.TRACKING] == set()
    assert BOTH.requires == Policy().requires


def served(policy: Policy, document: bytes) -> bytes:
    """Return the facade's script for a page, requested as a browser does."""
    urls = set(re.findall(rb'"(/_consent/[^"]+\.js)"', sent(policy, document)[0]))
    answers = [Exchange(engine_for(policy), RequestHead("GET", url.decode(), "", [])).answer for url in urls]
    assert answers
    return b"".join(answer.body for answer in answers if answer is not None)


def test_default_script_contains_no_inactive_vendor() -> None:
    assert b"intercom" not in served(Policy(contact_url="/contact"), page(LOADER)).lower()
