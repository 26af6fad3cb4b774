"""The middleware's own responses, below its own path: the scripts, and the decision for the visitor who asks.

The name of a script contains a hash of its bytes, so it may be cached for good. A decision is for one visitor and must
never be stored.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import NamedTuple

from .caching import add_vary
from .coding import PRECOMPRESSED, precompressed
from .cookies import Cookies, expire_cookies
from .engine import Engine
from .facade.asset import consent_states
from .headers import Headers, preferred_coding
from .plan import Plan
from .purpose import Purpose

#: A mount in an address: segments with one slash before each, without encoded control characters or backslashes. A
#: scheme would name another host, and so would two slashes of either kind at the start (URL standard 4.4, "relative
#: slash state").
_MOUNT = re.compile(
    r"(?:/(?!/)(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%(?!(?:[01][0-9A-F]|5C|7F))[0-9A-F]{2})*)*", re.IGNORECASE
)
_ASSET_NAME = re.compile(r"(?:facade|guard|stand-ins|consent)\.[0-9a-f]+\.js")

#: The last segment of the path at which a page asks what is allowed.
DECISION = "decision"


class Answer(NamedTuple):
    """A complete response: status code, head and body."""

    status: int
    headers: Headers
    body: bytes


def answer(
    engine: Engine, method: str, path: str, plan: Plan, cookies: Cookies, host: bytes, accepted: bytes
) -> Answer | None:
    """Return the middleware's own response to a request, or None if the app has to answer.

    Args:
        engine: the compiled policy.
        method: the request's method.
        path: the path below the mount.
        plan: the decision for the request.
        cookies: the request's cookies.
        host: the request's `Host`; empty if it has none.
        accepted: the request's `Accept-Encoding`.
    """
    folder = engine.policy.path + "/"
    if method not in {"GET", "HEAD"} or not path.startswith(folder):
        return None
    name = path.removeprefix(folder)
    if name == DECISION:
        found = _decision(engine, plan, cookies, host)
    elif _ASSET_NAME.fullmatch(name):
        found = _script(engine, name, accepted)
    else:
        return None
    return found._replace(body=b"") if method == "HEAD" else found


def asset_url(engine: Engine, mount: str) -> str:
    """Return the URL of the facade's script for pages of an app with this mount, which `checked_mount` has returned."""
    return f"{mount.rstrip('/')}{engine.policy.path}/{engine.facade.asset_name}"


def checked_mount(engine: Engine, mount: str) -> str:
    """Return the path at which an app is mounted ("" or "/prefix"), for the addresses in its pages.

    A server may take the mount from a header that a client can write, so it is left out if it is not a path.
    """
    if _is_path(mount):
        return mount
    engine.notices.note(
        "mount",
        "a request's mount (SCRIPT_NAME, root_path) is not a path and is left out of the addresses in its page",
    )
    return ""


@lru_cache(64)  # a site has few mounts
def _is_path(mount: str) -> bool:
    return _MOUNT.fullmatch(mount) is not None


def _script(engine: Engine, name: str, accepted: bytes) -> Answer:
    # A page from before an update asks for an older name. It gets today's script, which must not be stored for good
    # under that name.
    asset = engine.facade.assets.get(name)
    cache_control = b"no-cache" if asset is None else b"public, max-age=31536000, immutable"
    kinds = {"guard": engine.facade.guard, "stand-ins": engine.facade.stand_ins}
    if engine.policy.forward_consent:
        # An older script's states are not known, and this one grants nothing.
        kinds["consent"] = engine.facade.consent_script(frozenset())
    today = kinds.get(name.partition(".")[0]) or engine.facade.asset(placeholders=True)
    asset = asset or today
    coding = preferred_coding(accepted, PRECOMPRESSED)
    found = _answer(
        asset.content_type, asset.body if coding is None else precompressed(asset.body, coding), cache_control
    )
    head = found.headers if coding is None else [*found.headers, (b"content-encoding", coding)]
    return found._replace(headers=add_vary(head, b"Accept-Encoding"))


def _decision(engine: Engine, plan: Plan, cookies: Cookies, host: bytes) -> Answer:
    """Return what this visitor's page may load now, with every refused cookie expired."""
    allowed: dict[str, object] = {purpose.value: plan.allows(purpose) for purpose in Purpose}
    if plan.forwards:
        allowed["consent"] = consent_states(plan.agreed)
    body = json.dumps(allowed, separators=(",", ":")).encode("ascii")
    found = _answer("application/json", body, b"no-store")
    head = found.headers
    for field in engine.page_vary:
        head = add_vary(head, field)
    return found._replace(headers=head + expire_cookies(plan.cookies_to_expire, cookies, host))


def _answer(content_type: str, body: bytes, cache_control: bytes) -> Answer:
    headers: Headers = [
        (b"content-type", content_type.encode("ascii")),
        (b"content-length", str(len(body)).encode("ascii")),
        (b"cache-control", cache_control),
        (b"x-content-type-options", b"nosniff"),
    ]
    return Answer(200, headers, body)
