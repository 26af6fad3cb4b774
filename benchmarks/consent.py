"""Compare the time to read consent with cookie parsers and with the rewrite of a page: `python -m benchmarks.consent`.

The jobs run in turn, in one run. The table shows the time of each in microseconds, the best of many rounds, and its
ratio to the rewrite of one page.
"""

from __future__ import annotations

import argparse
import itertools
import platform
import time
from collections.abc import Callable
from http.cookies import SimpleCookie
from importlib.metadata import version

from werkzeug.http import parse_cookie

from consent_middleware import Policy, Signals
from consent_middleware.cookies import Cookies
from consent_middleware.engine import Engine
from consent_middleware.exchange import Exchange, RequestHead

OTHERS = (
    b"_ga=GA1.1.1234567890.1700000000; session=eyJ1c2VyIjoxMjN9.ZXhhbXBsZQ.c2lnbmF0dXJl; csrftoken=abcdefghijklmnop; "
    b"theme=dark; lang=en; _fbp=fb.1.1700000000000.1234567890; "
)
ONETRUST = (
    b"OptanonAlertBoxClosed=2025-01-02T03:04:05.678Z; OptanonConsent=isGpcEnabled=0&datestamp=Thu+Jan+02+2025+03%3A04"
    b"%3A05+GMT%2B0000+(Coordinated+Universal+Time)&version=202410.1.0&isIABGlobal=false&hosts=&consentId=00000000-000"
    b"0-4000-8000-000000000000&interactionCount=1&landingPath=NotLandingPage&groups=C0001%3A1%2CC0002%3A1%2CC0003%3A1"
    b"%2CC0004%3A0&AwaitingReconsent=false&geolocation=DE%3BBE; "
)
ORESTBIDA = (
    b"cc_cookie=%7B%22categories%22%3A%5B%22necessary%22%2C%22analytics%22%5D%2C%22revision%22%3A0%2C%22data%22%3Anull"
    b"%2C%22consentTimestamp%22%3A%222025-01-02T03%3A04%3A05.678Z%22%2C%22consentId%22%3A%2200000000-0000-4000-8000-000"
    b"000000000%22%2C%22lastConsentTimestamp%22%3A%222025-01-02T03%3A04%3A05.678Z%22%2C%22expirationTime%22%3A175000000"
    b"0000%7D"
)
TWO_PLATFORMS = OTHERS + ONETRUST + ORESTBIDA
NO_PLATFORM = OTHERS + b"cart=" + b"x" * (len(TWO_PLATFORMS) - len(OTHERS) - len(b"cart="))
FIELDS = [
    (b"host", b"www.example.com"),
    (b"user-agent", b"Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101"),
    (b"accept", b"text/html,application/xhtml+xml"),
    (b"accept-language", b"en"),
    (b"accept-encoding", b"gzip, deflate, br"),
    (b"sec-fetch-dest", b"document"),
    (b"sec-fetch-mode", b"navigate"),
]
TAG = b'<script id="hs-script-loader" async defer src="//js.hs-scripts.com/12345.js"></script>'


def page(size: int) -> bytes:
    """Return a page of about `size` bytes of ordinary markup with HubSpot's tag at its end."""
    row = b'<div class="row"><a href="/item">An item</a><p>Some words about it, and a few more.</p></div>\n'
    return b"<!doctype html><title>A page</title><body>" + row * (size // len(row)) + TAG + b"</body>"


def jobs(engine: Engine, size: int) -> dict[str, Callable[[], object]]:
    """Return the jobs by name. The first, the rewrite of a page, is what the others are compared with."""
    document = page(size)
    html = [(b"content-type", b"text/html; charset=utf-8")]

    def rewrite() -> object:
        exchange = Exchange(engine, RequestHead("GET", "/", "", FIELDS))
        exchange.start(200, html)
        return exchange.rewrite_whole(document)

    def decide(header: bytes) -> Callable[[], object]:
        return lambda: engine.plan(Signals(Cookies([header]), FIELDS))

    def decide_uncached(header: bytes) -> Callable[[], object]:
        # A plan is cached by its headers, so each request is from another visitor.
        numbers = itertools.count()
        return lambda: engine.plan(Signals(Cookies([b"visitor=%d; %b" % (next(numbers), header)]), FIELDS))

    return {
        f"rewrite of a page of {len(document) // 1000} kB": rewrite,
        "plan, two platforms": decide_uncached(TWO_PLATFORMS),
        "plan, two platforms, cached": decide(TWO_PLATFORMS),
        "plan, no consent cookie": decide_uncached(NO_PLATFORM),
        "plan, no consent cookie, cached": decide(NO_PLATFORM),
        "plan, no cookie at all": lambda: engine.plan(Signals(Cookies(), FIELDS)),
        "http.cookies, two platforms": lambda: SimpleCookie(TWO_PLATFORMS.decode("latin-1")),
        "http.cookies, no consent cookie": lambda: SimpleCookie(NO_PLATFORM.decode("latin-1")),
        "Werkzeug, two platforms": lambda: parse_cookie(TWO_PLATFORMS.decode("latin-1")),
        "Werkzeug, no consent cookie": lambda: parse_cookie(NO_PLATFORM.decode("latin-1")),
    }


def measure(work: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Return the microseconds of each job: the best of `rounds`, with the jobs in turn."""
    best = dict.fromkeys(work, float("inf"))
    for _ in range(rounds):
        for name, job in work.items():
            began = time.perf_counter()
            for _ in range(20):
                job()
            best[name] = min(best[name], (time.perf_counter() - began) / 20 * 1e6)
    return best


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--page", type=int, default=50_000, metavar="BYTES")
    options = parser.parse_args()
    found = measure(jobs(Engine(Policy(contact_url="/contact")), options.page), options.rounds)
    rewrite = next(iter(found.values()))
    print(f"Python {platform.python_version()}, Werkzeug {version('werkzeug')}; header {len(TWO_PLATFORMS)} bytes")
    print(f"{'job':36} {'µs':>9} {'of a rewrite':>13}")
    for name, microseconds in found.items():
        print(f"{name:36} {microseconds:9.1f} {microseconds / rewrite:12.1%}")


if __name__ == "__main__":
    main()
