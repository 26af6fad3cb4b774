"""Firefox for the tests: a Node process drives it and runs the code of a test in a new profile each time."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import npm
from tests.needs import missing

Run = Callable[[str], Any]

HELPERS = """
const state = () => page.evaluate(() => document.querySelector("[data-consent-facade]")?.dataset.state);
const until = async (condition) => {
  for (const end = Date.now() + 60000; Date.now() < end; await sleep(20)) if (await condition()) return;
  throw new Error("not true: " + condition);
};
const inState = (name) => until(async () => (await state()) === name);
const there = (code) => until(() => page.evaluate((code) => Boolean(eval(code)), code));
// Every timer of the page that was due has run, and every request that it started has been reported.
const quiet = () => page.evaluate(async () => {
  await new Promise((done) => setTimeout(done, 600));
  await fetch("/fence").catch(() => {});
});
const button = () => page.evaluateHandle(() =>
  document.querySelector("[data-consent-facade]").shadowRoot.querySelector("button"));
"""


@pytest.fixture(scope="module")
def run() -> Iterator[Run]:
    """Yield a function that runs the body of an async function of (page, urls, sleep) in a new Firefox profile.

    It returns the value of that function.
    """
    executable = os.environ.get("FIREFOX") or shutil.which("firefox-esr") or shutil.which("firefox")
    node = shutil.which("node")
    if executable is None:
        missing("there is no Firefox; install it (Debian: apt install firefox-esr) or set FIREFOX")
    if node is None:
        missing("node is missing, which drives Firefox")
    folder = npm.package("puppeteer-core")
    script = Path(__file__).with_name("firefox.mjs")
    with subprocess.Popen(
        [str(node), str(script), str(folder), str(executable)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert "irefox" in json.loads(process.stdout.readline())["value"]

        def ask(code: str) -> Any:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(json.dumps({"code": HELPERS + code}) + "\n")
            process.stdin.flush()
            answer = json.loads(process.stdout.readline())
            assert "error" not in answer, answer["error"]
            return answer.get("value")

        yield ask
        process.stdin.close()
        process.wait(20)
