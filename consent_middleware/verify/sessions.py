"""Makes the sessions: for each a clean profile, the consent that it begins with, and what the visitor does.

Every step has a time limit, and all steps together have one.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from consent_middleware.writers import UnwritableError, WrittenConsent

from .browser import start_browser
from .errors import VerifyError
from .known import Known
from .observe import Recorder
from .record import Measurement, Phase, SessionName, SessionRecord, VisitedPage
from .settings import VerifySettings, origin_of
from .text import clean

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

#: Seconds that one step may take, such as opening a page.
STEP = 30.0
#: Seconds without a new request after which the network counts as quiet, if none waits for its answer.
QUIET = 0.5
#: Seconds until the network counts as busy for good.
BUSY = 10.0
#: The window, in CSS pixels.
WINDOW = {"width": 1280, "height": 800}
_BUTTON = "[data-consent-facade]"
#: The states in which the button has nothing more to do: the chat is there, or could not be loaded.
_DONE = "() => /^(ready|failed)$/.test(document.querySelector('[data-consent-facade]')?.dataset.state ?? 'ready')"


def measure(settings: VerifySettings, folder: Path, report: Callable[[str], object]) -> Measurement:
    """Make the sessions one after the other.

    Args:
        settings: what to measure.
        folder: takes the raw files of each session: `NAME.har`, `NAME.zip` (a trace) and `NAME.png`.
        report: is told what happens, for a person who waits.

    Raises:
        VerifyError: There is no browser, the site cannot be opened, or the settings cannot be used.
    """
    found = Measurement()
    consents = {name: _consent_of(settings, name) for name in settings.sessions}
    with start_browser(settings) as (browser, sandboxed):
        from playwright.sync_api import Error

        found.browser, found.sandboxed = browser.version, sandboxed
        deadline = time.monotonic() + settings.timeout
        for name in SessionName:
            if name not in consents:
                found.records[name] = SessionRecord(name, left_out=True)
                continue
            consent = consents[name]
            if isinstance(consent, str):
                found.records[name] = SessionRecord(name, trouble=consent)
                continue
            report(f"session {name}")
            try:
                session = _Session(settings, browser, name, found, folder, deadline)
                found.records[name] = session.run(consent)
            except Error as error:
                trouble = f"The browser could not go on: {clean(found.redactor.text(_first_line(error)))}."
                found.records[name] = SessionRecord(name, trouble=trouble)
    return found


def _consent_of(settings: VerifySettings, name: SessionName) -> WrittenConsent | str:
    """Return the consent of a session, or why it cannot be written."""
    try:
        return settings.consent(name, time.time())
    except UnwritableError as error:
        return f"The consent of this session cannot be written: {clean(str(error))}."


def _first_line(error: Exception) -> str:
    # Playwright adds a log of what it did.
    return str(error).partition("\n")[0]


class _Session:
    """One session."""

    def __init__(
        self,
        settings: VerifySettings,
        browser: Browser,
        name: SessionName,
        found: Measurement,
        folder: Path,
        deadline: float,
    ) -> None:
        self._settings = settings
        self._name = name
        self._found = found
        self._folder = folder
        self._deadline = deadline
        self._pages: list[VisitedPage] = []
        self._troubles: list[str] = []
        self._begun_with: set[str] = set()
        self._context: BrowserContext = browser.new_context(
            viewport={"width": WINDOW["width"], "height": WINDOW["height"]},
            # A service worker could send requests that are not seen here.
            service_workers="block",
            accept_downloads=False,
            record_har_path=folder / f"{name}.har",
            record_har_content="omit",
        )

    def run(self, consent: WrittenConsent) -> SessionRecord:
        """Make the session and return its record."""
        from playwright.sync_api import Error

        screenshot = ""
        self._write(consent)
        page = self._open_tab()
        known = Known(self._settings.vendor, self._settings.proxied, self._settings.platform)
        recorder = Recorder(self._context, page, known, self._found.redactor, self._settings.origin)
        try:
            _STEPS[self._name](self, page, recorder)
        except (Error, TimeoutError, UnwritableError) as error:
            self._note(error)
        with suppress(Error, TimeoutError):
            page.screenshot(path=self._folder / f"{self._name}.png", timeout=self._left(), animations="disabled")
            screenshot = f"screenshots/{self._name}.png"
        cookies = recorder.cookies(self._begun_with)
        self._context.tracing.stop(path=self._folder / f"{self._name}.zip")
        self._context.close()
        return SessionRecord(
            self._name,
            trouble=" ".join(self._troubles),
            pages=self._pages,
            requests=recorder.requests(),
            hints=recorder.hints(),
            cookies=cookies,
            storage=recorder.state("storage"),
            blocked=recorder.state("blocked"),
            button=recorder.button,
            errors=recorder.errors(),
            other_hosts=recorder.other_hosts(),
            screenshot=screenshot,
            duration=recorder.elapsed,
        )

    def _open_tab(self) -> Page:
        if self._name is SessionName.GPC:
            # Global Privacy Control, sections 3.1 and 3.2: the field and the property.
            self._context.set_extra_http_headers({"Sec-GPC": "1"})
            script = "Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', {get: () => true})"
            self._context.add_init_script(script)
        page = self._context.new_page()
        self._context.tracing.start(screenshots=True, snapshots=False, sources=False)
        return page

    def _write(self, consent: WrittenConsent) -> None:
        """Give the browser the cookies of a choice."""
        self._begun_with |= {cookie.name for cookie in consent.cookies}
        self._context.add_cookies(
            [
                {
                    "name": cookie.name,
                    "value": cookie.value,
                    "url": self._settings.origin + cookie.path,
                    "expires": time.time() + cookie.max_age,
                    "httpOnly": cookie.http_only,
                }
                for cookie in consent.cookies
            ]
        )

    def _left(self, most: float = STEP) -> float:
        """Return the milliseconds that the next step may take.

        Raises:
            TimeoutError: The time for everything is over.
        """
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError(f"the time limit of {self._settings.timeout:g} s was reached")
        return 1000 * min(left, most)

    # Steps

    def visit(
        self, page: Page, recorder: Recorder, act: Callable[[], bool] = lambda: False, *, more: Sequence[str] = ()
    ) -> None:
        """Open each page and wait until it is quiet; then act, and wait again if that did anything."""
        from playwright.sync_api import Error

        for url in (*self._settings.pages, *more):
            recorder.page_address = clean(url)
            try:
                self._open(page, recorder, url)
                self.settle(page, recorder)
                if act():
                    self.settle(page, recorder)
            except Error as error:
                # One page that does not answer must not hide the others.
                self._note(error)

    def _open(self, page: Page, recorder: Recorder, url: str) -> None:
        response = page.goto(url, wait_until="load", timeout=self._left())
        if origin_of(page.url) != self._settings.origin:
            target = clean(page.url.partition("?")[0])
            raise VerifyError("CM115", f"{url} leads to another site; name a page there: {target}")
        self._pages.append(VisitedPage(recorder.page_address, response.status if response else 0))
        if response and self._name is SessionName.UNTOUCHED:
            self._found.sources[url] = response.body()

    def _note(self, error: Exception) -> None:
        text = clean(self._found.redactor.text(_first_line(error)))
        self._troubles.append(f"The session could not be finished: {text}.")

    def settle(self, page: Page, recorder: Recorder) -> None:
        """Wait until the network is quiet, and then some time more; then read the page."""
        end = time.monotonic() + self._left(BUSY) / 1000
        requested = -1
        while time.monotonic() < end and (recorder.waits or recorder.requested != requested):
            requested = recorder.requested
            page.wait_for_timeout(1000 * QUIET)
        page.wait_for_timeout(self._left(self._settings.wait))
        recorder.read_page(self._left())
        recorder.note_cookies(self._begun_with)

    def look(self, page: Page, recorder: Recorder) -> None:
        """Visit as somebody who reads, scrolls and moves the mouse, and chooses nothing."""

        def scroll() -> bool:
            bottom = "() => (scrollTo(0, document.documentElement.scrollHeight), true)"
            page.wait_for_function(bottom, timeout=self._left())
            page.mouse.move(WINDOW["width"] // 2, WINDOW["height"] // 2)
            page.mouse.move(WINDOW["width"] - 40, WINDOW["height"] - 40, steps=5)
            return True

        self.visit(page, recorder, scroll, more=self._settings.also_urls)

    def only_visit(self, page: Page, recorder: Recorder) -> None:
        """Visit with the session's consent."""
        self.visit(page, recorder)

    def click(self, page: Page, recorder: Recorder) -> None:
        """Visit, and click on the chat button of the first page that has one."""
        clicked = False

        def click() -> bool:
            nonlocal clicked
            if clicked or not recorder.button:
                return False
            page.locator(_BUTTON).get_by_role("button").first.click(timeout=self._left())
            page.wait_for_function(_DONE, timeout=self._left())
            clicked = True
            return True

        self.visit(page, recorder, click)

    def withdraw(self, page: Page, recorder: Recorder) -> None:
        """Visit, refuse, and visit again."""
        self.visit(page, recorder)
        recorder.phase = Phase.REFUSAL
        self._write(self._settings.consent(SessionName.REFUSED, time.time()))
        self.settle(page, recorder)
        recorder.phase = Phase.AFTER
        recorder.forget_state()
        self.visit(page, recorder)


_STEPS: Mapping[SessionName, Callable[[_Session, Page, Recorder], None]] = {
    SessionName.UNTOUCHED: _Session.look,
    SessionName.REFUSED: _Session.only_visit,
    SessionName.FUNCTIONAL: _Session.only_visit,
    SessionName.CLICK: _Session.click,
    SessionName.EVERYTHING: _Session.only_visit,
    SessionName.WITHDRAWN: _Session.withdraw,
    SessionName.GPC: _Session.only_visit,
}
