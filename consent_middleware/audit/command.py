"""The command `audit`: its options, its output and its exit status. It works without html5lib up to the first page."""

from __future__ import annotations

import argparse
import sys
from importlib.util import find_spec
from pathlib import Path

from consent_middleware.policy import PolicyError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `audit`."""
    add = parser.add_argument
    add("inputs", nargs="*", metavar="PAGE", help="a file, a folder, or the http(s) address of a page of your own site")
    add("--policy", metavar="MODULE:NAME", help="judge what this policy does with the pages in four states of consent")
    add("--app", metavar="MODULE:NAME", help="ask this WSGI or ASGI app for pages, in this process")
    add("--path", action="append", default=[], metavar="PATH", help="a path of the app; may be repeated (default: /)")
    add("--host", default="localhost", metavar="HOST", help="the host in requests to the app (default: %(default)s)")
    add("--glob", action="append", default=[], metavar="PATTERN", help="which files of a folder are pages")
    add("--jobs", type=_jobs, default=0, metavar="N", help="how many processes read files (default: one for each core)")
    add("--strict", action="store_true", help="any file on a host of a vendor counts, also what the middleware leaves")
    add("--format", choices=("text", "json", "sarif"), default="text", help="(default: %(default)s)")
    add("--output", metavar="FILE", help="write the report to a file")
    add("--baseline", metavar="FILE", help="faults that this file has do not count")
    add("--write-baseline", metavar="FILE", help="write the faults to a file for --baseline")


def check_html5lib() -> None:
    """Check that html5lib can be imported.

    Raises:
        PolicyError: It is missing (CM100).
    """
    if find_spec("html5lib") is None:
        raise PolicyError([("CM100", "html5lib is missing; install it: pip install consent-middleware[audit]")])


def run(arguments: argparse.Namespace) -> int:
    """Run the command and return its exit status.

    Raises:
        PolicyError: html5lib is missing (CM100), the policy or the app cannot be used (CM095, CM096), or the arguments
            are wrong (CM102 to CM104).
    """
    check_html5lib()
    # These need html5lib.
    from consent_middleware.find_policy import policy_named
    from consent_middleware.vendors import KNOWN_VENDORS

    from .inputs import baseline_text, read_baseline
    from .json_report import as_json, as_sarif
    from .result import Result, compared
    from .run import Wanted, audit
    from .text_report import as_text

    if not arguments.inputs and not arguments.app:
        raise PolicyError(
            [("CM104", "there is nothing to audit; name files, folders or addresses, or an app with --app")]
        )
    if any(not path.startswith("/") for path in arguments.path) or (arguments.path and not arguments.app):
        raise PolicyError([("CM104", "--path needs --app, and a path that begins with /")])
    baseline = read_baseline(arguments.baseline) if arguments.baseline else None
    wanted = Wanted(
        arguments.inputs,
        arguments.policy,
        arguments.app,
        arguments.path,
        arguments.host,
        arguments.glob,
        arguments.jobs,
        arguments.strict,
    )
    reports = audit(wanted, _show_progress if sys.stderr.isatty() else _show_nothing)
    vendors = policy_named(arguments.policy).vendors if arguments.policy else KNOWN_VENDORS
    result = Result(reports, arguments.policy is not None, vendors)
    if baseline is not None:
        result = compared(result, baseline)
    text = {"text": as_text, "json": as_json, "sarif": as_sarif}[arguments.format](result)
    try:
        if arguments.write_baseline:
            Path(arguments.write_baseline).write_text(baseline_text(result.baseline()), "ascii")
        if arguments.output:
            Path(arguments.output).write_text(text, "utf-8")
        else:
            encoding = sys.stdout.encoding
            sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding))
    except OSError as error:
        raise PolicyError([("CM104", f"{error.filename}: the report cannot be written: {error.strerror}")]) from error
    return result.status


def _jobs(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of processes; write 1 or more")
    return int(text)


def _show_progress(done: int, total: int) -> None:
    sys.stderr.write(f"\r{done} of {total} pages" + "\n" * (done >= total))
    sys.stderr.flush()


def _show_nothing(_done: int, _total: int) -> None:
    """Show no progress where nobody watches."""
