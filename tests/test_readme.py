"""The README is correct: its examples print the shown output, and its settings and links exist."""

from __future__ import annotations

import inspect
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from consent_middleware import Policy
from tests.pages import LOADER, page

README = (Path(__file__).parents[1] / "README.md").read_text("utf-8")


def test_explain_example_matches_the_command_output() -> None:
    found = re.search(r"^\$ (python -m consent_middleware explain .*)\n([\s\S]*?)\n```", README, re.MULTILINE)
    assert found
    command = [sys.executable, *shlex.split(found[1])[1:]]

    done = subprocess.run(command, capture_output=True, check=True, text=True)

    assert done.stdout.strip() == found[2]


def test_rewrite_example_matches_the_command_output() -> None:
    found = re.search(r"\| (python -m consent_middleware rewrite .*) > page.html\n([\s\S]*?)\n```", README)
    assert found
    command = [sys.executable, *shlex.split(found[1])[1:]]

    done = subprocess.run(command, input=page(LOADER), capture_output=True, check=True)

    assert done.stderr.decode().strip() == found[2]


@pytest.mark.parametrize("row", re.findall(r"^\| (`\w+`(?:, `\w+`)*) \|", README, re.MULTILINE))
def test_every_setting_in_the_table_exists(row: str) -> None:
    settings = inspect.signature(Policy).parameters

    for name in re.findall(r"`(\w+)`", row):
        assert name in settings


@pytest.mark.parametrize("link", re.findall(r"\]\(([^):]+)\)", README))
def test_every_relative_link_exists(link: str) -> None:
    assert (Path(__file__).parents[1] / link).exists()
