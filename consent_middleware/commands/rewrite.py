"""`rewrite`: a page as the middleware would send it, and what of it was not read."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any, BinaryIO

from consent_middleware import explain, mime
from consent_middleware.engine import Engine
from consent_middleware.exchange import Exchange, RequestHead
from consent_middleware.html.charset import encoding_for_label
from consent_middleware.html.rewriter import MAX_TEXT
from consent_middleware.policy import Policy

from .policy_options import add_policy_options, policy_for
from .request_options import add_request_options

SUMMARY = "rewrite an HTML page as the middleware would"
DESCRIPTION = (
    "Rewrite an HTML page as the middleware would. The page goes to standard output. A summary goes to standard error: "
    "the blocked tags, what may load and why, and what of the page was not read."
)

_EXAMPLE = "Example: curl -s https://www.example.com/ | consent-middleware rewrite > page.html"


def add_command(commands: Any) -> None:
    """Add the command to those of the program."""
    command = commands.add_parser("rewrite", help=SUMMARY, description=DESCRIPTION, epilog=_EXAMPLE)
    add_options(command)
    add_policy_options(command)
    command.add_argument("--contact-url", metavar="URL", help="a page with other ways to contact the site")
    command.set_defaults(run=run)


def add_options(command: argparse.ArgumentParser) -> None:
    """Add the options that describe a request, a response and the output."""
    command.add_argument("file", nargs="?", default="-", metavar="FILE", help="the page (default: standard input)")
    add_request_options(command)
    command.add_argument(
        "--content-type",
        default="text/html; charset=utf-8",
        metavar="TYPE",
        help="the response's Content-Type (default: %(default)s)",
    )
    command.add_argument(
        "--chunk", type=_positive, default=65_536, metavar="N", help="read N bytes at a time (default: %(default)s)"
    )
    command.add_argument("--json", action="store_true", help="write the summary as JSON")


def run(options: argparse.Namespace) -> int:
    """Write the page and the summary; return the exit status.

    Raises:
        OSError: The page cannot be read, or the output cannot be written.
        PolicyError: The policy that the options name is not found or is wrong.
    """
    rewrite_file(policy_for(options, contact_url=options.contact_url), options)
    return 0


def rewrite_file(policy: Policy, options: argparse.Namespace) -> None:
    """Rewrite the page that `options` names to standard output, and write a summary to standard error.

    Raises:
        OSError: The page cannot be read, or the output cannot be written.
    """
    with _open(options.file) as file:
        _rewrite(policy, options, file)


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of bytes; write 1 or more")
    return int(text)


def _open(name: str) -> BinaryIO:
    return open(sys.stdin.fileno(), "rb", closefd=False) if name == "-" else open(name, "rb")  # noqa: PTH123


def _rewrite(policy: Policy, options: argparse.Namespace, file: BinaryIO) -> None:
    engine = Engine(policy)
    exchange = Exchange(engine, RequestHead("GET", "/", "", options.headers))
    content_type = options.content_type.encode("utf-8", "surrogateescape")
    exchange.start(200, [(b"content-type", content_type)])
    scripts = _LongScripts()
    for chunk in _chunks(file, options.chunk):
        if exchange.rewrites:
            scripts.feed(chunk.decode("latin-1"))
        sys.stdout.buffer.write(exchange.feed(chunk))
        sys.stdout.buffer.flush()
    sys.stdout.buffer.write(exchange.close())
    sys.stdout.buffer.flush()
    unread = [*_unread(exchange, engine, content_type), *scripts.found()]
    print(_as_json(exchange, engine, unread) if options.json else _as_text(exchange, engine, unread), file=sys.stderr)


def _chunks(file: BinaryIO, size: int) -> Iterator[bytes]:
    while chunk := file.read(size):
        yield chunk


class _LongScripts(HTMLParser):
    """Count the inline scripts that are longer than the rewriter reads.

    The standard library's parser is not a browser's, but it is good enough for a hint.
    """

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self._length: int | None = None
        self._count = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin to count at a script without an address."""
        self._length = 0 if tag == "script" and not any(name == "src" for name, _ in attrs) else None

    def handle_data(self, data: str) -> None:
        """Count the text of a script."""
        if self._length is not None:
            self._count += self._length <= MAX_TEXT < self._length + len(data)
            self._length += len(data)

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002 - as the parser calls it
        """End a script."""
        self._length = None

    def found(self) -> list[str]:
        """Return a line about the long scripts, if there are any."""
        if not self._count:
            return []
        which = "1 inline script is" if self._count == 1 else f"{self._count} inline scripts are"
        return [f"{which} longer than {MAX_TEXT:,} bytes"]


def _unread(exchange: Exchange, engine: Engine, content_type: bytes) -> list[str]:
    """Return what of the page was not read, and why, as one line for each."""
    kind = mime.page_type((content_type,), nosniff=False)
    if kind is None:
        return [f"the page: {content_type.decode('utf-8', 'replace')} is not the type of an HTML page"]
    if not exchange.rewrites:
        return ["the page: nothing has to wait for this visitor, so it is sent as it is"]
    lines: list[str] = []
    encoding = encoding_for_label(kind.charset) if kind.charset else ""
    if encoding is None:
        lines.append(f"the charset {kind.charset!r}: browsers do not know it, so the page is read without it")
    elif encoding == "replacement":
        lines.append(f"the charset {kind.charset!r}: browsers show nothing of such a page")
    if "bail-out" in engine.notices.counts:
        limit = engine.policy.limits["tag_bytes"]
        lines.append(f"a tag that is longer than the limit tag_bytes ({limit:,} bytes); see the setting on_long_tag")
    return lines


def _notices(engine: Engine) -> dict[str, int]:
    # The command line is not a site, so a missing contact address does not matter.
    return {event: count for event, count in engine.notices.counts.items() if event != "no-contact-url"}


def _as_json(exchange: Exchange, engine: Engine, unread: list[str]) -> str:
    return json.dumps(
        {
            "blocked": [{"rule": tag.rule, "purpose": tag.purpose} for tag in exchange.blocked],
            "plan": explain.decisions_as_json(exchange.plan),
            "unread": unread,
            "notices": _notices(engine),
        }
    )


def _as_text(exchange: Exchange, engine: Engine, unread: list[str]) -> str:
    count = len(exchange.blocked)
    lines = [f"blocked: {count} tag{'' if count == 1 else 's'}"]
    lines += [f"  {tag.rule} (waits for {tag.purpose})" for tag in exchange.blocked]
    lines += [f"not read: {each}" for each in unread]
    lines += explain.decisions_as_lines(exchange.plan)
    if engine.loader_among(exchange.blocked):
        lines += explain.advice(engine)
    lines += [f"notice: {event} ({times} times)" for event, times in _notices(engine).items()]
    return "\n".join(lines)
