"""Real front-end frameworks insert HubSpot's tag in their own ways: it waits, loads once, and the app still works.

`cases.py` lists the apps. The id of each test begins with the name of its app.
"""

from __future__ import annotations

import pytest

from examples.standin import StandIn
from tests.browser.app import App
from tests.browser.pages import (
    CHAT_COOKIES,
    CHAT_HOSTS,
    TRACKING_COOKIES,
    button,
    comes,
    cookies,
    expect_state,
    hosts,
    place,
)
from tests.quiet import navigation, quiet, until

from .cases import ANALYTICS, CASES, LOADER
from .conftest import ALL, Plain, Visit

every = pytest.mark.parametrize("name", CASES)


@every
def test_app_without_middleware_loads_the_tag(plain: Plain, name: str) -> None:
    assert plain.loads > 0


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.button])
def test_click_loads_only_the_chat(visit: Visit, guarded: App, standin: StandIn, name: str) -> None:
    visit.open(guarded)
    expect_state(visit.page, "idle")
    assert place(visit.page).count() == 1
    button(visit.page).click()
    expect_state(visit.page, "ready")
    quiet(visit.page)
    assert hosts(standin) == CHAT_HOSTS
    assert not cookies(visit.page).keys() & TRACKING_COOKIES
    visit.expect_works()


@every
def test_app_works_from_no_choice_to_withdrawal(visit: Visit, plain: Plain, guarded: App, name: str) -> None:
    visit.open(guarded)
    quiet(visit.page)
    assert visit.asked == []
    assert not cookies(visit.page).keys() & (TRACKING_COOKIES | CHAT_COOKIES)
    visit.expect_works()

    visit.choose(ALL)
    if visit.case.late:
        quiet(visit.page, 1_300)
        assert visit.loads() == 0
        visit.page.reload()
    comes(visit.page, lambda: visit.loads() > 0)
    if visit.case.address in (LOADER, ANALYTICS):
        until(visit.page, "document.cookie.includes('__hstc')")
    quiet(visit.page)
    assert visit.loads() == 1
    assert visit.page.evaluate("Object.values(ran).every((times) => times === 1)")
    if visit.case.told:
        assert visit.page.evaluate("told") == 1
    assert [line for line in visit.said if line not in plain.said] == []
    visit.expect_works()

    if visit.case.next:
        visit.go_on()
        assert visit.loads() - 1 <= plain.again - plain.loads + visit.case.adds
        visit.expect_works()

    visit.forget()
    if visit.case.late:
        # The page is as the site wrote it, so the withdrawal takes effect on the next page.
        visit.choose("necessary")
        visit.page.reload()
    else:
        with navigation(visit.page):
            visit.choose("necessary")
    quiet(visit.page)
    assert visit.asked == []
    assert not cookies(visit.page).keys() & (TRACKING_COOKIES | CHAT_COOKIES)
    visit.expect_works()


@every
def test_full_consent_leaves_app_unchanged(visit: Visit, plain: Plain, guarded: App, name: str) -> None:
    visit.open(guarded, ALL)
    assert visit.loads() == plain.loads
    assert visit.page.evaluate("'consentMiddleware' in window") is False
    assert "data-consent" not in visit.page.content()
    visit.expect_works()
