"""The responses of the middleware itself: the scripts, and the decision for the visitor."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable

import brotli
import pytest

from consent_middleware import Policy
from consent_middleware.endpoint import asset_url
from consent_middleware.exchange import Exchange, RequestHead

POLICY = Policy(contact_url="/contact")


def ask(
    path: str, cookie: str = "", method: str = "GET", policy: Policy = POLICY, accept: str = ""
) -> tuple[int, dict[str, list[str]], bytes]:
    headers = [(b"Host", b"www.shop.example"), *([(b"Cookie", cookie.encode())] if cookie else [])]
    headers += [(b"Accept-Encoding", accept.encode())] if accept else []
    answer = Exchange(policy, RequestHead(method, path, "", headers)).answer
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
def test_asset_url_is_a_path_below_the_mount(mount: str, prefix: str) -> None:
    assert asset_url(POLICY, mount) == f"{prefix}/_consent/{POLICY.facade.asset().name}"


class TestDecision:
    @pytest.mark.parametrize(
        ("cookie", "chat", "tracking"),
        [
            pytest.param("", False, False, id="no choice"),
            pytest.param("consent=functional", True, False, id="functional consent"),
            pytest.param("consent=functional,analytics,marketing", True, True, id="full consent"),
            pytest.param("consent=necessary", False, False, id="a refusal"),
            pytest.param("consent=necessary; consent_chat=1", True, False, id="a click despite a refusal"),
        ],
    )
    def test_decision_lists_allowed_purposes(self, cookie: str, chat: bool, tracking: bool) -> None:
        status, head, body = ask("/_consent/decision", cookie)
        answer = json.loads(body)
        assert (status, answer["chat"], answer["tracking"]) == (200, chat, tracking)
        assert head["content-type"] == ["application/json"]
        assert head["content-length"] == [str(len(body))]

    def test_decision_is_not_stored_and_varies_by_cookie(self) -> None:
        _, head, _ = ask("/_consent/decision")
        assert head["cache-control"] == ["no-store"]
        assert head["x-content-type-options"] == ["nosniff"]
        assert ", ".join(head["vary"]).lower().split(", ") == ["cookie", "sec-gpc"]

    def test_decision_expires_only_refused_cookies(self) -> None:
        _, head, _ = ask("/_consent/decision", "consent=necessary; __hstc=1; messagesUtk=2; other=3")
        ended = {line.partition("=")[0] for line in head["set-cookie"]}
        assert ended == {"__hstc", "messagesUtk"}
        assert any("Domain=shop.example" in line for line in head["set-cookie"])
        # Leftovers of an earlier visit expire too, but trackers' cookies only after an explicit refusal.
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
        assert Exchange(POLICY, RequestHead(method, "/_consent/decision", "", [])).answer is None

    @pytest.mark.parametrize("path", ["/decision", "/_consent/decision/", "/_consent/decisions", "/_consent"])
    def test_other_paths_go_to_the_app(self, path: str) -> None:
        assert Exchange(POLICY, RequestHead("GET", path, "", [])).answer is None


class TestScript:
    def test_script_of_each_language_is_cached_forever(self) -> None:
        for name, asset in POLICY.facade.assets.items():
            _, head, body = ask(f"/_consent/{name}")
            assert body == asset.body
            assert head["cache-control"] == ["public, max-age=31536000, immutable"]

    def test_old_script_name_gets_current_script_uncached(self) -> None:
        _, head, body = ask("/_consent/facade.0123456789abcdef.js")
        assert body == POLICY.facade.asset(placeholders=True).body
        assert head["cache-control"] == ["no-cache"]
        _, head, body = ask("/_consent/guard.0123456789abcdef.js")
        assert body == POLICY.facade.guard.body
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
    def test_script_is_compressed_for_the_browser(
        self, accept: str, coding: str | None, unpack: Callable[[bytes], bytes]
    ) -> None:
        for name, asset in POLICY.facade.assets.items():
            _, head, body = ask(f"/_consent/{name}", accept=accept)
            assert unpack(body) == asset.body
            assert head.get("content-encoding") == (coding and [coding])
            assert head["content-length"] == [str(len(body))]
            assert head["vary"] == ["Accept-Encoding"]

    def test_compressed_script_is_within_size_limits(self) -> None:
        name = POLICY.facade.asset("en").name
        assert len(ask(f"/_consent/{name}", accept="gzip")[2]) <= 4672
        assert len(ask(f"/_consent/{name}", accept="br")[2]) <= 4096

    def test_head_request_has_the_length_of_the_script(self) -> None:
        name = POLICY.facade.asset("en").name
        _, head, body = ask(f"/_consent/{name}", method="HEAD", accept="gzip")
        assert body == b""
        assert head["content-length"] == [str(len(ask(f"/_consent/{name}", accept="gzip")[2]))]


class TestLanguage:
    def test_language_by_request_changes_page_and_etag(self) -> None:
        policy = Policy(contact_url="/c", language=lambda signals: "de" if signals.path == "/de" else None)
        page = b'<script src="https://js.hs-scripts.com/1.js"></script>'
        found = {}
        for path in ("/de", "/en"):
            exchange = Exchange(policy, RequestHead("GET", path, "", []))
            head, body = exchange.whole(200, [(b"Content-Type", b"text/html"), (b"ETag", b'"x"')], page)
            found[path] = (dict(head)[b"ETag"], body)
        assert b"Live-Chat" in found["/de"][1]
        assert b"Live chat" in found["/en"][1]
        assert found["/de"][0] != found["/en"][0]

    @pytest.mark.parametrize("said", [3, "not a tag", ValueError])
    def test_failing_language_callable_is_noted(self, said: object) -> None:
        def choose(_signals: object) -> str:
            if said is ValueError:
                raise ValueError
            return said  # type: ignore[return-value]

        policy = Policy(contact_url="/c", language=choose)
        exchange = Exchange(policy, RequestHead("GET", "/", "", []))
        _, body = exchange.whole(
            200, [(b"Content-Type", b"text/html")], b'<script src="//js.hs-scripts.com/1.js"></script>'
        )
        assert b"Live chat" in body
        assert policy.notices.counts["language-raised"] >= 1
