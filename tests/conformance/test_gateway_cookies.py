"""Cookies of requests and of responses, in process, through both gateways."""

from __future__ import annotations

from consent_middleware import Policy
from tests.asgi_driver import body_of, chunk, scope
from tests.gateways import Reply, Request
from tests.pages import BLOCKED_LOADER, page

from .gateway import FULL, START, TAGGED, Gateway, Server, asking, html, send_all, starting

LINES = [
    "a=1; Path=/; Expires=Wed, 09 Jun 2100 10:18:14 GMT",
    "__hstc=1; Path=/",
    " hubspotutk =1",
    "my__hstc=1",
    '__Host-b="x,y"; Secure; Path=/; Partitioned',
    "__Secure-__hstc=1; Secure",
    "__HSTC=1",
    "odd",
]
KEPT = [line for line in LINES if line not in {"__hstc=1; Path=/", " hubspotutk =1"}]


def test_kept_set_cookie_lines_stay_to_the_byte(gateway: Gateway) -> None:
    """5.1 Set-Cookie is filtered line by line; lines that stay keep their bytes and their order."""
    assert gateway(asking(), html(page(), *(("Set-Cookie", line) for line in LINES))).all("set-cookie") == KEPT


def test_every_kind_of_response_is_filtered(gateway: Gateway) -> None:
    """5.2 Every response is filtered, whatever it is."""
    lines = [("Set-Cookie", line) for line in LINES]
    for status, kind in ((302, None), (200, "application/json"), (204, None), (304, None), (200, "image/png")):
        typed = [("Content-Type", kind)] if kind else []
        result = gateway(asking(), Reply([b""], status, [*typed, *lines], length=False))
        assert result.all("set-cookie") == KEPT


def test_deletions_of_cookies_pass(gateway: Gateway) -> None:
    """5.3 A line that deletes a cookie always passes."""
    lines = ["__hstc=; Max-Age=0", "messagesUtk=x; expires=Thu, 01-Jan-1970 00:00:00 GMT", "hubspotutk=; max-age=-1"]

    assert gateway(asking(), html(page(), *(("Set-Cookie", line) for line in lines))).all("set-cookie") == lines


def test_odd_pair_hides_nothing_behind_it(gateway: Gateway) -> None:
    """5.4 An odd pair in Cookie hides nothing behind it."""
    for odd in ('{"a":1}', "[x", 'q="a;b"', "bad name=1", "\x7f=1", "=", "", 'a="', "café=1"):
        result = gateway(asking(cookie=f"{odd}; {FULL}"), html())
        assert result.body == TAGGED, odd


async def test_several_cookie_fields_are_one(policy: Policy) -> None:
    """5.5 Several Cookie fields are read, with names in any letter case."""
    fields = ((b"cookie", b"a=1;"), (b"Cookie", FULL.encode()), (b"COOKIE", b"b=2"))

    assert body_of(await send_all(policy, [START, chunk(TAGGED)], scope(*fields))) == TAGGED


def test_cookies_joined_by_a_comma_never_grant(policy: Policy) -> None:
    """5.6 Cookie lines that a server has joined with a comma never grant, and a refusal in them counts."""
    app = starting([TAGGED])
    for joined in (f"a=1,{FULL}", f"a=1, {FULL}", f"{FULL},consent=necessary", f"{FULL}, consent=necessary; b=1"):
        assert BLOCKED_LOADER in Server(policy, HTTP_COOKIE=joined).run(app).body, joined
    assert Server(policy, HTTP_COOKIE=f"a=1;{FULL}").run(app).body == TAGGED


def test_refusal_counts_when_two_copies_differ(gateway: Gateway) -> None:
    """5.7 Of two different copies, the refusal counts, in either order."""
    for cookie in (f"{FULL}; consent=necessary", f"consent=necessary; {FULL}"):
        assert BLOCKED_LOADER in gateway(asking(cookie=cookie), html()).body


def test_empty_or_non_ascii_cookie_gives_no_consent(gateway: Gateway) -> None:
    """5.8 An empty Cookie, and one of bytes beyond ASCII, give a page and no consent."""
    for cookie in ("\xff\xfe=\x80", "consent=functional\xa0,analytics,marketing"):
        assert BLOCKED_LOADER in gateway(asking(cookie=cookie), html()).body
    assert BLOCKED_LOADER in gateway(Request(headers=[("Cookie", "")]), html()).body
