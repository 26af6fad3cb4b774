"""The command `verify`; see the package `verify`."""

from __future__ import annotations

from typing import Any

from consent_middleware.verify import command

SUMMARY = "measure a site in a real browser"
_EPILOG = "example: consent-middleware verify https://www.example.com/ --folder evidence"


def add_command(commands: Any) -> None:
    """Add the command to those of the program."""
    parser = commands.add_parser("verify", help=SUMMARY, description=command.DESCRIPTION, epilog=_EPILOG)
    command.add_arguments(parser)
    parser.set_defaults(run=command.run)
