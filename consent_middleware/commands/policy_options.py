"""The options that name the site's own policy, and the policy that they name."""

from __future__ import annotations

import argparse

from consent_middleware.find_policy import policy_in_app, policy_named
from consent_middleware.policy import Policy, PolicyError


def add_policy_options(command: argparse.ArgumentParser) -> None:
    """Add `--policy` and `--app`, of which one may be given."""
    group = command.add_mutually_exclusive_group()
    group.add_argument(
        "--policy",
        metavar="MODULE:NAME",
        help="the site's policy: a Policy, or a function without arguments that returns one",
    )
    group.add_argument(
        "--app",
        metavar="MODULE:NAME",
        help="the site's app, or a function that makes it: the policy of the middleware in it counts",
    )


def policy_for(options: argparse.Namespace, **settings: object) -> Policy:
    """Return the policy that the options name, or else one with these settings.

    Args:
        options: the parsed options.
        settings: the settings that options of the command's own give; None for one that was not given.

    Raises:
        PolicyError: The policy is not found (CM095 to CM097), or there are also settings (CM098).
    """
    given = {name: value for name, value in settings.items() if value is not None}
    where = "--policy" if options.policy else "--app"
    named = options.policy or options.app
    if named is None:
        return Policy(**given)  # type: ignore[arg-type]
    if given:
        more = ", ".join(f"--{name.removesuffix('s') if name == 'vendors' else name}" for name in given)
        more = more.replace("_", "-")
        raise PolicyError([("CM098", f"{more} and {where} are both given; {where} has all of the site's settings")])
    return policy_named(named) if options.policy else policy_in_app(named)
