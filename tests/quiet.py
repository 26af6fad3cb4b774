"""Waiting for causes in a browser: until something is so, and until nothing more is on its way.

Knows: Playwright, and what a tab has asked for.
Must not know: what a page does.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from weakref import WeakKeyDictionary

from playwright.sync_api import BrowserContext, Error, Page, Request, Response, expect

#: Milliseconds until what is waited for counts as missing. Long, because it is waited out only when a test fails.
TIMEOUT = 60_000
expect.set_options(timeout=TIMEOUT)

#: Waits in the page. Timers run out in their order, so everything that was due before has been done afterwards. Pages
#: whose clock a test has stopped keep the browser's own timer in `nativeTimer`.
_WAIT = "(time) => new Promise((done) => (window.nativeTimer ?? setTimeout)(done, time))"
#: Keeps it, as a page's first script.
KEEP_TIMER = "window.nativeTimer ??= setTimeout.bind(window);"
#: Asks for the cookies, which the browser answers once it has taken what the page has set before.
_FLUSH = "() => { try { return document.cookie } catch { return '' } }"


class Traffic:
    """What the tabs of one visitor ask for. `urls` keeps all of it, `open` what is still to be answered."""

    def __init__(self, context: BrowserContext) -> None:
        self.urls: list[str] = []
        self.open: set[Request] = set()
        context.on("request", self._begin)
        context.on("response", self._answer)
        context.on("requestfinished", self._end)
        context.on("requestfailed", self._end)

    def _begin(self, request: Request) -> None:
        self.urls.append(request.url)
        self.open.add(request)

    def _answer(self, response: Response) -> None:
        # One whose body no script reads never ends.
        if response.request.resource_type == "fetch":
            self.open.discard(response.request)

    def _end(self, request: Request) -> None:
        self.open.discard(request)


_TRAFFIC: WeakKeyDictionary[BrowserContext, Traffic] = WeakKeyDictionary()


def watch(context: BrowserContext) -> BrowserContext:
    """Keep account of what a visitor's tabs ask for, and be patient with them. Returns the visitor."""
    context.set_default_timeout(TIMEOUT)
    _TRAFFIC[context] = Traffic(context)
    return context


def traffic(page: Page) -> Traffic:
    """Return what the visitor's tabs have asked for."""
    return _TRAFFIC[page.context]


def comes(page: Page, what: Callable[[], bool]) -> None:
    """Wait until something is so outside the page."""
    end = time.monotonic() + TIMEOUT / 1000
    while not what():
        if time.monotonic() > end:
            raise AssertionError("it did not come")
        page.wait_for_timeout(20)


@contextlib.contextmanager
def _page_may_go() -> Iterator[None]:
    """Suppress the error of an evaluation whose page was navigated away from before it could answer."""
    try:
        yield
    except Error as error:
        if not any(word in error.message for word in ("context was destroyed", "navigat")):
            raise


@contextlib.contextmanager
def navigation(page: Page) -> Iterator[None]:
    """Wait for the navigation that the block causes. The answer of its last evaluation may go with the old page."""
    with page.expect_navigation(), _page_may_go():
        yield


def until(page: Page, condition: str) -> None:
    """Wait until a condition in the page is true, whatever the page's policy says of `eval`.

    The page may be loaded anew meanwhile.
    """
    end = time.monotonic() + TIMEOUT / 1000
    while True:
        with _page_may_go():
            if page.evaluate(f"() => Boolean({condition})"):
                return
        if time.monotonic() > end:
            raise AssertionError(f"not true: {condition}")
        page.wait_for_timeout(20)


def quiet(page: Page, span: int = 600, *, waiting: int = 0) -> None:
    """Wait until the page has asked for nothing more during `span` milliseconds of its own, and all is answered.

    What a fault would let through has been asked for by then, so that it can be seen to be missing: every timer of the
    page that was due has run, and so has what follows from each answer. `waiting` requests are kept by the test itself.
    The page may be loaded anew meanwhile.
    """
    seen = traffic(page)
    still = False
    while not still:
        end = time.monotonic() + TIMEOUT / 1000
        while len(seen.open) > waiting:
            if time.monotonic() > end:
                raise AssertionError(f"not answered: {sorted(request.url for request in seen.open)}")
            page.wait_for_timeout(20)
        known = len(seen.urls)
        with _page_may_go():
            page.evaluate(_WAIT, span)
            still = known == len(seen.urls)


def pass_time(page: Page, span: int) -> None:
    """Let milliseconds pass in the page, where a script in it has to see that they have passed."""
    page.evaluate(_WAIT, span)


def painted(page: Page) -> None:
    """Wait until the browser has painted the page as it is now."""
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def settled(page: Page) -> None:
    """Wait until the browser has taken every cookie that the page has set, or ended, before now."""
    with contextlib.suppress(Error):
        page.evaluate(_FLUSH)
