"""The parts of `verify` that need no browser: text, known hosts, settings, what is taken out of files."""

from __future__ import annotations

import argparse
import json
import sys
import zipfile
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from consent_middleware.commands.main import main
from consent_middleware.policy import Policy
from consent_middleware.purpose import Purpose
from consent_middleware.vendors import VENDORS
from consent_middleware.vendors.intercom import INTERCOM
from consent_middleware.verify import browser, command, folder
from consent_middleware.verify.document import Result, as_json
from consent_middleware.verify.errors import VerifyError
from consent_middleware.verify.known import Known
from consent_middleware.verify.observe import MOST, MOST_KEPT, Recorder
from consent_middleware.verify.promises import judge
from consent_middleware.verify.record import (
    Hint,
    Measurement,
    Phase,
    SeenCookie,
    SessionName,
    SessionRecord,
    VendorRequest,
    VisitedPage,
)
from consent_middleware.verify.report import page
from consent_middleware.verify.scrub import scrub_har, scrub_trace
from consent_middleware.verify.settings import MOST_PAGES, VerifySettings, origin_of
from consent_middleware.verify.text import LIMIT, Redactor, clean, lifetime

HUBSPOT = VENDORS[0]
URL = "https://shop.example/"
PROXIED = "--proxied=js.hs-scripts.com=https://shop.example"


def settings(tmp_path: Path, **more: Any) -> VerifySettings:
    given = {"urls": [URL], "folder": tmp_path / "new", "vendor": HUBSPOT, "policy": Policy(), "proxied": {}, **more}
    return VerifySettings(**given)


class TestText:
    @pytest.mark.parametrize(
        ("text", "shown"),
        [
            ("plain – ü", "plain – ü"),
            ("a\nb\x1b[31m", "a\\u{a}b\\u{1b}[31m"),
            ("\u202eabc\ud800", "\\u{202e}abc\\u{d800}"),
            ("a\u2028b", "a\\u{2028}b"),
        ],
    )
    def test_hidden_characters_are_written_out(self, text: str, shown: str) -> None:
        assert clean(text) == shown

    def test_long_text_is_cut(self) -> None:
        assert clean("x" * LIMIT) == "x" * LIMIT
        assert clean("x" * (LIMIT + 1)) == "x" * (LIMIT - 1) + "…"

    def test_values_are_replaced_in_each_form(self) -> None:
        redactor = Redactor()
        redactor.add(['a "b&secret', "short"])

        for form in ('a "b&secret', "a%20%22b%26secret", "a &quot;b&amp;secret", 'a "b&amp;secret'):
            assert redactor.text(f"<{form}> short") == "<[cookie value]> short"
        assert redactor.body(b'=a "b&secret;') == b"=[cookie value];"

    @pytest.mark.parametrize(
        ("seconds", "words"),
        [
            (None, "until the browser is closed"),
            (180 * 86_400 - 20, "about 180 days"),
            (86_400 - 20, "about 24 hours"),
            (1_800 - 100, "about 30 minutes"),
            (10, "about 5 minutes"),
        ],
    )
    def test_lifetime_is_rounded(self, seconds: float | None, words: str) -> None:
        assert lifetime(seconds) == words


class TestKnown:
    known = Known(HUBSPOT, {"js.hs-scripts.com": "https://shop.example:8443/"}, "own cookie")

    @pytest.mark.parametrize(
        ("url", "address"),
        [
            ("https://JS.hs-scripts.com/5.js?x=1", ("js.hs-scripts.com", "/5.js")),
            ("wss://api.hubspot.com", ("api.hubspot.com", "/")),
            ("https://shop.example:8443/5.js", ("js.hs-scripts.com", "/5.js")),
            ("https://shop.example/utk/0123456789abcdef0123/x", ("shop.example", "/utk/…/x")),
            ("https://shop.example/1700000000000/5.js", ("shop.example", "/…/5.js")),
            ("https://shop.example/facade-defaced-facade", ("shop.example", "/facade-defaced-facade")),
            ("data:text/html,x", None),
            ("https:///x", None),
            ("https://[x", None),
        ],
    )
    def test_address_is_host_and_path(self, url: str, address: tuple[str, str] | None) -> None:
        assert self.known.address(url) == address

    @pytest.mark.parametrize(
        ("host", "purposes"),
        [
            ("js-eu1.hs-scripts.com", (Purpose.TRACKING,)),
            ("app-eu1.hubspot.com", (Purpose.CHAT, Purpose.EMBEDS)),
            ("track.hubspot.com", (Purpose.TRACKING,)),
            ("js.hs-banner.com", (Purpose.TRACKING,)),
            ("cdn2.hubspot.net", ()),
            ("shop.example", ()),
        ],
    )
    def test_host_has_its_purposes(self, host: str, purposes: tuple[Purpose, ...]) -> None:
        assert self.known.purposes(host) == purposes

    def test_cookie_is_found_by_its_name(self) -> None:
        tracker = self.known.cookie("hubspotutk")

        assert tracker
        assert tracker.purpose is Purpose.TRACKING
        assert self.known.cookie("HubSpotUtk") is None

    def test_cookie_is_found_by_its_beginning(self) -> None:
        prefix = next(rule for rule in INTERCOM.cookie_rules if rule.prefix)

        assert Known(INTERCOM, {}, "").cookie(prefix.name + "abc") is prefix

    def test_banner_in_use_is_free_before_a_choice(self) -> None:
        known = Known(HUBSPOT, {}, "hubspot")

        assert known.purposes("js-eu1.hs-banner.com") == ()
        assert known.purposes("js.hs-scripts.com") == (Purpose.TRACKING,)
        assert known.cookie("__hs_cookie_cat_pref") is None
        assert known.cookie("__hstc")


class Events:
    """A context, tab or DevTools session that does nothing and remembers who listens."""

    def __init__(self) -> None:
        self.listeners: dict[str, Any] = {}

    def on(self, event: str, listener: Any) -> None:
        self.listeners[event] = listener

    def send(self, method: str) -> None:
        """Do nothing."""

    def new_cdp_session(self, page: Events) -> Events:
        return self


@dataclass(frozen=True)
class Request:
    """A request of Playwright, as far as it is recorded."""

    url: str
    method: str = "GET"
    resource_type: str = "script"


class TestRecorder:
    @pytest.fixture
    def devtools(self) -> Events:
        return Events()

    @pytest.fixture
    def recorder(self, devtools: Events) -> Recorder:
        known = Known(HUBSPOT, {}, "own cookie")
        return Recorder(cast("Any", devtools), cast("Any", Events()), known, Redactor(), URL)

    def test_early_hint_is_found(self, devtools: Events, recorder: Recorder) -> None:
        recorder.page_address = URL
        event = {"requestId": "1", "headers": {"link": "<https://js.hs-scripts.com/5.js>; as=script; rel=preload"}}

        devtools.listeners["Network.responseReceivedEarlyHints"](event)

        assert recorder.hints() == [Hint("early hint", "preload", "js.hs-scripts.com", URL, (Purpose.TRACKING,))]

    def test_request_counts_with_its_innermost_caller(self, devtools: Events, recorder: Recorder) -> None:
        url = "https://js.hs-scripts.com/5.js"
        parent = {"callFrames": [{"url": f"{URL}late.js", "lineNumber": 4}]}
        initiator = {"type": "script", "stack": {"callFrames": [], "parent": parent}}
        request = Request(url)

        for kind in ({"type": "preflight", "url": "x"}, initiator):
            event = {"requestId": "1", "request": {"url": url}, "initiator": kind}
            devtools.listeners["Network.requestWillBeSent"](event)
        devtools.listeners["request"](request)
        devtools.listeners["request"](request)
        waited = recorder.waits
        devtools.listeners["requestfailed"](request)

        (found,) = recorder.requests()
        assert (found.initiator, found.count, found.failed) == ("script shop.example/late.js, line 5", 2, True)
        assert (waited, recorder.waits) == (True, False)

    def test_errors_are_kept_up_to_a_number(self, devtools: Events, recorder: Recorder) -> None:
        for number in range(MOST_KEPT + 9):
            devtools.listeners["console"](SimpleNamespace(type="error", text=f"no {number:04}"))
        devtools.listeners["console"](SimpleNamespace(type="log", text="fine"))

        assert recorder.errors() == [f"no {number:04}" for number in range(MOST)]

    @pytest.mark.parametrize("place", [0, MOST - 1, MOST, MOST + 9])
    def test_errors_do_not_depend_on_their_order(self, devtools: Events, recorder: Recorder, place: int) -> None:
        texts = [f"no {number:04}" for number in range(MOST + 9)]
        for text in (*texts[:place], "Failed to load", *texts[place:]):
            devtools.listeners["console"](SimpleNamespace(type="error", text=text))

        assert recorder.errors() == ["Failed to load", *texts[: MOST - 1]]


class TestSettings:
    @pytest.mark.parametrize(
        ("more", "number"),
        [
            ({"urls": []}, "CM110"),
            ({"urls": [URL] * (MOST_PAGES + 1)}, "CM110"),
            ({"urls": [URL, "https://www.shop.example/"]}, "CM111"),
            ({"urls": [URL], "also": ["//other.example/"]}, "CM111"),
            ({"urls": ["ftp://shop.example/"]}, "CM114"),
            ({"urls": ["shop.example"]}, "CM114"),
            ({"urls": ["https://[x/"]}, "CM114"),
            ({"urls": ["https://me:secret@shop.example/"]}, "CM114"),
        ],
    )
    def test_unusable_address_is_an_error(self, tmp_path: Path, more: dict[str, Any], number: str) -> None:
        with pytest.raises(VerifyError, match=number) as error:
            settings(tmp_path, **more)

        assert error.value.status == 2
        assert "secret" not in str(error.value)

    def test_error_shows_no_control_characters(self) -> None:
        with pytest.raises(VerifyError) as error:
            origin_of("\x1b[31m")

        assert "\x1b" not in str(error.value)

    @pytest.mark.parametrize(
        ("url", "origin"),
        [
            ("https://shop.example:443/a", "https://shop.example"),
            ("http://[::1]:8000/", "http://[::1]:8000"),
        ],
    )
    def test_origin_is_scheme_host_and_port(self, url: str, origin: str) -> None:
        assert origin_of(url) == origin

    @pytest.mark.parametrize("kind", ["a file", "a full folder"])
    def test_folder_must_be_new_or_empty(self, tmp_path: Path, kind: str) -> None:
        (tmp_path / "file").touch()

        with pytest.raises(VerifyError, match="CM112"):
            settings(tmp_path, folder=tmp_path / "file" if kind == "a file" else tmp_path)

    def test_unknown_platform_is_an_error(self, tmp_path: Path) -> None:
        with pytest.raises(VerifyError, match=r"CM113.*nosuch"):
            settings(tmp_path, platform="nosuch").consent(SessionName.REFUSED, 0)

    def test_platform_writes_its_own_cookie(self, tmp_path: Path) -> None:
        written = settings(tmp_path, platform="onetrust").consent(SessionName.EVERYTHING, 1_700_000_000)

        assert "OptanonConsent" in {cookie.name for cookie in written.cookies}


TRACKER = SeenCookie("hubspotutk", "shop.example", "about 180 days", "script", True, Purpose.TRACKING)
HAR = {
    "log": {
        "entries": [
            {
                "pageref": "page@0123456789abcdef0123456789abcdef",
                "request": {
                    "url": "https://t.example/a.gif?id=77#x",
                    "cookies": [{"name": "sid", "value": "topsecret"}],
                    "queryString": [{"name": "id", "value": "77"}],
                    "headers": [
                        {"name": "Cookie", "value": "sid=topsecret"},
                        {"name": ":path", "value": "/a.gif?id=77"},
                        {"name": "X-Note", "value": "it is topsecret"},
                    ],
                    "postData": {"text": "what was typed"},
                },
            }
        ]
    }
}


def result(tmp_path: Path, *records: SessionRecord) -> Result:
    """Return the result with these sessions; the others were left out."""
    given = {name: SessionRecord(name, left_out=True) for name in SessionName} | {each.name: each for each in records}
    times = {"started": "2026-01-01T00:00:00+00:00", "ended": "2026-01-01T00:01:00+00:00"}
    return Result(
        settings=settings(tmp_path, urls=[f"{URL}#top"], also=["/x#y"]),
        measurement=Measurement(given),
        verdicts=judge(given, "HubSpot"),
        **times,
    )


class TestReport:
    hostile = "<script>alert(1)</script>\u202e\"'"

    def test_every_text_of_a_page_is_escaped(self, tmp_path: Path) -> None:
        text = self.hostile
        record = SessionRecord(
            SessionName.UNTOUCHED,
            trouble=text,
            pages=[VisitedPage(text, 200)],
            requests=[VendorRequest(Phase.VISIT, text, text, text, text, text, text, (Purpose.CHAT,), failed=True)],
            hints=[Hint("element", text, text, text, (Purpose.CHAT,))],
            cookies=[SeenCookie(text, text, text, text, vendor=True)],
            storage=[text],
            blocked=[text],
            errors=[text],
            other_hosts=[text],
        )

        html = page(result(tmp_path, record), {}, [text])

        assert "<script" not in html
        assert "\u202e" not in html
        assert html.count("&lt;script&gt;alert(1)") >= 14

    def test_broken_promise_says_what_was_not_finished(self, tmp_path: Path) -> None:
        record = SessionRecord(SessionName.UNTOUCHED, trouble="One page is missing.", cookies=[TRACKER])

        assert "<p>There may be more: One page is missing.</p>" in page(result(tmp_path, record), {}, [])

    def test_pages_have_no_fragment(self, tmp_path: Path) -> None:
        data = as_json(result(tmp_path))

        assert (data["pages"], data["also"]) == ([URL], [f"{URL}x"])

    def test_left_out_sessions_do_not_count(self, tmp_path: Path) -> None:
        kept = result(tmp_path, SessionRecord(SessionName.GPC))

        assert sum(kept.counts.values()) == 1
        assert "Promises: 1 kept, 0 broken, 0 not measured." in page(kept, {}, [])


class TestScrub:
    @pytest.fixture
    def redactor(self) -> Redactor:
        redactor = Redactor()
        redactor.add(["topsecret"])
        return redactor

    def test_har_keeps_no_values_and_no_queries(self, tmp_path: Path, redactor: Redactor) -> None:
        (tmp_path / "raw.har").write_text(json.dumps(HAR), "utf-8")

        scrub_har(tmp_path / "raw.har", tmp_path / "clean.har", redactor)

        entry = json.loads((tmp_path / "clean.har").read_text("utf-8"))["log"]["entries"][0]
        assert entry == {
            "pageref": "page-1",
            "request": {
                "url": "https://t.example/a.gif",
                "cookies": [],
                "queryString": [],
                "headers": [
                    {"name": "Cookie", "value": "[not kept]"},
                    {"name": ":path", "value": "/a.gif"},
                    {"name": "X-Note", "value": "it is [cookie value]"},
                ],
            },
        }

    def test_trace_keeps_pictures_and_no_bodies(self, tmp_path: Path, redactor: Redactor) -> None:
        with zipfile.ZipFile(tmp_path / "raw.zip", "w") as raw:
            raw.writestr("trace.network", json.dumps(HAR) + "\n\n")
            raw.writestr("resources/a.jpeg", b"picture")
            raw.writestr("resources/a.html", b"topsecret")

        scrub_trace(tmp_path / "raw.zip", tmp_path / "clean.zip", redactor)

        with zipfile.ZipFile(tmp_path / "clean.zip") as trace:
            assert trace.namelist() == ["trace.network", "resources/a.jpeg"]
            assert b"topsecret" not in trace.read("trace.network")
            assert trace.read("resources/a.jpeg") == b"picture"


class TestCommand:
    def test_wrong_usage_has_status_2(self, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
        assert main(["verify", "ftp://shop.example/", "--folder", str(tmp_path / "new")]) == 2
        assert "CM114" in capsys.readouterr().err

    @pytest.mark.parametrize(
        "arguments",
        [
            ["--wait", "no"],
            ["--wait", "0"],
            ["--proxied", "js.hs-scripts.com"],
            ["--mapping", "/nowhere"],
            ["--mapping", __file__],
            ["--session", "other"],
        ],
    )
    def test_wrong_argument_is_a_usage_error(self, tmp_path: Path, arguments: list[str]) -> None:
        with pytest.raises(SystemExit) as ended:
            main(["verify", URL, "--folder", str(tmp_path), *arguments])

        assert ended.value.code == 2

    def test_missing_playwright_is_an_error(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
    ) -> None:
        monkeypatch.setitem(sys.modules, "playwright.sync_api", None)
        mapping = tmp_path / "mapping.json"
        mapping.write_text('{"stats": "analytics"}', "utf-8")

        status = main(["verify", URL, "--folder", str(tmp_path / "new"), "--mapping", str(mapping), PROXIED])

        assert status == 3
        assert "(CM116) Playwright is missing: pip install consent-middleware[verify]" in capsys.readouterr().err

    def test_missing_browser_is_an_error(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setattr(browser.shutil, "which", lambda name: None)  # type: ignore[attr-defined]
        kind = cast("Any", SimpleNamespace(executable_path=str(tmp_path / "none")))

        with pytest.raises(VerifyError, match=r"CM117.*any usual place"):
            browser._executable("", kind)

    def test_folder_that_cannot_be_written_is_an_error(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        def fail(options: argparse.Namespace) -> int:
            raise PermissionError(13, "Permission denied", "/somewhere")

        monkeypatch.setattr(command, "_run", fail)

        assert command.run(argparse.Namespace()) == 3
        assert "(CM119) /somewhere cannot be read or written: Permission denied" in capsys.readouterr().err

    def test_unknown_playwright_version_is_named_so(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def missing(name: str) -> str:
            raise PackageNotFoundError(name)

        monkeypatch.setattr(folder, "version", missing)

        assert folder._playwright_version() == "unknown"
