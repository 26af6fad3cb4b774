"""The command `verify` of the command line."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from consent_middleware.policy import Policy
from consent_middleware.vendors import KNOWN_VENDORS, VENDORS

from .errors import VerifyError
from .folder import REPORT
from .promises import exit_status
from .record import SessionName
from .run import verify
from .settings import OWN_COOKIE, VerifySettings

DESCRIPTION = (
    "Open pages of your own site in Chromium, with a clean profile for each choice that a visitor can make, and write "
    "a folder that shows what was sent to a vendor. Only the pages that you name are opened, one after the other. "
    "Exit status: 0 all promises are kept, 1 one is broken, 2 wrong usage, 3 something could not be measured."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `verify`."""
    default_vendor = VENDORS[0].id
    parser.add_argument("urls", nargs="+", metavar="URL", help="a page of the site, http or https")
    parser.add_argument("--folder", type=Path, required=True, help="a new or empty folder for the result")
    parser.add_argument(
        "--also",
        action="append",
        default=[],
        metavar="PATH",
        help="a path that only the untouched session opens, such as a page that answers with an error; may be repeated",
    )
    parser.add_argument("--platform", default=OWN_COOKIE, metavar="ID", help="the site's consent platform")
    parser.add_argument(
        "--mapping",
        type=_mapping,
        default={},
        metavar="FILE",
        help="a JSON file with the meaning of the site's own ids at the platform, as for `explain`",
    )
    parser.add_argument(
        "--consent-cookie", default="consent", metavar="NAME", help="the site's own cookie (default: %(default)s)"
    )
    parser.add_argument(
        "--vendor", default=default_vendor, choices=[each.id for each in KNOWN_VENDORS], help="(default: %(default)s)"
    )
    parser.add_argument(
        "--proxied",
        type=_proxied,
        action="append",
        default=[],
        metavar="HOST=ORIGIN",
        help="an origin of the site's own that serves a host of the vendor; may be repeated",
    )
    parser.add_argument(
        "--session",
        action="append",
        type=SessionName,
        choices=list(SessionName),
        dest="sessions",
        help="make this session alone; may be repeated (default: all)",
    )
    _add_limits(parser)


def _add_limits(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--wait",
        type=_seconds,
        default=5.0,
        metavar="SECONDS",
        help="on each page, once the network is quiet (default: 5)",
    )
    parser.add_argument(
        "--timeout", type=_seconds, default=600.0, metavar="SECONDS", help="for everything (default: 600)"
    )
    parser.add_argument("--browser", default="", metavar="PATH", help="Chromium (default: the installed one)")
    parser.add_argument(
        "--browser-argument",
        action="append",
        default=[],
        dest="browser_arguments",
        metavar="ARGUMENT",
        help="one more argument for Chromium, as --browser-argument=--no-sandbox; may be repeated",
    )


def run(options: argparse.Namespace) -> int:
    """Run the command, and return its exit status.

    Args:
        options: what `add_arguments` has read.
    """
    try:
        return _run(options)
    except VerifyError as error:
        _say(str(error))
        return error.status
    except OSError as error:
        failed = VerifyError("CM119", f"{error.filename} cannot be read or written: {error.strerror}")
        _say(str(failed))
        return failed.status


def _run(options: argparse.Namespace) -> int:
    settings = VerifySettings(
        urls=options.urls,
        folder=options.folder,
        vendor=next(vendor for vendor in KNOWN_VENDORS if vendor.id == options.vendor),
        also=options.also,
        platform=options.platform,
        policy=Policy(mapping=options.mapping, consent_cookie=options.consent_cookie),
        proxied=dict(options.proxied),
        sessions=options.sessions or tuple(SessionName),
        wait=options.wait,
        timeout=options.timeout,
        browser=options.browser,
        browser_arguments=options.browser_arguments,
    )
    verdicts = verify(settings, _command_line(options), _say)
    for verdict in verdicts:
        print(f"{verdict.status:12}  {verdict.promise}")
    print(f"The report is {settings.folder / REPORT}")
    return exit_status(verdicts)


def _command_line(options: argparse.Namespace) -> Sequence[str]:
    """Return every argument, also those that the user left at their defaults."""
    named = {name: value for name, value in vars(options).items() if name != "command" and not callable(value)}
    return [f"{name}={value}" for name, value in sorted(named.items())]


def _say(text: str) -> None:
    print(f"consent-middleware verify: {text}", file=sys.stderr)


def _mapping(name: str) -> Any:
    try:
        mapping = json.loads(Path(name).read_bytes())
        Policy(mapping=mapping)
    except OSError as error:
        raise argparse.ArgumentTypeError(f"{name}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise argparse.ArgumentTypeError(f"{name}: {error}") from error
    return mapping


def _proxied(text: str) -> tuple[str, str]:
    host, sign, origin = text.partition("=")
    if not sign or not host or "://" not in origin:
        raise argparse.ArgumentTypeError(f"{text!r} is not HOST=ORIGIN; write js.example.com=https://www.example.org")
    return host, origin


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0
    if not 0 < seconds <= 86_400:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds")
    return seconds
