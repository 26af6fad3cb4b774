"""One page for each kind of tag, in a real browser: none of them reaches HubSpot before consent."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from playwright.sync_api import Page, expect

from consent_middleware import Policy
from examples.standin import StandIn

from .app import App
from .pages import comes, hosts, quiet

POLICY = Policy(contact_url="/contact")
PORTAL = 4711

#: A stand-in for a plugin that starts its scripts when the page has loaded.
PLUGIN = """<script>addEventListener("load", () => {
  for (const held of document.querySelectorAll("script[type=rocketlazyloadscript]")) {
    const script = document.createElement("script");
    script.src = held.dataset.rocketSrc;
    held.replaceWith(script);
  }
})</script>"""
#: The loader as HubSpot's content system serves it: the same script under the host of the site.
FIRST_PARTY = f"""const script = document.createElement("script");
script.src = "https://js.hs-analytics.net/analytics/1/{PORTAL}.js";
document.head.append(script);"""
OLD_TRACKER = f"""<script>(function(d,s,i,r){{if(d.getElementById(i))return;var n=d.createElement(s),
e=d.getElementsByTagName(s)[0];n.id=i;
n.src='//js.hs-analytics.net/analytics/'+(Math.ceil(new Date()/r)*r)+'/{PORTAL}.js';
e.parentNode.insertBefore(n,e)}})(document,"script","hs-analytics",300000)</script>"""


class Group(NamedTuple):
    """A kind of tag: the markup of a page, the categories that allow it, and a host that it then contacts."""

    markup: str
    consent: str
    host: str


GROUPS = {
    "loader": Group(
        f'<script id="hs-script-loader" async defer src="//js.hs-scripts.com/{PORTAL}.js"></script>',
        "analytics,marketing",
        "js.hs-scripts.com",
    ),
    "chat": Group(
        '<script id="hubspot-messages-loader" data-loader="hs-scriptloader" data-hsjs-env="prod" '
        f'data-hsjs-portal="{PORTAL}" data-hsjs-hublet="na1" src="https://js.usemessages.com/conversations-embed.js">'
        "</script>",
        "functional",
        "js.usemessages.com",
    ),
    "inline loader": Group(OLD_TRACKER, "analytics,marketing", "js.hs-analytics.net"),
    "hint": Group(
        f'<link rel="preload" as="script" href="https://js.hs-scripts.com/{PORTAL}.js">',
        "analytics,marketing",
        "js.hs-scripts.com",
    ),
    "pixel": Group(
        f'<img alt="" src="https://track.hubspot.com/__ptq.gif?a={PORTAL}">', "analytics,marketing", "track.hubspot.com"
    ),
    "form pair": Group(
        '<script src="//js.hsforms.net/forms/embed/v2.js"></script>'
        f'<script>window.hbspt && (ran = true); hbspt.forms.create({{portalId: "{PORTAL}", formId: "abc"}})</script>',
        "functional,marketing",
        "js.hsforms.net",
    ),
    "delay plugin": Group(
        f'<script type="rocketlazyloadscript" data-rocket-src="https://js.hs-scripts.com/{PORTAL}.js"></script>{PLUGIN}',
        "analytics,marketing",
        "js.hs-scripts.com",
    ),
    "first-party URL": Group(
        f'<script src="/hs/scriptloader/{PORTAL}.js?businessUnitId=0"></script>',
        "analytics,marketing",
        "js.hs-analytics.net",
    ),
    "meetings in a frame": Group(
        '<iframe title="Book" src="https://meetings.hubspot.com/anna"></iframe>',
        "functional,marketing",
        "meetings.hubspot.com",
    ),
    "a copy recognized by its id": Group(
        f'<script id="hs-script-loader" src="/hs/cache/{PORTAL}.js"></script>',
        "analytics,marketing",
        "js.hs-analytics.net",
    ),
}
groups = pytest.mark.parametrize("group", GROUPS.values(), ids=GROUPS)


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    folder = tmp_path_factory.mktemp("hs")
    for name in ("scriptloader", "cache"):
        (folder / name).mkdir()
        Path(folder / name / f"{PORTAL}.js").write_text(FIRST_PARTY, "utf-8")
    with App(POLICY, {"hs": folder}) as app:
        yield app


def show(app: App, page: Page, group: Group, consent: str = "") -> None:
    head = '<!doctype html><html lang="en"><head><title>A page</title></head>'
    app.pages["/"] = f"{head}<body><h1>A page</h1>{group.markup}</body></html>"
    if consent:
        page.context.add_cookies([{"name": "consent", "value": consent, "url": app.url}])
    page.goto(app.url)


@groups
def test_no_request_to_hubspot_before_consent(app: App, page: Page, standin: StandIn, group: Group) -> None:
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))

    show(app, page, group)
    page.mouse.wheel(0, 500)
    quiet(page)

    assert standin.requests == []
    assert errors == []


@groups
def test_consent_leaves_the_page_unchanged(app: App, page: Page, standin: StandIn, group: Group) -> None:
    """The counterpart of the test above: the same page contacts HubSpot once it is allowed."""
    show(app, page, group, group.consent)

    comes(page, lambda: group.host in hosts(standin))
    assert page.locator("[data-consent]").count() == 0


@pytest.mark.parametrize("name", sorted(GROUPS.keys() - {"hint"}))  # a hint does nothing once the page has loaded
def test_later_consent_releases_without_reload(app: App, page: Page, standin: StandIn, name: str) -> None:
    group = GROUPS[name]
    show(app, page, group)
    quiet(page)
    assert standin.requests == []

    page.context.add_cookies([{"name": "consent", "value": group.consent, "url": app.url}])
    page.evaluate("consentMiddleware.refresh()")

    comes(page, lambda: group.host in hosts(standin))
    expect(page).to_have_url(app.url)


def test_click_on_placeholder_loads_only_the_form(app: App, page: Page, standin: StandIn) -> None:
    show(app, page, GROUPS["form pair"])

    page.get_by_role("button", name="Show the form").click()

    comes(page, lambda: "js.hsforms.net" in hosts(standin))
    quiet(page)
    assert {host for host in hosts(standin) if "hsforms" not in host} == set()


def test_click_on_placeholder_loads_the_meeting(app: App, page: Page, standin: StandIn) -> None:
    show(app, page, GROUPS["meetings in a frame"])

    page.get_by_role("button", name="Show").click()

    comes(page, lambda: hosts(standin) == {"meetings.hubspot.com"})
    expect(page.locator("iframe[title=Book]")).to_be_visible()


def test_released_loader_loads_no_second_chat(app: App, page: Page, standin: StandIn) -> None:
    show(app, page, GROUPS["loader"])
    page.locator("[data-consent-facade] button").click()
    comes(page, lambda: "app.hubspot.com" in hosts(standin))

    page.context.add_cookies([{"name": "consent", "value": "functional,analytics,marketing", "url": app.url}])
    page.evaluate("consentMiddleware.refresh()")

    comes(page, lambda: "js.hs-analytics.net" in hosts(standin))
    quiet(page)
    embeds = [request for request in standin.requests if request.host == "js.usemessages.com"]
    assert len(embeds) == 1
    assert page.locator("#hubspot-messages-loader").count() == 1


TAG_MANAGER = """<script>(function(w,d,s,l,i){w[l]=w[l]||[];var j=d.createElement(s);j.async=true;
j.src='https://www.googletagmanager.com/gtm.js?id='+i;d.head.append(j)})(window,document,'script','dataLayer','GTM-X')</script>"""


def test_click_behind_tag_manager_opens_only_the_chat(app: App, page: Page, standin: StandIn) -> None:
    """The guard blocks what a tag manager inserts early, but not what the chat loads."""
    show(app, page, Group(TAG_MANAGER + GROUPS["loader"].markup, "", ""))
    assert page.locator("script[data-guard]").count() == 1
    page.evaluate(
        "const s = document.createElement('script'); s.src = 'https://js.hs-analytics.net/analytics/1/4711.js';"
        "document.head.append(s)"
    )
    quiet(page)
    assert standin.requests == []

    page.locator("[data-consent-facade] button").click()
    comes(page, lambda: "app.hubspot.com" in hosts(standin))
    expect(page.locator("[data-consent-facade]")).to_have_attribute("data-state", "ready")
    assert hosts(standin) <= {"js.usemessages.com", "api.hubspot.com", "app.hubspot.com", "static.hsappstatic.net"}

    page.context.add_cookies([{"name": "consent", "value": "functional,analytics,marketing", "url": app.url}])
    page.evaluate("consentMiddleware.refresh()")
    comes(page, lambda: {"js.hs-scripts.com", "js.hs-analytics.net"} <= hosts(standin))


@pytest.mark.parametrize("mode", ["defer", "async"])
def test_script_finds_blocked_library_by_id(app: App, page: Page, mode: str) -> None:
    """WordPress plugins write this: the script listens for the load event of the library before it."""
    markup = (
        f'<script id="library" {mode} src="//js.hsforms.net/forms/v2.js"></script>'
        "<script>document.getElementById('library').addEventListener('load', () => {"
        "window.heard = true; hbspt.forms.create({})})</script>"
    )
    show(app, page, Group(markup, "", ""))

    page.get_by_role("button", name="Show the form").click()

    comes(page, lambda: page.evaluate("window.heard === true"))
