"""Wait in a browser until a condition is true, or until a page makes no more requests."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from weakref import WeakKeyDictionary

from playwright.sync_api import BrowserContext, Error, Page, Request, Response, expect

#: Milliseconds until a wait fails. It is long, because only a failing test waits that long.
TIMEOUT = 60_000
expect.set_options(timeout=TIMEOUT)

#: Waits in the page. Timers run in order, so every earlier timer has run afterwards. A page whose clock a test has
#: stopped keeps the native timer in `nativeTimer`.
_WAIT = "(time) => new Promise((done) => (window.nativeTimer ?? setTimeout)(done, time))"
#: Keeps the native timer, as the first script of a page.
KEEP_TIMER = "window.nativeTimer ??= setTimeout.bind(window);"
#: Reads the cookies: the browser answers after it has stored every cookie that the page has set before.
_FLUSH = "() => { try { return document.cookie } catch { return '' } }"


class Traffic:
    """The requests of one visitor's tabs: `urls` has all of them, `open` those without an answer."""

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
        # A request whose body no script reads never finishes.
        if response.request.resource_type == "fetch":
            self.open.discard(response.request)

    def _end(self, request: Request) -> None:
        self.open.discard(request)


_TRAFFIC: WeakKeyDictionary[BrowserContext, Traffic] = WeakKeyDictionary()


def watch(context: BrowserContext) -> BrowserContext:
    """Record the requests of a visitor's tabs, and set their timeout. Return the context."""
    context.set_default_timeout(TIMEOUT)
    _TRAFFIC[context] = Traffic(context)
    return context


def traffic(page: Page) -> Traffic:
    """Return the requests of the visitor's tabs."""
    return _TRAFFIC[page.context]


def comes(page: Page, what: Callable[[], bool]) -> None:
    """Wait until a condition outside the page is true."""
    end = time.monotonic() + TIMEOUT / 1000
    while not what():
        if time.monotonic() > end:
            raise AssertionError("the condition did not become true")
        page.wait_for_timeout(20)


@contextlib.contextmanager
def _page_may_go() -> Iterator[None]:
    """Suppress the error of an evaluation that a navigation of its page interrupts."""
    try:
        yield
    except Error as error:
        if not any(word in error.message for word in ("context was destroyed", "navigat")):
            raise


@contextlib.contextmanager
def navigation(page: Page) -> Iterator[None]:
    """Wait for the navigation that the block causes. The result of its last evaluation may be lost."""
    with page.expect_navigation(), _page_may_go():
        yield


def until(page: Page, condition: str) -> None:
    """Wait until a condition in the page is true, even if the policy of the page forbids `eval`.

    The page may reload meanwhile.
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
    """Wait until the page has made no request for `span` milliseconds of its clock, and all are answered.

    By then every due timer of the page has run, and so has the code that follows each answer. So a request that a
    fault would cause has been made, and its absence proves something. The page may reload meanwhile.

    Args:
        page: The page.
        span: The milliseconds without a request.
        waiting: The number of requests that the test itself keeps without an answer.
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
    """Wait milliseconds in the page, for a script there that measures time."""
    page.evaluate(_WAIT, span)


def painted(page: Page) -> None:
    """Wait until the browser has painted the current state of the page."""
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def settled(page: Page) -> None:
    """Wait until the browser has stored every cookie that the page has set or deleted so far."""
    with contextlib.suppress(Error):
        page.evaluate(_FLUSH)
