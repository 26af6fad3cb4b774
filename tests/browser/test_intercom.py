"""Intercom's driver in a real browser, with a stand-in for the widget written from its documentation."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from consent_middleware import Policy

from .app import App
from .pages import URL, quiet
from .site import Document, Site

DRIVER = "const driver = " + (files("consent_middleware") / "vendors" / "intercom.min.js").read_text("ascii")
WIDGET = "https://widget.intercom.io/widget/abc12345"
ATTRIBUTES = {"id": "intercom-messenger-script", "data-app-id": "abc12345"}

#: What the driver can see of the widget's script: it marks the queue as booted, handles the earlier calls in order,
#: boots by itself if the settings name a workspace, and takes a while to show anything.
STANDIN = """
(() => {
  if (window.Intercom?.booted) return;
  const before = window.Intercom?.q ?? [];
  const told = { onShow: [], ready: [] };
  window.calls = [];
  let up = false, wanted = false, timers = [];
  const later = (act, wait) => timers.push(setTimeout(act, wait));
  const element = (name, marks) => document.body.appendChild(Object.assign(document.createElement(name), marks));
  const show = () => {
    if (!up) return void (wanted = true);
    told.onShow.forEach((tell) => tell());
    later(() => document.querySelector("[name=intercom-messenger-frame]")
      ?? element("iframe", { name: "intercom-messenger-frame" }), 30);
  };
  const boot = (settings) => {
    const id = (settings ?? window.intercomSettings)?.app_id;
    if (!id || up) return;
    later(() => {
      if (up) return;
      up = true;
      document.cookie = "intercom-id-" + id + "=1; Path=/; Max-Age=9999; Domain=" + location.hostname;
      document.cookie = "intercom-device-id-" + id + "=1; Path=/; Max-Age=9999";
      if (!window.intercomSettings.hide_default_launcher)
        element("div", { className: "intercom-lightweight-app-launcher", tabIndex: 0 });
      told.ready.splice(0).forEach((tell) => tell());
      if (wanted) show();
    }, 50);
  };
  const shutdown = () => {
    up = wanted = false;
    timers.splice(0).forEach(clearTimeout);
    document.querySelectorAll(".intercom-lightweight-app-launcher, [name=intercom-messenger-frame]")
      .forEach((each) => each.remove());
  };
  window.Intercom = (name, ...given) => {
    window.calls.push([name, ...given.map((each) => (typeof each === "function" ? "function" : { ...each }))]);
    if (name in told) told[name].push(given[0]);
    else ({ boot, show, shutdown })[name]?.(...given);
  };
  window.Intercom.booted = true;
  element("iframe", { id: "intercom-frame" });
  for (const call of before) window.Intercom(...call);
  boot();
})();
"""

BRING = """(src) => {
  const script = document.createElement("script");
  script.src = src;
  document.head.append(script);
}"""
BEGIN = """([open, attributes]) => {
  window.done ??= 0;
  driver.begin(open, () => window.done++, attributes);
}"""


@pytest.fixture
def tab(page: Page, site: Site, context: BrowserContext) -> Iterator[Page]:
    """Yield a page with the driver, on a site where the stand-in replaces Intercom's script."""
    errors: list[Any] = []

    def note(error: Any) -> None:
        errors.append(error)

    page.on("pageerror", note)

    def answer(route: Route) -> None:
        route.fulfill(body=STANDIN, content_type="text/javascript")

    context.route("https://widget.intercom.io/**", answer)
    site.pages["/"] = Document(f"<!doctype html><title>Shop</title><p>Shop</p><script>{DRIVER}</script>".encode())
    page.goto(URL)
    yield page
    assert errors == []


def begin(tab: Page, *, open_: bool, attributes: dict[str, str] | None = None) -> None:
    tab.evaluate(BEGIN, [open_, ATTRIBUTES if attributes is None else attributes])


def wait(tab: Page) -> None:
    """Poll, as the facade does, until the driver says that the messenger is loaded."""
    tab.wait_for_function("driver.loaded()", polling=50)


def calls(tab: Page) -> list[str]:
    return [call[0] for call in tab.evaluate("calls")]


def test_queue_of_a_snippet_does_not_count_as_loaded(tab: Page) -> None:
    tab.evaluate("() => { window.Intercom = (...call) => Intercom.q.push(call); Intercom.q = []; }")
    begin(tab, open_=True)

    assert tab.evaluate("[driver.api(), driver.loaded(), driver.frame()]") == [None, False, None]
    assert [call[0] for call in tab.evaluate("Intercom.q.map(([name]) => [name])")] == ["onShow", "boot", "show"]


def test_remove_deletes_the_drivers_own_queue(tab: Page) -> None:
    begin(tab, open_=True)
    assert tab.evaluate("typeof Intercom") == "function"

    tab.evaluate("driver.remove()")

    assert tab.evaluate("'Intercom' in window") is False


def test_remove_keeps_the_queue_of_the_site(tab: Page) -> None:
    tab.evaluate("() => { window.Intercom = (...call) => Intercom.q.push(call); Intercom.q = []; }")
    begin(tab, open_=True)

    tab.evaluate("driver.remove()")

    assert tab.evaluate("typeof Intercom") == "function"


def test_click_opens_messenger_with_site_settings(tab: Page) -> None:
    tab.evaluate("window.mine = window.intercomSettings = { name: 'Ada', api_base: 'https://api-iam.eu.intercom.io' }")
    begin(tab, open_=True, attributes={**ATTRIBUTES, "data-api-base": "https://api-iam.au.intercom.io"})
    tab.evaluate(BRING, WIDGET)
    wait(tab)

    settings = {"name": "Ada", "api_base": "https://api-iam.eu.intercom.io", "app_id": "abc12345"}
    assert tab.evaluate("intercomSettings === mine")
    assert tab.evaluate("calls") == [["onShow", "function"], ["boot", settings], ["show"]]
    assert tab.evaluate("driver.frame().name") == "intercom-messenger-frame"


def test_launcher_alone_does_not_count_as_open(tab: Page) -> None:
    begin(tab, open_=True)
    tab.evaluate("document.body.append(Object.assign(document.createElement('div'), {className: 'intercom-launcher'}))")
    tab.evaluate("window.Intercom = Object.assign(() => {}, { booted: true })")

    assert not tab.evaluate("driver.loaded()")


def test_allowed_messenger_loads_without_opening(tab: Page) -> None:
    begin(tab, open_=False)
    tab.evaluate(BRING, WIDGET)
    wait(tab)

    assert tab.evaluate("driver.frame().className") == "intercom-lightweight-app-launcher"
    assert calls(tab) == ["ready", "boot"]
    assert tab.evaluate("done") == 1


def test_hidden_launcher_still_counts_as_ready(tab: Page) -> None:
    tab.evaluate("window.intercomSettings = { hide_default_launcher: true }")
    begin(tab, open_=False)
    tab.evaluate(BRING, WIDGET)
    tab.wait_for_function("driver.loaded() || done === 1", polling=50)

    assert tab.evaluate("[driver.frame(), done]") == [None, 1]


def test_frozen_settings_are_copied(tab: Page) -> None:
    tab.evaluate("window.intercomSettings = Object.freeze({ name: 'Ada' })")
    begin(tab, open_=True)
    tab.evaluate(BRING, WIDGET)
    wait(tab)

    assert tab.evaluate("intercomSettings") == {"name": "Ada", "app_id": "abc12345"}


def test_region_of_the_tag_is_used_if_site_sets_none(tab: Page) -> None:
    begin(tab, open_=True, attributes={**ATTRIBUTES, "data-api-base": "https://api-iam.eu.intercom.io"})

    assert tab.evaluate("intercomSettings.api_base") == "https://api-iam.eu.intercom.io"


def test_second_begin_replaces_the_first(tab: Page) -> None:
    begin(tab, open_=False)
    tab.evaluate("driver.begin(true, () => (window.second = true), {})")
    tab.evaluate(BRING, WIDGET)
    tab.wait_for_function("window.second || driver.loaded()", polling=50)

    assert tab.evaluate("done") == 0
    assert calls(tab) == ["ready", "boot", "onShow", "boot", "show"]


def test_removed_messenger_can_be_loaded_again(tab: Page) -> None:
    begin(tab, open_=True)
    tab.evaluate(BRING, WIDGET)
    wait(tab)
    tab.evaluate("driver.remove()")
    assert tab.evaluate("[driver.frame(), driver.loaded()]") == [None, False]

    begin(tab, open_=True)
    wait(tab)

    assert calls(tab) == ["onShow", "boot", "show", "shutdown", "onShow", "boot", "show"]


def test_open_shows_a_closed_messenger_once(tab: Page) -> None:
    begin(tab, open_=False)
    tab.evaluate(BRING, WIDGET)
    wait(tab)
    tab.evaluate("driver.open()")
    tab.wait_for_selector("[name=intercom-messenger-frame]", state="attached")
    tab.evaluate("driver.open()")

    assert calls(tab) == ["ready", "boot", "show"]


def test_messenger_from_another_script_is_found(tab: Page) -> None:
    assert tab.evaluate("driver.frame()") is None
    tab.evaluate("window.intercomSettings = { app_id: 'abc12345' }")
    tab.evaluate(BRING, WIDGET)
    tab.wait_for_function("driver.frame()")


def test_forget_deletes_only_cookies_of_intercom(tab: Page) -> None:
    begin(tab, open_=True)
    tab.evaluate(BRING, WIDGET)
    wait(tab)
    tab.evaluate("document.cookie = 'intercom-else=1; Path=/'")
    assert tab.evaluate("document.cookie").count("intercom-") == 3

    tab.evaluate("driver.forget()")

    assert tab.evaluate("document.cookie") == "intercom-else=1"
    assert tab.evaluate("driver.frame()") is None


def test_driver_has_every_method_the_facade_calls(tab: Page) -> None:
    asked = ["api", "begin", "loaded", "open", "frame", "remove", "forget"]

    assert tab.evaluate("(names) => names.filter((name) => typeof driver[name] !== 'function')", asked) == []


def test_begin_keeps_session_of_running_messenger(tab: Page) -> None:
    tab.evaluate("window.intercomSettings = { app_id: 'abc12345' }")
    tab.evaluate(BRING, WIDGET)
    tab.wait_for_function("driver.frame()")
    begin(tab, open_=True)
    wait(tab)

    assert calls(tab) == ["onShow", "show"]


INSTALLED = """<script>window.intercomSettings={app_id:"abc12345",name:"Ada"};</script>
<script>(function(){var w=window;if(typeof w.Intercom==="function"){w.Intercom("update",w.intercomSettings);}else{
var i=function(){i.q.push(arguments)};i.q=[];w.Intercom=i;var l=function(){var s=document.createElement("script");
s.async=true;s.src="https://widget.intercom.io/widget/abc12345";document.head.appendChild(s);};
if(document.readyState==="complete")l();else w.addEventListener("load",l,false);}})();</script>"""


@pytest.mark.parametrize("vendors", [["intercom"], ["hubspot", "intercom"]])
@pytest.mark.parametrize(
    "markup", [INSTALLED, f'<script async src="{WIDGET}"></script>'], ids=["the usual snippet", "a script tag"]
)
def test_click_on_facade_loads_and_opens_messenger(page: Page, markup: str, vendors: list[str]) -> None:
    """The middleware and the facade work for a second vendor: nothing loads early, and the click opens the chat."""
    asked: list[str] = []

    def answer(route: Route) -> None:
        asked.append(route.request.url)
        route.fulfill(body=STANDIN, content_type="text/javascript")

    page.context.route("https://widget.intercom.io/**", answer)
    with App(Policy(contact_url="/contact", vendors=vendors), {}) as app:
        app.pages["/"] = f'<!doctype html><html lang="en"><title>Shop</title><body><p>Shop</p>{markup}</body></html>'
        page.goto(app.url)
        quiet(page)
        assert asked == []
        assert page.context.cookies(app.url) == []

        page.get_by_role("button", name="Chat with us").click()

        expect(page.locator("[data-consent-facade]")).to_have_attribute("data-state", "ready")
        expect(page.locator("iframe[name=intercom-messenger-frame]")).to_be_attached()
        assert asked == [WIDGET]
        assert page.evaluate("window.intercomSettings.app_id") == "abc12345"
