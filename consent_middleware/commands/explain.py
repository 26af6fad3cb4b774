"""`explain`: what a visitor's cookies and signals mean, what may load, and why."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from consent_middleware import explain
from consent_middleware.policy import Policy, PolicyError

from .policy_options import add_policy_options, policy_for
from .request_options import add_request_options

SUMMARY = "show what a visitor's cookies and signals mean"
DESCRIPTION = (
    "Show what a visitor's cookies and signals mean, what may load, and why. A consent cookie that says nothing which "
    "can be read is named, without its value."
)

_EXAMPLE = "Example: consent-middleware explain --app mysite:app --cookie 'consent=functional'"


def add_command(commands: Any) -> None:
    """Add the command to those of the program."""
    command = commands.add_parser("explain", help=SUMMARY, description=DESCRIPTION, epilog=_EXAMPLE)
    add_options(command)
    add_policy_options(command)
    command.add_argument("--regime", choices=("opt-in", "opt-out"), help="what the law requires (default: opt-in)")
    command.add_argument(
        "--mapping",
        type=_read_mapping,
        metavar="FILE",
        help='a JSON file with the meaning of the site\'s own ids: {"id": "category"}, or the same by platform',
    )
    command.set_defaults(run=run)


def add_options(command: argparse.ArgumentParser) -> None:
    """Add the options that describe a request and the output."""
    add_request_options(command)
    command.add_argument("--json", action="store_true", help="write the explanation as JSON")


def run(options: argparse.Namespace) -> int:
    """Print the explanation; return the exit status.

    Raises:
        PolicyError: The policy that the options name is not found or is wrong.
    """
    print(explanation(policy_for(options, mapping=options.mapping, regime=options.regime), options))
    return 0


def explanation(policy: Policy, options: argparse.Namespace) -> str:
    """Return what the cookies and header fields in `options` mean under a policy."""
    if options.json:
        return json.dumps(explain.json_of(policy, options.headers))
    return explain.text_of(policy, options.headers)


def _read_mapping(name: str) -> Any:
    try:
        mapping = json.loads(Path(name).read_bytes())
        Policy(mapping=mapping)
    except OSError as error:
        raise argparse.ArgumentTypeError(f"{name}: {error.strerror}") from error
    except PolicyError as error:
        raise argparse.ArgumentTypeError(f"{name}: {error}") from error
    except (ValueError, RecursionError) as error:
        raise argparse.ArgumentTypeError(f"{name} is not JSON: {error}") from error
    return mapping
