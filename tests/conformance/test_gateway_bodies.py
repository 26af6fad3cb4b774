"""Length, framing and status of a response, in process, through both gateways."""

from __future__ import annotations

import xml.etree.ElementTree
from wsgiref.util import is_hop_by_hop

from consent_middleware import Policy
from tests.asgi_driver import body_of, chunk, start
from tests.engines import engine_for
from tests.gateways import Reply
from tests.pages import BLOCKED_LOADER, page

from .gateway import HTML, NAVIGATION, TAGGED, Gateway, SeenByApp, asking, html, send_all


def test_rewritten_page_has_a_true_length_or_none(gateway: Gateway) -> None:
    """2.1 A rewritten page has one length and a true one, or none."""
    for length in (True, False):
        result = gateway(asking(), html(length=length))
        assert BLOCKED_LOADER in result.body
        assert result.all("content-length") == ([str(len(result.body))] if length else [])


def test_wrong_length_of_the_app_is_not_passed_on(gateway: Gateway) -> None:
    """2.1 A wrong length of the app is not passed on with other bytes."""
    result = gateway(asking(), Reply([TAGGED], headers=[HTML, ("Content-Length", "7")], length=False))

    assert result.all("content-length") in ([], [str(len(result.body))])


def test_digests_leave_with_the_bytes_they_describe(gateway: Gateway) -> None:
    """2.2 Fields that describe the app's bytes are dropped with them, and stay with them."""
    fields = [("Content-Digest", "x"), ("Repr-Digest", "x"), ("Digest", "x"), ("Content-MD5", "x")]
    fields += [("Accept-Ranges", "bytes")]
    changed, clean = gateway(asking(), html(TAGGED, *fields)), gateway(asking(), html(page(), *fields))

    assert not [name for name, _ in fields if changed.all(name.lower())]
    assert [name for name, _ in fields if clean.all(name.lower())] == [name for name, _ in fields]


def test_head_request_gets_the_head_of_get(gateway: Gateway) -> None:
    """2.3 HEAD gets the head of GET, and a length only if it is that of GET."""
    for body in (TAGGED, page()):
        reply = html(body, ("ETag", '"a"'))
        get = gateway(asking(), reply)
        for given in (reply, Reply([b""], headers=reply.all_headers, length=False)):
            head = gateway(asking(method="HEAD"), given)
            for name in ("etag", "vary", "content-type"):
                assert head.all(name) == get.all(name)
            assert head.all("content-length") in ([], get.all("content-length"))
            assert head.body in (b"", get.body)  # an app that sends GET's body leaves it to the server to drop it


async def test_bodiless_status_called_html_gets_no_facade(policy: Policy) -> None:
    """2.4 A 103, 204 or 304 that calls itself HTML gets no facade."""
    for status in (103, 204, 205, 304):
        sent = await send_all(policy, [start((b"content-type", b"text/html"), status=status), chunk(b"")])
        assert body_of(sent) == b""


def test_204_and_304_get_no_body_length_or_coding(gateway: Gateway) -> None:
    """2.4 204 and 304 get no body, no length and no coding."""
    for status in (204, 304):
        result = gateway(asking(), Reply([b""], status, [], length=False))
        assert result.body == b""
        assert not result.all("content-length") + result.all("content-encoding")


def test_range_of_a_navigation_is_kept_from_the_app(seen_by_app: SeenByApp) -> None:
    """2.5 The app does not see the Range of a navigation; it sees that of other requests."""
    asked = [("Range", "bytes=0-9"), ("If-Range", '"a"')]
    navigation = seen_by_app(asking(*asked, ("Accept", "text/html")))
    player = seen_by_app(asking(*asked, ("Accept", "video/*")))

    assert not {"range", "if-range"} & navigation.keys()
    assert (player["range"], player["if-range"]) == ("bytes=0-9", '"a"')


def test_partial_page_passes_and_is_logged(gateway: Gateway, policy: Policy) -> None:
    """2.5 A 206 passes byte by byte and is logged."""
    result = gateway(asking(), html(TAGGED[10:200], ("Content-Range", "bytes 10-199/500"), status=206))

    assert result.body == TAGGED[10:200]
    assert result.all("content-range") == ["bytes 10-199/500"]
    assert engine_for(policy).notices.counts == {"partial-html": 1}


def test_error_pages_are_rewritten(gateway: Gateway) -> None:
    """2.6 Error pages are rewritten like any other."""
    for status in (400, 403, 404, 500, 503):
        assert BLOCKED_LOADER in gateway(asking(), html(status=status)).body


def test_no_hop_by_hop_field_is_added(gateway: Gateway) -> None:
    """2.7 No hop-by-hop field is added."""
    result = gateway(asking(cookie="consent=necessary; __hstc=1"), html(TAGGED, ("Link", "</a>; rel=preload")))

    assert not [name for name, _ in result.headers if is_hop_by_hop(name)]


def test_only_html_and_xhtml_are_rewritten(gateway: Gateway) -> None:
    """2.8 Only HTML and XHTML are rewritten, with any letter case and parameters."""
    for kind in ("TEXT/HTML", 'text/html; charset="utf-8"', "text/html;x=y", "application/xhtml+xml"):
        assert b"data-consent-src" in gateway(asking(), Reply([TAGGED], headers=[("Content-Type", kind)])).body
    for kind in (
        "text/plain",
        "application/json",
        "text/javascript",
        "text/event-stream",
        "image/svg+xml",
        "text/htmlx",
    ):
        reply = Reply([TAGGED], headers=[("Content-Type", kind), ("ETag", '"a"'), ("Cache-Control", "public")])
        result = gateway(asking(), reply)
        assert result.body == TAGGED
        assert result.headers == [(name.lower(), value) for name, value in reply.all_headers]


def test_missing_type_is_sniffed_and_logged(gateway: Gateway, policy: Policy) -> None:
    """2.8 A missing type is sniffed as in browsers, and is logged."""
    given = [("X-A", "b"), ("ETag", '"a"')]
    result = gateway(asking(*NAVIGATION), Reply([b"plain " + TAGGED], headers=given))

    assert result.body == b"plain " + TAGGED
    assert ("etag", '"a"') in result.headers
    assert engine_for(policy).notices.counts == {}
    gateway(asking(*NAVIGATION), Reply([b""], 302, [("Location", "/")]))
    gateway(asking(*NAVIGATION), Reply([b""], 204, [], length=False))
    assert engine_for(policy).notices.counts == {}
    assert b"data-consent-src" in gateway(asking(*NAVIGATION), Reply([TAGGED], headers=given)).body
    assert engine_for(policy).notices.counts == {"untyped": 1}


def test_xhtml_stays_well_formed(gateway: Gateway) -> None:
    """2.9 XHTML stays well-formed, an empty script element stays one."""
    given = (
        b'<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><head><title>x</title></head><body>'
        b'<script id="hs-script-loader" src="//js.hs-scripts.com/1.js"/><p>kept</p></body></html>'
    )
    result = gateway(asking(), Reply([given], headers=[("Content-Type", "application/xhtml+xml")]))

    root = xml.etree.ElementTree.fromstring(result.body)  # noqa: S314 - made a few lines above
    assert b"data-consent-src" in result.body
    assert b"<p>kept</p>" in result.body
    assert root.tag.endswith("html")
