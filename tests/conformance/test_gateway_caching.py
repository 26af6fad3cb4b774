"""Caching: Vary, entity tags, Cache-Control, in process, through both gateways."""

from __future__ import annotations

import re

from consent_middleware import Policy
from consent_middleware.engine import Engine
from tests.gateways import Reply
from tests.pages import BLOCKED_LOADER, page

from .gateway import FULL, NAVIGATION, TAGGED, Gateway, SeenByApp, asking, html


def test_vary_stands_on_every_variant_of_a_page_only(gateway: Gateway, policy: Policy) -> None:
    """4.1 Every variant of a page has Vary, merged with the app's, also with 304. Other responses have not."""
    for cookie in (None, FULL, "consent=functional", "consent_chat=1", "consent=necessary"):
        for body in (TAGGED, page(), b""):
            assert gateway(asking(cookie=cookie), html(body)).all("vary") == ["Cookie, Sec-GPC"]
    merged = gateway(asking(), html(TAGGED, ("Vary", "cookie, Accept-Encoding"), ("Vary", "Origin")))
    assert merged.all("vary") == ["cookie, Accept-Encoding, Sec-GPC", "Origin"]
    assert gateway(asking(), html(TAGGED, ("Vary", "*"))).all("vary") == ["*"]
    tag = gateway(asking(), html(TAGGED, ("ETag", '"a"'))).all("etag")[0]
    again = asking(*NAVIGATION, ("If-None-Match", tag))
    assert gateway(again, Reply([b""], 304, [("ETag", '"a"')], length=False)).all("vary") == ["Cookie, Sec-GPC"]
    assert gateway(asking(), Reply([b"x"], headers=[("Content-Type", "text/css")])).all("vary") == []


def test_shared_caches_are_not_invited(gateway: Gateway) -> None:
    """4.2 No field lets a shared cache store a visitor's page."""
    fields = [("CDN-Cache-Control", "max-age=9"), ("Surrogate-Control", "max-age=9")]
    for cookie in (None, FULL):
        result = gateway(
            asking(cookie=cookie), html(page(), ("Cache-Control", "public, s-maxage=9, max-age=1"), *fields)
        )
        assert result.all("cache-control") == ["private, max-age=1"]
        assert not result.all("cdn-cache-control") + result.all("surrogate-control")


def test_etag_differs_for_each_variant(gateway: Gateway) -> None:
    """4.3 Rewritten bytes never have the app's strong tag, and no two variants share a tag."""
    tags: dict[str, set[bytes]] = {}
    for cookie in (None, FULL, "consent=functional", "consent=analytics,marketing", "consent_chat=1"):
        result = gateway(asking(cookie=cookie), html(TAGGED, ("ETag", '"a"')))
        tags.setdefault(result.all("etag")[0], set()).add(result.body)

    assert '"a"' not in tags
    assert all(len(bodies) == 1 for bodies in tags.values())
    assert len(tags) == 4  # functional consent and the click let the same load


def test_etag_of_another_variant_confirms_nothing(seen_by_app: SeenByApp, gateway: Gateway) -> None:
    """4.4 After consent, the tag of a page without it confirms nothing; a page's own tag still does."""
    tag = gateway(asking(), html(TAGGED, ("ETag", '"a"'))).all("etag")[0]

    def condition(cookie: str | None, given: str) -> str | None:
        request = asking(("Accept", "text/html"), ("If-None-Match", given), cookie=cookie)
        return seen_by_app(request).get("if-none-match")

    stored = [tag, '"a"', f'W/{tag}, "b"']
    assert [condition(None, given) for given in stored] == ['"a"', None, 'W/"a"']
    assert [condition(FULL, given) for given in stored] == [None, None, None]


def test_dates_neither_confirm_nor_stand_on_a_page(seen_by_app: SeenByApp, gateway: Gateway) -> None:
    """4.5 A page has no date, and no date confirms it."""
    date = "Wed, 09 Jun 2021 10:18:14 GMT"

    assert "if-modified-since" not in seen_by_app(asking(("Accept", "text/html"), ("If-Modified-Since", date)))
    assert gateway(asking(), html(page(), ("Last-Modified", date))).all("last-modified") == []


def test_page_stays_in_the_back_forward_cache(gateway: Gateway) -> None:
    """4.6 Nothing keeps a page out of the back/forward cache."""
    result = gateway(asking(), html())

    assert "no-store" not in "".join(result.all("cache-control"))
    assert not re.search(rb"\bunload|beforeunload", result.body + Engine(Policy()).facade.asset().body)


def test_no_transform_does_not_bind_the_middleware(gateway: Gateway) -> None:
    """4.7 No-transform is for proxies: the page is rewritten, and the field stays."""
    result = gateway(asking(), html(TAGGED, ("Cache-Control", "no-transform")))

    assert BLOCKED_LOADER in result.body
    assert result.all("cache-control") == ["no-transform"]


def test_cookies_leave_no_trace_in_the_page(gateway: Gateway) -> None:
    """4.8 No part of a visitor's cookies goes into the page."""
    cookie = "consent_chat=sEcReT; consent=sEcReT; hubspotutk=sEcReT; messagesUtk=sEcReT"

    assert b"sEcReT" not in gateway(asking(cookie=cookie), html()).body
