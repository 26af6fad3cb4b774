"""What the middleware answers itself, below its own path: the facade's script.

Knows: the policy's path, the asset, how a file that never changes is cached.
Must not know: consent, HTML, gateways.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from .facade import ASSET
from .headers import Headers
from .policy import Policy

_ASSET_NAME = re.compile(r"/facade\.[0-9a-f]+\.js")


class Answer(NamedTuple):
    """A whole response: status code, head and body."""

    status: int
    headers: Headers
    body: bytes


def answer(policy: Policy, method: str, path: str) -> Answer | None:
    """The middleware's own response to a request, or None where the app is to answer. `path` is below the mount."""
    if method not in {"GET", "HEAD"} or not path.startswith(policy.path + "/"):
        return None
    name = path.removeprefix(policy.path)
    if not _ASSET_NAME.fullmatch(name):
        return None
    # A page from before an update asks for the name of its time. It gets the script of today, which must then not be
    # stored under the other name for good.
    current = name == f"/{ASSET.name}"
    cache_control = b"public, max-age=31536000, immutable" if current else b"no-cache"
    headers: Headers = [
        (b"content-type", ASSET.content_type.encode("ascii")),
        (b"content-length", str(len(ASSET.body)).encode("ascii")),
        (b"cache-control", cache_control),
        (b"x-content-type-options", b"nosniff"),
    ]
    return Answer(200, headers, b"" if method == "HEAD" else ASSET.body)


def asset_url(policy: Policy, mount: str) -> str:
    """The URL of the facade's script for pages of an app that is mounted at `mount` ("" or "/prefix")."""
    return f"{mount.rstrip('/')}{policy.path}/{ASSET.name}"
