"""The commands where a framework's own command line has the site's policy: `flask consent`, `manage.py consent`."""

from __future__ import annotations

import argparse
from typing import Any

from consent_middleware.audit.command import check_html5lib
from consent_middleware.policy import Policy

from . import audit, disclosure, explain, rewrite
from .closed_pipe import discard_output

_AUDIT = "find what they load from vendors without asking for consent, with html5lib as the judge."


def add_site_commands(commands: Any) -> None:
    """Add the commands for a site whose policy is known: `explain`, `rewrite`, `disclosure` and `audit`."""
    explain.add_options(commands.add_parser("explain", help=explain.SUMMARY, description=explain.DESCRIPTION))
    rewrite.add_options(commands.add_parser("rewrite", help=rewrite.SUMMARY, description=rewrite.DESCRIPTION))
    disclosure.add_options(
        commands.add_parser("disclosure", help=disclosure.SUMMARY, description=disclosure.DESCRIPTION)
    )
    pages = commands.add_parser("audit", help=audit.SUMMARY, description="Ask the site for pages, and " + _AUDIT)
    pages.add_argument("paths", nargs="*", default=["/"], metavar="PATH", help="a path of the site (default: /)")
    pages.add_argument("--host", default="localhost", metavar="HOST", help="the host to ask for (default: %(default)s)")


def run_for_site(policy: Policy, options: argparse.Namespace) -> str:
    """Run one of these commands. Return its output, except a rewritten page, which goes to standard output.

    Raises:
        OSError: The page cannot be read, or the output cannot be written.
    """
    if options.command == "explain":
        return explain.explanation(policy, options) + "\n"
    if options.command == "disclosure":
        return disclosure.privacy_notice(policy, options)
    try:
        rewrite.rewrite_file(policy, options)
    except BrokenPipeError:
        discard_output()
    return ""


def audit_site(app: Any, options: argparse.Namespace) -> tuple[str, bool]:
    """Return the report about pages of a site, and whether they are clean.

    Args:
        app: the site's WSGI or ASGI app.
        options: the options of `audit`.

    Raises:
        PolicyError: html5lib is missing (CM100).
    """
    check_html5lib()
    # These need html5lib.
    from consent_middleware.audit.apps import ask
    from consent_middleware.audit.result import result_of
    from consent_middleware.audit.text_report import as_text

    result = result_of(ask(app, options.paths, options.host))
    return as_text(result), result.status == 0
