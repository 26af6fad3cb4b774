"""HubSpot's own cookie banner, without the loader that otherwise brings it, and how HubSpot is told of consent.

Sources: HubSpot's documentation of the consent banner API (2026-03-30), and what was read in the banner's code (version
2, static-1.1671) and in portals' loaders. The banner runs without the tracking code. It writes no cookie before a
choice, and until then it contacts its own host alone: the script, its fonts, the visitor's country where the account
has rules by region, and a count of how often it was shown.
"""

from __future__ import annotations

from collections.abc import Mapping

from consent_middleware.disclosed import ContactedHost
from consent_middleware.rules import ChatContext
from consent_middleware.vendor import ConsentBanner

from .chat import account_of_loader, account_of_snippet, is_account, loader_attributes, script_origin
from .hosts import BANNER_HOST, ERROR_HOST


def _script(context: ChatContext) -> Mapping[str, str] | None:
    """Return the attributes of the banner's tag, as the loader of the same portal inserts it.

    With the real id, the loader does not bring the banner a second time. The loader also pushes feature gates to
    `_hsp`. They differ by account and no tag names them, so the banner begins without them and gets them later, from
    the loader.
    """
    portal, region = account_of_snippet(context) if context.text else account_of_loader(context)
    if not is_account(portal, region):
        return None
    return {
        "src": f"{script_origin(BANNER_HOST.rule, region, context)}/v2/{portal}/banner.js",
        "type": "text/javascript",
        "id": f"cookieBanner-{portal}",
        # The marks by which other consent tools leave the banner alone.
        "data-cookieconsent": "ignore",
        "data-hs-ignore": "true",
        **dict(loader_attributes(portal, region)),
    }


BANNER = ConsentBanner(
    source="hubspot",
    rule="hubspot.banner",
    loaders=frozenset({"hubspot.loader", "hubspot.analytics", "hubspot.inline-loader"}),
    script=_script,
    addresses=(f"{BANNER_HOST.rule.default}/v2/", f"{BANNER_HOST.rule.default}/cookie-banner"),
    contacts=(
        ContactedHost(
            None,
            BANNER_HOST.rule.default,
            "Serves HubSpot's cookie banner and its fonts before any consent, because the banner asks for it; says in "
            "which country the visitor is, and counts how often the banner is shown and used.",
            BANNER_HOST.regional,
        ),
        ContactedHost(
            None,
            ERROR_HOST.rule.default,
            "Receives a report if the script of HubSpot's cookie banner fails.",
            ERROR_HOST.regional,
        ),
    ),
)

#: `setHubSpotConsent` is not stored, so it is said on every page. HubSpot's own banner then need not ask.
CONSENT_RECEIVER = (
    "c=>{window.disableHubSpotCookieBanner=true;(window._hsp=window._hsp||[]).push(['setHubSpotConsent',"
    "{analytics:c.analytics,advertisement:c.marketing,functionality:c.functional}])}"
)
