"""HubSpot's first-party cookies."""

from __future__ import annotations

from consent_middleware.consent import Category
from consent_middleware.purpose import Purpose
from consent_middleware.rules import CookieDomain, CookieRule, CookieSetter

_DAY = 86_400
_YEAR = 365 * _DAY


def _chat(name: str, lifetime: int, description: str) -> CookieRule:
    """Return a cookie of the chat. The chat's script sets it for the host without "www." and everything below it."""
    return CookieRule(
        name=name,
        purpose=Purpose.CHAT,
        category=Category.FUNCTIONAL,
        lifetime=lifetime,
        domain=CookieDomain.PARENT,
        set_by=CookieSetter.SCRIPT,
        description=description,
    )


def _tracker(name: str, lifetime: int | None, description: str) -> CookieRule:
    """Return a cookie of the tracking code. The site may choose its domain in HubSpot; the registrable one is usual."""
    return CookieRule(
        name=name,
        purpose=Purpose.TRACKING,
        category=Category.ANALYTICS,
        lifetime=lifetime,
        domain=CookieDomain.REGISTRABLE,
        set_by=CookieSetter.SCRIPT,
        description=description,
    )


def _choice(name: str, lifetime: int, description: str) -> CookieRule:
    """Return a record of the visitor's choice. Without it, HubSpot would forget that the visitor has refused."""
    return CookieRule(
        name=name,
        purpose=None,
        category=Category.NECESSARY,
        lifetime=lifetime,
        domain=CookieDomain.REGISTRABLE,
        set_by=CookieSetter.SCRIPT,
        description=description,
    )


def _vendor_page(name: str, lifetime: int | None, domain: CookieDomain, description: str) -> CookieRule:
    """Return a cookie that HubSpot's server sets on the pages that it serves itself."""
    return CookieRule(
        name=name,
        purpose=None,
        category=Category.NECESSARY,
        lifetime=lifetime,
        domain=domain,
        set_by=CookieSetter.SERVER,
        description=description,
        on_vendor_pages=True,
    )


# HubSpot documents 6 months where browsers keep 180 days; older lists still say 13 months. HubSpot calls two of the
# chat's three cookies necessary. Only the chat sets them, so all three wait for it.
COOKIE_RULES = (
    _chat("messagesUtk", 180 * _DAY, "Recognizes a visitor who has used the chat, and brings earlier messages back."),
    _chat("hs-messages-is-open", 30 * 60, "Remembers whether the chat window is open or closed."),
    _chat("hs-messages-hide-welcome-message", _DAY, "Keeps a closed welcome message from showing again."),
    _tracker("__hstc", 180 * _DAY, "Recognizes a visitor and stores the times of the first, last and current visit."),
    _tracker(
        "hubspotutk",
        180 * _DAY,
        "Recognizes a visitor; it is sent with forms, so visits can be connected to a name.",
    ),
    _tracker("__hssc", 30 * 60, "Counts the pages of the current visit."),
    _tracker("__hssrc", None, "Shows whether the browser has been restarted since the last page."),
    _tracker("hs_dbg", None, "Shows that somebody is testing the tracking code, after an address that ends in #hsdbg."),
    # The second version of the banner stores everything in `__hs_cookie_cat_pref`, and deletes these two.
    _choice("__hs_opt_out", 180 * _DAY, "Stores the answer to the first version of HubSpot's cookie banner."),
    _choice("__hs_initial_opt_in", 7 * _DAY, "Keeps the first version of HubSpot's cookie banner from showing again."),
    _choice("__hs_cookie_cat_pref", 180 * _DAY, "Stores the categories that were allowed in HubSpot's cookie banner."),
    _choice("__hs_do_not_track", 180 * _DAY, "Keeps HubSpot's tracking code from sending anything."),
    _choice("__hs_gpc_banner_dismiss", 180 * _DAY, "Remembers that a notice about Global Privacy Control was closed."),
    _choice("__hs_notify_banner_dismiss", 180 * _DAY, "Remembers that a notice about cookies was closed."),
    _vendor_page("hs_ab_test", None, CookieDomain.HOST, "Shows a visitor the same version of a page each time."),
    _vendor_page("__hsmem", _YEAR, CookieDomain.HOST, "Keeps a visitor logged in."),
    _vendor_page("hs-membership-csrf", None, CookieDomain.HOST, "Protects the login against forged requests."),
    _vendor_page("hs_langswitcher_choice", 2 * _YEAR, CookieDomain.REGISTRABLE, "Remembers the chosen language."),
)
