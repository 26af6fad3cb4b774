"""When the vendor's cookies expire, which of them the app sees, and cacheable pages."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent_middleware import Policy, PolicyError
from consent_middleware.asgi import ConsentMiddleware as Asgi
from consent_middleware.cookies import hide_cookies
from consent_middleware.exchange import Exchange, RequestHead
from consent_middleware.wsgi import ConsentMiddleware as Wsgi
from tests.engines import engine_for
from tests.exchanges import respond
from tests.gateways import GATEWAYS, Reply, Request, run_asgi, run_wsgi
from tests.pages import BLOCKED_HINT, BLOCKED_SCRIPT, HINT, LOADER, page

HTML = [(b"content-type", b"text/html")]
FULL = "consent=functional,analytics,marketing"
CHAT_COOKIES = ["messagesUtk", "hs-messages-is-open", "hs-messages-hide-welcome-message"]
TRACKING_COOKIES = ["__hstc", "hubspotutk", "__hssc", "__hssrc"]
EVERY_COOKIE = "; ".join(f"{name}=1" for name in [*CHAT_COOKIES, *TRACKING_COOKIES])


def head(policy: Policy, cookie: str, kind: bytes = b"text/html") -> list[tuple[bytes, bytes]]:
    request = RequestHead("GET", "/", "", [(b"cookie", cookie.encode()), (b"host", b"www.shop.example")])
    return respond(Exchange(engine_for(policy), request), 200, [(b"content-type", kind)], page())[0]


def ended(headers: list[tuple[bytes, bytes]]) -> set[str]:
    lines = [value.decode() for name, value in headers if name == b"set-cookie"]
    assert all("Max-Age=0" in line for line in lines)
    return {line.partition("=")[0] for line in lines}


@pytest.mark.parametrize(
    ("consent", "chat", "tracking"),
    [
        pytest.param("", True, False, id="after the visit only the chat's cookies expire"),
        pytest.param("consent_chat=1", False, False, id="during a visit with a click nothing expires"),
        pytest.param("consent=functional", False, True, id="functional consent expires only the trackers' cookies"),
        pytest.param(FULL, False, False, id="with full consent nothing expires"),
        pytest.param("consent=necessary", True, True, id="a refusal expires all"),
        pytest.param(
            "consent=necessary; consent_chat=1", False, True, id="a click keeps the chat's cookies despite a refusal"
        ),
    ],
)
def test_page_expires_cookies_by_consent(consent: str, chat: bool, tracking: bool) -> None:
    found = ended(head(Policy(contact_url="/c"), f"{EVERY_COOKIE}; {consent}"))

    assert found == {*(CHAT_COOKIES if chat else ()), *(TRACKING_COOKIES if tracking else ())}


def test_leftover_cookies_stay_if_the_site_keeps_them() -> None:
    policy = Policy(contact_url="/c", chat_cookies_after_visit="keep")

    assert ended(head(policy, EVERY_COOKIE)) == set()
    assert ended(head(policy, f"{EVERY_COOKIE}; consent=necessary")) == {*CHAT_COOKIES, *TRACKING_COOKIES}


def test_only_pages_expire_only_existing_cookies() -> None:
    policy = Policy(contact_url="/c")

    assert ended(head(policy, EVERY_COOKIE, b"image/png")) == set()
    assert ended(head(policy, "messagesUtk=1; my__hstc=2")) == {"messagesUtk"}
    assert head(policy, "a=messagesUtk") == head(policy, "a=b")


def test_opt_out_regime_expires_no_leftover_cookie() -> None:
    assert ended(head(Policy(contact_url="/c", regime="opt-out"), EVERY_COOKIE)) == set()


# Cookies that the app sees


@pytest.mark.parametrize(
    ("given_value", "left"),
    [
        (b"a=1; hubspotutk=x; b=2", b"a=1; b=2"),
        (b"hubspotutk=x;b=2", b"b=2"),
        (b"hubspotutk=x; b=2", b"b=2"),
        (b"a=1; hubspotutk=x", b"a=1"),
        (b"hubspotutk=x", None),
        (b"hubspotutk=x; hubspotutk=y;", None),
        (b"a=1;;  hubspotutk = x ; odd", b"a=1;; odd"),
        (b"HUBSPOTUTK=x; my-hubspotutk=y", b"HUBSPOTUTK=x; my-hubspotutk=y"),
        (b'a="; hubspotutk=x', b'a="'),
        (b"", b""),
    ],
)
def test_hiding_cookies_keeps_every_other_byte(given_value: bytes, left: bytes | None) -> None:
    headers = [(b"accept", b"hubspotutk=x"), (b"cookie", given_value)]

    assert hide_cookies(headers, {b"hubspotutk"}) == [headers[0], *([(b"cookie", left)] if left is not None else [])]


@given(st.lists(st.binary(max_size=9).filter(lambda part: b";" not in part)))
def test_headers_without_hidden_cookie_are_unchanged(parts: list[bytes]) -> None:
    """Property: headers without a hidden name are returned as the same object."""
    headers = [(b"cookie", b";".join(parts))]

    assert hide_cookies(headers, {b"a name of more than nine bytes"}) is headers


@pytest.mark.parametrize("gateway", ["wsgi", "asgi"])
@pytest.mark.parametrize(
    ("consent", "seen"),
    [("", "a=1"), ("; consent_chat=1", "messagesUtk=2; a=1; consent_chat=1"), (f"; {FULL}", None)],
)
def test_app_sees_only_allowed_vendor_cookies(gateway: str, consent: str, seen: str | None) -> None:
    cookie = f"messagesUtk=2; a=1; hubspotutk=3{consent}"
    seen_by_app: list[str] = []

    def wsgi_app(environ: Any, start_response: Any) -> list[bytes]:
        seen_by_app.append(environ["HTTP_COOKIE"])
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b""]

    async def asgi_app(scope: Any, receive: Any, send: Any) -> None:
        seen_by_app.append(dict(scope["headers"])[b"cookie"].decode())
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body"})

    for hide in (True, False):
        policy = Policy(contact_url="/c", hide_cookies=hide)
        if gateway == "wsgi":
            run_wsgi(Wsgi(wsgi_app, policy), Request.with_cookie(cookie))
        else:
            run_asgi(Asgi(asgi_app, policy), Request.with_cookie(cookie))

    assert seen_by_app == [cookie if seen is None else seen, cookie]


# One cacheable page for all visitors

ALL = Policy(contact_url="/contact", cacheable=True)
CONSENTS = ["", FULL, "consent=functional", "consent=necessary", "consent_chat=1", f"{EVERY_COOKIE}; consent=necessary"]


@pytest.mark.parametrize("gateway", GATEWAYS.values(), ids=GATEWAYS)
def test_cacheable_page_is_the_same_for_every_visitor(gateway: Any) -> None:
    fields = [
        ("Content-Type", "text/html"),
        ("ETag", '"a"'),
        ("Cache-Control", "public, s-maxage=60"),
        ("CDN-Cache-Control", "max-age=9"),
        ("Link", "<https://js.hs-scripts.com>; rel=preconnect"),
        ("Set-Cookie", "__hstc=1"),
        ("Set-Cookie", "a=1"),
    ]
    results = [
        gateway(ALL, Request(headers=[("Cookie", cookie), *signal]), Reply([page(LOADER, HINT)], headers=fields))
        for cookie in CONSENTS
        for signal in ([], [("Sec-GPC", "1")])
    ]

    assert all(result == results[0] for result in results)
    first = results[0]
    assert BLOCKED_SCRIPT in first.body
    assert BLOCKED_HINT in first.body
    assert b'"ask":true' in first.body
    assert first.all("vary") == []
    assert first.all("cache-control") == ["public, s-maxage=60"]
    assert first.all("cdn-cache-control") == ["max-age=9"]
    assert first.all("etag")[0].startswith('"a--consent-all-')
    assert first.all("link") == []
    assert first.all("set-cookie") == ["a=1"]


def test_json_response_follows_consent_of_the_visitor() -> None:
    lines = [(b"content-type", b"application/json"), (b"set-cookie", b"__hstc=1")]

    def kept(cookie: str) -> bool:
        exchange = Exchange(engine_for(ALL), RequestHead("GET", "/", "", [(b"cookie", cookie.encode())]))
        exchange.start(200, lines)
        return lines[1] in exchange.head

    assert [kept(cookie) for cookie in ("", FULL)] == [False, True]


def test_etags_of_shared_and_personal_pages_differ() -> None:
    own = Policy(contact_url="/contact")

    def tag(policy: Policy) -> bytes:
        exchange = Exchange(engine_for(policy), RequestHead("GET", "/", "", []))
        return dict(respond(exchange, 200, [*HTML, (b"etag", b'"a"')], page())[0])[b"etag"]

    for policy, other in ((own, ALL), (ALL, own)):
        asked = [(b"accept", b"text/html"), (b"if-none-match", tag(other))]
        assert Exchange(engine_for(policy), RequestHead("GET", "/", "", asked)).request_headers == asked[:1]
        asked[1] = (b"if-none-match", tag(policy))
        seen = Exchange(engine_for(policy), RequestHead("GET", "/", "", asked)).request_headers
        assert seen == [asked[0], (b"if-none-match", b'"a"')]


@pytest.mark.parametrize(
    ("settings", "number"),
    [
        ({"chat_cookies_after_visit": "delete"}, "CM050"),
        ({"hide_cookies": 1}, "CM051"),
        ({"cacheable": "yes"}, "CM052"),
        ({"withdrawal": "never"}, "CM054"),
        ({"cacheable": True, "click_after_refusal": False}, "CM053"),
    ],
)
def test_wrong_setting_raises_its_error_number(settings: dict[str, Any], number: str) -> None:
    with pytest.raises(PolicyError) as raised:
        Policy(contact_url="/c", **settings)

    assert raised.value.numbers == (number,)
