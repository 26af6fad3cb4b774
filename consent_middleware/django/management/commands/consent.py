"""`manage.py consent`: the commands of `python -m consent_middleware`, with the site's own policy."""

from __future__ import annotations

import argparse

from django.core.management.base import BaseCommand, CommandError, CommandParser

from consent_middleware.commands.site import add_site_commands, run_for_site
from consent_middleware.django.conf import site_policy


class Command(BaseCommand):  # type: ignore[misc]
    """The command."""

    help = "Show what waits for consent on this site, and why."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the commands and their options."""
        add_site_commands(parser.add_subparsers(title="commands", required=True, metavar="COMMAND", dest="command"))

    def handle(self, **options: object) -> None:
        """Run one command.

        Raises:
            CommandError: The file of `rewrite` cannot be read.
        """
        given = argparse.Namespace(**options)
        try:
            self.stdout.write(run_for_site(site_policy(), given), ending="")
        except OSError as error:
            raise CommandError(f"{given.file}: {error.strerror}") from error
