"""`manage.py consent`: the commands of `python -m consent_middleware`, with the site's own policy."""

from __future__ import annotations

import argparse

from django.core.management.base import BaseCommand, CommandError, CommandParser

from consent_middleware.__main__ import (
    add_disclosure_options,
    add_explain_options,
    add_rewrite_options,
    explanation,
    privacy_notice,
    rewrite_file,
)
from consent_middleware.django.conf import site_policy


class Command(BaseCommand):  # type: ignore[misc]
    """The command."""

    help = "Show what waits for consent on this site, and why."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the commands and their options."""
        commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND", dest="command")
        add_explain_options(commands.add_parser("explain", help="show what a visitor's cookies and signals mean"))
        add_rewrite_options(commands.add_parser("rewrite", help="rewrite an HTML page as the middleware would"))
        add_disclosure_options(commands.add_parser("disclosure", help="write the tables of a privacy notice"))

    def handle(self, **options: object) -> None:
        """Run one command.

        Raises:
            CommandError: The file of `rewrite` cannot be read.
        """
        given = argparse.Namespace(**options)
        if given.command == "explain":
            self.stdout.write(explanation(site_policy(), given))
        elif given.command == "disclosure":
            self.stdout.write(privacy_notice(site_policy(), given))
        else:
            try:
                rewrite_file(site_policy(), given)
            except OSError as error:
                raise CommandError(f"{given.file}: {error.strerror}") from error
