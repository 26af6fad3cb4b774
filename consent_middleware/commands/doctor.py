"""`doctor`: asks a running site whether the middleware works there, and says what to do about what does not."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from .policy_options import add_policy_options, policy_for

SUMMARY = "ask a running site whether the middleware works there"
DESCRIPTION = (
    "Ask a running site whether the middleware works there. Only the origin of the URL is asked, with a bounded number "
    "of GET requests, one after another. Exit status: 0 if no problem is found, 1 if one is, 2 if the site cannot be "
    "asked."
)
_EPILOG = (
    "Without --policy or --app, the default settings are taken for the site's. Name its policy if it has another "
    "consent cookie, path, vendors or requirements. Example: consent-middleware doctor https://www.example.com/"
)


def add_command(commands: Any) -> None:
    """Add the command to those of the program."""
    command = commands.add_parser("doctor", help=SUMMARY, description=DESCRIPTION, epilog=_EPILOG)
    command.add_argument("url", metavar="URL", help="a page of your site that has a vendor's tag")
    add_policy_options(command)
    command.add_argument(
        "--error-url", metavar="URL", help="an address on the same site that answers with an error page"
    )
    command.add_argument("--json", action="store_true", help="write the findings as JSON")
    command.add_argument(
        "--timeout", type=_seconds, default=10.0, metavar="SECONDS", help="for each step (default: %(default)g)"
    )
    command.add_argument(
        "--wait", type=_seconds, default=0.2, metavar="SECONDS", help="between two requests (default: %(default)g)"
    )
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Ask the site and print the findings; return the exit status.

    Raises:
        PolicyError: The policy that the options name is not found or is wrong.
    """
    # No other command needs a connection, so no other one waits for these modules.
    from .page_checks import PROBLEM
    from .site_checks import Examination
    from .site_client import Site, SiteError

    named = bool(options.policy or options.app)
    try:
        policy = policy_for(options)
        site = Site(options.url, timeout=options.timeout, wait=options.wait)
        findings = Examination(site, policy, knows_policy=named, error_url=options.error_url).findings()
    except SiteError as error:
        print(f"consent-middleware doctor: {error}", file=sys.stderr)
        return 2
    if options.json:
        print(json.dumps({"url": site.url, "checks": [finding._asdict() for finding in findings]}))
    else:
        width = max(len(finding.check) for finding in findings)
        for finding in findings:
            print(f"{finding.result:<12} {finding.check:<{width}}  {finding.text}")
            if finding.advice:
                print(f"{'':<13}{'':<{width}}  To do: {finding.advice}")
    return int(any(finding.result == PROBLEM for finding in findings))


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1
    if not 0 <= seconds <= 600:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds from 0 to 600")
    return seconds
