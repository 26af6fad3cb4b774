"""HubSpot on the server's side: its hosts and regions, its tags, its cookies, and how its chat alone is loaded.

Knows: everything that is HubSpot's and reaches the server. Its browser side is `hubspot.js`, beside this file.
Must not know: consent readings, HTML syntax, HTTP.
"""

from __future__ import annotations

import re
from types import MappingProxyType

from consent_middleware.consent import Category
from consent_middleware.rules import (
    ChatScript,
    Contact,
    CookieDomain,
    CookieRule,
    Disclosed,
    HostRule,
    LeftOut,
    PersonalInformation,
    Purpose,
    Recognition,
    SetBy,
    TagRule,
    Vendor,
)

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

_DAY = 86_400
_YEAR = 365 * _DAY


def _chat(name: str, lifetime: int, does: str) -> CookieRule:
    """A cookie of the chat: on the host without "www.", and so, as the embed script writes it, on all below that."""
    return CookieRule(
        name=name,
        purpose=Purpose.CHAT,
        category=Category.FUNCTIONAL,
        lifetime=lifetime,
        domain=CookieDomain.PARENT,
        set_by=SetBy.SCRIPT,
        does=does,
    )


def _tracker(name: str, lifetime: int | None, does: str) -> CookieRule:
    """A cookie of the tracking code: on the domain that the portal's owner has set, by default the registrable one."""
    return CookieRule(
        name=name,
        purpose=Purpose.TRACKING,
        category=Category.ANALYTICS,
        lifetime=lifetime,
        domain=CookieDomain.REGISTRABLE,
        set_by=SetBy.SCRIPT,
        does=does,
    )


def _choice(name: str, lifetime: int, does: str) -> CookieRule:
    """A record of what the visitor told HubSpot's banner or tracking code. To withhold it would be to forget a no."""
    return CookieRule(
        name=name,
        purpose=None,
        category=Category.NECESSARY,
        lifetime=lifetime,
        domain=CookieDomain.REGISTRABLE,
        set_by=SetBy.SCRIPT,
        does=does,
    )


def _hosted(name: str, lifetime: int | None, domain: CookieDomain, does: str) -> CookieRule:
    """A cookie that HubSpot's server sets on the pages which it serves itself, for what a visitor does there."""
    return CookieRule(
        name=name,
        purpose=None,
        category=Category.NECESSARY,
        lifetime=lifetime,
        domain=domain,
        set_by=SetBy.SERVER,
        does=does,
        hosted=True,
    )


# HubSpot's documentation speaks of 6 months where browsers were seen to keep 180 days; older lists still say 13 months.
# Of the chat's three cookies HubSpot calls two necessary: all come with the chat only, so all wait for it.
_COOKIE_RULES = (
    _chat("messagesUtk", 180 * _DAY, "Recognises a visitor who has used the chat, and brings earlier messages back."),
    _chat("hs-messages-is-open", 30 * 60, "Remembers whether the chat window is open or closed."),
    _chat("hs-messages-hide-welcome-message", _DAY, "Keeps a welcome message that was closed from showing again."),
    _tracker("__hstc", 180 * _DAY, "Recognises a visitor and holds the times of the first, last and present visit."),
    _tracker("hubspotutk", 180 * _DAY, "Recognises a visitor; it is sent along with forms, so that visits get a name."),
    _tracker("__hssc", 30 * 60, "Counts the pages of the present visit."),
    _tracker("__hssrc", None, "Tells whether the browser has been restarted since the last page."),
    _choice("__hs_opt_out", 180 * _DAY, "Holds the answer to HubSpot's cookie banner."),
    _choice("__hs_initial_opt_in", 7 * _DAY, "Keeps HubSpot's cookie banner from showing again."),
    _choice("__hs_cookie_cat_pref", 180 * _DAY, "Holds the categories that were allowed in HubSpot's cookie banner."),
    _choice("__hs_do_not_track", 180 * _DAY, "Keeps HubSpot's tracking code from sending anything."),
    _choice("__hs_gpc_banner_dismiss", 180 * _DAY, "Remembers that a notice about Global Privacy Control was closed."),
    _choice("__hs_notify_banner_dismiss", 180 * _DAY, "Remembers that a notice about cookies was closed."),
    _hosted("hs_ab_test", None, CookieDomain.HOST, "Shows a visitor the same version of a page each time."),
    _hosted("__hsmem", _YEAR, CookieDomain.HOST, "Keeps a visitor logged in."),
    _hosted("hs-membership-csrf", None, CookieDomain.HOST, "Protects the login against forged requests."),
    _hosted("hs_langswitcher_choice", 2 * _YEAR, CookieDomain.REGISTRABLE, "Remembers the language that was chosen."),
)

_CLOUDFLARE = (
    "Cloudflare sets it, on HubSpot's own hosts and on every site that uses Cloudflare: on this site's host it is not "
    "HubSpot's."
)
_PRODUCT = "It belongs to the login of HubSpot's product and stands on hubspot.com alone."
_LEFT_OUT = (
    LeftOut("__cf_bm", _CLOUDFLARE),
    LeftOut("__cfruid", _CLOUDFLARE),
    LeftOut("_cfuvid", _CLOUDFLARE),
    LeftOut("__cfduid", "Cloudflare set it, until 2021."),
    LeftOut(
        "<id>_key",
        "It opens a page behind a password, for 14 days, on pages that HubSpot serves. A name that ends in _key may as "
        "well be another program's.",
    ),
    # Nothing sets these: a notice that listed them would be wrong, and there is nothing to withhold.
    LeftOut("hsfirstvisit", "It is retired; HubSpot's tracking code itself deletes what is left of it."),
    LeftOut("__hs_testcookie", "It is retired, and ended with the browser's session."),
    LeftOut("(widget position and size)", "Newer chat windows may remember where they were put; no name is known."),
    *(
        LeftOut(name, _PRODUCT)
        for name in (
            "hubspotapi",
            "hubspotapi-csrf",
            "hubspotapi-prefs",
            "csrf.app",
            "hs_login_email",
            "hs_c2l",
            "laboratory-anonymous-id",
        )
    ),
)

_CONTACTS = (
    Contact(Purpose.CHAT, EMBED.default, "Serves the chat's script.", regional=True),
    Contact(Purpose.CHAT, "api.hubspot.com", "Says whether a chat is open; is told page and referrer.", regional=True),
    Contact(Purpose.CHAT, "app.hubspot.com", "Serves the chat window and carries the messages.", regional=True),
    Contact(Purpose.CHAT, "static.hsappstatic.net", "Serves the chat window's scripts and styles."),
    Contact(Purpose.CHAT, "exceptions.hubspot.com", "Receives reports of errors in the chat's script."),
    Contact(Purpose.TRACKING, LOADER.default, "Serves the tag that brings all others, the chat too.", regional=True),
    Contact(Purpose.TRACKING, "js.hs-analytics.net", "Serves the tracking script.", regional=True),
    Contact(Purpose.TRACKING, "track.hubspot.com", "Receives page views and events.", regional=True),
    Contact(Purpose.TRACKING, "js.hs-banner.com", "Serves HubSpot's cookie banner.", regional=True),
    Contact(Purpose.TRACKING, "js.hscollectedforms.net", "Serves the script that reads this site's forms.", True),
    Contact(Purpose.TRACKING, "forms.hscollectedforms.net", "Receives what is sent by this site's forms.", True),
    Contact(Purpose.TRACKING, "js.hsleadflows.net", "Serves pop-up forms.", regional=True),
    Contact(Purpose.TRACKING, "forms.hubspot.com", "Receives what is sent by pop-up forms.", regional=True),
    Contact(
        Purpose.TRACKING,
        "js.hsadspixel.net",
        "Loads the scripts of those advertising networks that the site has connected.",
        regional=True,
    ),
    Contact(Purpose.TRACKING, "api.hubapi.com", "Says which advertising networks are connected.", regional=True),
    Contact(Purpose.TRACKING, "js.hubspot.com", "Serves pop-up calls to action.", regional=True),
    Contact(Purpose.TRACKING, "js.hubspotfeedback.com", "Serves surveys.", regional=True),
    Contact(Purpose.TRACKING, "feedback.hubapi.com", "Says which surveys are to be shown.", regional=True),
)

_INFORMATION = (
    PersonalInformation(Purpose.CHAT, "A", "An identifier that is made for the visitor, and the IP address"),
    PersonalInformation(Purpose.CHAT, "A", "Name and e-mail address", only_if="the visitor gives them"),
    PersonalInformation(Purpose.CHAT, "B", "Name, telephone number and the like", only_if="the visitor gives them"),
    PersonalInformation(
        Purpose.CHAT, "F", "The page's address, the page before it, and what is written in the chat and when"
    ),
    PersonalInformation(Purpose.CHAT, "G", "An approximate place, derived from the IP address", inferred=True),
    PersonalInformation(Purpose.TRACKING, "A", "An identifier in cookies, and the IP address"),
    PersonalInformation(
        Purpose.TRACKING,
        "B",
        "What a visitor enters in this site's own forms, such as name, address or telephone number",
        only_if="HubSpot's collection of forms is on",
    ),
    PersonalInformation(
        Purpose.TRACKING,
        "D",
        "Products bought or considered",
        inferred=True,
        only_if="the site sends orders or carts to HubSpot",
    ),
    PersonalInformation(Purpose.TRACKING, "F", "The pages visited, when and how often, and the pages before them"),
    PersonalInformation(Purpose.TRACKING, "G", "An approximate place, derived from the IP address", inferred=True),
    PersonalInformation(
        Purpose.TRACKING,
        "K",
        "Conclusions about a visitor's interests, such as a lead score",
        inferred=True,
        only_if="the site uses HubSpot to draw them",
    ),
)

_CHAT_SHARING = (
    "The chat alone loads no advertising network. Loading it does not by itself show a sale or a sharing of personal "
    "information. It depends on the contract, whether HubSpot is a service provider to this site (section "
    "1798.140(ag)), and on what the site does with the conversations."
)
_TRACKING_SHARING = (
    "If advertising accounts are connected in HubSpot, it loads the scripts of those networks, which see the visitor "
    "on this site. That is likely to be sharing for cross-context behavioral advertising (section 1798.140(ah)), and "
    "may be a sale (section 1798.140(ad)). Without a connected account it depends on the contract with HubSpot and on "
    "what the site does with the information."
)

_DISCLOSED = Disclosed(
    policy_url="https://legal.hubspot.com/privacy-policy",
    contacts=_CONTACTS,
    information=_INFORMATION,
    sharing=((Purpose.CHAT, _CHAT_SHARING), (Purpose.TRACKING, _TRACKING_SHARING)),
    left_out=_LEFT_OUT,
)

HUBSPOT = Vendor(
    id="hubspot",
    name="HubSpot",
    tag_rules=_TAG_RULES,
    hint_domains=MappingProxyType(_HINT_DOMAINS),
    cookie_rules=_COOKIE_RULES,
    requires=MappingProxyType(
        {
            Purpose.CHAT: frozenset({Category.FUNCTIONAL}),
            Purpose.TRACKING: frozenset({Category.ANALYTICS, Category.MARKETING}),
        }
    ),
    disclosed=_DISCLOSED,
)
