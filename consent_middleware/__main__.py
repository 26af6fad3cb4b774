"""The command line.

`rewrite` shows what the middleware does to a page, `explain` shows what a visitor's cookies mean, `disclosure` writes
the tables of a privacy notice, and `verify` measures a site in a real browser.
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
from .disclosure import disclosure, to_html, to_json, to_markdown
from .engine import Engine
from .exchange import Exchange, RequestHead
from .policy import Policy, PolicyError
from .vendors import KNOWN_VENDORS, VENDORS
from .verify import command as verify


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status: 0, or 1 if a file cannot be read. Usage errors exit with 2."""
    options = _parser().parse_args(arguments)
    # The summary lists the notices, so the log need not.
    logging.getLogger("consent_middleware").addHandler(logging.NullHandler())
    if options.command == "explain":
        print(explanation(Policy(mapping=options.mapping, regime=options.regime), options))
        return 0
    if options.command == "disclosure":
        vendors = dict.fromkeys(options.vendors or (vendor.id for vendor in VENDORS))
        print(privacy_notice(Policy(vendors=vendors), options), end="")
        return 0
    if options.command == "verify":
        return verify.run(options)
    try:
        rewrite_file(Policy(contact_url=options.contact_url), options)
    except OSError as error:
        print(f"consent_middleware: {options.file}: {error.strerror}", file=sys.stderr)
        return 1
    return 0


# The following functions are also used where a framework's own command line has the site's policy.


def add_site_commands(commands: Any) -> None:
    """Add the commands for a site whose policy is known: `explain`, `rewrite` and `disclosure`."""
    add_explain_options(commands.add_parser("explain", help="show what a visitor's cookies and signals mean"))
    add_rewrite_options(commands.add_parser("rewrite", help="rewrite an HTML page as the middleware would"))
    add_disclosure_options(commands.add_parser("disclosure", help="write the tables of a privacy notice"))


def run_for_site(policy: Policy, options: argparse.Namespace) -> str:
    """Run one of these commands. Return its output, except a rewritten page, which goes to standard output.

    Raises:
        OSError: The page cannot be read, or the output cannot be written.
    """
    if options.command == "explain":
        return explanation(policy, options) + "\n"
    if options.command == "disclosure":
        return privacy_notice(policy, options)
    rewrite_file(policy, options)
    return ""


def add_explain_options(command: argparse.ArgumentParser) -> None:
    """Add the options of `explain` that describe a request and the output."""
    _add_request(command)
    command.add_argument("--json", action="store_true", help="write the explanation as JSON")


def add_rewrite_options(command: argparse.ArgumentParser) -> None:
    """Add the options of `rewrite` that describe a request, a response and the output."""
    command.add_argument("file", nargs="?", default="-", metavar="FILE", help="the page (default: standard input)")
    _add_request(command)
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


def add_disclosure_options(command: argparse.ArgumentParser) -> None:
    """Add the options of `disclosure` that describe the output."""
    command.add_argument(
        "--format", choices=("markdown", "html", "json"), default="markdown", help="(default: %(default)s)"
    )


def explanation(policy: Policy, options: argparse.Namespace) -> str:
    """Return what the cookies and header fields in `options` mean under a policy."""
    if options.json:
        return json.dumps(explain.as_json(explain.plan_of(policy, options.headers)))
    return explain.text_of(policy, options.headers)


def privacy_notice(policy: Policy, options: argparse.Namespace) -> str:
    """Return the tables of a privacy notice for a policy, in the format that `options` names."""
    data = disclosure(policy)
    if options.format == "json":
        return to_json(data) + "\n"
    return to_html(data) if options.format == "html" else to_markdown(data)


def rewrite_file(policy: Policy, options: argparse.Namespace) -> None:
    """Rewrite the page that `options` names to standard output, and write a summary to standard error.

    Raises:
        OSError: The page cannot be read, or the output cannot be written.
    """
    with _open(options.file) as file:
        _rewrite(policy, options, file)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m consent_middleware", description="Make chat and tracking wait for consent."
    )
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND", dest="command")
    rewrite = commands.add_parser(
        "rewrite",
        help="rewrite an HTML page as the middleware would",
        description="Rewrite an HTML page as the middleware would. The page goes to standard output, and a summary of "
        "the blocked tags to standard error.",
    )
    add_rewrite_options(rewrite)
    rewrite.add_argument("--contact-url", metavar="URL", help="a page with other ways to contact the site")
    _add_explain(commands)
    _add_disclosure(commands)
    verify.add_arguments(
        commands.add_parser("verify", help="measure a site in a real browser", description=verify.DESCRIPTION)
    )
    return parser


def _add_explain(commands: Any) -> None:
    explain_ = commands.add_parser(
        "explain",
        help="show what a visitor's cookies and signals mean",
        description="Show what a visitor's cookies and signals mean, what may load, and why.",
    )
    add_explain_options(explain_)
    explain_.add_argument(
        "--regime", choices=("opt-in", "opt-out"), default="opt-in", help="what the law requires (default: %(default)s)"
    )
    explain_.add_argument(
        "--mapping",
        type=_read_mapping,
        metavar="FILE",
        help='a JSON file with the meaning of the site\'s own ids: {"id": "category"}, or the same by platform',
    )


def _add_disclosure(commands: Any) -> None:
    disclosure_ = commands.add_parser(
        "disclosure",
        help="write the tables of a privacy notice",
        description="Write the tables of a privacy notice: cookies, hosts, and personal information by the categories "
        "of California's law. A site with settings of its own writes them from its policy instead: "
        "consent_middleware.disclosure.disclosure(policy).",
    )
    add_disclosure_options(disclosure_)
    disclosure_.add_argument(
        "--vendor",
        action="append",
        dest="vendors",
        choices=[vendor.id for vendor in KNOWN_VENDORS],
        help=f"a vendor of the site; may be repeated (default: {', '.join(vendor.id for vendor in VENDORS)})",
    )


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


def _read_mapping(name: str) -> Any:
    try:
        mapping = json.loads(Path(name).read_bytes())
        Policy(mapping=mapping)
    except OSError as error:
        raise argparse.ArgumentTypeError(f"{name}: {error.strerror}") from error
    except PolicyError as error:
        raise argparse.ArgumentTypeError(f"{name}: {error}") from error
    except (ValueError, RecursionError) as error:
        raise argparse.ArgumentTypeError(f"{name} is not JSON: {error}") from error
    return mapping


def _header(text: str) -> tuple[bytes, bytes]:
    name, colon, value = text.partition(":")
    if not colon or not name.strip():
        raise argparse.ArgumentTypeError(f"{text!r} is not a header; write 'Name: value'")
    return name.strip().lower().encode("utf-8", "surrogateescape"), value.strip().encode("utf-8", "surrogateescape")


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of bytes; write 1 or more")
    return int(text)


def _open(name: str) -> BinaryIO:
    return open(sys.stdin.fileno(), "rb", closefd=False) if name == "-" else open(name, "rb")  # noqa: PTH123


def _rewrite(policy: Policy, options: argparse.Namespace, file: BinaryIO) -> None:
    engine = Engine(policy)
    exchange = Exchange(engine, RequestHead("GET", "/", "", options.headers))
    exchange.start(200, [(b"content-type", options.content_type.encode("utf-8", "surrogateescape"))])
    for chunk in _chunks(file, options.chunk):
        sys.stdout.buffer.write(exchange.feed(chunk))
        sys.stdout.buffer.flush()
    sys.stdout.buffer.write(exchange.close())
    sys.stdout.buffer.flush()
    print(_as_json(exchange, engine) if options.json else _as_text(exchange, engine), file=sys.stderr)


def _chunks(file: BinaryIO, size: int) -> Iterator[bytes]:
    while chunk := file.read(size):
        yield chunk


def _notices(engine: Engine) -> dict[str, int]:
    # The command line is not a site, so a missing contact address does not matter.
    return {event: count for event, count in engine.notices.counts.items() if event != "no-contact-url"}


def _as_json(exchange: Exchange, engine: Engine) -> str:
    return json.dumps(
        {
            "blocked": [{"rule": tag.rule, "purpose": tag.purpose} for tag in exchange.blocked],
            "plan": explain.decisions_as_json(exchange.plan),
            "notices": _notices(engine),
        }
    )


def _as_text(exchange: Exchange, engine: Engine) -> str:
    count = len(exchange.blocked)
    lines = [f"blocked: {count} tag{'' if count == 1 else 's'}"]
    lines += [f"  {tag.rule} (waits for {tag.purpose})" for tag in exchange.blocked]
    lines += explain.decisions_as_lines(exchange.plan)
    if any(tag.rule in engine.loaders for tag in exchange.blocked):
        lines += explain.advice(engine)
    lines += [f"notice: {event} ({times} times)" for event, times in _notices(engine).items()]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
