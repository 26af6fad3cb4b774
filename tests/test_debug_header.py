"""The debug header: what it says of a page, how it is written, and what it never says."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import pytest

from consent_middleware import Basis, Category, Consent, Policy, Signals, State
from consent_middleware.engine import Engine
from consent_middleware.exchange import RequestHead
from consent_middleware.reporting import exchange_for
from tests.gateways import GATEWAYS, Reply, Request, Result
from tests.pages import CHAT, HINT, LOADER, page

HTML = ("Content-Type", "text/html; charset=utf-8")
PAGE = page(LOADER + CHAT, head=HINT)
SHOWS = {"contact_url": "/contact", "debug_header": True}


def shown(name: str = "core", cookie: str | None = None, reply: Reply | None = None, **settings: Any) -> Result:
    policy = Policy(**{**SHOWS, **settings})
    return GATEWAYS[name](policy, Request.with_cookie(cookie), reply or Reply([PAGE]))


def members(result: Result) -> list[str]:
    (value,) = result.all("consent-middleware")
    return re.split(", (?=chat=|tracking=|embeds=|report-only)", value)


@pytest.mark.parametrize("name", GATEWAYS)
def test_every_gateway_sends_it(name: str) -> None:
    found = members(shown(name))

    counts = re.findall(r"; changed=(\d)", ", ".join(found))
    # A gateway that streams sends the head before it has read the page.
    assert counts in (["1", "2", "0"], [])
    assert [re.sub(r"; changed=\d", "", each) for each in found] == [
        "chat=blocked; reason=no-consent; source=none; facade",
        "tracking=blocked; reason=no-consent; source=none",
        "embeds=blocked; reason=no-consent; source=none; facade",
    ]


@pytest.mark.parametrize("name", ["core", "wsgi", "wsgi-list", "asgi", "starlette"])
def test_changed_counts_the_tags_of_each_purpose(name: str) -> None:
    assert members(shown(name))[0] == "chat=blocked; reason=no-consent; source=none; changed=1; facade"


@pytest.mark.parametrize("name", GATEWAYS)
def test_it_is_off_by_default(name: str) -> None:
    assert shown(name, debug_header=False).all("consent-middleware") == []


@pytest.mark.parametrize(
    ("cookie", "settings", "chat"),
    [
        ("consent=functional", {}, 'chat=allowed; reason=granted; source="own cookie"; changed=0'),
        ("consent=necessary", {}, 'chat=blocked; reason=denied; source="own cookie"; changed=1; facade'),
        (
            "consent=necessary",
            {"click_after_refusal": False},
            'chat=blocked; reason=denied; source="own cookie"; changed=1',
        ),
        ("consent_chat=1", {}, "chat=allowed; reason=click; source=click; changed=0"),
        ("CookieConsent=-1", {}, "chat=blocked; reason=implied; source=cookiebot; changed=1; facade"),
        (
            "cookieconsent_status=allow; consent=functional",
            {},
            'chat=allowed; reason=granted; source="own cookie, insites"; changed=0',
        ),
        (None, {"regime": "opt-out"}, "chat=allowed; reason=not-refused; source=none; changed=0"),
        (
            "consent=functional",
            {"cacheable": True},
            "chat=blocked; reason=no-consent; source=none; changed=1; facade",
        ),
    ],
)
def test_reason_and_source_are_those_of_the_decision(cookie: str, settings: dict[str, Any], chat: str) -> None:
    assert members(shown(cookie=cookie, **settings))[0] == chat


def test_refusal_is_the_reason_beside_an_unknown() -> None:
    found = members(shown(cookie="usprivacy=1YYN"))

    assert found[1].startswith("tracking=blocked; reason=denied; source=us-privacy; ")


def test_page_that_nothing_changes_in_has_it_too() -> None:
    found = shown(cookie="consent=functional,analytics,marketing")

    assert found.body == PAGE
    assert members(found)[1] == 'tracking=allowed; reason=granted; source="own cookie"; changed=0'


def test_stream_has_it_without_counts() -> None:
    found = shown(reply=Reply([PAGE[:9], PAGE[9:]], length=False))

    assert members(found)[0] == "chat=blocked; reason=no-consent; source=none; facade"


def test_early_hints_are_filtered_as_without_it() -> None:
    exchange = exchange_for(Engine(Policy(contact_url="/c", debug_header=True)), RequestHead("GET", "/", "", []))

    assert exchange.filter_early_hints([(b"link", b"<https://js.hs-scripts.com>; rel=preconnect")]) == []


def test_report_only_says_what_would_change() -> None:
    found = shown(report_only=True)

    assert found.body == PAGE
    assert members(found)[0] == "chat=blocked; reason=no-consent; source=none; changed=1; facade"
    assert members(found)[-1] == "report-only"


@pytest.mark.parametrize(
    "reply",
    [
        Reply([b"{}"], headers=[("Content-Type", "application/json")]),
        Reply([b"plain"], headers=[]),
        Reply([b""], status=304, headers=[]),
    ],
    ids=["json", "no type", "304"],
)
def test_other_responses_do_not_have_it(reply: Reply) -> None:
    policy = Policy(contact_url="/contact", debug_header=True)
    request = Request(headers=[("Accept", "text/html"), ("Sec-Fetch-Dest", "document")])

    assert GATEWAYS["core"](policy, request, reply).all("consent-middleware") == []


def test_page_without_a_type_has_it() -> None:
    policy = Policy(contact_url="/contact", debug_header=True)
    request = Request(headers=[("Accept", "text/html"), ("Sec-Fetch-Dest", "document")])

    assert GATEWAYS["core"](policy, request, Reply([PAGE], headers=[])).all("consent-middleware")


def test_no_value_of_a_cookie_is_in_it() -> None:
    cookies = "CookieConsent=secret; OptanonConsent=secret; __hstc=secret; consent=secret; consent_chat=secret"

    assert "secret" not in str(shown(cookie=cookies).headers)


SOURCES = ["ours", 'a "quoted" \\name', "ä source\r\nSet-Cookie: x=1", "x" * 500, ""]


@pytest.mark.parametrize("name", SOURCES)
def test_any_source_name_makes_a_structured_field(name: str) -> None:
    def source(signals: Signals) -> Sequence[Consent]:
        return [Consent({Category.FUNCTIONAL: State.GRANTED}, Basis.EXPLICIT, name, "c")]

    (value,) = shown(sources=[source]).all("consent-middleware")

    assert parsed(value)["chat"][1]["reason"] == "granted"
    assert len(value) < 600


@pytest.mark.parametrize("cookie", [None, "consent=functional", "cookieconsent_status=allow; consent=functional"])
def test_value_is_a_dictionary_of_rfc_9651(cookie: str | None) -> None:
    (value,) = shown(cookie=cookie, reply=Reply([page(LOADER)])).all("consent-middleware")

    found = parsed(value)

    assert list(found) == ["chat", "tracking", "embeds"]
    assert {type(item) for item, _ in found.values()} == {str}
    assert all(isinstance(parameters["changed"], int) for _, parameters in found.values())


def parsed(value: str) -> dict[str, tuple[Any, dict[str, Any]]]:
    """Parse a Dictionary as RFC 9651, section 4.2.2, says, with the kinds of items that the field has."""
    key = re.compile(r"[a-z*][a-z0-9_.*-]*")
    item = re.compile(
        r'([A-Za-z*][A-Za-z0-9!#$%&\'*+.^_`|~:/-]*)|"((?:[\x20-\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"|(-?\d{1,15})'
    )
    at = 0

    def take(pattern: re.Pattern[str]) -> re.Match[str]:
        nonlocal at
        found = pattern.match(value, at)
        assert found, value[at:]
        at = found.end()
        return found

    def bare() -> Any:
        found = take(item)
        return int(found[3]) if found[3] else found[1] or found[2] or ""

    members: dict[str, tuple[Any, dict[str, Any]]] = {}
    while at < len(value):
        name = take(key)[0]
        given: Any = True
        if value[at : at + 1] == "=":
            at += 1
            given = bare()
        parameters: dict[str, Any] = {}
        while value[at : at + 1] == ";":
            at = take(re.compile(r"; *")).end()
            parameter = take(key)[0]
            parameters[parameter] = True
            if value[at : at + 1] == "=":
                at += 1
                parameters[parameter] = bare()
        members[name] = (given, parameters)
        if at < len(value):
            take(re.compile(r"[ \t]*,[ \t]*"))
            assert at < len(value), "no comma at the end"
    return members
