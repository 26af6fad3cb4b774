"""The Flask extension: `Consent` puts a Flask app behind the WSGI middleware, with settings from `app.config`.

    from consent_middleware.flask import Consent

    Consent(app)

The decision for the current request is `flask.g.consent_plan`, in views and in templates. The engine is
`app.extensions["consent_middleware"]`; its `notices.counts` returns how often something could not be done as asked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import g, request

from .policy import Policy, PolicyError
from .wsgi import PLAN_KEY, ConsentMiddleware

if TYPE_CHECKING:
    from flask import Flask

_NAME = "consent_middleware"


class Consent:
    """Wrap `app.wsgi_app`, so that error pages, static files and every blueprint are covered too.

    Args:
        app: the app. Without it, call `init_app` later.
        policy: the policy. Without it, the settings of `app.config` that begin with `CONSENT_` make one:
            `CONSENT_CONTACT_URL` is `Policy(contact_url=…)`, and so on.

    Raises:
        PolicyError: for wrong settings, for settings in both places (CM012), and for a second extension on one app
            (CM013).
    """

    def __init__(self, app: Flask | None = None, policy: Policy | None = None) -> None:
        self._policy = policy
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask) -> None:
        """Wrap `app`."""
        if _NAME in app.extensions:
            raise PolicyError([("CM013", "this Flask app stands behind consent already; call Consent once for an app")])
        in_config = sorted(key for key in app.config if key.startswith("CONSENT_"))
        if self._policy is not None and in_config:
            raise PolicyError(
                [("CM012", f"the policy is given and app.config holds {', '.join(in_config)}; use one or the other")]
            )
        policy = self._policy or Policy.from_mapping(app.config)
        middleware = ConsentMiddleware(app.wsgi_app, policy)
        # Flask documents this attribute as the place for middleware ("Hooks and wrappers").
        app.wsgi_app = middleware  # type: ignore[method-assign]
        app.extensions[_NAME] = middleware.engine
        app.before_request_funcs.setdefault(None, []).insert(0, _remember_plan)


def _remember_plan() -> None:
    g.consent_plan = request.environ.get(PLAN_KEY)
