"""What the middleware answers itself, below its own path: the facade's script, and the decision for a visitor.

Knows: the policy's path, the scripts, how a file that never changes is cached and compressed, and how an answer for
one visitor is not.
Must not know: HTML, gateways, what a decision rests on.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import NamedTuple

from .caching import add_vary
from .coding import PRECOMPRESSED, precompressed
from .cookies import Cookies, expire_cookies
from .headers import Headers, preferred_coding
from .policy import Plan, Policy
from .purpose import Purpose

#: What a mount is as it stands in an address: segments, each behind one slash, in which no control character and no
#: backslash is encoded. Two slashes at its beginning, of either kind, would name another host (URL standard 4.4,
#: "relative slash state"), and so would what has a scheme.
_MOUNT = re.compile(
    r"(?:/(?!/)(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%(?!(?:[01][0-9A-F]|5C|7F))[0-9A-F]{2})*)*", re.IGNORECASE
)
_ASSET_NAME = re.compile(r"(?:facade|guard|stand-ins)\.[0-9a-f]+\.js")

#: The last segment of the path under which a page asks what is allowed.
DECISION = "decision"


class Answer(NamedTuple):
    """A whole response: status code, head and body."""

    status: int
    headers: Headers
    body: bytes


def answer(
    policy: Policy, method: str, path: str, plan: Plan, cookies: Cookies, host: bytes, accepted: bytes
) -> Answer | None:
    """The middleware's own response to a request, or None where the app is to answer.

    `path` is below the mount, `accepted` is the request's `Accept-Encoding`.
    """
    if method not in {"GET", "HEAD"} or not path.startswith(policy.path + "/"):
        return None
    name = path.removeprefix(policy.path + "/")
    if name == DECISION:
        found = _decision(policy, plan, cookies, host)
    elif _ASSET_NAME.fullmatch(name):
        found = _script(policy, name, accepted)
    else:
        return None
    return found._replace(body=b"") if method == "HEAD" else found


def asset_url(policy: Policy, mount: str) -> str:
    """The URL of the facade's script for pages of an app that is mounted at `mount` ("" or "/prefix").

    A mount may come from a field that whoever asks can write. One that is no path counts as none.
    """
    if not _is_path(mount):
        policy.notices.note(
            "mount",
            "a request's mount (SCRIPT_NAME, root_path) is no path and is left out of the addresses in its page",
        )
        mount = ""
    return f"{mount.rstrip('/')}{policy.path}/{policy.facade.asset().name}"


@lru_cache(64)  # a site has few mounts
def _is_path(mount: str) -> bool:
    return _MOUNT.fullmatch(mount) is not None


def _script(policy: Policy, name: str, accepted: bytes) -> Answer:
    # A page from before an update asks for the name of its time. It gets the script of today, which must then not be
    # stored under the other name for good.
    asset = policy.facade.assets.get(name)
    cache_control = b"no-cache" if asset is None else b"public, max-age=31536000, immutable"
    kinds = {"guard": policy.facade.guard, "stand-ins": policy.facade.stand_ins}
    today = kinds.get(name.partition(".")[0]) or policy.facade.asset(placeholders=True)
    asset = asset or today
    coding = preferred_coding(accepted, PRECOMPRESSED)
    found = _answer(
        asset.content_type, asset.body if coding is None else precompressed(asset.body, coding), cache_control
    )
    head = found.headers if coding is None else [*found.headers, (b"content-encoding", coding)]
    return found._replace(headers=add_vary(head, b"Accept-Encoding"))


def _decision(policy: Policy, plan: Plan, cookies: Cookies, host: bytes) -> Answer:
    """What the page of this visitor may load by now, and the end of every cookie that has been refused."""
    allowed = {purpose.value: plan.allows(purpose) for purpose in Purpose}
    body = json.dumps(allowed, separators=(",", ":")).encode("ascii")
    found = _answer("application/json", body, b"no-store")
    head = found.headers
    for field in (b"Cookie", *policy.vary):
        head = add_vary(head, field)
    return found._replace(headers=head + expire_cookies(policy.cookies_to_expire(plan, cookies), cookies, host))


def _answer(content_type: str, body: bytes, cache_control: bytes) -> Answer:
    headers: Headers = [
        (b"content-type", content_type.encode("ascii")),
        (b"content-length", str(len(body)).encode("ascii")),
        (b"cache-control", cache_control),
        (b"x-content-type-options", b"nosniff"),
    ]
    return Answer(200, headers, body)
