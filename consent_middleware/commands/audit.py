"""The command `audit`; see the package `audit`."""

from __future__ import annotations

from typing import Any

from consent_middleware.audit import command

SUMMARY = "find what pages load from vendors"
DESCRIPTION = (
    "Find what pages load from vendors, with html5lib as the judge, and what a policy does with it. Exit status: "
    "0 clean, 1 faults, 2 wrong usage, 3 something could not be read."
)
_EPILOG = "example: consent-middleware audit build/ --policy mysite:policy"


def add_command(commands: Any) -> None:
    """Add the command to those of the program."""
    parser = commands.add_parser("audit", help=SUMMARY, description=DESCRIPTION, epilog=_EPILOG)
    command.add_arguments(parser)
    parser.set_defaults(run=command.run)
