"""The Flask extension: `Consent` puts a Flask app behind the WSGI middleware, with settings from `app.config`.

    from consent_middleware.flask import Consent

    Consent(app)

The decision for the current request is `flask.g.consent_plan`, in views and in templates. The engine is
`app.extensions["consent_middleware"]`; its `notices.counts` returns how often something could not be done as asked.
"""

from __future__ import annotations

from flask import Flask, g, request

from .arguments import check_app_is_given, check_policy
from .policy import Policy, PolicyError
from .wsgi import PLAN_KEY, ConsentMiddleware

_NAME = "consent_middleware"


class Consent:
    """Wrap `app.wsgi_app`, so that error pages, static files and every blueprint are covered too.

    Args:
        app: the app. Without it, call `init_app` later.
        policy: the policy. Without it, the settings of `app.config` that begin with `CONSENT_` make one:
            `CONSENT_CONTACT_URL` is `Policy(contact_url=…)`, and so on.

    Raises:
        PolicyError: for wrong settings, for settings in both places (CM012), for a second extension on one app
            (CM013), for a policy that is none (CM075), a missing app (CM076), and an app that is not Flask's (CM079).
    """

    def __init__(self, app: Flask | None = None, policy: Policy | None = None) -> None:
        if app is not None:
            _check_app(app)
        check_policy(policy)
        self._policy = policy
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask) -> None:
        """Wrap `app`."""
        _check_app(app)
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


def _check_app(app: object) -> None:
    check_app_is_given(app, "Consent(app, policy), or Consent(policy=policy) and later init_app(app)")
    if not isinstance(app, Flask):
        name = type(app).__name__
        raise PolicyError([("CM079", f"app is of type {name} and no Flask app; use ConsentMiddleware for other apps")])


def _remember_plan() -> None:
    g.consent_plan = request.environ.get(PLAN_KEY)
