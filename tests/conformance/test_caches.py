"""Visitors with different consent behind one cache: each gets the page that was made for them.

Real nginx and real Varnish, each with the settings it comes with, and with settings that store whatever they can.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.needs import need
from tests.pages import BLOCKED_SCRIPT

from .cached_site import PAGE
from .clients import Answer, ask
from .servers import free_port, nginx, started, varnish

pytestmark = pytest.mark.caches

CONSENTS = {
    "nothing said": None,
    "everything granted": "consent=functional,analytics,marketing",
    "everything granted, another cookie first": "a=1; consent=functional,analytics,marketing",
    "functional granted": "consent=functional",
    "refused": "consent=necessary",
    "clicked": "consent_chat=1",
}
GRANTED = {name for name in CONSENTS if name.startswith("everything")}

NGINX_CACHE = "proxy_cache_path {folder}/cache keys_zone=pages:1m; add_header X-Cache $upstream_cache_status;"
NGINX_PLACE = """location / {{ proxy_pass http://127.0.0.1:{port}; proxy_cache pages; proxy_buffering on;
  proxy_cache_revalidate on; {more} }}"""
VARNISH_STORES = """
sub vcl_recv { return (hash); }
sub vcl_deliver { set resp.http.X-Cache = obj.hits; }
"""
VARNISH_STORES_ALL = (
    VARNISH_STORES + "sub vcl_backend_response { set beresp.ttl = 1h; set beresp.grace = 0s; return (deliver); }"
)

#: The program and its settings, by name.
CACHES: dict[str, tuple[str, str]] = {
    "nginx": ("nginx", ""),
    "nginx that stores pages without Cache-Control": ("nginx", "proxy_cache_valid 200 1h;"),
    "nginx that ignores Cache-Control": (
        "nginx",
        "proxy_cache_valid 200 1h; proxy_ignore_headers Cache-Control Expires;",
    ),
    "Varnish": ("varnishd", ""),
    "Varnish that stores requests with cookies": ("varnishd", VARNISH_STORES),
    "Varnish that ignores Cache-Control": ("varnishd", VARNISH_STORES_ALL),
}


@dataclass
class Cache:
    """A cache in front of the site."""

    name: str
    port: int

    def get(self, path: str, consent: str, *headers: tuple[str, str]) -> Answer:
        cookie = CONSENTS[consent]
        own = [("Cookie", cookie)] if cookie else []
        return ask(self.port, path, [("Accept", "text/html"), *own, *headers])


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Yield the port of the site."""
    port = free_port()
    words = [sys.executable, "-m", "uvicorn", "tests.conformance.cached_site:app", "--port", str(port)]
    log = tmp_path_factory.mktemp("site") / "log"
    with started([*words, "--log-level", "error", "--lifespan", "off"], port, log):
        yield port


@pytest.fixture(params=CACHES)
def cache(request: pytest.FixtureRequest, site: int, shared_folder: Path) -> Iterator[Cache]:
    """Yield an empty cache."""
    program, told = CACHES[request.param]
    need(program)
    port, folder = free_port(), shared_folder / "cache"
    if program == "nginx":
        place = NGINX_PLACE.format(port=site, more=told)
        with nginx(folder, port, place, NGINX_CACHE.format(folder=folder)):
            yield Cache(request.param, port)
    else:
        with varnish(folder, port, site, told):
            yield Cache(request.param, port)


def visits(rounds: int = 3) -> list[str]:
    """Return visitors in a random order, the same in every run."""
    order = list(CONSENTS) * rounds
    random.Random(7).shuffle(order)  # noqa: S311 - an order, no secret
    return order


def is_own(answer: Answer, consent: str) -> None:
    if consent in GRANTED:
        assert answer.body == PAGE
    else:
        assert BLOCKED_SCRIPT in answer.body
        allowed = consent in {"functional granted", "clicked"}
        assert (b'"live":{"chat":1}' in answer.body) is allowed


@pytest.mark.parametrize("path", ["/visitor/page", "/visitor/plain", "/visitor/tagged"])
def test_each_visitor_gets_their_own_page(cache: Cache, path: str) -> None:
    for consent in visits():
        is_own(cache.get(path, consent), consent)


@pytest.mark.parametrize("path", ["/visitor/page", "/visitor/tagged"])
def test_stored_page_is_confirmed_for_its_consent(cache: Cache, path: str) -> None:
    tags = {consent: cache.get(path, consent).all("etag")[0] for consent in CONSENTS}

    for other in visits(1):
        for consent in CONSENTS:
            answer = cache.get(path, consent, ("If-None-Match", tags[other]))
            if answer.status == 304:
                assert tags[consent] == tags[other], (other, consent)
            else:
                is_own(answer, consent)


def made(cache: Cache, path: str, order: list[str], check: Callable[[Answer], None]) -> int:
    """Return how many of these visits the site itself had to answer."""
    answers = [cache.get(path, consent) for consent in order]
    for answer in answers:
        check(answer)
    return len({answer.all("x-made")[0] for answer in answers})


@pytest.mark.parametrize("kind", ["page", "plain", "tagged"])
def test_shared_page_is_stored_like_the_bare_site(cache: Cache, kind: str) -> None:
    seen: set[bytes] = set()
    order = visits()

    bare = made(cache, f"/bare/{kind}", order, lambda answer: None)
    ours = made(cache, f"/all/{kind}", order, lambda answer: seen.add(answer.body))

    assert ours == bare
    assert len(seen) == 1
    assert BLOCKED_SCRIPT in seen.pop()


def test_shared_page_is_stored(cache: Cache) -> None:
    made_by_the_site = made(cache, "/all/page", visits(), lambda answer: None)

    # With its own settings, Varnish passes every request with a cookie to the site.
    passed = sum(CONSENTS[consent] is not None for consent in visits()) if cache.name == "Varnish" else 0
    assert made_by_the_site == 1 + passed


def test_shared_page_is_confirmed_for_all(cache: Cache) -> None:
    tags = {cache.get("/all/tagged", consent).all("etag")[0] for consent in CONSENTS}
    assert len(tags) == 1

    for consent in CONSENTS:
        ours = cache.get("/all/tagged", consent, ("If-None-Match", tags.copy().pop()))
        # nginx does not pass conditions on and answers 200 for pages that it does not store.
        assert ours.status == cache.get("/bare/tagged", consent, ("If-None-Match", '"v1"')).status
        # The tag of the page without the middleware confirms nothing.
        assert cache.get("/all/tagged", consent, ("If-None-Match", '"v1"')).status == 200


def test_shared_page_keeps_the_caching_of_the_app(site: int) -> None:
    ours, bare = (ask(site, f"/{kind}/page", [("Cookie", "consent=functional")]) for kind in ("all", "bare"))

    assert ours.all("cache-control") == bare.all("cache-control") == ["public, max-age=3600, s-maxage=3600"]
    assert ours.all("vary") == bare.all("vary") == []
    assert b'"ask":true' in ours.body


def test_script_of_a_cached_page_is_found(cache: Cache) -> None:
    body = cache.get("/all/page", "nothing said").body
    src = body.partition(b'<script src="')[2].partition(b'"')[0].decode()

    assert src.startswith("/all/_consent/facade.")
    assert cache.get(src, "nothing said").status == 200
