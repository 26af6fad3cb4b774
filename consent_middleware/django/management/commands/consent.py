"""`manage.py consent`: the commands of `python -m consent_middleware`, with the site's own policy."""

from __future__ import annotations

import argparse

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.wsgi import get_wsgi_application

from consent_middleware.commands.site import add_site_commands, audit_site, run_for_site
from consent_middleware.django.conf import site_policy
from consent_middleware.policy import PolicyError


class Command(BaseCommand):  # type: ignore[misc]
    """The command."""

    help = "Show what waits for consent on this site, and why."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the commands and their options."""
        add_site_commands(parser.add_subparsers(title="commands", required=True, metavar="COMMAND", dest="command"))

    def handle(self, **options: object) -> None:
        """Run one command.

        Raises:
            CommandError: The file of `rewrite` cannot be read, or `audit` has found a fault.
        """
        given = argparse.Namespace(**options)
        if given.command == "audit":
            self._audit(given)
            return
        try:
            self.stdout.write(run_for_site(site_policy(), given), ending="")
        except OSError as error:
            raise CommandError(f"{given.file}: {error.strerror}") from error

    def _audit(self, given: argparse.Namespace) -> None:
        try:
            report, is_clean = audit_site(get_wsgi_application(), given)
        except PolicyError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(report, ending="")
        if not is_clean:
            raise CommandError("the pages are not clean")
