"""What the middleware answers itself: the scripts, and the decision for the visitor who asks."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable

import brotli
import pytest

from consent_middleware import Policy
from consent_middleware.endpoint import asset_url
from consent_middleware.exchange import Exchange, RequestHead
from tests.engines import engine_for
from tests.exchanges import respond

POLICY = Policy(contact_url="/contact")


def ask(
    path: str, cookie: str = "", method: str = "GET", policy: Policy = POLICY, accept: str = ""
) -> tuple[int, dict[str, list[str]], bytes]:
    headers = [(b"Host", b"www.shop.example"), *([(b"Cookie", cookie.encode())] if cookie else [])]
    headers += [(b"Accept-Encoding", accept.encode())] if accept else []
    answer = Exchange(engine_for(policy), RequestHead(method, path, "", headers)).answer
    assert answer is not None
    head: dict[str, list[str]] = {}
    for name, value in answer.headers:
        head.setdefault(name.decode(), []).append(value.decode())
    return answer.status, head, answer.body


@pytest.mark.parametrize(
    ("mount", "prefix"),
    [
        ("", ""),
        ("/", ""),
        ("/shop", "/shop"),
        ("/a/b/", "/a/b"),
        ("/caf%C3%A9%20x", "/caf%C3%A9%20x"),
    ],
)
def test_asset_url_is_below_the_mount(mount: str, prefix: str) -> None:
    assert asset_url(engine_for(POLICY), mount) == f"{prefix}/_consent/{engine_for(POLICY).facade.asset().name}"


class TestDecision:
    @pytest.mark.parametrize(
        ("cookie", "chat", "tracking"),
        [
            pytest.param("", False, False, id="no choice"),
            pytest.param("consent=functional", True, False, id="functional consent"),
            pytest.param("consent=functional,analytics,marketing", True, True, id="full consent"),
            pytest.param("consent=necessary", False, False, id="a refusal"),
            pytest.param("consent=necessary; consent_chat=1", True, False, id="a click beside a refusal"),
        ],
    )
    def test_answer_has_each_purpose(self, cookie: str, chat: bool, tracking: bool) -> None:
        status, head, body = ask("/_consent/decision", cookie)
        answer = json.loads(body)
        assert (status, answer["chat"], answer["tracking"]) == (200, chat, tracking)
        assert head["content-type"] == ["application/json"]
        assert head["content-length"] == [str(len(body))]

    def test_answer_is_not_stored_and_varies(self) -> None:
        _, head, _ = ask("/_consent/decision")
        assert head["cache-control"] == ["no-store"]
        assert head["x-content-type-options"] == ["nosniff"]
        assert ", ".join(head["vary"]).lower().split(", ") == ["cookie", "sec-gpc"]

    def test_only_refused_cookies_expire(self) -> None:
        _, head, _ = ask("/_consent/decision", "consent=necessary; __hstc=1; messagesUtk=2; other=3")
        ended = {line.partition("=")[0] for line in head["set-cookie"]}
        assert ended == {"__hstc", "messagesUtk"}
        assert any("Domain=shop.example" in line for line in head["set-cookie"])
        # What a past visit has left ends as well; the trackers' cookies only after an explicit no.
        left = ask("/_consent/decision", "__hstc=1; messagesUtk=2")[1]["set-cookie"]
        assert {line.partition("=")[0] for line in left} == {"messagesUtk"}
        assert "set-cookie" not in ask("/_consent/decision", "consent_chat=1; __hstc=1; messagesUtk=2")[1]
        assert "set-cookie" not in ask("/_consent/decision", "consent=functional,analytics,marketing; __hstc=1")[1]

    def test_head_request_gets_no_body(self) -> None:
        _, head, body = ask("/_consent/decision", method="HEAD")
        assert body == b""
        assert int(head["content-length"][0]) > 0

    @pytest.mark.parametrize("method", ["POST", "OPTIONS", "DELETE"])
    def test_other_methods_go_to_the_app(self, method: str) -> None:
        assert Exchange(engine_for(POLICY), RequestHead(method, "/_consent/decision", "", [])).answer is None

    @pytest.mark.parametrize("path", ["/decision", "/_consent/decision/", "/_consent/decisions", "/_consent"])
    def test_other_paths_go_to_the_app(self, path: str) -> None:
        assert Exchange(engine_for(POLICY), RequestHead("GET", path, "", [])).answer is None


class TestScript:
    def test_each_language_has_an_immutable_script(self) -> None:
        for name, asset in engine_for(POLICY).facade.assets.items():
            _, head, body = ask(f"/_consent/{name}")
            assert body == asset.body
            assert head["cache-control"] == ["public, max-age=31536000, immutable"]

    def test_older_name_gets_todays_script_uncached(self) -> None:
        _, head, body = ask("/_consent/facade.0123456789abcdef.js")
        assert body == engine_for(POLICY).facade.asset(placeholders=True).body
        assert head["cache-control"] == ["no-cache"]
        _, head, body = ask("/_consent/guard.0123456789abcdef.js")
        assert body == engine_for(POLICY).facade.guard.body
        assert head["cache-control"] == ["no-cache"]

    @pytest.mark.parametrize(
        ("accept", "coding", "unpack"),
        [
            ("", None, bytes),
            ("identity", None, bytes),
            ("gzip", "gzip", gzip.decompress),
            ("gzip, deflate, br, zstd", "br", brotli.decompress),
            ("zstd, deflate", None, bytes),
        ],
    )
    def test_script_has_a_coding_that_is_accepted(
        self, accept: str, coding: str | None, unpack: Callable[[bytes], bytes]
    ) -> None:
        for name, asset in engine_for(POLICY).facade.assets.items():
            _, head, body = ask(f"/_consent/{name}", accept=accept)
            assert unpack(body) == asset.body
            assert head.get("content-encoding") == (coding and [coding])
            assert head["content-length"] == [str(len(body))]
            assert head["vary"] == ["Accept-Encoding"]

    def test_compressed_script_fits_its_limits(self) -> None:
        name = engine_for(POLICY).facade.asset("en").name
        assert len(ask(f"/_consent/{name}", accept="gzip")[2]) <= 4672
        assert len(ask(f"/_consent/{name}", accept="br")[2]) <= 4096

    def test_head_request_gets_the_length_of_get(self) -> None:
        name = engine_for(POLICY).facade.asset("en").name
        _, head, body = ask(f"/_consent/{name}", method="HEAD", accept="gzip")
        assert body == b""
        assert head["content-length"] == [str(len(ask(f"/_consent/{name}", accept="gzip")[2]))]


class TestLanguage:
    def test_callable_chooses_language_and_variant(self) -> None:
        policy = Policy(contact_url="/c", language=lambda signals: "de" if signals.path == "/de" else None)
        page = b'<script src="https://js.hs-scripts.com/1.js"></script>'
        found = {}
        for path in ("/de", "/en"):
            exchange = Exchange(engine_for(policy), RequestHead("GET", path, "", []))
            head, body = respond(exchange, 200, [(b"Content-Type", b"text/html"), (b"ETag", b'"x"')], page)
            found[path] = (dict(head)[b"ETag"], body)
        assert b"Live-Chat" in found["/de"][1]
        assert b"Live chat" in found["/en"][1]
        assert found["/de"][0] != found["/en"][0]

    @pytest.mark.parametrize("said", [3, "not a tag", ValueError])
    def test_failing_callable_leaves_the_pages_language(self, said: object) -> None:
        def choose(_signals: object) -> str:
            if said is ValueError:
                raise ValueError
            return said  # type: ignore[return-value]

        policy = Policy(contact_url="/c", language=choose)
        exchange = Exchange(engine_for(policy), RequestHead("GET", "/", "", []))
        _, body = respond(
            exchange, 200, [(b"Content-Type", b"text/html")], b'<script src="//js.hs-scripts.com/1.js"></script>'
        )
        assert b"Live chat" in body
        assert engine_for(policy).notices.counts["language-raised"] >= 1
