"""HubSpot on the server's side: its hosts and regions, its tags, its cookies, and how its chat alone is loaded.

Knows: everything that is HubSpot's and reaches the server. Its browser side is `hubspot.js`, beside this file.
Must not know: consent readings, HTML syntax, HTTP.
"""

from __future__ import annotations

import re
from types import MappingProxyType

from consent_middleware.consent import Category
from consent_middleware.rules import ChatScript, CookieRule, HostRule, Purpose, Recognition, TagRule, Vendor

#: The portal loader: it inserts every product of the portal, trackers and chat alike.
LOADER = HostRule("js", "hs-scripts.com")
#: The chat alone.
EMBED = HostRule("js", "usemessages.com")

#: The embed script looks itself up under this id and reads its settings there; HubSpot's own loader leaves the chat
#: out when an element with this id stands in the page.
EMBED_ID = "hubspot-messages-loader"

#: HubSpot calls a region a hublet, and the first one, whose hosts bear no suffix, na1.
_FIRST_HUBLET = "na1"

_PORTAL = re.compile(r"[1-9][0-9]{0,18}")


def _embed(portal: str, region: str, recognition: Recognition) -> ChatScript | None:
    # The embed script turns a portal that is no number into NaN and goes on, so a bad one ends here.
    if not _PORTAL.fullmatch(portal):
        return None
    origin = recognition.origin_of(EMBED.in_region("" if region == _FIRST_HUBLET else region))
    return ChatScript(
        src=f"{origin}/conversations-embed.js",
        attributes=(
            ("id", EMBED_ID),
            ("data-loader", "hs-scriptloader"),
            ("data-hsjs-portal", portal),
            ("data-hsjs-env", "prod"),
            ("data-hsjs-hublet", region or _FIRST_HUBLET),
        ),
    )


def _chat_of_loader(recognition: Recognition) -> ChatScript | None:
    """The chat of the portal and region that a loader tag names."""
    return _embed(recognition.account, recognition.region, recognition)


def _chat_of_embed(recognition: Recognition) -> ChatScript | None:
    """The chat of a standalone chat tag: its own URL, and its own attributes over the usual ones."""
    own = recognition.attributes
    usual = _embed(own.get("data-hsjs-portal", ""), own.get("data-hsjs-hublet", recognition.region), recognition)
    if usual is None:
        return None
    merged = dict(usual.attributes)
    for name, value in own.items():
        if name.startswith("data-") or name in {"ungated-for", "crossorigin", "integrity", "referrerpolicy"}:
            merged[name] = value
    return ChatScript(src=recognition.src, attributes=tuple(merged.items()))


_TRACKING = (Purpose.TRACKING,)


def _path(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern.replace("PORTAL", "(?P<account>[0-9]+)"))


_TAG_RULES = (
    TagRule("hubspot.loader", LOADER, _path(r"/PORTAL\.js"), (Purpose.TRACKING, Purpose.CHAT), _chat_of_loader),
    TagRule("hubspot.chat", EMBED, _path(r"/conversations-embed\.js"), (Purpose.CHAT,), _chat_of_embed),
    # The analytics script inserts the loader by itself, and with it the chat.
    TagRule(
        "hubspot.analytics",
        HostRule("js", "hs-analytics.net"),
        _path(r"/analytics/[^/]+/PORTAL\.js"),
        (Purpose.TRACKING, Purpose.CHAT),
        _chat_of_loader,
    ),
    # What the loader inserts stands as real tags in a page that was saved or rendered ahead of time.
    TagRule("hubspot.banner", HostRule("js", "hs-banner.com"), _path(r"/v2/PORTAL/banner\.js|/[0-9]+\.js"), _TRACKING),
    TagRule(
        "hubspot.collected-forms",
        HostRule("js", "hscollectedforms.net"),
        _path(r"/collectedforms(?:-b)?\.js"),
        _TRACKING,
    ),
    TagRule("hubspot.lead-flows", HostRule("js", "hsleadflows.net"), _path(r"/leadflows(?:-pre)?\.js"), _TRACKING),
    TagRule("hubspot.ads-pixel", HostRule("js", "hsadspixel.net"), _path(r"/(?:pixels|fb)\.js"), _TRACKING),
)

#: Hosts that only a hint would reach early. Pictures and files that a site keeps with HubSpot are content: their
#: hosts (hubspot.net, hubspotusercontent…, hs-sites.com) are not among them.
_HINT_DOMAINS = {
    "usemessages.com": Purpose.CHAT,
    "app.hubspot.com": Purpose.CHAT,
    "static.hsappstatic.net": Purpose.CHAT,
    "hs-scripts.com": Purpose.TRACKING,
    "hs-analytics.net": Purpose.TRACKING,
    "hs-banner.com": Purpose.TRACKING,
    "hscollectedforms.net": Purpose.TRACKING,
    "hsleadflows.net": Purpose.TRACKING,
    "hsadspixel.net": Purpose.TRACKING,
    "hsforms.net": Purpose.TRACKING,
    "hsforms.com": Purpose.TRACKING,
    "hubspot.com": Purpose.TRACKING,
    "hubapi.com": Purpose.TRACKING,
    "hubspotfeedback.com": Purpose.TRACKING,
    "hscta.net": Purpose.TRACKING,
    "hsappstatic.net": Purpose.TRACKING,
}

HUBSPOT = Vendor(
    id="hubspot",
    name="HubSpot",
    tag_rules=_TAG_RULES,
    hint_domains=MappingProxyType(_HINT_DOMAINS),
    cookie_rules=(
        CookieRule("messagesUtk", Purpose.CHAT),
        CookieRule("hs-messages-is-open", Purpose.CHAT),
        CookieRule("hs-messages-hide-welcome-message", Purpose.CHAT),
        CookieRule("__hstc", Purpose.TRACKING),
        CookieRule("hubspotutk", Purpose.TRACKING),
        CookieRule("__hssc", Purpose.TRACKING),
        CookieRule("__hssrc", Purpose.TRACKING),
    ),
    requires=MappingProxyType(
        {
            Purpose.CHAT: frozenset({Category.FUNCTIONAL}),
            Purpose.TRACKING: frozenset({Category.ANALYTICS, Category.MARKETING}),
        }
    ),
)
