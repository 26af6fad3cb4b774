"""The Flask extension: `Consent` puts a Flask app behind the WSGI middleware, with settings from `app.config`.

    from consent_middleware.flask import Consent

    Consent(app)

The decision for the current request is `flask.g.consent_plan` in views. Templates have

- `consent_plan`, the same decision,
- `consent_allows`, which says of each purpose whether it may load: `{% if consent_allows.chat %}`,
- `consent_open_link("Chat with us", class_="button")`, a link that opens the chat,
- `consent_disclosure()`, the tables of a privacy notice.

`flask consent explain`, `rewrite` and `disclosure` are the commands of `python -m consent_middleware`, with the app's
settings. The engine is `app.extensions["consent_middleware"]`; its `notices.counts` returns how often something could
not be done as asked.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any, Unpack

import click
from flask import Flask, current_app, g, request
from flask.cli import with_appcontext
from markupsafe import Markup

from .arguments import check_app_is_given, checked_policy
from .commands.site import add_site_commands, audit_site, run_for_site
from .disclosure import disclosure, to_html
from .engine import Engine
from .policy import Policy, PolicyError, PolicySettings
from .purpose import Purpose
from .settings import from_prefixed, settings_under
from .wsgi import PLAN_KEY, ConsentMiddleware

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_NAME = "consent_middleware"
_MIDDLEWARE = "consent_middleware.middleware"
_PREFIX = "CONSENT_"


class Consent:
    """Wrap `app.wsgi_app`, so that error pages, static files and every blueprint are covered too.

    Args:
        app: the app. Without it, call `init_app` later.
        policy: the policy. Without it, the settings of `app.config` that begin with `CONSENT_` make one:
            `CONSENT_CONTACT_URL` is `Policy(contact_url=…)`, and so on. They may also be set after this call, until
            the app's first request. Other names with that beginning are the app's own.
        settings: settings by name, in place of a policy.

    Raises:
        PolicyError: for wrong settings, for settings in two places (CM012), for a second extension on one app (CM013),
            for a policy that is none (CM075), a missing app (CM076), and an app that is not Flask's (CM079).
    """

    def __init__(
        self, app: Flask | None = None, policy: Policy | None = None, **settings: Unpack[PolicySettings]
    ) -> None:
        if app is not None:
            _check_app(app)
        in_code = policy is not None or bool(settings)
        self._policy = checked_policy(policy, settings) if in_code else None
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask) -> None:
        """Wrap `app`."""
        _check_app(app)
        if _NAME in app.extensions:
            raise PolicyError([("CM013", "this Flask app stands behind consent already; call Consent once for an app")])
        middleware = _Middleware(app, self._policy)
        # Flask documents this attribute as the place for middleware ("Hooks and wrappers").
        app.wsgi_app = middleware  # type: ignore[method-assign]
        app.extensions[_NAME] = middleware.engine
        app.extensions[_MIDDLEWARE] = middleware
        app.before_request_funcs.setdefault(None, []).insert(0, _remember_plan)
        app.template_context_processors[None].append(_template_names)
        app.cli.add_command(_command)


class _Middleware(ConsentMiddleware):
    """The WSGI middleware for a Flask app. It reads `app.config` again before the first request.

    Args:
        app: the app.
        policy: the policy, if `app.config` does not hold the settings.
    """

    def __init__(self, app: Flask, policy: Policy | None) -> None:
        self._flask = app
        self._policy = policy
        self._settings = self._in_config()
        self._is_ready = False
        super().__init__(app.wsgi_app, self._checked_policy())

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        self.read_late_settings()
        self._is_ready = True
        return super().__call__(environ, start_response)

    def read_late_settings(self) -> None:
        """Make a new engine if the settings in `app.config` have changed before the first request.

        Raises:
            PolicyError: for wrong settings.
        """
        if not self._is_ready and (settings := self._in_config()) != self._settings:
            self._settings = settings
            self.engine = self._flask.extensions[_NAME] = Engine(self._checked_policy())

    def _in_config(self) -> dict[str, Any]:
        """Return the settings in `app.config`."""
        if self._policy is not None:
            return settings_under(_PREFIX, self._flask.config)
        return from_prefixed(self._flask.config, _PREFIX)

    def _checked_policy(self) -> Policy:
        if self._policy is not None and self._settings:
            names = ", ".join(_PREFIX + name.upper() for name in sorted(self._settings))
            raise PolicyError([("CM012", f"the policy is given and app.config holds {names}; use one or the other")])
        return self._policy or Policy(**self._settings)


def _check_app(app: object) -> None:
    check_app_is_given(app, "Consent(app, policy), or Consent(policy=policy) and later init_app(app)")
    if not isinstance(app, Flask):
        name = type(app).__name__
        raise PolicyError([("CM079", f"app is of type {name} and no Flask app; use ConsentMiddleware for other apps")])


def _remember_plan() -> None:
    g.consent_plan = request.environ.get(PLAN_KEY)


def _site_policy() -> Policy:
    """Return the policy of the current app, with the settings that have come after the extension."""
    middleware: _Middleware = current_app.extensions[_MIDDLEWARE]
    middleware.read_late_settings()
    return middleware.engine.policy


def _template_names() -> dict[str, object]:
    plan = g.get("consent_plan")
    return {
        "consent_plan": plan,
        "consent_allows": {purpose.value: plan is not None and plan.allows(purpose) for purpose in Purpose},
        "consent_open_link": _open_link,
        "consent_disclosure": _disclosure,
    }


def _disclosure() -> Markup:
    return Markup(to_html(disclosure(_site_policy())))  # noqa: S704 - the markup is complete, and its values are escaped


def _open_link(text: str, **attributes: str) -> Markup:
    """Return a link that opens the chat, or a button if the vendor has no address for it.

    Args:
        text: what the link says.
        attributes: more attributes. An underscore at the end of a name is left out, any other stands for a hyphen.
    """
    more = Markup().join(
        Markup(' {}="{}"').format(name.rstrip("_").replace("_", "-"), value) for name, value in attributes.items()
    )
    link = _site_policy().vendors[0].chat_link
    if link:
        return Markup('<a href="{}" data-consent-open{}>{}</a>').format(link, more, text)
    return Markup('<button type="button" data-consent-open{}>{}</button>').format(more, text)


@click.command(
    "consent",
    short_help="Show what waits for consent on this site, and why.",
    context_settings={"ignore_unknown_options": True, "help_option_names": []},
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
@with_appcontext
def _command(arguments: tuple[str, ...]) -> None:
    parser = argparse.ArgumentParser(prog="flask consent", description="Show what waits for consent on this site.")
    add_site_commands(parser.add_subparsers(title="commands", required=True, metavar="COMMAND", dest="command"))
    options = parser.parse_args(arguments)
    if options.command == "audit":
        _audit(options)
        return
    try:
        click.echo(run_for_site(_site_policy(), options), nl=False)
    except OSError as error:
        raise click.ClickException(f"{options.file}: {error.strerror}") from error


def _audit(options: argparse.Namespace) -> None:
    try:
        report, is_clean = audit_site(current_app.wsgi_app, options)
    except PolicyError as error:
        raise click.ClickException(str(error)) from error
    click.echo(report, nl=False)
    if not is_clean:
        raise click.ClickException("the pages are not clean")
