"""The program `consent-middleware`: its commands, its exit statuses, and what it says when something is wrong.

`explain` shows what a visitor's cookies mean, `rewrite` what the middleware does to a page, `disclosure` writes the
tables of a privacy notice, `doctor` asks a running site, `audit` reads pages with
html5lib, and `verify` opens them in Chromium.
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence

from consent_middleware.policy import PolicyError
from consent_middleware.version import __version__

from . import audit, disclosure, doctor, explain, rewrite, verify
from .closed_pipe import CLOSED_PIPE, discard_output

_COMMANDS = (explain, rewrite, disclosure, doctor, audit, verify)

_EPILOG = """\
exit status: 0, or 1 if a file cannot be read, or 2 if an option or the site's policy is wrong.
`consent-middleware COMMAND --help` describes one command.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: the arguments; by default those of the process.

    Returns:
        The exit status: 0, or 1 if a file cannot be read, or 2 if the policy that the options name is not found or is
        wrong; of `doctor`, 1 if there is a problem and 2 if the site cannot be asked; of `audit` and
        `verify`, as their help says. `CLOSED_PIPE` if nobody reads
        the output any further.

    Raises:
        SystemExit: for `--help` and `--version` (0), and for wrong options (2).
    """
    options = _parser().parse_args(arguments)
    # The commands say themselves what was noted.
    logging.getLogger("consent_middleware").addHandler(logging.NullHandler())
    try:
        status: int = options.run(options)
        sys.stdout.flush()
    except BrokenPipeError:
        discard_output()
        return CLOSED_PIPE
    except PolicyError as error:
        print(f"consent-middleware {options.command}: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        print(f"consent-middleware {options.command}: {where}{error.strerror}", file=sys.stderr)
        return 1
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="consent-middleware",
        description="Show what waits for consent on a site, and why.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"consent-middleware {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND", dest="command")
    for module in _COMMANDS:
        module.add_command(commands)
    return parser
