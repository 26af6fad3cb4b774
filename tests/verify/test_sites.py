"""`verify` in Chromium: on the example, on a site with each known leak, and on an unprotected site."""

from __future__ import annotations

import hashlib
import json
import re
import zipfile
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import html5lib
import jsonschema  # type: ignore[import-untyped] # it has no types
import pytest
from playwright.sync_api import Browser, sync_playwright

from consent_middleware.pytest_plugin import verify_pages
from consent_middleware.verify import sessions
from consent_middleware.verify.promises import Status, Verdict
from consent_middleware.verify.record import SessionName
from examples.demo.evidence import measure
from examples.flask_app import create_app
from examples.standin import StandIn
from tests import chromium, npm
from tests.browser.example_servers import ExampleSites

from . import sites
from .sites import BARE, GUARDLESS, HOST, SECRET, URL, Run, serving, verify

pytestmark = pytest.mark.browser

LEAKS = [*GUARDLESS, *BARE]
#: The pages of the leaky site, with the one that answers with an error as another page.
ARGUMENTS = [*(f"http://{HOST}{path}" for path in LEAKS if path != "/error"), "--also", "/error", "--session=untouched"]
#: What differs between two runs: the times.
TIMES = {"started", "ended", "duration", "at"}


@pytest.fixture(scope="module")
def standin() -> Iterator[StandIn]:
    with StandIn() as standin:
        yield standin


@pytest.fixture(scope="module")
def protected(standin: StandIn, tmp_path_factory: pytest.TempPathFactory) -> Run:
    with serving(create_app(portal="4711", pause=0)) as port:
        return verify(tmp_path_factory.mktemp("run") / "new", port, standin, URL)


@pytest.fixture(scope="module")
def unprotected(standin: StandIn, tmp_path_factory: pytest.TempPathFactory) -> Run:
    with serving(create_app(portal="4711", pause=0, protected=False)) as port:
        return verify(tmp_path_factory.mktemp("run"), port, standin, URL)


@pytest.fixture(scope="module")
def leaky_site() -> Iterator[int]:
    with serving(sites.leaky()) as port:
        yield port


@pytest.fixture(scope="module")
def leaky(standin: StandIn, leaky_site: int, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return verify(tmp_path_factory.mktemp("run"), leaky_site, standin, *ARGUMENTS)


@pytest.fixture
def browser() -> Iterator[Browser]:
    """Yield a Chromium for one test: while it runs, no other test can run `verify` in this process."""
    with sync_playwright() as playwright:
        browser = chromium.start(playwright.chromium)
        yield browser
        browser.close()


class TestProtectedExample:
    def test_every_promise_is_kept(self, protected: Run) -> None:
        assert protected.verdicts() == dict.fromkeys(map(str, SessionName), "kept")
        assert protected.status == 0
        assert f"The report is {protected.folder / 'report.html'}" in protected.output

    def test_nothing_is_listed_before_a_choice(self, protected: Run) -> None:
        for name in ("untouched", "refused", "gpc"):
            session = protected.session(name)
            assert (session["requests"], session["hints"], session["trouble"]) == ([], [], "")
            assert session["blocked"] == ["script for tracking"]
            assert session["button"] is True

    def test_click_loads_the_chat_from_its_hosts(self, protected: Run) -> None:
        session = protected.session("click")

        assert {each["host"] for each in session["requests"]} == {
            "js.usemessages.com",
            "api.hubspot.com",
            "app.hubspot.com",
        }
        assert {each["name"]: each["purpose"] for each in session["cookies"]} == {
            "consent_chat": None,
            "hs-messages-is-open": "chat",
            "messagesUtk": "chat",
        }

    def test_consent_of_a_session_is_not_the_sites(self, protected: Run) -> None:
        (cookie,) = protected.session("refused")["cookies"]

        assert cookie == {
            "name": "consent",
            "domain": HOST,
            "lifetime": "about 180 days",
            "set_by": "verify",
            "vendor": False,
            "purpose": None,
        }

    def test_withdrawal_has_its_phases(self, protected: Run) -> None:
        session = protected.session("withdrawn")

        assert {each["phase"] for each in session["requests"]} == {"visit"}
        assert [each["name"] for each in session["cookies"]] == ["consent"]


def test_starlette_example_keeps_every_promise(standin: StandIn, tmp_path: Path) -> None:
    with ExampleSites() as examples:
        port = re.search(r"starlette\S* 127\.0\.0\.1:(\d+)", examples.resolver_rules)
        assert port is not None
        run = verify(tmp_path, int(port[1]), standin, URL)

    assert (run.status, set(run.verdicts().values())) == (0, {"kept"})


class TestUnprotectedSite:
    def test_each_broken_promise_is_named(self, unprotected: Run) -> None:
        assert unprotected.verdicts() == {
            "untouched": "broken",
            "refused": "broken",
            "functional": "broken",
            "click": "not measured",
            "everything": "kept",
            "withdrawn": "broken",
            "gpc": "broken",
        }
        assert unprotected.status == 1

    def test_requests_say_what_made_them(self, unprotected: Run) -> None:
        made = {each["host"]: each["initiator"] for each in unprotected.session("untouched")["requests"]}

        assert made["js.hs-scripts.com"].startswith(f"page {HOST}/, line ")
        assert made["js.hs-analytics.net"].startswith("script js.hs-scripts.com/4711.js, line ")

    def test_evidence_beyond_the_chat_leaves_the_chat_out(self, unprotected: Run) -> None:
        promise = next(each for each in unprotected.report["promises"] if each["session"] == "functional")

        assert not [line for line in promise["evidence"] if "usemessages" in line or "messagesUtk" in line]
        assert [line for line in promise["evidence"] if line.startswith("cookie: hubspotutk (about 180 days, set by s")]


class TestLeaks:
    @pytest.mark.parametrize("path", ["/tag-manager", "/own-script", "/link-field", "/frame", "/error", "/hostile"])
    def test_loaded_tag_is_found_on_its_page(self, leaky: Run, path: str) -> None:
        seen = [each for each in leaky.session("untouched")["requests"] if each["page"] == f"http://{HOST}{path}"]

        assert "js.hs-scripts.com" in {each["host"] for each in seen}
        assert leaky.verdicts()["untouched"] == "broken"

    def test_page_with_a_hint_alone_sends_nothing_more(self, leaky: Run) -> None:
        page = f"http://{HOST}/preconnect"

        assert not [each for each in leaky.session("untouched")["requests"] if each["page"] == page]

    def test_hints_are_found_in_page_and_head(self, leaky: Run) -> None:
        found = {
            (each["page"][len(URL) - 1 :], each["source"], each["rel"], each["host"])
            for each in leaky.session("untouched")["hints"]
        }

        assert found == {
            ("/link-field", "Link field", "preload", "js.hs-scripts.com"),
            ("/link-field", "Link field", "preconnect", "js.hs-analytics.net"),
            ("/preconnect", "element", "preconnect", "js.usemessages.com"),
        }

    def test_initiator_names_the_script_that_inserts(self, leaky: Run) -> None:
        made = {
            each["page"][len(URL) - 1 :]: each["initiator"]
            for each in leaky.session("untouched")["requests"]
            if each["host"] == "js.hs-scripts.com"
        }

        assert made["/tag-manager"] == f"script {HOST}/gtm.js, line 1"
        assert made["/frame"] == f"page {sites.OTHER}/error, line 1"
        assert made["/own-script"] == f"script {HOST}/own.js, line 1"

    def test_error_page_is_opened_with_its_status(self, leaky: Run) -> None:
        pages = {each["address"]: each["status"] for each in leaky.session("untouched")["pages"]}

        assert pages[f"http://{HOST}/error"] == 500
        assert len(pages) == len(LEAKS)

    def test_two_runs_differ_only_in_times(self, leaky: Run, standin: StandIn, leaky_site: int, tmp_path: Path) -> None:
        again = verify(tmp_path, leaky_site, standin, *ARGUMENTS)

        assert list(differences(again.report, leaky.report)) == []


def differences(one: Any, other: Any, place: str = "") -> Iterator[str]:
    """Yield where two values of JSON differ, besides the times. To show a whole difference takes pytest minutes."""
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        for name in one.keys() - TIMES:
            yield from differences(one[name], other[name], f"{place}.{name}")
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for number, pair in enumerate(zip(one, other, strict=True)):
            yield from differences(*pair, f"{place}[{number}]")
    elif one != other:
        yield f"{place}: {one!r:.300} and {other!r:.300}"


class TestHostilePage:
    def test_no_file_has_the_value_of_a_cookie(self, leaky: Run) -> None:
        for path in leaky.folder.rglob("*"):
            bodies = [path.read_bytes()] if path.is_file() else []
            if path.suffix == ".zip":
                with zipfile.ZipFile(path) as archive:
                    bodies += [archive.read(name) for name in archive.namelist()]
            assert not [path for body in bodies if SECRET.encode() in body]

    def test_cookies_are_named_with_their_setters(self, leaky: Run) -> None:
        found = {each["name"]: (each["set_by"], each["lifetime"]) for each in leaky.session("untouched")["cookies"]}

        assert found["late"][0] == f"{HOST}/[cookie value].js"
        assert found["sid"] == (f"{HOST}/hostile", "until the browser is closed")
        assert found["<b>name"] == (f"{HOST}/hostile", "about 2 hours")
        assert found["hubspotutk"] == ("script", "about 30 minutes")

    def test_report_has_no_script_and_no_handler(self, leaky: Run) -> None:
        text = (leaky.folder / "report.html").read_text("utf-8")
        elements = list(html5lib.parse(text, namespaceHTMLElements=False).iter())

        assert "<img src=x onerror" in " ".join(element.text or "" for element in elements)
        assert not {"script", "iframe", "b"} & {str(element.tag) for element in elements}
        names = {name for element in elements for name in element.attrib}
        assert not [name for name in names if name.startswith("on")]
        assert not {"\x1b", "\u202e"} & set(text)

    def test_errors_of_the_page_are_bounded(self, leaky: Run) -> None:
        errors = leaky.session("untouched")["errors"]

        assert f"It was [cookie value] {sites.HOSTILE}".split("\u202e")[0] + "\\u{202e}\\u{1b}[31m" in errors
        assert len(errors) <= 50

    def test_websocket_counts_as_a_request(self, leaky: Run) -> None:
        kinds = {each["path"]: each["kind"] for each in leaky.session("untouched")["requests"]}

        assert kinds["/socket"] == "websocket"


class TestSignal:
    def test_signal_is_sent_where_only_it_refuses(self, standin: StandIn, tmp_path: Path) -> None:
        with serving(sites.opt_out()) as port:
            run = verify(tmp_path, port, standin, URL, "--session=untouched", "--session=gpc")

        assert (run.verdicts()["untouched"], run.verdicts()["gpc"]) == ("broken", "kept")


class TestFixture:
    """`consent_verify` of the pytest plugin."""

    @staticmethod
    def verdicts(app: Any, path: str, standin: StandIn, folder: Path) -> list[Verdict]:
        with serving(app) as port:
            return verify_pages(
                (f"{URL}{path}",),
                folder,
                sessions=[SessionName.UNTOUCHED],
                wait=0.3,
                browser=chromium.executable(),
                browser_arguments=sites.browser_flags(port, standin),
            )

    def test_kept_promise_passes(self, standin: StandIn, tmp_path: Path) -> None:
        first, *others = self.verdicts(sites.protected(), "", standin, tmp_path / "new")

        assert first.status is Status.KEPT
        assert all(verdict.left_out for verdict in others)
        assert (tmp_path / "new" / "report.html").is_file()

    def test_broken_promise_fails(self, standin: StandIn, tmp_path: Path) -> None:
        with pytest.raises(AssertionError, match="Before a choice, nothing is sent to HubSpot"):
            self.verdicts(sites.leaky(), "frame", standin, tmp_path / "new")


class TestTrouble:
    def test_time_limit_makes_it_not_measured(self, standin: StandIn, leaky_site: int, tmp_path: Path) -> None:
        run = verify(tmp_path, leaky_site, standin, f"{URL}preconnect", "--session=refused", "--timeout=0.05")

        (promise,) = [each for each in run.report["promises"] if not each["left_out"]]
        assert run.status == 3
        assert "the time limit of 0.05 s was reached" in promise["reason"]

    def test_site_that_does_not_answer_is_not_measured(self, standin: StandIn, tmp_path: Path) -> None:
        arguments = ["http://nowhere.example/", "--session=untouched", "--session=functional", "--platform=insites"]

        run = verify(tmp_path, 1, standin, *arguments)

        reasons = {each["session"]: each["reason"] for each in run.report["promises"] if not each["left_out"]}
        assert run.status == 3
        assert "ERR_NAME_NOT_RESOLVED" in reasons["untouched"]
        assert "cannot be written: insites cannot record" in reasons["functional"]

    def test_address_that_leads_away_is_an_error(self, standin: StandIn, leaky_site: int, tmp_path: Path) -> None:
        run = verify(tmp_path, leaky_site, standin, f"{URL}away", "--session=untouched")

        assert run.status == 3
        assert "(CM115) http://shop.example/away leads to another site" in run.errors
        assert not list(tmp_path.iterdir())

    def test_browser_that_ends_is_not_measured(
        self, monkeypatch: pytest.MonkeyPatch, standin: StandIn, tmp_path: Path
    ) -> None:
        def end(session: Any, consent: object) -> None:
            session._context.browser.close()
            session._context.new_page()

        monkeypatch.setattr(sessions._Session, "run", end)

        run = verify(tmp_path, 1, standin, URL, "--session=refused", "--session=gpc")

        reasons = [each["reason"] for each in run.report["promises"] if not each["left_out"]]
        assert run.status == 3
        assert [reason.partition(":")[0] for reason in reasons] == ["The browser could not go on"] * 2

    def test_browser_that_does_not_start_is_an_error(self, standin: StandIn, tmp_path: Path) -> None:
        run = verify(tmp_path, 1, standin, URL, "--browser=/bin/false")

        assert run.status == 3
        assert "(CM118) /bin/false does not start" in run.errors


def test_demo_is_measured_before_and_after(tmp_path: Path) -> None:
    arguments = ["--session=untouched", "--wait=0.3", "--browser", chromium.executable()]

    assert measure(str(tmp_path), *arguments) == 0

    found = {side: Run(tmp_path / side, 0, "", "").verdicts()["untouched"] for side in ("unprotected", "protected")}
    assert found == {"unprotected": "broken", "protected": "kept"}


@pytest.mark.parametrize("run", ["protected", "unprotected", "leaky"])
class TestFolder:
    def test_json_conforms_to_its_schema(self, request: pytest.FixtureRequest, run: str) -> None:
        schema = json.loads(files("consent_middleware.verify").joinpath("report.schema.json").read_text("utf-8"))
        jsonschema.Draft202012Validator.check_schema(schema)

        jsonschema.validate(request.getfixturevalue(run).report, schema)

    def test_manifest_has_the_hash_of_each_file(self, request: pytest.FixtureRequest, run: str) -> None:
        folder = request.getfixturevalue(run).folder
        manifest = json.loads((folder / "manifest.json").read_text("utf-8"))

        found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
        assert manifest["files"].keys() == found - {"manifest.json"}
        for name, known in manifest["files"].items():
            assert known["sha256"] == hashlib.sha256((folder / name).read_bytes()).hexdigest()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1_000, 320])
def test_axe_reports_no_violation(browser: Browser, unprotected: Run, scheme: Any, width: int) -> None:
    page = browser.new_page(color_scheme=scheme, viewport={"width": width, "height": 800}, bypass_csp=True)
    page.goto((unprotected.folder / "report.html").as_uri())
    page.evaluate((npm.package("axe-core") / "axe.min.js").read_text("utf-8"))
    found = page.evaluate("axe.run(document)")
    wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
    page.close()

    assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in found["violations"]] == []
    assert not wide


def test_report_prints_within_the_paper(browser: Browser, unprotected: Run) -> None:
    page = browser.new_page(viewport={"width": 700, "height": 1_000}, color_scheme="dark")
    page.goto((unprotected.folder / "report.html").as_uri())
    page.emulate_media(media="print")
    wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
    color = page.evaluate("getComputedStyle(document.body).color")
    printed = page.pdf(format="A4")
    page.close()

    assert not wide
    assert color == "rgb(0, 0, 0)"
    assert printed.startswith(b"%PDF")
