"""parse5 as the judge of documents: what a browser would load from them."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from struct import pack
from types import TracebackType
from typing import NamedTuple, Self

from tests.npm import NpmError, fetch

_ANY = r"(?:[^.]+\.)?hs-scripts\.com|track(?:-[a-z]{2}[0-9]{1,2})?\.hubspot\.com"
#: For each element, the hosts that the default policy blocks.
HOSTS = {
    "script": rf"^(?:{_ANY}|js\.usemessages\.com|meetings\.hubspot\.com)$",
    "img": rf"^(?:{_ANY})$",
    "iframe": rf"^(?:{_ANY}|meetings\.hubspot\.com)$",
    "link": rf"^(?:{_ANY})$",
}

#: Readings of a document: with scripts and without, by the current rules for select and by those before 2025.
READINGS = ("scripts", "no scripts", "scripts, older select", "no scripts, older select")


class Live(NamedTuple):
    """An element of the live document that makes a request to a vendor.

    Attributes:
        by: The attribute that makes the request, or "text".
        where: The names of the elements around it, with the namespace if it is not HTML.
        readings: A bit for each reading in which the element is live.
    """

    element: str
    space: str
    by: str
    url: str
    where: str
    readings: int

    @property
    def read(self) -> str:
        """Return the names of the readings in which it is live."""
        return ", ".join(f"[{name}]" for bit, name in enumerate(READINGS) if self.readings >> bit & 1)


class Verdict(NamedTuple):
    """The live elements of a document, and the position of its facade and guard in a browser with scripts."""

    live: list[Live]
    facade: list[tuple[str, str]]


class Judge:
    """A process that judges batches of documents. A batch may be sent before the previous answer is read."""

    def __init__(self) -> None:
        node = shutil.which("node")
        if node is None:
            raise NpmError("node is missing, which runs parse5")
        program = Path(__file__).with_name("parse5.mjs")
        command = [node, str(program), str(fetch("parse5")), json.dumps(HOSTS)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()

    def send(self, documents: Sequence[tuple[str, bytes]]) -> None:
        """Send documents, each with its encoding."""
        assert self._process.stdin
        parts = []
        for encoding, document in documents:
            name = encoding.encode("ascii")
            parts += [pack("<B", len(name)), name, pack("<I", len(document)), document]
        batch = b"".join(parts)
        self._process.stdin.write(pack("<I", len(batch)) + batch)
        self._process.stdin.flush()

    def receive(self) -> list[Verdict]:
        """Return the answer to the oldest batch without one."""
        assert self._process.stdout
        verdicts = []
        for answer in json.loads(self._process.stdout.readline()):
            assert "error" not in answer, answer["error"]
            verdicts.append(Verdict([Live(*live) for live in answer["live"]], [tuple(f) for f in answer["facade"]]))
        return verdicts

    def judge(self, documents: Sequence[tuple[str, bytes]]) -> list[Verdict]:
        """Send documents and return the answer."""
        self.send(documents)
        return self.receive()
