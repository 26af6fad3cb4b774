"""A pytest plugin: the fixtures `consent_check` and `consent_verify` for the tests of your own site.

pytest loads it by its entry point. What the fixtures need is imported when a test calls them: html5lib for
`consent_check` (the extra `audit`), Playwright and Chromium for `consent_verify` (the extra `verify`).

    def test_pages_load_nothing_without_consent(client, consent_check):
        consent_check(client, "/", "/contact")
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from consent_middleware.audit.pages import Page
    from consent_middleware.verify.promises import Verdict

Pairs = list[tuple[bytes, bytes]]


@pytest.fixture
def consent_check() -> Callable[..., None]:
    """Return `check_pages`, which fails if a page loads something from a vendor without asking for consent."""
    return check_pages


@pytest.fixture
def consent_verify(tmp_path: Path) -> Callable[..., list[Verdict]]:
    """Return a function that opens pages of a running site in Chromium, and fails if a promise is broken.

    Its arguments are the addresses, all of one site, and as keywords the settings of `verify.settings.VerifySettings`.
    It returns the verdicts. The test's `tmp_path` then has the report.
    """

    def verify(*urls: str, **settings: Any) -> list[Verdict]:
        return verify_pages(urls, tmp_path / "verify", **settings)

    return verify


def check_pages(client: Any, *paths: str, status: int = 200) -> None:
    """Fail if a page that an app sends loads something from a vendor by itself.

    The pages are asked for as the client asks, so without consent if its cookies have none. html5lib reads them, as
    `consent-middleware audit` does.

    Args:
        client: a test client of Flask, Werkzeug, Starlette, FastAPI or Django, or a WSGI or ASGI app.
        paths: the paths of the pages; without any, the home page.
        status: the status code of the answers.

    Raises:
        AssertionError: A page loads something, cannot be read, or has another status.
        TypeError: The client's answers have to be awaited.
    """
    from consent_middleware.audit.result import result_of
    from consent_middleware.audit.text_report import as_text

    __tracebackhide__ = True
    result = result_of(_pages(client, paths or ("/",), status))
    if result.status:
        raise AssertionError("a page does not wait for consent:\n" + as_text(result))


def verify_pages(urls: tuple[str, ...], folder: Path, **settings: Any) -> list[Verdict]:
    """Open pages in Chromium, write a report, and return the verdicts; fail if a promise is broken.

    Args:
        urls: the pages of one site.
        folder: a new folder for the report.
        settings: more settings of `VerifySettings`. By default the vendor is the first known one, and the site's
            policy has the default settings.

    Raises:
        AssertionError: A promise is broken.
        VerifyError: The settings cannot be used, or there is no browser.
    """
    from consent_middleware.verify.promises import Status
    from consent_middleware.verify.run import verified

    __tracebackhide__ = True
    verdicts = verified(urls, folder, **settings)
    broken = [f"{each.promise}: {each.reason}" for each in verdicts if each.status is Status.BROKEN]
    if broken:
        raise AssertionError(f"broken (see {folder}):\n" + "\n".join(broken))
    return verdicts


def _pages(client: Any, paths: tuple[str, ...], status: int) -> Iterator[Page]:
    from consent_middleware.audit.pages import Page

    for path in paths:
        found, headers, body = _ask(client, path)
        if found != status:
            raise AssertionError(f"{path} has the status {found}, and not {status}")
        yield Page(path, body, headers, f"http://localhost{path}", path.partition("?")[0])


def _ask(client: Any, path: str) -> tuple[int, Pairs, bytes]:
    """Return the status, the header fields and the body of an answer."""
    from consent_middleware.audit.apps import call

    # A test client is not called, and an app's `get` makes a route.
    if callable(client):
        return call(client, path, "localhost")
    answer = client.get(path)
    if hasattr(answer, "__await__"):
        answer.close()
        raise TypeError("the client's answers have to be awaited; give the app itself")
    return answer.status_code, _headers(answer), _body(answer)


def _body(answer: Any) -> bytes:
    """Return the whole body of a client's answer."""
    if hasattr(answer, "get_data"):
        return bytes(answer.get_data())
    # Django's streamed answers have no content.
    return b"".join(answer.streaming_content) if getattr(answer, "streaming", False) else bytes(answer.content)


def _headers(answer: Any) -> Pairs:
    """Return the header fields of a client's answer."""
    headers = answer.headers
    pairs = headers.multi_items() if hasattr(headers, "multi_items") else headers.items()
    # Django keeps cookies apart.
    morsels = getattr(answer, "cookies", None) if hasattr(answer, "streaming") else None
    cookies = [("set-cookie", morsel.OutputString()) for morsel in (morsels or {}).values()]
    return [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in [*pairs, *cookies]]
