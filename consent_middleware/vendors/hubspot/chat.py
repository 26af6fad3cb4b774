"""How HubSpot's chat alone is loaded in place of a tag: for the portal and the region that the tag names.

A portal is the site's account with HubSpot. HubSpot calls a region a hublet; the first one, whose hosts have no suffix,
is na1.
"""

from __future__ import annotations

import re

from consent_middleware.purpose import ChatScript
from consent_middleware.rules import ChatContext, HostRule
from consent_middleware.urls import parse_url

from .hosts import CHAT_HOST, LOADER_HOST, domain_pattern

_CHAT_HOST = CHAT_HOST.rule

#: The chat's script looks for its own element by this id and reads its settings there. HubSpot's loader leaves the chat
#: out if the page has an element with this id.
CHAT_SCRIPT_ID = "hubspot-messages-loader"

_FIRST_HUBLET = "na1"

_PORTAL = re.compile(r"[1-9][0-9]{0,18}")
_HUBLET = re.compile(r"(?:[a-z]{2}[0-9]{1,2})?")


def is_account(portal: str, region: str) -> bool:
    """Return whether a tag's portal and region can be an account's.

    HubSpot's scripts go on with NaN if the portal is not a number, and a region becomes part of host names.
    """
    return bool(_PORTAL.fullmatch(portal) and _HUBLET.fullmatch(region))


def script_origin(host: HostRule, region: str, context: ChatContext) -> str:
    """Return the origin that serves a host of HubSpot's in a region on this site."""
    return context.origin_of(host.in_region("" if region == _FIRST_HUBLET else region))


def loader_attributes(portal: str, region: str) -> tuple[tuple[str, str], ...]:
    """Return the attributes that HubSpot's loader gives to every script that it inserts."""
    return (
        ("data-loader", "hs-scriptloader"),
        ("data-hsjs-portal", portal),
        ("data-hsjs-env", "prod"),
        ("data-hsjs-hublet", region or _FIRST_HUBLET),
    )


def _chat_script(portal: str, region: str, context: ChatContext) -> ChatScript | None:
    if not is_account(portal, region):
        return None
    return ChatScript(
        src=f"{script_origin(_CHAT_HOST, region, context)}/conversations-embed.js",
        attributes=(("id", CHAT_SCRIPT_ID), *loader_attributes(portal, region)),
        account=portal,
    )


#: A script file that is named after the portal, on any host.
_NUMBERED_FILE = re.compile(r"/(?P<portal>[0-9]{3,})(?:\.min)?\.js(?![a-z])")


def account_of_loader(context: ChatContext) -> tuple[str, str]:
    """Return the portal and the region that a loader tag names in its address, its attributes or its file's name."""
    file = _NUMBERED_FILE.search(context.src)
    portal = context.account or context.attributes.get("data-hsjs-portal", "") or (file["portal"] if file else "")
    return portal, context.region or context.attributes.get("data-hsjs-hublet", "")


def chat_of_loader(context: ChatContext) -> ChatScript | None:
    """Return the chat for a loader tag."""
    return _chat_script(*account_of_loader(context), context)


_FETCH_ATTRIBUTES = frozenset({"crossorigin", "integrity", "referrerpolicy"})


def chat_of_chat_tag(context: ChatContext) -> ChatScript | None:
    """Return the chat for a tag of the chat itself. The tag's own attributes replace the usual ones.

    The script comes from HubSpot in any case, because a tag may be recognized by a path that any host can have.
    """
    own = context.attributes
    usual = _chat_script(own.get("data-hsjs-portal", ""), own.get("data-hsjs-hublet", context.region), context)
    if usual is None:
        return None
    url = parse_url(context.src)
    # How a copy is fetched says nothing about HubSpot's own file.
    is_copy = url is None or _CHAT_HOST.region_of(url.host) is None
    fetched = frozenset() if is_copy else _FETCH_ATTRIBUTES
    merged = dict(usual.attributes)
    for name, value in own.items():
        if name.startswith("data-") or name == "ungated-for" or name in fetched:
            merged[name] = value
    return ChatScript(usual.src, tuple(merged.items()), usual.account)


def chat_of_older_tag(context: ChatContext) -> ChatScript | None:
    """Return today's chat for the portal in a tag of 2017, whose own script is gone."""
    return _chat_script(context.account or context.attributes.get("data-hsjs-portal", ""), context.region, context)


#: How a snippet names the portal: the one group of each pattern.
PORTAL_PATTERNS = {
    "the loader's address": re.compile(rf"{domain_pattern(LOADER_HOST.domain)}/([0-9]+)"),
    "the loader's path": re.compile("scriptloader/(?:v1/)?([0-9]+)"),
    "a file's name": re.compile(r"/([0-9]{3,})\.js"),
    "an attribute that is set": re.compile(r"""hsjs-?[pP]ortal["']?\s*[]:,=]\s*["']?([0-9]+)"""),
    "a property": re.compile(r"""portalId["']?\s*[:=]\s*["']?([0-9]+)"""),
}
#: How a snippet names the region: the one group of each pattern.
REGION_PATTERNS = {
    "a host": re.compile(r"\b[a-z]+-([a-z]{2}[0-9]{1,2})\.[a-z-]+\."),
    "an attribute that is set": re.compile(r"""hsjs-?[hH]ublet["']?\s*[]:,=]\s*["']([a-z0-9]+)"""),
}


def account_of_snippet(context: ChatContext) -> tuple[str, str]:
    """Return the portal and the region that an inline snippet names; no portal if it names several of either."""
    portals = {found for pattern in PORTAL_PATTERNS.values() for found in pattern.findall(context.text)}
    regions = {found for pattern in REGION_PATTERNS.values() for found in pattern.findall(context.text)}
    if len(portals) != 1 or len(regions) > 1:
        return "", ""
    return portals.pop(), regions.pop() if regions else ""


def chat_of_snippet(context: ChatContext) -> ChatScript | None:
    """Return the chat for an inline snippet."""
    return _chat_script(*account_of_snippet(context), context)
