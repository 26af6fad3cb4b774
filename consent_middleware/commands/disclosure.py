"""`disclosure`: the tables of a privacy notice."""

from __future__ import annotations

import argparse
from typing import Any

from consent_middleware.disclosure import disclosure, to_html, to_json, to_markdown
from consent_middleware.policy import Policy
from consent_middleware.vendors import KNOWN_VENDORS, VENDORS

from .policy_options import add_policy_options, policy_for

SUMMARY = "write the tables of a privacy notice"
DESCRIPTION = (
    "Write the tables of a privacy notice: cookies, hosts, and personal information by the categories of California's "
    "law."
)

_EXAMPLE = "Example: consent-middleware disclosure --policy mysite:policy --format html"


def add_command(commands: Any) -> None:
    """Add the command to those of the program."""
    command = commands.add_parser("disclosure", help=SUMMARY, description=DESCRIPTION, epilog=_EXAMPLE)
    add_options(command)
    add_policy_options(command)
    command.add_argument(
        "--vendor",
        action="append",
        dest="vendors",
        choices=[vendor.id for vendor in KNOWN_VENDORS],
        help=f"a vendor of the site; may be repeated (default: {', '.join(vendor.id for vendor in VENDORS)})",
    )
    command.set_defaults(run=run)


def add_options(command: argparse.ArgumentParser) -> None:
    """Add the options that describe the output."""
    command.add_argument(
        "--format", choices=("markdown", "html", "json"), default="markdown", help="(default: %(default)s)"
    )


def run(options: argparse.Namespace) -> int:
    """Print the tables; return the exit status.

    Raises:
        PolicyError: The policy that the options name is not found or is wrong.
    """
    vendors = list(dict.fromkeys(options.vendors)) if options.vendors else None
    print(privacy_notice(policy_for(options, vendors=vendors), options), end="")
    return 0


def privacy_notice(policy: Policy, options: argparse.Namespace) -> str:
    """Return the tables of a privacy notice for a policy, in the format that `options` names."""
    data = disclosure(policy)
    if options.format == "json":
        return to_json(data) + "\n"
    return to_html(data) if options.format == "html" else to_markdown(data)
