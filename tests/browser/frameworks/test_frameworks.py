"""Real front ends bring HubSpot's tag in ways of their own: it waits in each and comes once, and none of them notices.

`cases.py` names the apps. Each test's id begins with that of its app.
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


def agree(visit: Visit, app: App) -> None:
    """Open the app, agree to everything on its page, and wait until what it brings has come."""
    visit.open(app)
    visit.choose(ALL)
    comes(visit.page, lambda: visit.loads() > 0)
    if visit.case.address in (LOADER, ANALYTICS):
        until(visit.page, "document.cookie.includes('__hstc')")
    quiet(visit.page)


@every
def test_without_the_middleware_it_loads(plain: Plain, name: str) -> None:
    assert plain.loads > 0


@every
def test_nothing_is_asked_before_a_choice(visit: Visit, guarded: App, name: str) -> None:
    visit.open(guarded)
    quiet(visit.page, 1_300)
    assert visit.asked == []
    assert not cookies(visit.page).keys() & (TRACKING_COOKIES | CHAT_COOKIES)
    visit.expect_works()


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.button])
def test_a_click_brings_the_chat_alone(visit: Visit, guarded: App, standin: StandIn, name: str) -> None:
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
def test_consent_on_the_page_brings_it_once(visit: Visit, guarded: App, name: str) -> None:
    agree(visit, guarded)
    assert visit.loads() == 1
    assert visit.page.evaluate("Object.values(ran).every((times) => times === 1)")
    if visit.case.told:
        assert visit.page.evaluate("told") == 1
    visit.expect_works()


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.next])
def test_going_on_after_consent_brings_no_more(visit: Visit, plain: Plain, guarded: App, name: str) -> None:
    agree(visit, guarded)
    before = visit.loads()
    visit.go_on()
    assert visit.loads() - before <= plain.again - plain.loads
    visit.expect_works()


@every
def test_with_consent_it_is_as_the_site_wrote_it(visit: Visit, plain: Plain, guarded: App, name: str) -> None:
    visit.open(guarded, ALL)
    assert visit.loads() == plain.loads
    assert [line for line in visit.said if line not in plain.said] == []
    visit.expect_works()


@every
def test_consent_that_is_taken_back_ends_it(visit: Visit, guarded: App, name: str) -> None:
    agree(visit, guarded)
    with navigation(visit.page):
        visit.choose("necessary")
    quiet(visit.page)
    visit.forget()
    quiet(visit.page, 1_300)
    assert visit.asked == []
    assert not cookies(visit.page).keys() & (TRACKING_COOKIES | CHAT_COOKIES)
    visit.expect_works()


@every
def test_the_console_says_nothing_new(visit: Visit, plain: Plain, guarded: App, name: str) -> None:
    visit.open(guarded)
    visit.choose(ALL)
    quiet(visit.page, 1_300)
    assert [line for line in visit.said if line not in plain.said] == []
