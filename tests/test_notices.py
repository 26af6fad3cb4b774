"""Notices: counted every time, logged once, with the path of the page and nothing else of the request."""

from __future__ import annotations

import logging

import pytest

from consent_middleware import Policy
from consent_middleware.engine import Engine
from consent_middleware.exchange import Exchange, RequestHead
from consent_middleware.notices import Notices, current_path
from tests.exchanges import respond
from tests.gateways import GATEWAYS, Reply, Request
from tests.pages import LOADER, page

HTML = (b"content-type", b"text/html")
#: Whether a page may be rewritten depends on its head, and a notice about it says so.
PARTIAL = Reply([page(LOADER)], status=206)


def lines(caplog: pytest.LogCaptureFixture, event: str) -> list[str]:
    return [message for message in caplog.messages if message.startswith(event + ":")]


def test_event_is_counted_each_time_and_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    notices = Notices()

    notices.note("event", "what has happened")
    notices.note("event", "what has happened", times=3)

    assert notices.counts == {"event": 4}
    assert len(lines(caplog, "event")) == 1
    assert caplog.records[0].levelno == logging.WARNING


@pytest.mark.parametrize("gateway", GATEWAYS)
def test_notice_names_the_path_without_the_query(gateway: str, caplog: pytest.LogCaptureFixture) -> None:
    policy = Policy(contact_url="/contact")

    GATEWAYS[gateway](policy, Request(path="/shop/bells"), PARTIAL)

    (line,) = lines(caplog, "partial-html")
    assert line.endswith(" (first on the page '/shop/bells')")


def test_notice_of_streamed_body_names_its_own_page(caplog: pytest.LogCaptureFixture) -> None:
    engine = Engine(Policy(contact_url="/c", limits={"tag_bytes": 1024}))
    first, second = (Exchange(engine, RequestHead("GET", path, "", [])) for path in ("/first", "/second"))
    for exchange in (first, second):
        exchange.start(200, [HTML])

    for chunk in (b'<script src="//js.hs-scripts.com/', b"x" * 2000, b"x" * 2000):
        first.feed(chunk)
    second.feed(b"<p>")
    first.close()
    second.close()

    assert lines(caplog, "bail-out")[0].endswith("(first on the page '/first')")


def test_notice_of_feed_names_its_own_page(caplog: pytest.LogCaptureFixture) -> None:
    engine = Engine(Policy(contact_url="/c"))
    first, second = (Exchange(engine, RequestHead("GET", path, "", [])) for path in ("/first", "/second"))
    for exchange in (first, second):
        exchange.start(200, [HTML, (b"content-encoding", b"gzip")])

    first.feed(b"no gzip at all")

    assert lines(caplog, "broken-coding")[0].endswith("(first on the page '/first')")


def test_notice_of_whole_body_names_its_own_page(caplog: pytest.LogCaptureFixture) -> None:
    engine = Engine(Policy(contact_url="/c"))
    first, second = (Exchange(engine, RequestHead("GET", path, "", [])) for path in ("/first", "/second"))
    for exchange in (first, second):
        exchange.start(200, [HTML, (b"content-encoding", b"gzip")])

    first.rewrite_whole(b"no gzip at all")

    assert lines(caplog, "broken-coding")[0].endswith("(first on the page '/first')")


def test_path_cannot_make_a_line_of_the_log(caplog: pytest.LogCaptureFixture) -> None:
    engine = Engine(Policy(contact_url="/c"))
    path = "/a\nERROR forged\u2028\x1b[2J" + "x" * 1000

    respond(Exchange(engine, RequestHead("GET", path, "", [])), 206, [HTML], b"")

    (line,) = lines(caplog, "partial-html")
    assert line.isascii()
    assert line.isprintable()
    assert len(line) < 400


def test_notice_about_the_site_names_no_page(caplog: pytest.LogCaptureFixture) -> None:
    current_path.set("/of-another-request")

    Engine(Policy())

    assert lines(caplog, "no-contact-url")[0].endswith("visitors get no link")
