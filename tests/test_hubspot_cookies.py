"""HubSpot's cookies: each name is in one group, each rule is consistent, and other cookies are never touched."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from consent_middleware import Policy
from consent_middleware.consent import Category
from consent_middleware.cookies import MAX_PREFIXED, CookieNames, Cookies
from consent_middleware.exchange import Exchange, RequestHead
from consent_middleware.purpose import Purpose
from consent_middleware.rules import CookieDomain, CookieRule, CookieSetter
from consent_middleware.sources import Signals
from consent_middleware.vendors.hubspot import HUBSPOT
from tests.engines import engine_for

DAY = 86_400
CHAT = {"messagesUtk", "hs-messages-is-open", "hs-messages-hide-welcome-message"}
TRACKING = {"__hstc", "hubspotutk", "__hssc", "__hssrc", "hs_dbg"}
CHOICES = {
    "__hs_opt_out",
    "__hs_initial_opt_in",
    "__hs_cookie_cat_pref",
    "__hs_do_not_track",
    "__hs_gpc_banner_dismiss",
    "__hs_notify_banner_dismiss",
}
ON_VENDOR_PAGES = {"hs_ab_test", "__hsmem", "hs-membership-csrf", "hs_langswitcher_choice"}
UNLISTED = {
    "__cf_bm",
    "__cfruid",
    "_cfuvid",
    "__cfduid",
    "<id>_key",
    "hsfirstvisit",
    "__hs_testcookie",
    "(widget position and size)",
    "_ga_*",
    "_fbp",
    "hubspotapi",
    "hubspotapi-csrf",
    "hubspotapi-prefs",
    "csrf.app",
    "hs_login_email",
    "hs_c2l",
    "laboratory-anonymous-id",
}
RULES = {rule.name: rule for rule in HUBSPOT.cookie_rules}
POLICY = Policy(contact_url="/contact")


def answered(cookies: str, *lines: str, host: str = "www.shop.example") -> list[str]:
    """Return the `Set-Cookie` lines of a page for a visitor with these cookies, if the app sets `lines`."""
    request = [(b"host", host.encode()), (b"cookie", cookies.encode())]
    exchange = Exchange(engine_for(POLICY), RequestHead("GET", "/", "", request))
    head = [(b"content-type", b"text/html"), *((b"set-cookie", line.encode()) for line in lines)]
    exchange.start(200, head)
    return [value.decode() for name, value in exchange.head if name == b"set-cookie"]


def test_each_cookie_is_in_one_group() -> None:
    by_state = [
        {rule.name for rule in HUBSPOT.cookie_rules if rule.purpose is Purpose.CHAT},
        {rule.name for rule in HUBSPOT.cookie_rules if rule.purpose is Purpose.TRACKING},
        {rule.name for rule in HUBSPOT.cookie_rules if rule.purpose is None and not rule.on_vendor_pages},
        {rule.name for rule in HUBSPOT.cookie_rules if rule.purpose is None and rule.on_vendor_pages},
        {cookie.name for cookie in HUBSPOT.disclosed.unlisted},
    ]

    assert by_state == [CHAT, TRACKING, CHOICES, ON_VENDOR_PAGES, UNLISTED]
    assert len(HUBSPOT.cookie_rules) == len(RULES)
    assert sum(map(len, by_state)) == len(set().union(*by_state))


@pytest.mark.parametrize(
    ("name", "lifetime"),
    [
        ("messagesUtk", 180 * DAY),
        ("hs-messages-is-open", 1800),
        ("hs-messages-hide-welcome-message", DAY),
        ("__hstc", 180 * DAY),
        ("hubspotutk", 180 * DAY),
        ("__hssc", 1800),
        ("__hssrc", None),
        ("hs_dbg", None),
        ("__hs_opt_out", 180 * DAY),
        ("__hs_initial_opt_in", 7 * DAY),
        ("__hs_cookie_cat_pref", 180 * DAY),
        ("__hs_do_not_track", 180 * DAY),
        ("__hs_gpc_banner_dismiss", 180 * DAY),
        ("__hs_notify_banner_dismiss", 180 * DAY),
        ("hs_ab_test", None),
        ("__hsmem", 365 * DAY),
        ("hs-membership-csrf", None),
        ("hs_langswitcher_choice", 2 * 365 * DAY),
    ],
)
def test_cookie_has_its_documented_lifetime(name: str, lifetime: int | None) -> None:
    assert RULES[name].lifetime == lifetime


@pytest.mark.parametrize("rule", HUBSPOT.cookie_rules, ids=lambda rule: rule.name)
def test_cookie_rule_is_consistent(rule: CookieRule) -> None:
    """Scripts set the chat's cookies on the host without "www.", and the trackers' on the registrable domain."""
    expected = {
        Purpose.CHAT: (Category.FUNCTIONAL, CookieDomain.PARENT, CookieSetter.SCRIPT),
        Purpose.TRACKING: (Category.ANALYTICS, CookieDomain.REGISTRABLE, CookieSetter.SCRIPT),
    }
    if rule.purpose is not None:
        assert (rule.category, rule.domain, rule.set_by) == expected[rule.purpose]
    else:
        assert rule.category is Category.NECESSARY
        assert rule.set_by is (CookieSetter.SERVER if rule.on_vendor_pages else CookieSetter.SCRIPT)
    assert not rule.prefix
    assert rule.description.endswith(".")
    assert rule.description.count(".") == 1


@pytest.mark.parametrize("name", sorted(CHAT | TRACKING))
def test_cookie_is_dropped_and_expired_after_refusal(name: str) -> None:
    assert answered("", f"{name}=x; Max-Age=9") == []

    expired = answered(f"consent=necessary; {name}=x")

    assert [line.partition("=")[0] for line in expired] == [name] * 3
    assert {line.rpartition("Domain=")[2] for line in expired[1:]} == {"www.shop.example", "shop.example"}


@pytest.mark.parametrize(
    "name",
    [
        *sorted(CHOICES | ON_VENDOR_PAGES),
        pytest.param("__cf_bm", id="Cloudflare's bot check"),
        pytest.param("__cfruid", id="Cloudflare's rate limit"),
        pytest.param("_cfuvid", id="Cloudflare's other rate limit"),
        pytest.param("__cfduid", id="Cloudflare's former id"),
        pytest.param("session_key", id="another program's key"),
        pytest.param("12345_key", id="a key that may be HubSpot's or not"),
        pytest.param("MESSAGESUTK", id="the same letters in another case"),
        pytest.param("messagesUtk2", id="a longer name"),
        pytest.param("xmessagesUtk", id="a name that ends like it"),
        pytest.param("hs-messages-is-open2", id="another longer name"),
        pytest.param("csrf.app", id="another app's protection"),
        pytest.param("_ga_ABC123", id="one that HubSpot's banner deletes"),
        pytest.param("_fbp", id="another that HubSpot's banner deletes"),
        pytest.param("hsfirstvisit", id="a retired name"),
    ],
)
def test_other_cookies_are_left_alone(name: str) -> None:
    assert answered("", f"{name}=x; Max-Age=9") == [f"{name}=x; Max-Age=9"]
    assert answered(f"consent=necessary; {name}=x") == []


NAMES = CookieNames(frozenset({b"exact", b"open-in-full"}), (b"open-",))


@pytest.mark.parametrize(
    ("name", "is_in"),
    [
        (b"exact", True),
        (b"exact-", False),
        (b"open-", True),
        (b"open-1", True),
        (b"Open-1", False),
        (b"xopen-1", False),
        (b"open", False),
        (b"", False),
        ("open-1", False),
    ],
)
def test_prefix_matches_every_name_that_starts_so(name: object, is_in: bool) -> None:
    assert (name in NAMES) is is_in


def test_empty_names_match_nothing() -> None:
    assert not CookieNames()
    assert b"" not in CookieNames()
    assert CookieNames(prefixes=(b"a",))
    assert CookieNames(frozenset({b"a"}))


def test_names_are_a_subset_only_with_all_prefixes() -> None:
    assert CookieNames(frozenset({b"exact"}), (b"open-",)) <= NAMES
    assert not CookieNames(frozenset({b"other"})) <= NAMES
    assert not CookieNames(prefixes=(b"ope",)) <= NAMES


def test_names_can_be_united() -> None:
    other = CookieNames(frozenset({b"other"}), (b"else-", b"open-"))
    both = NAMES | other

    assert both == CookieNames(frozenset({b"exact", b"open-in-full", b"other"}), (b"else-", b"open-"))
    assert all(each <= both for each in (NAMES, other))


@pytest.mark.parametrize(
    ("header", "found"),
    [
        (b"open-b=1; exact=2; open-a=3; else=4", [b"exact", b"open-a", b"open-b"]),
        (b"open-in-full=1; open-in-full=2", [b"open-in-full"]),
        pytest.param(b"a=1,open-b=2", [b"open-b"], id="two lines that a server has joined by a comma"),
        pytest.param(b"open-a b=1; open-\xe4=2; open-\x01=3; open-(=4", [], id="no well-formed name"),
    ],
)
def test_names_are_found_in_request_cookies(header: bytes, found: list[bytes]) -> None:
    assert NAMES.among(Cookies([header])) == found


def test_number_of_expired_cookies_is_bounded() -> None:
    header = b"; ".join(b"open-%d=1" % number for number in range(1000))

    assert len(NAMES.among(Cookies([header + b"; exact=1"]))) == MAX_PREFIXED + 1


PARTS = [
    "messagesUtk",
    "__hstc",
    "hubspotutk=",
    "__hssc=1",
    "x",
    "=",
    ";",
    "; ",
    ";\t",
    ",",
    ", ",
    " ",
    '"',
    "hs-messages",
]


@example(["a=1,messagesUtk=x"])
@example(["a=1", "\t__hstc=x"])
@given(st.lists(st.lists(st.sampled_from(PARTS), max_size=12).map("".join), max_size=3))
def test_no_cookie_to_expire_is_missed(headers: list[str]) -> None:
    """Property: the fast search of the whole header misses no cookie that is in it."""
    cookies = Cookies([header.encode() for header in headers])
    plan = POLICY.plan_from_readings(engine_for(POLICY).read(Signals(Cookies([b"consent=necessary"]))))
    names = engine_for(POLICY).cookies.refused(plan) | engine_for(POLICY).cookies.stale(plan)

    assert engine_for(POLICY).cookies.to_expire(plan, cookies) == names.among(cookies)
