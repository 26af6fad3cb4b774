"""Measure what the guard costs in a browser: `python -m benchmarks.guard --rounds 15`.

One Chromium opens the same page without the guard, with the guard in the page, and with the guard as a file, in turn.
The figures are bytes, the time to the first paint, and the time to insert elements. They are medians. Compare them with
the page without the guard, because machines differ.
"""

from __future__ import annotations

import argparse
import gzip
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import median
from wsgiref.simple_server import WSGIRequestHandler, make_server

from playwright.sync_api import Page, sync_playwright

from consent_middleware import Policy
from consent_middleware.wsgi import ConsentMiddleware
from tests.chromium import start

#: A page of about 40 kB with a script of its own.
BODY = "".join(f'<section><h2 id="s{n}">Part {n}</h2><p>{"Some words to read. " * 8}</p></section>' for n in range(200))
PAGE = (
    '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Shop</title>'
    f"<script>var ready = 1</script></head><body>{BODY}<div id=target></div></body></html>"
).encode()

#: What a page's script does a thousand times.
WORK = {
    "elements appended": "const tag = document.createElement('p'); tag.textContent = at; target.append(tag)",
    "pictures given an address": "const tag = new Image(); tag.alt = ''; tag.src = 'data:,' + at; target.append(tag)",
    "short markup": "target.innerHTML = `<p class=a><b>${at}</b> <i>x</i></p>`",
    "markup with a picture": "target.innerHTML = `<p class=a><b>${at}</b> <img alt='' src='data:,${at}'></p>`",
    "long markup (4 kB)": 'target.innerHTML = `<p class="a" title="b"><b>${at}</b> <i>x</i></p>`.repeat(80)',
}
#: Runs one of these and returns the milliseconds.
TIMED = (
    "() => {{ const begin = performance.now(); for (let at = 0; at < 1000; at++) {{ {} }}"
    " return performance.now() - begin }}"
)
FIRST_PAINT = "() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? null"


class Quiet(WSGIRequestHandler):
    """A request handler without a log."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Print nothing."""


def app(environ: dict[str, object], start_response: Callable[..., object]) -> list[bytes]:
    """Answer with the page, at `/file` with a policy that allows no inline script."""
    headers = [("Content-Type", "text/html; charset=utf-8")]
    if environ["PATH_INFO"] == "/file":
        headers.append(("Content-Security-Policy", "script-src 'self' 'sha256-AAAA'"))
    if environ["PATH_INFO"] not in {"/", "/file"}:
        start_response("404 Not Found", [])
        return []
    start_response("200 OK", headers)
    return [PAGE]


@contextmanager
def served(policy: Policy) -> Iterator[str]:
    """Serve the page, and yield the address of the site."""
    server = make_server("127.0.0.1", 0, ConsentMiddleware(app, policy), handler_class=Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def first_paint(page: Page, url: str) -> float:
    """Return the time to the page's first paint, in milliseconds."""
    page.goto(url)
    page.wait_for_function(FIRST_PAINT)
    found: float = page.evaluate(FIRST_PAINT)
    return found


def main() -> int:
    """Print the figures. Return the exit status."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=15)
    rounds: int = options.parse_args().rounds
    with served(Policy(guard="never")) as plain, served(Policy()) as guarded, sync_playwright() as play:
        browser = start(play.chromium)
        page = browser.new_page()
        urls = {"without": f"{plain}/", "in the page": f"{guarded}/", "as a file": f"{guarded}/file"}
        times: dict[str, list[float]] = {name: [] for name in urls}
        for _ in range(rounds):
            for name, url in urls.items():
                times[name].append(first_paint(page, url))
        sizes = {name: page.request.get(url).body() for name, url in urls.items()}
        for name, body in sizes.items():
            size = f"{len(body):6} bytes, {len(gzip.compress(body, 9)):5} as gzip"
            print(f"{name:12} {size}, first paint {median(times[name]):6.1f} ms")
        for work, code in WORK.items():
            spent: dict[str, list[float]] = {"without": [], "in the page": []}
            for _ in range(rounds):
                for name, found in spent.items():
                    page.goto(urls[name])
                    found.append(page.evaluate(TIMED.format(code)))
            before, after = (median(found) for found in spent.values())
            print(f"1,000 {work}: {before:.1f} ms without, {after:.1f} ms with the guard, {after / before:.2f} times")
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
