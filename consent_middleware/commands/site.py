"""The commands where a framework's own command line has the site's policy: `flask consent`, `manage.py consent`."""

from __future__ import annotations

import argparse
from typing import Any

from consent_middleware.policy import Policy

from . import disclosure, explain, rewrite
from .closed_pipe import discard_output


def add_site_commands(commands: Any) -> None:
    """Add the commands for a site whose policy is known: `explain`, `rewrite` and `disclosure`."""
    explain.add_options(commands.add_parser("explain", help=explain.SUMMARY, description=explain.DESCRIPTION))
    rewrite.add_options(commands.add_parser("rewrite", help=rewrite.SUMMARY, description=rewrite.DESCRIPTION))
    disclosure.add_options(
        commands.add_parser("disclosure", help=disclosure.SUMMARY, description=disclosure.DESCRIPTION)
    )


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
