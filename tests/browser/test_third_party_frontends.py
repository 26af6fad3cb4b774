"""With real consent platforms, libraries that swap pages, and the real back/forward cache."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, TimeoutError, expect  # noqa: A004 - Playwright's own

from consent_middleware import Policy
from examples.standin import StandIn
from tests import chromium, npm
from tests.quiet import navigation, watch

from .app import App
from .pages import CHAT_HOSTS, asked, asks, button, comes, cookies, expect_state, hosts, place, quiet, until

TAG = '<script id="hs-script-loader" async defer src="https://js.hs-scripts.com/12345.js"></script>'
SERVICES = {"chat": "functional", "statistics": "analytics", "advertising": "marketing"}


@pytest.fixture(scope="module")
def app(browser: Browser) -> Iterator[App]:
    folders = {
        "cookieconsent": npm.package("vanilla-cookieconsent") / "dist",
        "klaro": npm.package("klaro") / "dist",
        "tarteaucitron": npm.package("tarteaucitronjs"),
        "turbo": npm.package("@hotwired/turbo") / "dist",
        "htmx": npm.package("htmx.org") / "dist",
    }
    policy = Policy(contact_url="/contact", mapping={"klaro": SERVICES, "tarteaucitron": SERVICES})
    with App(policy, folders) as app:
        yield app


def page_of(head: str = "", body: str = "", title: str = "Shop") -> str:
    return (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>{head}{TAG}</head>'
        f"<body><main><h1>{title}</h1>{body}</main></body></html>"
    )


COOKIECONSENT = """<link rel="stylesheet" href="/cookieconsent/cookieconsent.css">
<script src="/cookieconsent/cookieconsent.umd.js"></script>
<script>addEventListener("DOMContentLoaded", () => CookieConsent.run({
  hideFromBots: false,
  categories: {necessary: {enabled: true, readOnly: true}, functional: {}, analytics: {}, marketing: {}},
  language: {default: "en", translations: {en: {
    consentModal: {title: "Cookies", acceptAllBtn: "Accept all", acceptNecessaryBtn: "Reject all",
      showPreferencesBtn: "Choose"},
    preferencesModal: {title: "Choose", acceptAllBtn: "Accept everything", acceptNecessaryBtn: "Reject everything",
      savePreferencesBtn: "Save", sections: [{title: "Chat", linkedCategory: "functional"}]}}}}
}))</script>"""

KLARO = """<script>klaroConfig = {version: 1, elementID: "klaro", storageMethod: "cookie", cookieName: "klaro",
  default: false, mustConsent: false, acceptAll: true, translations: {en: {purposes: {functional: "Functional",
  analytics: "Analytics", marketing: "Marketing"}}}, lang: "en", services: [
  {name: "chat", title: "Chat", purposes: ["functional"]}, {name: "statistics", title: "S", purposes: ["analytics"]},
  {name: "advertising", title: "A", purposes: ["marketing"]}]}</script>
<script defer src="/klaro/klaro.js" data-config="klaroConfig"></script>"""

TARTEAUCITRON = """<script src="/tarteaucitron/tarteaucitron.js"></script><script>
tarteaucitron.init({privacyUrl: "", hashtag: "#tarteaucitron", cookieName: "tarteaucitron", orientation: "middle",
  groupServices: false, showAlertSmall: false, cookieslist: false, adblocker: false, DenyAllCta: true,
  AcceptAllCta: true, highPrivacy: true, handleBrowserDNTRequest: false, removeCredit: true, mandatory: true,
  useExternalCss: false, readmoreLink: ""});
tarteaucitron.job = tarteaucitron.job || [];
for (const [key, type] of [["chat", "support"], ["statistics", "analytic"], ["advertising", "ads"]]) {
  tarteaucitron.services[key] = {key, type, name: key, needConsent: true, cookies: [], uri: "", js() {}, fallback() {}};
  tarteaucitron.job.push(key);
}</script>"""

#: For each platform: its scripts, and the buttons that accept all and refuse all.
PLATFORMS = {
    "cookieconsent": (COOKIECONSENT, '#cc-main button[data-role="all"]', '#cc-main button[data-role="necessary"]'),
    "klaro": (KLARO, ".klaro .cm-btn-success", ".klaro .cn-decline"),
    "tarteaucitron": (TARTEAUCITRON, "#tarteaucitronPersonalize2", "#tarteaucitronAllDenied2"),
}


def choose(page: Page, selector: str) -> None:
    """Click a button of the banner until the platform reacts and closes the banner."""
    wanted = page.locator(selector).first
    wanted.wait_for(state="visible")

    def is_taken() -> bool:
        with suppress(TimeoutError):
            wanted.click(timeout=2_000)
            wanted.wait_for(state="hidden", timeout=1_000)
        return not wanted.is_visible()

    comes(page, is_taken)


@pytest.mark.parametrize("platform", PLATFORMS)
class TestPlatforms:
    def test_accepting_all_loads_tags_without_reload(
        self, page: Page, app: App, standin: StandIn, platform: str
    ) -> None:
        scripts, agree, _ = PLATFORMS[platform]
        app.pages = {"/": page_of(scripts)}
        page.goto(app.url)
        expect_state(page, "idle")
        quiet(page)
        app.asked.clear()
        assert asked(standin) == []
        choose(page, agree)
        expect_state(page, "ready")
        until(page, "document.cookie.includes('__hstc')")
        requests = [record.host for record in asked(standin)]
        assert requests.count("js.hs-scripts.com") == 1
        assert requests.count("js.usemessages.com") == 1
        assert "/" not in app.asked

    def test_refusing_all_loads_nothing_and_leaves_button(
        self, page: Page, app: App, standin: StandIn, platform: str
    ) -> None:
        scripts, _, refuse = PLATFORMS[platform]
        app.pages = {"/": page_of(scripts)}
        page.goto(app.url)
        expect_state(page, "idle")
        before = asks(page)
        choose(page, refuse)
        comes(page, lambda: asks(page) > before)
        quiet(page)
        assert asked(standin) == []
        expect(button(page)).to_be_visible()


def test_withdrawal_ends_chat_and_cookies_at_once(page: Page, app: App, standin: StandIn) -> None:
    app.pages = {"/": page_of(COOKIECONSENT)}
    page.goto(app.url)
    choose(page, PLATFORMS["cookieconsent"][1])
    expect_state(page, "ready")
    until(page, "document.cookie.includes('__hstc') && document.cookie.includes('messagesUtk')")
    # Wait, because a late cookie would be set after the withdrawal.
    quiet(page)
    app.asked.clear()
    with navigation(page):
        page.evaluate("CookieConsent.acceptCategory([])")
    expect_state(page, "idle")
    quiet(page, 1_300)
    assert app.asked.count("/") == 1
    assert not cookies(page).keys() & {"__hstc", "hubspotutk", "__hssc", "__hssrc", "messagesUtk"}
    assert page.locator("iframe").count() == 0


class TestSwaps:
    def turbo(self) -> str:
        return '<script src="/turbo/turbo.es2017-umd.js"></script>'

    def test_button_works_on_every_page_under_turbo(self, page: Page, app: App, standin: StandIn) -> None:
        app.pages = {
            "/": page_of(self.turbo(), '<a href="/two">Two</a>'),
            "/two": page_of(self.turbo(), '<a href="/">One</a>', title="Second"),
        }
        page.goto(app.url)
        expect_state(page, "idle")
        page.evaluate("window.same = 1")
        page.get_by_role("link", name="Two").click()
        expect(page.get_by_role("heading", name="Second")).to_be_visible()
        expect_state(page, "idle")
        expect(place(page)).to_have_count(1)
        button(page).click()
        expect_state(page, "ready")
        assert page.evaluate("window.same") == 1
        assert hosts(standin) == CHAT_HOSTS

    def test_consent_persists_across_pages_under_turbo(self, page: Page, app: App, standin: StandIn) -> None:
        app.pages = {
            "/": page_of(self.turbo(), '<a href="/two">Two</a>'),
            "/two": page_of(self.turbo(), '<a href="/">One</a>', title="Second"),
        }
        page.goto(app.url)
        expect_state(page, "idle")
        page.get_by_role("link", name="Two").click()
        expect(page.get_by_role("heading", name="Second")).to_be_visible()
        expect_state(page, "idle")
        page.evaluate("document.cookie = 'consent=functional,analytics,marketing; path=/'")
        until(page, "document.cookie.includes('__hstc')")
        page.go_back()
        expect(page.get_by_role("heading", name="Shop")).to_be_visible()
        quiet(page, 1_300)
        # Turbo adds the tag from the head of the page sent after consent, which must load nothing again.
        requests = [record.host for record in asked(standin)]
        assert requests.count("js.usemessages.com") == 1
        assert requests.count("js.hs-analytics.net") == 1

    def test_button_works_after_htmx_swaps_body_or_part(self, page: Page, app: App, standin: StandIn) -> None:
        htmx = '<script src="/htmx/htmx.min.js"></script>'
        body = '<button hx-get="/two" hx-target="body">All</button><button hx-get="/part" hx-target="#p">Part</button>'
        app.pages = {
            "/": page_of(htmx, body + '<div id="p"></div>'),
            "/two": page_of(htmx, "<p>Second</p>", title="Second"),
            "/part": "<p>A part</p>",
        }
        page.goto(app.url)
        expect_state(page, "idle")
        page.get_by_role("button", name="Part").click()
        expect(page.get_by_text("A part")).to_be_visible()
        expect_state(page, "idle")
        page.get_by_role("button", name="All").click()
        expect(page.get_by_role("heading", name="Second")).to_be_visible()
        expect_state(page, "idle")
        button(page).click()
        expect_state(page, "ready")
        assert hosts(standin) == CHAT_HOSTS

    def test_route_change_leaves_the_open_chat_alone(self, page: Page, app: App, standin: StandIn) -> None:
        app.pages = {"/": page_of("", '<div id="root">One</div>')}
        page.goto(app.url)
        expect_state(page, "idle")
        button(page).click()
        expect_state(page, "ready")
        page.evaluate(
            "history.pushState({}, '', '/route'); document.querySelector('#root').innerHTML = '<p>Two</p>'; 0"
        )
        quiet(page)
        expect_state(page, "ready")
        assert page.locator("iframe").count() == 1
        assert [record.host for record in asked(standin)].count("js.usemessages.com") == 1

    def test_inline_element_gets_button_instead_of_corner(self, page: Page, app: App) -> None:
        app.pages = {
            "/": page_of("", "<section aria-label='Help'><div data-consent-chat></div></section><p id=p>x</p>")
        }
        page.goto(app.url)
        expect_state(page, "idle")
        section = page.locator("section")
        expect(section.get_by_role("button", name="Chat with us")).to_be_visible()
        assert button(page).evaluate("(element) => getComputedStyle(element.parentNode).position") == "static"
        top = page.locator("#p").evaluate("(element) => element.getBoundingClientRect().top")
        box = button(page).bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= top


class TestBackForwardCache:
    @pytest.fixture
    def context(self, standin: StandIn, browser: Browser) -> Iterator[BrowserContext]:
        """Yield a context of a Chromium with the back/forward cache, which Playwright disables."""
        own = chromium.launch(
            browser.browser_type, standin.resolver_rules, without=["--disable-back-forward-cache"], whole=True
        )
        yield watch(own.new_context(ignore_https_errors=True))
        own.close()

    def test_restored_page_follows_the_latest_choice(self, page: Page, app: App, standin: StandIn) -> None:
        app.pages = {"/": page_of(), "/other": "<!DOCTYPE html><title>Other</title><h1>Other</h1>"}
        page.goto(app.url)
        expect_state(page, "idle")
        page.evaluate("window.same = 1; addEventListener('pageshow', (event) => window.kept = event.persisted)")
        page.goto(f"{app.url}other")
        page.evaluate("document.cookie = 'consent=functional; path=/'")
        page.evaluate("setTimeout(() => history.back())")
        expect(page.get_by_role("heading", name="Shop")).to_be_visible()
        until(page, "window.kept !== undefined")
        assert page.evaluate("[window.same, window.kept]") == [1, True]
        expect_state(page, "ready")
        assert hosts(standin) == CHAT_HOSTS
