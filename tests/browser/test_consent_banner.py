"""HubSpot's own banner as the site's consent platform, and consent of another platform that HubSpot is told."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from consent_middleware import Policy
from examples.standin import BannerPolicy, Portal, StandIn
from examples.standin.answers import CHILD_HOSTS
from examples.standin.hosts import in_region

from .app import App
from .firefox import Run
from .pages import (
    CHAT_COOKIES,
    CHAT_HOSTS,
    TRACKING_COOKIES,
    asked,
    button,
    comes,
    cookies,
    expect_state,
    hosts,
    quiet,
    until,
)

PORTAL = 12345
RECORD = "__hs_cookie_cat_pref"
LOADER = '<script id="hs-script-loader" async defer src="//js.hs-scripts.com/12345.js"></script>'
BANNER = "js.hs-banner.com"
BANNER_TAG = '<script id="cookieBanner-12345" async src="//js.hs-banner.com/v2/12345/banner.js"></script>'
INSERT = (
    "<script>var s=document.createElement('script');s.async=true;s.src='//{}';document.head.appendChild(s);"
    "window.mine=1</script>"
)
SETTINGS = "<button onclick=\"(window._hsp=window._hsp||[]).push(['showBanner'])\">Cookie settings</button>"
#: The forms of HubSpot's tag that bring the banner: the markup, and the region of the banner's host.
TAGS = {
    "the loader": (LOADER, ""),
    "the loader in another region": (LOADER.replace("js.hs", "js-eu1.hs"), "-eu1"),
    "the tracking script": ('<script src="//js.hs-analytics.net/analytics/1/12345.js" async></script>', ""),
    "a loader that a plugin delays": (LOADER.replace("src=", 'type="rocketlazyloadscript" data-rocket-src='), ""),
    "the snippet of the tracking script": (
        """<script>(function(d,s,i,r){if(d.getElementById(i)){return;}
        var n=d.createElement(s),e=d.getElementsByTagName(s)[0];n.id=i;
        n.src='//js-eu1.hs-analytics.net/analytics/'+(Math.ceil(new Date()/r)*r)+'/12345.js';
        e.parentNode.insertBefore(n,e);})(document,"script","hs-analytics",300000);</script>""",
        "-eu1",
    ),
}


class Shop:
    """A site behind the middleware, with a page that a test writes."""

    def __init__(self, app: App, page: Page, standin: StandIn) -> None:
        self.app = app
        self.page = page
        self.standin = standin

    def open(self, body: str) -> None:
        self.app.pages["/"] = (
            f'<!DOCTYPE html><html lang="en"><head><title>Shop</title></head><body>{body}</body></html>'
        )
        self.page.goto(self.app.url)

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()

    def count(self, host: str, path: str = "") -> int:
        return sum(record.host == host and path in record.path for record in asked(self.standin))

    @property
    def record(self) -> str:
        return cookies(self.page).get(RECORD, "")

    @property
    def hubspot_cookies(self) -> set[str]:
        return cookies(self.page).keys() & (TRACKING_COOKIES | CHAT_COOKIES)


Open = Callable[[Policy], Shop]


@pytest.fixture
def open_shop(page: Page, standin: StandIn) -> Iterator[Open]:
    """Yield a function that starts a site with a policy."""
    standin.portals[PORTAL] = Portal(banner_policy="COOKIES_BY_CATEGORY", banner_regions=True)
    with contextlib.ExitStack() as opened:
        yield lambda policy: Shop(opened.enter_context(App(policy, {})), page, standin)


@pytest.fixture
def shop(open_shop: Open) -> Shop:
    return open_shop(Policy(banner="hubspot", contact_url="/contact"))


def expect_banner(page: Page) -> None:
    expect(page.locator("#hs-eu-cookie-confirmation")).to_be_visible()


class TestBeforeTheChoice:
    @pytest.mark.parametrize("tag", TAGS)
    def test_banner_alone_is_asked_of_hubspot(self, shop: Shop, tag: str) -> None:
        markup, region = TAGS[tag]
        shop.open(markup)
        expect_banner(shop.page)
        quiet(shop.page, 1_300)
        host = f"js{region}.hs-banner.com"
        assert hosts(shop.standin) == {host}
        assert shop.count(host, "banner.js") == shop.count(host, "/activity/view") == shop.count(host, "font") == 1
        assert shop.count(host, "/v2/cf-location") == 1
        assert cookies(shop.page) == {}

    def test_banner_loads_under_strict_policy(self, shop: Shop) -> None:
        shop.app.headers["Content-Security-Policy"] = (
            "script-src 'nonce-abc' 'strict-dynamic'; connect-src 'self' https://js.hs-banner.com"
        )
        shop.open(LOADER.replace("<script", '<script nonce="abc"'))
        expect_banner(shop.page)
        quiet(shop.page)
        assert hosts(shop.standin) == {BANNER}

    def test_page_without_loader_gets_no_banner(self, shop: Shop) -> None:
        chat = '<script id="hubspot-messages-loader" data-hsjs-portal="12345" data-hsjs-env="prod" async {}></script>'
        shop.open(chat.format('src="//js.usemessages.com/conversations-embed.js"') + "<script>window.mine=1</script>")
        expect_state(shop.page, "idle")
        quiet(shop.page)
        assert asked(shop.standin) == []

    def test_own_tag_of_the_banner_is_the_only_one(self, shop: Shop) -> None:
        shop.open(BANNER_TAG + LOADER)
        expect_banner(shop.page)
        quiet(shop.page)
        assert hosts(shop.standin) == {BANNER}
        assert shop.page.locator("[src*=banner]").count() == shop.count(BANNER, "banner.js") == 1

    def test_banner_that_a_script_inserts_loads(self, shop: Shop) -> None:
        shop.open(INSERT.format("js.hs-banner.com/v2/12345/banner.js") + INSERT.format("js.hs-scripts.com/12345.js"))
        expect_banner(shop.page)
        quiet(shop.page)
        assert hosts(shop.standin) == {BANNER}

    def test_banner_waits_without_the_setting(self, open_shop: Open) -> None:
        shop = open_shop(Policy(contact_url="/contact"))
        shop.open(LOADER + BANNER_TAG)
        expect_state(shop.page, "idle")
        quiet(shop.page)
        assert asked(shop.standin) == []

    def test_chat_button_works_beside_the_banner(self, shop: Shop) -> None:
        shop.open(LOADER)
        expect_banner(shop.page)
        button(shop.page).click()
        expect_state(shop.page, "ready")
        expect(shop.page.frame_locator("#hubspot-conversations-iframe").get_by_label("Write a message")).to_be_visible()
        quiet(shop.page)
        assert hosts(shop.standin) == CHAT_HOSTS | {BANNER}
        assert not TRACKING_COOKIES & shop.hubspot_cookies
        assert shop.record == ""
        expect_banner(shop.page)

    @pytest.mark.parametrize("policy", ["COOKIES_WITHOUT_BANNER", "NOTIFY"])
    def test_account_that_asks_nobody_grants_nothing(self, shop: Shop, policy: BannerPolicy) -> None:
        shop.standin.portals[PORTAL] = Portal(banner_policy=policy)
        shop.open(LOADER)
        expect_state(shop.page, "idle")
        quiet(shop.page)
        assert hosts(shop.standin) == {BANNER}
        assert cookies(shop.page) == {}


class TestChoice:
    def test_acceptance_releases_the_loader_at_once(self, shop: Shop) -> None:
        shop.open(LOADER + SETTINGS)
        expect_banner(shop.page)
        shop.press("Accept")
        until(shop.page, "document.cookie.includes('__hstc') && document.cookie.includes('messagesUtk')")
        quiet(shop.page)
        assert shop.app.asked.count("/") == 1
        assert (
            shop.count("js.hs-scripts.com") == shop.count("js.hs-analytics.net") == shop.count(BANNER, "banner.js") == 1
        )
        assert shop.record == "1:true_2:true_3:true"
        # The same banner answers the site's own link.
        shop.press("Cookie settings")
        expect_banner(shop.page)
        quiet(shop.page)
        assert shop.count(BANNER, "banner.js") == 1

    def test_acceptance_counts_on_the_next_page(self, shop: Shop) -> None:
        shop.open(LOADER)
        shop.press("Accept")
        until(shop.page, "document.cookie.includes('__hstc')")
        shop.standin.clear()
        shop.open(LOADER)
        until(shop.page, "window.HubSpotConversations")
        quiet(shop.page)
        assert shop.page.locator("[data-consent]").count() == shop.page.locator("#hs-banner-parent").count() == 0
        assert shop.count(BANNER, "banner.js") == 1

    def test_functionality_alone_loads_the_chat_alone(self, shop: Shop) -> None:
        shop.open(LOADER)
        shop.press("Cookies settings")
        shop.page.get_by_label("functionality").check()
        shop.press("Save settings")
        expect_state(shop.page, "ready")
        quiet(shop.page)
        assert hosts(shop.standin) == CHAT_HOSTS | {BANNER}
        assert shop.hubspot_cookies <= CHAT_COOKIES
        assert shop.record == "1:false_2:false_3:true"

    def test_refusal_is_kept_and_asks_no_more(self, shop: Shop) -> None:
        shop.open(LOADER + SETTINGS)
        shop.press("Decline")
        quiet(shop.page, 1_300)
        shop.open(LOADER + SETTINGS)
        expect_state(shop.page, "idle")
        quiet(shop.page)
        assert hosts(shop.standin) == {BANNER}
        assert cookies(shop.page) == {RECORD: "1:false_2:false_3:false"}
        assert shop.page.locator("#hs-banner-parent").count() == 0
        shop.press("Cookie settings")
        expect_banner(shop.page)
        shop.press("Accept")
        until(shop.page, "document.cookie.includes('__hstc')")

    def test_partial_withdrawal_stays_partial(self, shop: Shop) -> None:
        shop.open(LOADER + SETTINGS)
        shop.press("Accept")
        until(shop.page, "document.cookie.includes('__hstc') && document.cookie.includes('messagesUtk')")
        quiet(shop.page)
        shop.press("Cookie settings")
        shop.press("Cookies settings")
        for name in ("analytics", "advertisement"):
            shop.page.get_by_label(name).uncheck()
        shop.app.asked.clear()
        with shop.page.expect_navigation():
            shop.press("Save settings")
        expect_state(shop.page, "ready")
        quiet(shop.page, 1_300)
        assert shop.app.asked.count("/") == 1
        assert shop.record == "1:false_2:false_3:true"
        assert not TRACKING_COOKIES & shop.hubspot_cookies
        # Only the chat, to which the visitor still agrees.
        shop.standin.clear()
        shop.open(LOADER)
        expect_state(shop.page, "ready")
        quiet(shop.page)
        assert hosts(shop.standin) == CHAT_HOSTS | {BANNER}

    def test_call_before_the_banner_is_there_counts(self, shop: Shop) -> None:
        shop.open("<script>document.cookie = '__hs_cookie_cat_pref=1:false_2:false_3:false'</script>" + LOADER)
        quiet(shop.page)
        shop.open("<script>(window._hsp = window._hsp || []).push(['showBanner'])</script>" + LOADER)
        expect_banner(shop.page)

    def test_cacheable_page_asks_every_visitor(self, open_shop: Open) -> None:
        shop = open_shop(Policy(banner="hubspot", cacheable=True))
        shop.open(LOADER)
        shop.press("Accept")
        until(shop.page, "document.cookie.includes('__hstc')")
        shop.open(LOADER)
        until(shop.page, "window.HubSpotConversations")
        quiet(shop.page)
        assert shop.page.locator("#hs-banner-parent").count() == 0
        assert shop.count(BANNER, "banner.js") == 2


HEARD = """<script>heard=[];
(window._hsp=window._hsp||[]).push(['addPrivacyConsentListener',(each)=>heard.push(each.categories)])</script>"""
TOLD = "heard.map((each) => [each.functionality, each.analytics, each.advertisement].map(Number).join(''))"


def choose(page: Page, *categories: str) -> None:
    page.evaluate("(value) => { document.cookie = 'consent=' + value }", ",".join(categories) or "necessary")


class TestForwardedConsent:
    @pytest.mark.parametrize("guard", ["always", "never"])
    def test_full_consent_is_told_and_asks_no_more(self, open_shop: Open, guard: str) -> None:
        shop = open_shop(Policy(forward_consent=True, guard=guard))  # type: ignore[arg-type]
        shop.open("")
        choose(shop.page, "functional", "analytics", "marketing")
        shop.open(LOADER + HEARD)
        until(shop.page, "document.cookie.includes('__hstc')")
        quiet(shop.page)
        assert shop.page.evaluate(TOLD) == ["111"]
        assert shop.page.locator("#hs-banner-parent").count() == 0
        assert shop.record == ""

    def test_partial_consent_is_told_as_it_is(self, open_shop: Open) -> None:
        shop = open_shop(Policy(forward_consent=True, requires={"tracking": ["analytics"]}))
        shop.open("")
        choose(shop.page, "analytics")
        shop.open(LOADER + HEARD)
        until(shop.page, "document.cookie.includes('__hstc')")
        quiet(shop.page)
        assert shop.page.evaluate(TOLD) == ["010"]
        assert shop.page.locator("#hs-banner-parent").count() == 0

    @pytest.mark.parametrize("cacheable", [False, True])
    def test_choice_on_the_page_is_told_first(self, open_shop: Open, cacheable: bool) -> None:
        shop = open_shop(Policy(forward_consent=True, cacheable=cacheable, requires={"tracking": ["analytics"]}))
        shop.open(LOADER + HEARD)
        quiet(shop.page)
        assert asked(shop.standin) == []
        choose(shop.page, "analytics", "functional")
        until(shop.page, "document.cookie.includes('__hstc')")
        quiet(shop.page)
        # The banner goes through the commands in their order before any listener hears of one.
        assert shop.page.evaluate(TOLD)[-1] == "110"
        assert shop.page.locator("#hs-banner-parent").count() == 0
        assert shop.app.asked.count("/") == 1
        told = shop.page.evaluate("heard.length")
        # Another cookie changes nothing, so nothing is told again.
        shop.page.evaluate("document.cookie = 'other=1'")
        comes(shop.page, lambda: bool(shop.page.evaluate("document.cookie.includes('other')")))
        quiet(shop.page, 1_300)
        assert shop.page.evaluate("heard.length") == told

    def test_consent_is_told_under_a_strict_policy(self, open_shop: Open) -> None:
        shop = open_shop(Policy(forward_consent=True))
        shop.open("")
        choose(shop.page, "functional", "analytics", "marketing")
        shop.app.headers["Content-Security-Policy"] = "script-src 'nonce-abc' 'strict-dynamic'"
        shop.open((HEARD + LOADER).replace("<script", '<script nonce="abc"'))
        until(shop.page, "document.cookie.includes('__hstc')")
        quiet(shop.page)
        assert shop.page.evaluate(TOLD) == ["111"]

    def test_server_that_says_nothing_changes_nothing(self, open_shop: Open) -> None:
        shop = open_shop(Policy(forward_consent=True))
        shop.open(HEARD + LOADER)
        assert shop.page.evaluate("consentMiddleware.forward()") is None
        assert shop.page.evaluate("_hsp.length") == 2

    def test_named_element_does_not_take_the_place(self, open_shop: Open) -> None:
        # The guard would be there before.
        shop = open_shop(Policy(forward_consent=True, guard="never"))
        shop.open("<form id=consentMiddleware><input name=forward></form>" + LOADER + HEARD)
        choose(shop.page, "functional", "analytics", "marketing")
        until(shop.page, "document.cookie.includes('__hstc')")
        assert shop.page.evaluate(TOLD)[-1] == "111"


@pytest.fixture
def partial(standin: StandIn) -> Iterator[App]:
    """Yield a site for Firefox that tells HubSpot of consent, and needs analytics consent alone for tracking."""
    standin.portals[PORTAL] = Portal(banner_policy="COOKIES_BY_CATEGORY")
    policy = Policy(forward_consent=True, requires={"tracking": ["analytics"]}, proxied=standin.origins)
    with App(policy, {}) as app:
        loader = standin.origin("js.hs-scripts.com").partition(":")[2]
        body = HEARD + LOADER.replace("//js.hs-scripts.com", loader)
        app.pages["/"] = f'<!DOCTYPE html><html lang="en"><title>Shop</title><body>{body}</body></html>'
        yield app


@pytest.fixture
def local(standin: StandIn) -> Iterator[App]:
    """Yield a site for Firefox, which is not given HubSpot's host names, so that local origins stand in for them."""
    standin.portals[PORTAL] = Portal(banner_policy="COOKIES_BY_CATEGORY")
    proxied = {in_region(host, "eu1"): standin.origin(in_region(host, "eu1")) for host in CHILD_HOSTS}
    with App(Policy(banner="hubspot", proxied=proxied), {}) as app:
        loader = proxied["js-eu1.hs-scripts.com"].partition(":")[2]
        body = LOADER.replace("//js.hs-scripts.com", loader) + SETTINGS
        app.pages["/"] = f'<!DOCTYPE html><html lang="en"><title>Shop</title><body>{body}</body></html>'
        yield app


class TestFirefox:
    def test_choice_in_the_banner_releases_the_loader(self, run: Run, local: App, standin: StandIn) -> None:
        before, after = run(
            f"""
            await page.goto("{local.url}");
            await there("document.getElementById('hs-eu-confirmation-button')");
            await quiet();
            const before = await page.evaluate(() => document.cookie);
            await page.evaluate(() => window.mine = 1);
            await (await page.$("#hs-eu-confirmation-button")).click();
            await there("document.cookie.includes('__hstc') && window.HubSpotConversations");
            await quiet();
            return [before, await page.evaluate(() => window.mine)];
            """
        )
        assert (before, after) == ("", 1)
        banner = [record.path for record in asked(standin) if record.host == "js-eu1.hs-banner.com"]
        assert banner.count("/v2/12345/banner.js") == 1
        first = next(number for number, record in enumerate(asked(standin)) if "hs-banner" not in record.host)
        assert "/v2/activity/click" in {record.path for record in asked(standin)[:first]}

    def test_partial_consent_is_told_on_every_page(self, run: Run, partial: App, standin: StandIn) -> None:
        found = run(
            f"""
            await page.goto("{partial.url}");
            await inState("idle");
            await quiet();
            const before = urls.filter((url) => !url.startsWith("{partial.url}")).length;
            await page.evaluate(() => document.cookie = "consent=analytics");
            await there("document.cookie.includes('__hstc')");
            await quiet();
            const onThePage = await page.evaluate(() => {TOLD});
            await page.goto("{partial.url}");
            await there("window.HubSpotConversations && heard.length");
            await quiet();
            return [before, onThePage.at(-1), await page.evaluate(() => {TOLD}),
              await page.evaluate(() => document.querySelectorAll("#hs-banner-parent").length)];
            """
        )
        assert found == [0, "010", ["010"], 0]

    def test_refusal_in_the_banner_loads_nothing(self, run: Run, local: App, standin: StandIn) -> None:
        found = run(
            f"""
            await page.goto("{local.url}");
            await there("document.getElementById('hs-eu-decline-button')");
            await (await page.$("#hs-eu-decline-button")).click();
            await sleep(0);
            await there("document.cookie.includes('false_3')");
            await quiet();
            await page.goto("{local.url}");
            await inState("idle");
            await quiet();
            return page.evaluate(() => document.cookie);
            """
        )
        assert found == "__hs_cookie_cat_pref=1:false_2:false_3:false"
        assert hosts(standin) == {"js-eu1.hs-banner.com"}

    def test_partial_withdrawal_stays_partial(self, run: Run, local: App, standin: StandIn) -> None:
        found = run(
            f"""
            await page.goto("{local.url}");
            await there("document.getElementById('hs-eu-confirmation-button')");
            await (await page.$("#hs-eu-confirmation-button")).click();
            await there("document.cookie.includes('__hstc') && document.cookie.includes('messagesUtk')");
            await quiet();
            await page.evaluate(() => {{
              window.before = 1;
              _hsp.push(["showBanner"]);
              document.getElementById("hs-eu-cookie-settings-button").click();
              for (const name of ["analytics", "advertisement"])
                document.querySelector(`[name=${{name}}]`).checked = false;
              document.getElementById("hs-modal-save").click();
            }});
            await there("!window.before && document.readyState === 'complete'");
            await inState("ready");
            await quiet();
            return page.evaluate(() => document.cookie);
            """
        )
        assert "__hs_cookie_cat_pref=1:false_2:false_3:true" in found
        assert not any(f"{name}=" in found for name in TRACKING_COOKIES)
