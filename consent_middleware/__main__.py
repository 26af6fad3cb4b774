"""The command line: `rewrite` shows what the middleware makes of a page, `explain` why consent is what it is,
`disclosure` what a privacy notice has to say.

Knows: arguments, files and streams.
Must not know: gateways, frameworks.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from . import explain
from .disclosure import LANGUAGES, disclosure, to_html, to_json, to_markdown
from .engine import Engine
from .exchange import Exchange, RequestHead
from .policy import Policy, PolicyError
from .vendors import KNOWN_VENDORS, VENDORS


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. Returns the exit status: 0, or 1 where a file cannot be read; usage errors exit with 2."""
    options = _parser().parse_args(arguments)
    # The summary tells what was noted; the log would tell it twice.
    logging.getLogger("consent_middleware").addHandler(logging.NullHandler())
    if options.command == "explain":
        return _explain(options)
    if options.command == "disclosure":
        return _disclosure(options)
    try:
        with _opened(options.file) as file:
            return _rewrite(options, file)
    except OSError as error:
        print(f"consent_middleware: {options.file}: {error.strerror}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m consent_middleware", description="Chat and tracking that wait for consent."
    )
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND", dest="command")
    rewrite = commands.add_parser(
        "rewrite",
        help="rewrite one HTML page as the middleware would",
        description="Rewrite one HTML page as the middleware would: the page to standard output, a summary of what was "
        "held to standard error.",
    )
    rewrite.add_argument("file", nargs="?", default="-", metavar="FILE", help="the page; standard input without it")
    _add_request(rewrite)
    rewrite.add_argument(
        "--content-type",
        default="text/html; charset=utf-8",
        metavar="TYPE",
        help="the response's Content-Type (default: %(default)s)",
    )
    rewrite.add_argument(
        "--chunk", type=_positive, default=65_536, metavar="N", help="feed N bytes at once (default: %(default)s)"
    )
    rewrite.add_argument("--contact-url", metavar="URL", help="the policy's other way to make contact")
    rewrite.add_argument("--json", action="store_true", help="the summary as JSON")
    _add_explain(commands)
    _add_disclosure(commands)
    return parser


def _add_explain(commands: Any) -> None:
    explain_ = commands.add_parser(
        "explain",
        help="say what a visitor's cookies and signals mean, and what follows",
        description="Say what the cookies and signals of a visitor mean, what may load, and why.",
    )
    _add_request(explain_)
    explain_.add_argument(
        "--regime", choices=("opt-in", "opt-out"), default="opt-in", help="the law's rule (default: %(default)s)"
    )
    explain_.add_argument(
        "--mapping",
        type=_mapping,
        metavar="FILE",
        help='a JSON file that says what the site\'s own ids mean: {"id": "category"}, or the same by platform',
    )
    explain_.add_argument("--json", action="store_true", help="the explanation as JSON")


def _add_disclosure(commands: Any) -> None:
    disclosure_ = commands.add_parser(
        "disclosure",
        help="write the tables of a privacy notice",
        description="Write the tables of a privacy notice: cookies, hosts, and personal information by the kinds of "
        "California's law. A site with settings of its own renders them from its policy instead: "
        "consent_middleware.disclosure.disclosure(policy).",
    )
    disclosure_.add_argument(
        "--format", choices=("markdown", "html", "json"), default="markdown", help="(default: %(default)s)"
    )
    disclosure_.add_argument(
        "--vendor",
        action="append",
        dest="vendors",
        choices=[vendor.id for vendor in KNOWN_VENDORS],
        help="a vendor of the site's; may be given several times (default: "
        f"{', '.join(vendor.id for vendor in VENDORS)})",
    )
    disclosure_.add_argument("--language", choices=LANGUAGES, default=LANGUAGES[0], help="(default: %(default)s)")


def _add_request(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--cookie",
        action="append",
        dest="headers",
        default=[],
        type=lambda text: _header(f"Cookie: {text}"),
        metavar="'a=b; c=d'",
        help="a Cookie header of the visitor",
    )
    command.add_argument(
        "--header",
        action="append",
        dest="headers",
        type=_header,
        metavar="'Name: value'",
        help="a header of the request",
    )


def _mapping(name: str) -> Any:
    try:
        mapping = json.loads(Path(name).read_bytes())
        Policy(mapping=mapping)
    except OSError as error:
        raise argparse.ArgumentTypeError(f"{name}: {error.strerror}") from error
    except PolicyError as error:
        raise argparse.ArgumentTypeError(f"{name}: {error}") from error
    except (ValueError, RecursionError) as error:
        raise argparse.ArgumentTypeError(f"{name} is no JSON: {error}") from error
    return mapping


def _explain(options: argparse.Namespace) -> int:
    policy = Policy(mapping=options.mapping, regime=options.regime)
    plan = explain.plan_of(policy, options.headers)
    print(json.dumps(explain.as_json(plan)) if options.json else explain.as_text(plan))
    return 0


def _disclosure(options: argparse.Namespace) -> int:
    told = disclosure(Policy(vendors=dict.fromkeys(options.vendors or (vendor.id for vendor in VENDORS))))
    if options.format == "json":
        print(to_json(told))
    else:
        write = to_html if options.format == "html" else to_markdown
        print(write(told, options.language), end="")
    return 0


def _header(text: str) -> tuple[bytes, bytes]:
    name, colon, value = text.partition(":")
    if not colon or not name.strip():
        raise argparse.ArgumentTypeError(f"{text!r} is no header; write 'Name: value'")
    return name.strip().lower().encode("utf-8", "surrogateescape"), value.strip().encode("utf-8", "surrogateescape")


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of bytes; write 1 or more")
    return int(text)


def _opened(name: str) -> BinaryIO:
    return open(sys.stdin.fileno(), "rb", closefd=False) if name == "-" else open(name, "rb")  # noqa: PTH123


def _rewrite(options: argparse.Namespace, file: BinaryIO) -> int:
    engine = Engine(Policy(contact_url=options.contact_url))
    exchange = Exchange(engine, RequestHead("GET", "/", "", options.headers))
    exchange.start(200, [(b"content-type", options.content_type.encode("utf-8", "surrogateescape"))])
    for chunk in _chunks(file, options.chunk):
        sys.stdout.buffer.write(exchange.feed(chunk))
        sys.stdout.buffer.flush()
    sys.stdout.buffer.write(exchange.close())
    sys.stdout.buffer.flush()
    print(_as_json(exchange, engine) if options.json else _as_text(exchange, engine), file=sys.stderr)
    return 0


def _chunks(file: BinaryIO, size: int) -> Iterator[bytes]:
    while chunk := file.read(size):
        yield chunk


def _notices(engine: Engine) -> dict[str, int]:
    # The command line is no site: that it sets no contact is nothing to tell.
    return {event: count for event, count in engine.notices.counts.items() if event != "no-contact-url"}


def _as_json(exchange: Exchange, engine: Engine) -> str:
    return json.dumps(
        {
            "held": [{"rule": held.rule, "purpose": held.purpose} for held in exchange.blocked],
            "plan": explain.decisions_as_json(exchange.plan),
            "notices": _notices(engine),
        }
    )


def _as_text(exchange: Exchange, engine: Engine) -> str:
    count = len(exchange.blocked)
    lines = [f"held: {count} tag{'' if count == 1 else 's'}"]
    lines += [f"  {held.rule} (waits for {held.purpose})" for held in exchange.blocked]
    lines += explain.decisions_as_lines(exchange.plan)
    lines += [f"notice: {event} ({times} times)" for event, times in _notices(engine).items()]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
