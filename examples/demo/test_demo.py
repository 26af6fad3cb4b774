"""Tests of the demo as people use it: started as a command, opened in a browser, ended with Ctrl-C."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest
from playwright.sync_api import Browser, Page, expect

from examples.demo import SIDES, Demo, react
from examples.demo.__main__ import main as demo_main
from tests.needs import missing
from tests.quiet import TIMEOUT, comes

pytestmark = pytest.mark.servers

PROJECT = Path(__file__).parents[2]
CHAT_HOSTS = {"js.usemessages.com", "api.hubspot.com", "app.hubspot.com"}
TRACKING = {"__hstc", "hubspotutk", "__hssc", "__hssrc"}


class Running(NamedTuple):
    address: str
    process: subprocess.Popen[str]
    output: str


@contextmanager
def started(*arguments: str) -> Iterator[Running]:
    command = [sys.executable, "-m", "examples.demo", "--no-browser", *arguments]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            output = ""
            for line in process.stdout:
                output += line
                if "Ctrl-C" in line:
                    break
            address = re.search(r"http://\S+", output)
            assert address is not None, output
            yield Running(address[0], process, output)
        finally:
            if process.poll() is None:
                process.kill()


def fetch(address: str) -> str:
    with urllib.request.urlopen(address, timeout=60) as response:
        text: str = response.read().decode()
        return text


def config(address: str) -> dict[str, object]:
    found = re.search(r'id="config">(.*?)</script>', fetch(address), re.DOTALL)
    assert found is not None
    made: dict[str, object] = json.loads(found[1])
    return made


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_ends_demo_and_frees_ports(number: signal.Signals) -> None:
    with started("--port", "0") as demo:
        found = config(demo.address)
        ports = found["ports"]
        assert isinstance(ports, dict)
        standin = re.search(r"127\.0\.0\.1:(\d+)/999999999\.js", fetch(f"http://127.0.0.1:{ports['unprotected']}/"))
        assert standin is not None
        used = [int(standin[1]), *ports.values(), found["port"]]
        assert not any(is_free(port) for port in used)
        demo.process.send_signal(number)
        _, errors = demo.process.communicate(timeout=120)
        assert (demo.process.returncode, errors) == (0, "")
    assert all(is_free(port) for port in used)


def test_port_in_use_is_replaced_by_a_free_one() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with started("--port", str(port)) as demo:
            assert f"port {port} is in use, so a free one was taken" in demo.output
            assert "<title>" in fetch(demo.address)


WRONG_OPTIONS = {
    ("--portal", "12x"): "a HubSpot account is a number, not '12x'",
    ("--port", "abc"): "a port is a number from 0 (any free one) to 65535, not 'abc'",
    ("--port", "70000"): "a port is a number from 0 (any free one) to 65535, not '70000'",
    ("--port", "-1"): "a port is a number from 0 (any free one) to 65535, not '-1'",
    ("--region", "europe"): "a region is two letters and a number, such as na1 or eu1, not 'europe'",
}


@pytest.mark.parametrize(("option", "value"), WRONG_OPTIONS)
def test_wrong_option_is_said_in_words(option: str, value: str) -> None:
    command = [sys.executable, "-m", "examples.demo", "--no-browser", f"{option}={value}"]
    ended = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode == 2
    assert WRONG_OPTIONS[option, value] in ended.stderr
    assert "Traceback" not in ended.stderr


def test_wrong_region_in_the_environment_is_said() -> None:
    command = [sys.executable, "-m", "examples.demo", "--no-browser"]
    variables = {**os.environ, "HUBSPOT_REGION": "EU"}
    ended = subprocess.run(
        command, cwd=PROJECT, capture_output=True, text=True, timeout=120, check=False, env=variables
    )
    assert ended.returncode == 2
    assert "not 'EU'" in ended.stderr


def test_real_account_uses_no_stand_in() -> None:
    with Demo(portal="12345", region="eu1", port=0) as demo:
        assert demo.standin is None
        page = fetch(f"http://127.0.0.1:{demo.ports['unprotected']}/")
        assert 'src="//js-eu1.hs-scripts.com/12345.js"' in page
        assert '"standin": false' in fetch(demo.address)
        assert fetch(demo.address + "log") == '{"last": 0, "records": []}'


def test_sides_differ_only_by_the_middleware() -> None:
    with Demo(port=0) as demo:
        pages = {side: fetch(f"http://127.0.0.1:{port}/") for side, port in demo.ports.items()}
        assert "data-consent-facade" in pages["protected"]
        assert "data-consent" not in pages["unprotected"]
        # The pages differ only from HubSpot's tag on.
        before = [page.partition("<!-- Start of HubSpot")[0] for page in pages.values()]
        assert before[0] == before[1]


def test_forget_expires_host_and_domain_cookies() -> None:
    with Demo(port=0) as demo:
        address = f"http://127.0.0.1:{demo.ports['protected']}/_demo/forget"
        headers = {"Cookie": "consent=functional; messagesUtk=1", "Host": f"x.demo.localhost:{demo.port}"}
        opener = urllib.request.build_opener(_NoRedirect)
        with opener.open(urllib.request.Request(address, headers=headers), timeout=60) as response:
            lines = set(response.headers.get_all("Set-Cookie"))
    assert lines == {
        f"{name}=; Path=/; Max-Age=0{domain}"
        for name in ("consent", "messagesUtk")
        for domain in ("", "; Domain=x.demo.localhost")
    }


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def http_error_303(self, req: object, fp: object, code: int, msg: str, headers: object) -> object:  # noqa: ARG002
        return fp


def test_option_measures_both_sites(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked: list[str] = []

    def measure(folder: str) -> int:
        asked.append(folder)
        return 3

    monkeypatch.setattr("examples.demo.evidence.measure", measure)
    monkeypatch.setattr("sys.argv", ["demo", "--verify", str(tmp_path)])

    assert demo_main() == 3
    assert asked == [str(tmp_path)]


# ---- in a browser


class Shown:
    """The control page, as people read it."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def hosts(self, side: str) -> set[str]:
        names = self.page.locator(f"#{side} .requests b").all_inner_texts()
        return {name.partition("/")[0] for name in names}

    def cookies(self, side: str) -> set[str]:
        return set(self.page.locator(f"#{side} .cookies b").all_inner_texts())

    def verdict(self, side: str, text: str) -> None:
        expect(self.page.locator(f"#{side} .verdict")).to_contain_text(text)

    def press(self, choice: str) -> None:
        self.page.get_by_role("button", name=choice).click()


@pytest.fixture
def shown(start_chromium: Callable[..., Browser]) -> Iterator[Shown]:
    with Demo(port=0) as demo:
        # Playwright does not scroll to a fixed element inside a frame, so the window is as high as both sites.
        context = start_chromium().new_context(viewport={"width": 1280, "height": 1100})
        context.set_default_timeout(TIMEOUT)
        page = context.new_page()
        page.goto(demo.address)
        page.wait_for_url(f"http://demo.localhost:{demo.port}/")
        yield Shown(page)
        context.close()


def test_lists_follow_the_visitors_choices(shown: Shown) -> None:
    shown.verdict("unprotected", "11 requests, 5 HubSpot cookies")
    shown.page.locator("#protected .requests .none").wait_for()
    assert shown.cookies("unprotected") >= TRACKING
    assert shown.hosts("unprotected") >= {"js.hs-scripts.com", "js.hs-analytics.net", "track.hubspot.com"}
    assert (shown.hosts("protected"), shown.cookies("protected")) == (set(), set())

    shown.page.frame_locator("iframe[name=protected]").get_by_role("button", name="Chat with us").click()
    shown.verdict("protected", "3 requests, 2 HubSpot cookies: the chat alone")
    assert shown.hosts("protected") == CHAT_HOSTS
    assert not TRACKING & shown.cookies("protected")

    shown.press("Everything")
    # The old page may have begun to load what the choice allows before the new page replaced it.
    shown.verdict("protected", "requests, 6 HubSpot cookies")
    shown.verdict("unprotected", "11 requests")
    assert shown.cookies("protected") >= TRACKING
    comes(shown.page, lambda: shown.hosts("protected") == shown.hosts("unprotected"))

    shown.press("Withdraw")
    shown.verdict("protected", "Nothing reaches HubSpot")
    comes(shown.page, lambda: shown.cookies("protected") == {"consent"})
    shown.verdict("unprotected", "11 requests, 5 HubSpot cookies")


def test_everything_is_the_visitors_choice(shown: Shown) -> None:
    shown.verdict("unprotected", "11 requests, 5 HubSpot cookies")
    failed = re.compile(r"\bsome\b")
    verdicts = [shown.page.locator(f"#{side} .verdict") for side in SIDES]
    expect(verdicts[0]).to_have_class(failed)
    shown.press("Everything")
    for verdict in verdicts:
        expect(verdict).to_contain_text("11 requests")
        expect(verdict).to_contain_text("as chosen")
        expect(verdict).not_to_have_class(failed)
    shown.press("Show the workshop")
    for verdict in verdicts:
        expect(verdict).to_contain_text("as chosen")
    shown.press("No consent")
    expect(verdicts[0]).to_have_class(failed)
    expect(verdicts[0]).not_to_contain_text("as chosen")


WHAT_IS_COMPARED = (".verdict", ".window iframe", ".cookies", ".requests")


@pytest.mark.parametrize("choice", ["No consent", "Everything"])
@pytest.mark.parametrize("size", [(1280, 720), (1366, 768), (1920, 1080)], ids=str)
def test_comparison_needs_no_scrolling(
    start_chromium: Callable[..., Browser], size: tuple[int, int], choice: str
) -> None:
    with Demo(port=0) as demo:
        page = start_chromium().new_page(viewport={"width": size[0], "height": size[1]})
        page.goto(demo.address)
        page.wait_for_url(f"http://demo.localhost:{demo.port}/")
        shown = Shown(page)
        # A page that a choice replaces while it loads would add its requests to those of the next.
        shown.verdict("unprotected", "11 requests, 5 HubSpot cookies")
        shown.press(choice)
        shown.verdict("unprotected", "11 requests")
        assert page.evaluate("document.documentElement.scrollHeight <= innerHeight")
        for side in SIDES:
            for part in WHAT_IS_COMPARED:
                box = page.locator(f"#{side} {part}").bounding_box()
                assert box is not None
                assert box["y"] >= 0
                assert box["y"] + box["height"] <= size[1]
                assert box["height"] >= (200 if "iframe" in part else 10)


def test_narrow_page_is_as_wide_as_the_screen(start_chromium: Callable[..., Browser]) -> None:
    with Demo(port=0) as demo:
        page = start_chromium().new_page(viewport={"width": 320, "height": 700})
        page.goto(demo.address)
        page.wait_for_url(f"http://demo.localhost:{demo.port}/")
        shown = Shown(page)
        shown.verdict("unprotected", "11 requests")
        assert page.evaluate("document.documentElement.scrollWidth") == 320
        assert page.evaluate(
            "[...document.querySelectorAll('li')].every(li => li.getBoundingClientRect().right <= 320)"
        )


def test_functional_consent_loads_the_chat_alone(shown: Shown) -> None:
    shown.verdict("unprotected", "11 requests, 5 HubSpot cookies")
    shown.press("No consent")
    shown.verdict("unprotected", "11 requests")
    shown.verdict("protected", "Nothing reaches HubSpot")
    shown.press("Functional only")
    # The old page may have begun to load the chat before the new page replaced it.
    shown.verdict("protected", "1 HubSpot cookie: the chat alone")
    comes(shown.page, lambda: shown.hosts("protected") == CHAT_HOSTS)
    assert not TRACKING & shown.cookies("protected")
    shown.press("Start again")
    shown.verdict("protected", "Nothing reaches HubSpot")
    expect(shown.page.locator("#protected .cookies")).to_have_text("None.")


def test_browser_without_localhost_names_gets_links(
    start_chromium: Callable[..., Browser],
) -> None:
    with Demo(port=0) as demo:
        page = start_chromium("--host-resolver-rules=MAP *.localhost ^NOTFOUND").new_page()
        page.goto(demo.address)
        link = page.get_by_role("link", name="unprotected", exact=True)
        with page.expect_popup() as opened:
            link.click()
        expect(opened.value.get_by_role("heading", level=1)).to_be_visible()
        page.locator("#unprotected .requests", has_text="track.hubspot.com").wait_for()
        assert page.locator("#protected .requests .none").count() == 1


def test_react_page_waits_on_the_protected_site(shown: Shown) -> None:
    try:
        react.script()
    except react.ReactError as error:
        missing(str(error))
        raise
    shown.press("Show a React page")
    frame = shown.page.frame_locator("iframe[name=protected]")
    facade = frame.locator("[data-consent-facade]")
    expect(facade).to_have_attribute("data-state", "idle")
    comes(shown.page, lambda: "js.hs-scripts.com" in shown.hosts("unprotected"))
    frame.get_by_role("button", name="Ring: 0").click()
    expect(frame.get_by_role("button", name="Ring: 1")).to_be_visible()
    assert shown.hosts("protected") == set()
    frame.get_by_role("button", name="Ask about bells").click()
    expect(facade).to_have_attribute("data-state", "ready")
    comes(shown.page, lambda: shown.hosts("protected") == CHAT_HOSTS)
    shown.press("Show the workshop")
    expect(frame.get_by_role("heading", name="Bells")).to_have_count(0)


def test_banner_alone_asks_on_the_protected_site(shown: Shown) -> None:
    shown.verdict("unprotected", "11 requests")
    shown.press("Show HubSpot's banner")
    frames = {side: shown.page.frame_locator(f"iframe[name={side}]") for side in SIDES}
    for frame in frames.values():
        expect(frame.get_by_role("button", name="Accept")).to_be_visible()
    shown.verdict("protected", "0 HubSpot cookies: the banner alone")
    comes(shown.page, lambda: "track.hubspot.com" in shown.hosts("unprotected"))
    assert shown.hosts("protected") == {"js.hs-banner.com"}
    assert shown.cookies("protected") == set()
    frames["protected"].get_by_role("button", name="Cookie settings").click()
    frames["protected"].get_by_role("button", name="Accept").click()
    comes(shown.page, lambda: shown.cookies("protected") >= TRACKING | {"__hs_cookie_cat_pref"})
    comes(shown.page, lambda: shown.hosts("protected") == shown.hosts("unprotected"))


def test_react_page_without_npm_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(react, "ROOT", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    with Demo(port=0) as demo:
        assert "This page needs npm" in fetch(f"http://127.0.0.1:{demo.ports['protected']}/_demo/react")
