"""HubSpot's own banner in a page whose loader waits, and the script that tells HubSpot of consent given elsewhere."""

from __future__ import annotations

import json
import logging
import re
from dataclasses import replace
from typing import Any

import pytest

from consent_middleware import Policy, PolicyError
from consent_middleware.consent import Category
from consent_middleware.cookies import Cookies
from consent_middleware.disclosure import disclosure, to_markdown
from consent_middleware.engine import PAGES_WITHOUT_PLATFORM
from consent_middleware.explain import text_of
from consent_middleware.facade.guard_rules import guard_rules, proxied_hosts
from consent_middleware.sources import Signals
from consent_middleware.vendors.hubspot import HUBSPOT
from tests.engines import engine_for
from tests.gateways import GATEWAYS, Gateway, Reply, Request, through_core

LOADER = '<script id="hs-script-loader" async defer src="//js.hs-scripts.com/12345.js"></script>'
EU_LOADER = LOADER.replace("js.hs", "js-eu1.hs")
OWN_BANNER = '<script src="//js.hs-banner.com/v2/12345/banner.js" async></script>'
CHAT = (
    '<script id="hubspot-messages-loader" data-hsjs-portal="1" data-hsjs-env="prod" '
    'src="//js.usemessages.com/conversations-embed.js"></script>'
)
ONETRUST = (
    "OptanonAlertBoxClosed=2026-01-01T00:00:00.000Z; OptanonConsent=interactionCount=1&groups=C0002:1,C0004:0,C0003:0"
)
SNIPPET = (
    "<script>(function(d,s,i,r){if(d.getElementById(i)){return;}var n=d.createElement(s),"
    "e=d.getElementsByTagName(s)[0];n.id=i;n.src='//js.hs-analytics.net/analytics/'+(Math.ceil(new Date()/r)*r)"
    "+'/12345.js';e.parentNode.insertBefore(n,e);})(document,'script','hs-analytics',300000);</script>"
)
LATE_SNIPPET = (
    "<script>addEventListener('load',function(){var s=document.createElement('script');s.id='hs-script-loader';"
    "s.src='//js.hs-scripts.com/12345.js';document.head.appendChild(s)})</script>"
)
MIXED = SNIPPET.replace("<script>", "<script>document.body.className='mine';")
ACCEPTED = "__hs_cookie_cat_pref=1:true_2:true_3:true"
POLICY = Policy(contact_url="/contact", banner="hubspot")
FORWARDING = Policy(contact_url="/contact", forward_consent=True)


def send(
    body: str,
    policy: Policy = POLICY,
    cookie: str | None = None,
    csp: str | None = None,
    kind: str = "text/html; charset=utf-8",
    gateway: Gateway = through_core,
) -> str:
    """Return the page that a visitor gets."""
    headers = [("Content-Type", kind), *([("Content-Security-Policy", csp)] if csp else [])]
    request = Request.with_cookie(cookie)
    request.headers.append(("Host", "shop.example"))
    return gateway(policy, request, Reply([body.encode()], headers=headers)).text


def banners(page: str) -> list[str]:
    """Return the banner's tags that a browser loads."""
    return re.findall(r'<script[^>]* src="([^"]*hs-banner[^"]*)"', page)


def notices(policy: Policy) -> dict[str, int]:
    return engine_for(policy).notices.counts


@pytest.mark.parametrize("gateway", GATEWAYS.values(), ids=GATEWAYS)
def test_gateways_put_the_banner_before_the_loader(gateway: Gateway) -> None:
    page = send(f"<!DOCTYPE html><p>a</p>{EU_LOADER}", gateway=gateway)
    tag = (
        '<script async="" src="https://js-eu1.hs-banner.com/v2/12345/banner.js" type="text/javascript" '
        'id="cookieBanner-12345" data-cookieconsent="ignore" data-hs-ignore="true" data-loader="hs-scriptloader" '
        'data-hsjs-portal="12345" data-hsjs-env="prod" data-hsjs-hublet="eu1"></script>'
    )
    assert tag + '<script type="text/x-consent" data-consent="tracking"' in page
    assert page.index("data-guard") < page.index(tag)


@pytest.mark.parametrize("gateway", GATEWAYS.values(), ids=GATEWAYS)
def test_gateways_forward_the_consent(gateway: Gateway) -> None:
    page = send(f"<p>a</p>{LOADER}", FORWARDING, "consent=functional,analytics,marketing", gateway=gateway)
    assert LOADER in page
    assert page.index("setHubSpotConsent") < page.index(LOADER)
    assert '{"functional":true,"analytics":true,"marketing":true}' in page


class TestBanner:
    @pytest.mark.parametrize(
        ("markup", "found"),
        {
            "a loader": (LOADER, ["https://js.hs-banner.com/v2/12345/banner.js"]),
            "two loaders": (LOADER + EU_LOADER, ["https://js.hs-banner.com/v2/12345/banner.js"]),
            "a snippet": (SNIPPET, ["https://js.hs-banner.com/v2/12345/banner.js"]),
            "a snippet that waits for the page": (LATE_SNIPPET, ["https://js.hs-banner.com/v2/12345/banner.js"]),
            "the site's own banner, then a loader": (OWN_BANNER + LOADER, ["//js.hs-banner.com/v2/12345/banner.js"]),
            "a loader, then the site's own banner": (
                LOADER + OWN_BANNER,
                ["https://js.hs-banner.com/v2/12345/banner.js"],
            ),
            "a loader at the page's own path": (
                '<script src="/hs/scriptloader/12345.js"></script>',
                ["https://js.hs-banner.com/v2/12345/banner.js"],
            ),
            "no HubSpot": ("<script>window.mine=1</script>", []),
            "the chat alone": (CHAT, []),
            "code of the site's own with a loader": (MIXED, []),
            "a loader without a portal": ('<script id="hs-script-loader" src="/copy.js"></script>', []),
            "a copy of the loader on another host": (
                '<script id="hs-script-loader" src="//evil.example/666.js"></script>',
                [],
            ),
            "a loader in a custom element": ('<lazy-script src="//js.hs-scripts.com/666.js"></lazy-script>', []),
            "a loader in SVG": ('<svg><script href="//js.hs-scripts.com/12345.js"></script></svg>', []),
            "a loader in a frame's document": (f"<iframe srcdoc='{LOADER}'></iframe>", []),
            "a loader for visitors without scripts": (f"<noscript>{LOADER}</noscript>", []),
            "the banner's older address": ('<script src="//js.hs-banner.com/12345.js"></script>', []),
            "a copy of the banner": ('<script id="cookieBanner-1" src="//cdn.example/hs-banner.js"></script>', []),
            "the banner in a frame's document": (f"<iframe srcdoc='{OWN_BANNER}'></iframe>", []),
        }.values(),
    )
    def test_page_has_one_banner_if_a_loader_waits(self, markup: str, found: list[str]) -> None:
        assert banners(send(f"<!DOCTYPE html><body>{markup}")) == found

    def test_document_in_a_frame_gets_no_banner(self) -> None:
        assert "hs-banner" not in send(f"<iframe srcdoc='{LOADER}'></iframe>")

    def test_consent_leaves_the_page_to_the_loader(self) -> None:
        assert send(f"<p>{LOADER}", cookie=ACCEPTED) == f"<p>{LOADER}"
        at_once = Policy(contact_url="/contact", banner="hubspot", withdrawal="at-once")
        assert banners(send(f"<p>{LOADER}", at_once, ACCEPTED)) == []

    def test_partial_consent_still_needs_the_banner(self) -> None:
        assert len(banners(send(LOADER, cookie="__hs_cookie_cat_pref=1:true_2:false_3:true"))) == 1

    def test_proxied_origin_serves_the_banner(self) -> None:
        proxied = {"js-eu1.hs-banner.com": "https://b.shop.example", "js.hs-scripts.com": "https://b.shop.example"}
        policy = Policy(contact_url="/contact", banner="hubspot", proxied=proxied)
        page = send(EU_LOADER, policy)
        assert '<script async="" src="https://b.shop.example/v2/12345/banner.js"' in page
        own = '<script src="https://b.shop.example/v2/12345/banner.js"></script>'
        assert own in send(own + EU_LOADER, policy)

    @pytest.mark.parametrize(
        ("csp", "tag", "count", "nonce"),
        [
            pytest.param("script-src 'nonce-abc'", 'nonce="abc"', 1, True, id="a nonce"),
            pytest.param("script-src 'nonce-abc' 'strict-dynamic'", 'nonce="abc"', 1, True, id="a nonce for all"),
            pytest.param("script-src 'self' js.hs-scripts.com js.hs-banner.com", "", 1, False, id="hosts"),
            pytest.param("script-src 'self' js.hs-scripts.com", "", 0, False, id="hosts without the banner's"),
            pytest.param("script-src 'nonce-abc'", "", 0, False, id="a tag that the policy stops"),
        ],
    )
    def test_csp_must_allow_the_banner(self, csp: str, tag: str, count: int, nonce: bool) -> None:
        policy = Policy(contact_url="/contact", banner="hubspot")
        page = send(LOADER.replace("<script", f"<script {tag}"), policy, csp=csp)
        assert len(banners(page)) == count
        assert ('<script async="" nonce="abc" src="https://js.hs-banner.com' in page) is nonce
        is_refused = "js.hs-banner.com" not in csp and not count and "nonce" not in csp
        assert ("csp-refuses-banner" in notices(policy)) is is_refused

    def test_policy_in_the_page_must_allow_it_too(self) -> None:
        policy = Policy(contact_url="/contact", banner="hubspot")
        meta = "<meta http-equiv=Content-Security-Policy content=\"script-src 'self' js.hs-scripts.com\">"
        assert banners(send(f"<head>{meta}{LOADER}", policy)) == []
        assert notices(policy)["csp-refuses-banner"] == 1

    def test_injected_loader_without_the_pages_nonce_shows_none(self) -> None:
        # The policy is in the page, which our script's nonce is known from.
        page = f'<script nonce="abc">window.mine=1</script>{LOADER.replace("12345", "666")}'
        assert banners(send(page)) == []
        assert len(banners(send(page.replace("<script id", '<script nonce="abc" id')))) == 1

    def test_own_tag_that_the_policy_stops_does_not_count(self) -> None:
        csp = "script-src 'nonce-abc'"
        page = send(OWN_BANNER + LOADER.replace("<script", '<script nonce="abc"'), csp=csp)
        assert banners(page) == ["https://js.hs-banner.com/v2/12345/banner.js"]

    def test_page_in_xml_gets_the_banner(self) -> None:
        page = f'<html xmlns="http://www.w3.org/1999/xhtml"><body>{LOADER.replace("async defer", "")}</body></html>'
        assert len(banners(send(page, kind="application/xhtml+xml"))) == 1

    def test_tag_that_may_be_text_brings_no_banner(self) -> None:
        assert banners(send(f"<svg><title><!--</title>{LOADER}-->")) == []

    def test_setting_changes_the_fingerprint(self) -> None:
        policies = (POLICY, FORWARDING, Policy(contact_url="/contact"))
        assert len({engine_for(policy).fingerprint for policy in policies}) == 3

    def test_records_of_the_banner_are_never_expired(self) -> None:
        refused = "__hs_cookie_cat_pref=1:false_2:false_3:false; __hs_gpc_banner_dismiss=true; __hstc=1; messagesUtk=2"
        result = through_core(POLICY, Request.with_cookie(refused), Reply([LOADER.encode()]))
        expired = {line.partition("=")[0] for line in result.all("set-cookie")}
        assert expired == {"__hstc", "messagesUtk"}


class TestGuard:
    def waits_for(self, place: str, free: tuple[str, ...]) -> str:
        rows = re.findall(r'\["([a-z]*)",/((?:\\/|[^/])*)/', guard_rules([HUBSPOT], free))
        return next((purpose for purpose, pattern in rows if re.search(pattern, f".{place}")), "nothing")

    def test_guard_lets_the_banner_pass_and_no_tracker(self) -> None:
        assert HUBSPOT.banner is not None
        free = HUBSPOT.banner.addresses
        for path in ("v2/1/banner.js", "v2/activity/view", "cookie-banner-public/v1/x"):
            assert self.waits_for(f"js.hs-banner.com/{path}", free) == ""
            assert self.waits_for(f"js.hs-banner.com/{path}", ()) == "tracking"
        for place in (
            "js.hs-scripts.com/1.js",
            "js.hs-analytics.net/v2/",
            "track.hubspot.com/x",
            "js.hs-banner.com/1.js",
        ):
            assert self.waits_for(place, free) == "tracking"

    def test_origin_for_several_hosts_tries_the_banner_first(self) -> None:
        origin = "https://hs.shop.example"
        proxied = {"js.hs-scripts.com": origin, "js-eu1.hs-banner.com": origin}
        assert proxied_hosts(proxied)["hs.shop.example"][0] == "js.hs-scripts.com"
        assert proxied_hosts(proxied, ["js.hs-banner.com/v2/"])["hs.shop.example"][0] == "js-eu1.hs-banner.com"

    def test_vendor_without_submissions_may_have_a_banner(self) -> None:
        vendor = replace(HUBSPOT, submission_urls=())
        assert guard_rules([vendor], ["js.hs-banner.com/v2/"]).startswith('[["",/\\.(js.hs-banner.com\\/v2\\/)/]')
        assert '[""' not in guard_rules([vendor])


class TestForwardedConsent:
    @pytest.mark.parametrize(
        ("cookie", "regime", "states"),
        [
            ("consent=functional,analytics,marketing", "opt-in", (1, 1, 1)),
            ("consent=analytics", "opt-in", (0, 1, 0)),
            (ONETRUST, "opt-in", (0, 1, 0)),
            ("", "opt-in", (0, 0, 0)),
            ("", "opt-out", (1, 1, 1)),
            ("consent=necessary", "opt-out", (0, 0, 0)),
            (ACCEPTED, "opt-in", (1, 1, 1)),
        ],
    )
    def test_states_are_those_that_the_visitor_agreed_to(
        self, cookie: str, regime: str, states: tuple[int, ...]
    ) -> None:
        policy = Policy(contact_url="/contact", forward_consent=True, regime=regime)
        names = ("functional", "analytics", "marketing")
        expected = json.dumps(dict(zip(names, map(bool, states), strict=True)), separators=(",", ":"))
        assert expected in send(LOADER, policy, cookie)
        answer = through_core(policy, Request(path="/_consent/decision", headers=[("Cookie", cookie)]), Reply([b""]))
        assert json.loads(answer.text)["consent"] == json.loads(expected)

    def test_pages_that_differ_have_different_tags(self) -> None:
        reply = Reply([LOADER.encode()], headers=[("Content-Type", "text/html"), ("ETag", '"1"')])
        tags = {
            through_core(FORWARDING, Request.with_cookie(f"consent={value}"), reply).all("etag")[0]
            for value in ("analytics", "marketing", "necessary", "analytics,functional", "functional")
        }
        assert len(tags) == 5
        plain = Policy(contact_url="/contact")
        assert engine_for(plain).shared_page_plan.variant == "c0t0e0"

    def test_page_cache_keeps_the_states_apart(self) -> None:
        pages = [send(LOADER, FORWARDING, f"consent={value}") for _ in range(3) for value in ("analytics", "marketing")]
        assert pages[:2] == pages[2:4] == pages[4:]
        assert pages[0] != pages[1]

    def test_cacheable_page_grants_nothing(self) -> None:
        policy = Policy(contact_url="/contact", forward_consent=True, cacheable=True)
        pages = {
            send(LOADER, policy, cookie) for cookie in ("consent=functional,analytics,marketing", "consent=analytics")
        }
        assert len(pages) == 1
        assert '{"functional":false,"analytics":false,"marketing":false}' in pages.pop()

    @pytest.mark.parametrize("guard", ["always", "auto", "never"])
    def test_script_stands_once_before_the_first_script(self, guard: Any) -> None:
        policy = Policy(contact_url="/contact", forward_consent=True, guard=guard)
        page = send(
            f"<p>a</p><script>window.mine=1</script><script>window.more=1</script>{LOADER}", policy, "consent=x"
        )
        assert page.count("setHubSpotConsent") == 1
        assert page.index("setHubSpotConsent") < page.index("window.mine")
        handler = send(f'<body onload="go()">{LOADER}', policy, "consent=functional,analytics,marketing")
        # An event handler is asked about before the first script only where the guard is always wanted.
        assert handler.count("setHubSpotConsent") == 1

    @pytest.mark.parametrize(
        "page",
        [
            pytest.param("<p>no script</p>", id="no script"),
            pytest.param(f"<html amp><script>1</script>{LOADER}", id="an AMP page"),
            pytest.param(f"<iframe srcdoc='{LOADER}'></iframe>", id="a frame's document"),
            pytest.param("<svg><script>window.mine=1</script></svg>", id="a script in SVG"),
            pytest.param('<script type="application/json">{}</script>', id="data"),
            pytest.param('<base href="//cdn.example/"><p>', id="no script, and a base"),
        ],
    )
    def test_page_without_a_script_of_its_own_stays(self, page: str) -> None:
        cookie = "consent=functional,analytics,marketing"
        assert send(page, FORWARDING, cookie) == page

    def test_file_is_named_where_the_policy_forbids_text(self) -> None:
        cookie = "consent=functional,analytics,marketing"
        page = send(f"<p>{LOADER}", FORWARDING, cookie, csp="script-src 'self' js.hs-scripts.com")
        found = re.search(r'<script src="(/_consent/consent\.[0-9a-f]{16}\.js)"></script>', page)
        assert found is not None
        script = through_core(FORWARDING, Request(path=found[1]), Reply([b""]))
        assert '{"functional":true,"analytics":true,"marketing":true}' in script.text
        assert script.all("cache-control") == ["public, max-age=31536000, immutable"]

    def test_older_file_grants_nothing(self) -> None:
        old = Request(path="/_consent/consent.0123456789abcdef.js")
        script = through_core(FORWARDING, old, Reply([b""]))
        assert '{"functional":false,"analytics":false,"marketing":false}' in script.text
        assert script.all("cache-control") == ["no-cache"]
        assert "setHubSpotConsent" not in through_core(POLICY, old, Reply([b""])).text

    def test_nonce_is_that_of_the_page(self) -> None:
        cookie = "consent=functional,analytics,marketing"
        tag = LOADER.replace("<script", '<script nonce="abc"')
        for csp in ("script-src 'nonce-abc' 'strict-dynamic'", None):
            page = send(f"<p>{tag}", FORWARDING, cookie, csp=csp)
            assert page.startswith('<p><script nonce="abc">(f=>f([c=>{window.disableHubSpotCookieBanner')

    def test_policy_that_stops_the_script_is_noted(self) -> None:
        policy = Policy(contact_url="/contact", forward_consent=True)
        cookie = "consent=functional,analytics,marketing"
        page = f"<p>{LOADER}"
        assert send(page, policy, cookie, csp="script-src js.hs-scripts.com") == page
        assert notices(policy)["csp-refuses-consent"] == 1

    def test_page_with_unknown_host_and_base_goes_without(self) -> None:
        policy = Policy(contact_url="/contact", forward_consent=True)
        request = Request.with_cookie("consent=functional,analytics,marketing")
        page = f'<base href="//cdn.example/">{LOADER}'
        assert through_core(policy, request, Reply([page.encode()])).text == page


class TestSettings:
    @pytest.mark.parametrize(
        ("settings", "numbers"),
        [
            ({"banner": "nobody"}, ["CM070"]),
            ({"banner": "intercom", "vendors": ["hubspot", "intercom"]}, ["CM070"]),
            ({"banner": "hubspot", "vendors": ["intercom"]}, ["CM070"]),
            ({"banner": HUBSPOT}, ["CM070"]),
            ({"banner": ""}, ["CM070"]),
            ({"banner": "hubspot", "ignore": ["hubspot"]}, ["CM072"]),
            ({"banner": "hubspot", "forward_consent": True}, ["CM072"]),
            ({"forward_consent": "yes"}, ["CM071"]),
            ({"forward_consent": True, "vendors": ["intercom"]}, ["CM071"]),
            ({"banner": "hubspot", "vendors": ["nobody"]}, ["CM060", "CM070"]),
        ],
    )
    def test_wrong_settings_raise_with_their_number(self, settings: Any, numbers: list[str]) -> None:
        with pytest.raises(PolicyError) as caught:
            Policy(**settings)
        assert list(caught.value.numbers) == numbers

    def test_message_names_the_vendors_with_a_banner(self) -> None:
        with pytest.raises(PolicyError, match="must be a vendor with a consent banner: hubspot"):
            Policy(banner="hubspt")
        with pytest.raises(PolicyError, match="none of these vendors has one"):
            Policy(banner="hubspot", vendors=["intercom"])


class TestNotice:
    def visit(self, policy: Policy, times: int, page: str = LOADER, cookie: str | None = None) -> int:
        for _ in range(times):
            send(f"<p>{page}", policy, cookie)
        return notices(policy).get("banner-waits", 0)

    def test_site_without_any_platform_is_told_once(self, caplog: pytest.LogCaptureFixture) -> None:
        policy = Policy(contact_url="/contact")
        with caplog.at_level(logging.WARNING, "consent_middleware"):
            assert self.visit(policy, PAGES_WITHOUT_PLATFORM - 1) == 0
            assert not caplog.records
            assert self.visit(policy, 3) == 3
        (record,) = caplog.records
        assert "HubSpot's own banner" in record.getMessage()
        assert "set banner='hubspot'" in record.getMessage()

    @pytest.mark.parametrize(
        ("settings", "page", "cookie"),
        [
            pytest.param({"banner": "hubspot"}, LOADER, None, id="the setting"),
            pytest.param({"forward_consent": True}, LOADER, None, id="consent that is handed on"),
            pytest.param({"sources": [lambda _: []]}, LOADER, None, id="a source of the site's own"),
            pytest.param({}, LOADER, "consent=necessary", id="the site's own cookie"),
            pytest.param({}, LOADER, "CookieConsent=0", id="a platform's cookie"),
            pytest.param({}, f"<script>klaro.setup({{}})</script>{LOADER}", None, id="a platform's script"),
            pytest.param(
                {},
                f'<script type="text/plain" data-cookiecategory="ads" src="//js.hs-scripts.com/2.js"></script>{LOADER}',
                None,
                id="a tag that a platform blocks",
            ),
            pytest.param(
                {}, '<script src="//js.usemessages.com/conversations-embed.js"></script>', None, id="no loader"
            ),
        ],
    )
    def test_site_with_a_platform_is_not_told(self, settings: Any, page: str, cookie: str | None) -> None:
        policy = Policy(contact_url="/contact", **settings)
        self.visit(policy, 1, page, cookie)
        assert self.visit(policy, PAGES_WITHOUT_PLATFORM, page if "klaro" not in page else LOADER) == 0

    @pytest.mark.parametrize("cookie", ["__hs_cookie_cat_pref=1:false_2:false_3:false", "other=1"])
    def test_banners_own_cookie_shows_no_other_platform(self, cookie: str) -> None:
        policy = Policy(contact_url="/contact")
        self.visit(policy, 1, LOADER + OWN_BANNER.replace("async", 'data-cookieconsent="ignore"'), cookie)
        assert self.visit(policy, PAGES_WITHOUT_PLATFORM - 1) == 1

    def test_signal_of_the_browser_shows_no_platform(self) -> None:
        assert "no consent platform" in text_of(Policy(ignore=[]), [(b"sec-gpc", b"1"), (b"dnt", b"1")])

    def test_explanation_says_what_to_do(self) -> None:
        assert "set banner='hubspot'" in text_of(Policy(), [])
        assert "banner" not in text_of(Policy(banner="hubspot"), [])
        assert "banner" not in text_of(Policy(), [(b"cookie", b"consent=functional")])
        assert "banner" not in text_of(Policy(vendors=["intercom"]), [])


class TestDisclosure:
    def test_hosts_before_consent_come_first(self) -> None:
        listed = disclosure(POLICY).hosts
        before = [host for host in listed if host.contact.purpose is None]
        assert list(listed[: len(before)]) == before
        assert [host.contact.host for host in before] == ["js.hs-banner.com", "exceptions.hs-embed-reporting.com"]
        assert all(host.contact.regional for host in before)
        assert "before any consent, because the banner asks for it" in to_markdown(disclosure(POLICY))

    def test_no_host_is_contacted_without_the_setting(self) -> None:
        assert all(host.contact.purpose for host in disclosure(Policy()).hosts)

    def test_banner_is_the_platform_whose_cookies_are_read(self) -> None:
        assert HUBSPOT.banner is not None
        (reading,) = engine_for(POLICY).read(Signals(Cookies((ACCEPTED.encode(),))))
        assert reading.source == HUBSPOT.banner.source
        rules = {rule.id for rule in HUBSPOT.tag_rules} | {rule.id for rule in HUBSPOT.text_rules}
        assert {HUBSPOT.banner.rule, *HUBSPOT.banner.loaders} <= rules
        assert reading.grants(Category.ANALYTICS)
