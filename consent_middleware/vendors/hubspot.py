"""HubSpot on the server's side: its hosts and regions, its tags, its cookies, and how its chat alone is loaded.

Knows: everything that is HubSpot's and reaches the server. Its browser side is `hubspot.js`, beside this file.
Must not know: consent readings, HTML syntax, HTTP.
"""

from __future__ import annotations

import re
from types import MappingProxyType

from consent_middleware.consent import Category
from consent_middleware.rules import (
    ChatContext,
    ChatResolver,
    ChatScript,
    ContactedHost,
    CookieDomain,
    CookieRule,
    DisclosureData,
    HostRule,
    PersonalInformation,
    Purpose,
    SetBy,
    StandIn,
    TagRule,
    TextRule,
    UnlistedCookie,
    Vendor,
)
from consent_middleware.scripts.snippets import Vocabulary
from consent_middleware.scripts.tokens import names
from consent_middleware.urls import parse_url

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
_HUBLET = re.compile(r"(?:[a-z]{2}[0-9]{1,2})?")


def _embed(portal: str, region: str, recognition: ChatContext) -> ChatScript | None:
    # The embed script turns a portal that is no number into NaN and goes on, and a region is a part of host names: bad
    # ones end here.
    if not _PORTAL.fullmatch(portal) or not _HUBLET.fullmatch(region):
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
        account=portal,
    )


#: A file that bears the portal's number, wherever it is kept.
_NUMBERED = re.compile(r"/(?P<portal>[0-9]{3,})(?:\.min)?\.js(?![a-z])")


def _chat_of_loader(recognition: ChatContext) -> ChatScript | None:
    """The chat of the portal and region that a loader tag names: in its address, its attributes, or its file's name."""
    own = recognition.attributes
    kept = _NUMBERED.search(recognition.src)
    portal = recognition.account or own.get("data-hsjs-portal", "") or (kept["portal"] if kept else "")
    return _embed(portal, recognition.region or own.get("data-hsjs-hublet", ""), recognition)


_HOW_FETCHED = frozenset({"crossorigin", "integrity", "referrerpolicy"})


def _chat_of_embed(recognition: ChatContext) -> ChatScript | None:
    """The chat of a standalone chat tag, with its own attributes over the usual ones.

    It is loaded from HubSpot's own address in any case: the tag may be known by a path that any host can have.
    """
    own = recognition.attributes
    usual = _embed(own.get("data-hsjs-portal", ""), own.get("data-hsjs-hublet", recognition.region), recognition)
    if usual is None:
        return None
    url = parse_url(recognition.src)
    # How a copy is fetched says nothing of HubSpot's own file.
    is_copy = url is None or EMBED.region_of(url.host) is None
    fetched = frozenset() if is_copy else _HOW_FETCHED
    merged = dict(usual.attributes)
    for name, value in own.items():
        if name.startswith("data-") or name == "ungated-for" or name in fetched:
            merged[name] = value
    return ChatScript(usual.src, tuple(merged.items()), usual.account)


def _chat_of_older_embed(recognition: ChatContext) -> ChatScript | None:
    """The chat of an older standalone tag, whose script is gone: today's, for the portal that it names."""
    own = recognition.attributes
    return _embed(recognition.account or own.get("data-hsjs-portal", ""), recognition.region, recognition)


#: How a script names the portal, the region of the hosts and the region as a word.
_PORTAL_SAID = re.compile(
    r"""hs-scripts\.com/([0-9]+)|scriptloader/(?:v1/)?([0-9]+)|/([0-9]{3,})\.js
    |hsjs-?[pP]ortal["']?\s*[]:,=]\s*["']?([0-9]+)|portalId["']?\s*[:=]\s*["']?([0-9]+)""",
    re.VERBOSE,
)
_REGION_SAID = re.compile(
    r"""\b[a-z]+-([a-z]{2}[0-9]{1,2})\.[a-z-]+\.|hsjs-?[hH]ublet["']?\s*[]:,=]\s*["']([a-z0-9]+)"""
)


def _chat_of_text(recognition: ChatContext) -> ChatScript | None:
    """The chat of the portal and region that a snippet names; None where it names several."""
    portals = {found[found.lastindex or 0] for found in _PORTAL_SAID.finditer(recognition.text)}
    regions = {found[found.lastindex or 0] for found in _REGION_SAID.finditer(recognition.text)}
    if len(portals) != 1 or len(regions) > 1:
        return None
    return _embed(portals.pop(), regions.pop() if regions else "", recognition)


_TRACKING = (Purpose.TRACKING,)
_EVERYTHING = (Purpose.TRACKING, Purpose.CHAT)
_CHAT = (Purpose.CHAT,)
_EMBEDS = (Purpose.EMBEDS,)

_SCRIPT = frozenset({"script"})
_PICTURE = frozenset({"img", "script", "iframe"})
_FRAME = frozenset({"iframe"})
_SCRIPT_OR_FRAME = _SCRIPT | _FRAME


def _path(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern.replace("PORTAL", "(?P<account>[0-9]+)"))


def _hosts(*names: str) -> tuple[HostRule, ...]:
    return tuple(HostRule(*name.split(".", 1)) for name in names)


#: The loader writes these on every script that it inserts, besides the id of each.
_LOADED = re.compile("hs-scriptloader")
_GIVEN = re.compile("[^{}$]+")

#: Asked in this order: first what one path of a host tells, then whole hosts.
_TAG_RULES = (
    TagRule(
        "hubspot.chat",
        _CHAT,
        (EMBED,),
        path=_path(r"/conversations-embed\.js"),
        any_host_path=re.compile(r"/conversations-embed\.js(?:\.download)?$"),
        ids=re.compile(EMBED_ID),
        chat=_chat_of_embed,
    ),
    TagRule(
        "hubspot.older-chat",
        _CHAT,
        (HostRule("api", "usemessages.com"), EMBED),
        path=_path(r"/messages/v2/embed/PORTAL\.js|/messageswidgetshell\.js"),
        chat=_chat_of_older_embed,
    ),
    TagRule(
        "hubspot.chat-frame",
        _CHAT,
        (HostRule("app", "hubspot.com"),),
        path=_path(r"/conversations-visitor/.*"),
        elements=_FRAME,
    ),
    TagRule(
        "hubspot.chat-files",
        _CHAT,
        _hosts("*.usemessages.com", "static.hsappstatic.net"),
        path=_path(r"/conversations-(?:embed|visitor-ui)/.*"),
    ),
    TagRule("hubspot.chat-host", _CHAT, _hosts("*.usemessages.com")),
    TagRule(
        "hubspot.loader",
        _EVERYTHING,
        (LOADER,),
        path=_path(r"/PORTAL\.js"),
        any_host_path=re.compile(r"(?:^|/)hs/scriptloader/(?P<account>[0-9]+)\.js"),
        ids=re.compile(r"hs-script-loader|leadin-script-loader-js(?:-js)?|LeadinEmbed-(?P<account>[0-9]+)"),
        chat=_chat_of_loader,
    ),
    TagRule(
        "hubspot.loader",
        _EVERYTHING,
        (HostRule("api", "hubapi.com"),),
        path=_path(r"/scriptloader/v1/PORTAL\.js"),
        chat=_chat_of_loader,
    ),
    # The analytics script inserts the loader by itself, and with it the chat.
    TagRule(
        "hubspot.analytics",
        _EVERYTHING,
        _hosts("js.hs-analytics.net", "js.hubspot.com"),
        path=_path(r"/analytics/[^/]+/PORTAL\.js"),
        ids=re.compile("hs-analytics"),
        chat=_chat_of_loader,
    ),
    # What the loader inserts stands as real tags in a page that was saved or rendered ahead of time.
    TagRule(
        "hubspot.banner",
        _TRACKING,
        _hosts("js.hs-banner.com"),
        path=_path(r"/v2/PORTAL/banner\.js|/[0-9]+\.js"),
        ids=re.compile(r"cookieBanner-[0-9]+"),
    ),
    TagRule(
        "hubspot.collected-forms",
        _TRACKING,
        _hosts("js.hscollectedforms.net"),
        path=_path(r"/collectedforms(?:-b)?\.js"),
        ids=re.compile(r"CollectedForms-[0-9]+"),
    ),
    TagRule(
        "hubspot.lead-flows",
        _TRACKING,
        _hosts("js.hsleadflows.net"),
        path=_path(r"/leadflows(?:-pre)?\.js"),
        ids=re.compile(r"LeadFlows-[0-9]+"),
    ),
    TagRule(
        "hubspot.ads-pixel",
        _TRACKING,
        _hosts("js.hsadspixel.net"),
        path=_path(r"/(?:pixels|fb)\.js"),
        ids=re.compile(r"hs-ads-pixel-[0-9]+"),
    ),
    TagRule(
        "hubspot.web-interactives",
        _TRACKING,
        _hosts("js.hubspot.com"),
        path=_path(r"/web-interactives-embed\.js"),
        ids=re.compile("hubspot-web-interactives-loader"),
    ),
    TagRule(
        "hubspot.feedback",
        _TRACKING,
        _hosts("js.hubspotfeedback.com"),
        path=_path(r"/feedback[a-z]+(?:-new)?\.js"),
        ids=re.compile(r"hs-feedback-web-[0-9]+"),
    ),
    TagRule(
        "hubspot.site-tools",
        _TRACKING,
        _hosts("static.hsappstatic.net"),
        path=_path(r"/(?:content-cwv-embed|HubspotToolsMenu|affiliates-landing-embed)/.*"),
        any_host_path=re.compile(r"(?:^|/)hs/hsstatic/(?:content-cwv-embed|HubspotToolsMenu)/"),
    ),
    # What a visitor sees and uses.
    TagRule(
        "hubspot.forms",
        _EMBEDS,
        _hosts("*.hsforms.net"),
        any_host_path=re.compile(r"(?:^|/)_hcms/forms/(?:embed/)?(?:v2|shell|PORTAL)\.js"),
        elements=_SCRIPT,
        kind="forms",
    ),
    TagRule(
        "hubspot.forms",
        _EMBEDS,
        _hosts("share.hsforms.com", "forms.hsforms.com", "forms.hubspot.com"),
        path=re.compile(r"(?!.*\.gif$).*"),
        elements=_SCRIPT_OR_FRAME,
        kind="forms",
    ),
    TagRule(
        "hubspot.meetings",
        _EMBEDS,
        _hosts("meetings.hubspot.com"),
        elements=_SCRIPT_OR_FRAME,
        kind="meetings",
    ),
    TagRule(
        "hubspot.meetings",
        _EMBEDS,
        _hosts("static.hsappstatic.net", "app.hubspot.com"),
        path=_path(r"/MeetingsEmbed/.*|/meetings/.*"),
        elements=_SCRIPT_OR_FRAME,
        kind="meetings",
    ),
    # A visitor knows a payment as a form.
    TagRule(
        "hubspot.payments",
        _EMBEDS,
        _hosts("static.hsappstatic.net", "app.hubspot.com"),
        path=_path(r"/payments-embed/.*|/payments/.*"),
        elements=_SCRIPT_OR_FRAME,
        kind="forms",
    ),
    TagRule(
        "hubspot.calls-to-action",
        _EMBEDS,
        _hosts("js.hubspot.com"),
        path=_path(r"/cta/.*"),
        any_host_path=re.compile(r"(?:^|/)hs/ctas?/"),
        kind="calls-to-action",
    ),
    TagRule(
        "hubspot.calls-to-action",
        _EMBEDS,
        _hosts("*.hscta.net", "no-cache.hubspot.com", "cta.hubspot.com", "cta-service-cms2.hubspot.com"),
        elements=_PICTURE,
        kind="calls-to-action",
    ),
    # Where portals outside the first region keep the same pictures.
    TagRule(
        "hubspot.calls-to-action",
        _EMBEDS,
        (HostRule("hubspot-no-cache-*-prod", "s3.amazonaws.com"),),
        path=_path(r"/ctas?/.*"),
        elements=_PICTURE,
        kind="calls-to-action",
    ),
    TagRule(
        "hubspot.video",
        _EMBEDS,
        _hosts("static.hsappstatic.net"),
        path=_path(r"/video-embed/.*"),
        kind="video",
    ),
    TagRule("hubspot.video", _EMBEDS, _hosts("play.hubspotvideo.com"), elements=_FRAME, kind="video"),
    # Pixels and beacons, and whatever else these hosts may serve.
    TagRule(
        "hubspot.pixel",
        _TRACKING,
        _hosts(
            "track.hubspot.com",
            "forms.hubspot.com",
            "metrics-fe.hubspot.com",
            "perf.hsforms.com",
            "forms.hsforms.com",
            "forms.hscollectedforms.net",
        ),
        elements=_PICTURE,
    ),
    TagRule(
        "hubspot.service",
        _TRACKING,
        _hosts(
            "*.hs-scripts.com",
            "*.hs-analytics.net",
            "*.hs-banner.com",
            "*.hscollectedforms.net",
            "*.hsleadflows.net",
            "*.hsadspixel.net",
            "*.hubspotfeedback.com",
            "*.hubapi.com",
            "*.leadin.com",
            "*.hs-embed-reporting.com",
            "*.hs-growth-metrics.com",
            "*.hs-data.com",
            "js.hubspot.com",
            "app.hubspot.com",
            "api.hubspot.com",
            "feedback.hubspot.com",
            "exceptions.hubspot.com",
            "wtcfns.hubspot.com",
        ),
        elements=_PICTURE,
    ),
    # A copy of one of the loader's scripts, kept elsewhere and without its id.
    TagRule(
        "hubspot.copy",
        _TRACKING,
        attribute_patterns=MappingProxyType(
            {
                "data-loader": _LOADED,
                "data-hsjs-portal": _GIVEN,
                "data-leadin-portal-id": _GIVEN,
                "data-ads-portal-id": _GIVEN,
                "data-hubspot-feedback-portal-id": _GIVEN,
            }
        ),
    ),
)

#: What stands before and behind a host in a script for it to be that host, and not the end or the beginning of another.
_BEFORE = r"(?<![A-Za-z0-9_-])"
_BEHIND = r"(?![A-Za-z0-9_-]|\.[A-Za-z0-9])"


def _address_rule(
    rule: str, brings: tuple[Purpose, ...], hosts: str, *, kind: str = "", chat: ChatResolver | None = None
) -> TextRule:
    """The rule for inline scripts that load something from one of these hosts."""
    return TextRule(
        rule, brings, re.compile(_BEFORE + rf"(?:{hosts})" + _BEHIND), is_address=True, kind=kind, chat=chat
    )


_TRACKERS = (
    r"hs-banner\.com|hscollectedforms\.net|hsleadflows\.net|hsadspixel\.net|hubspotfeedback\.com|js\.leadin\.com"
    r"|js(?:-[a-z0-9]+)?\.hubspot\.com|track(?:-[a-z0-9]+)?\.hubspot\.com|[a-z]+\.app[0-9]+\.hubspot\.com"
)
_LOADERS = (
    r"hs-scripts\.com|hs-analytics\.net|hubapi\.com/scriptloader"
    r"|js(?:-[a-z0-9]+)?\.hubspot\.com/analytics"
)
_CHATS = r"(?:js|api)(?:-[a-z0-9]+)?\.usemessages\.com|usemessages\.com|conversations-embed\.js"

_TEXT_RULES = (
    _address_rule("hubspot.inline-loader", _EVERYTHING, _LOADERS, chat=_chat_of_text),
    # The body of the loader itself, copied into the page: it inserts the chat beside the trackers.
    TextRule(
        "hubspot.inline-loader",
        _EVERYTHING,
        re.compile(_BEFORE + rf"(?:{_TRACKERS})" + _BEHIND),
        is_address=True,
        requires=re.compile(_CHATS),
        chat=_chat_of_text,
    ),
    _address_rule("hubspot.inline-tracking", _TRACKING, _TRACKERS),
    _address_rule("hubspot.inline-chat", _CHAT, _CHATS, chat=_chat_of_text),
    # A site's own form sends what a visitor has filled in, when the visitor says so.
    _address_rule("hubspot.inline-forms", _EMBEDS, r"hsforms\.(?:net|com(?!/submissions/))", kind="forms"),
    _address_rule(
        "hubspot.inline-meetings",
        _EMBEDS,
        r"meetings(?:-[a-z0-9]+)?\.hubspot\.com|hsappstatic\.net/MeetingsEmbed",
        kind="meetings",
    ),
    _address_rule("hubspot.inline-payments", _EMBEDS, r"hsappstatic\.net/payments-embed", kind="forms"),
    _address_rule("hubspot.inline-video", _EMBEDS, r"hsappstatic\.net/video-embed", kind="video"),
    _address_rule("hubspot.inline-calls-to-action", _EMBEDS, r"hscta\.net", kind="calls-to-action"),
    # What depends on a library that is held. A script that makes the object itself, or asks whether it is there, does
    # not depend on it.
    TextRule(
        "hubspot.form",
        _EMBEDS,
        re.compile(r"(?<![\w$])hbspt\s*\.\s*(?:forms\s*\.\s*create|enqueueForm)\s*\("),
        excludes=re.compile(
            r"hbspt\s*=(?!=)|typeof\s+(?:window\s*\.\s*)?hbspt|if\s*\(\s*!?\s*(?:window\s*\.\s*)?hbspt\s*[)&]"
        ),
        kind="forms",
    ),
    TextRule(
        "hubspot.call-to-action",
        _EMBEDS,
        re.compile(r"(?<![\w$])hbspt\s*\.\s*cta\s*\.\s*load\s*\("),
        excludes=re.compile(
            r"hbspt\s*=(?!=)|typeof\s+(?:window\s*\.\s*)?hbspt|if\s*\(\s*!?\s*(?:window\s*\.\s*)?hbspt\s*[)&]"
        ),
        kind="calls-to-action",
    ),
)

#: Hosts that only a hint would reach early. Pictures and files that a site keeps with HubSpot are content: their
#: hosts (hubspot.net, hubspotusercontent…, hs-sites.com, most of hubspot.com) are not among them.
_HINT_DOMAINS = {
    **dict.fromkeys(
        (
            "usemessages.com",
            # What the chat itself loads, and others besides.
            "app.hubspot.com",
            "api.hubspot.com",
            "exceptions.hubspot.com",
            "static.hsappstatic.net",
        ),
        Purpose.CHAT,
    ),
    "hsforms.net": Purpose.EMBEDS,
    "hsforms.com": Purpose.EMBEDS,
    "hscta.net": Purpose.EMBEDS,
    "meetings.hubspot.com": Purpose.EMBEDS,
    "no-cache.hubspot.com": Purpose.EMBEDS,
    "hubspot-no-cache-*-prod.s3.amazonaws.com": Purpose.EMBEDS,
    "cta.hubspot.com": Purpose.EMBEDS,
    "cta-service-cms2.hubspot.com": Purpose.EMBEDS,
    "play.hubspotvideo.com": Purpose.EMBEDS,
    **dict.fromkeys(
        (
            "hs-scripts.com",
            "hs-analytics.net",
            "hs-banner.com",
            "hscollectedforms.net",
            "hsleadflows.net",
            "hsadspixel.net",
            "hubapi.com",
            "hubspotfeedback.com",
            "leadin.com",
            "hs-embed-reporting.com",
            "js.hubspot.com",
            "track.hubspot.com",
            "feedback.hubspot.com",
            "metrics-fe.hubspot.com",
            "wtcfns.hubspot.com",
            "forms.hubspot.com",
        ),
        Purpose.TRACKING,
    ),
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
        purpose_text=does,
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
        purpose_text=does,
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
        purpose_text=does,
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
        purpose_text=does,
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
    UnlistedCookie("__cf_bm", _CLOUDFLARE),
    UnlistedCookie("__cfruid", _CLOUDFLARE),
    UnlistedCookie("_cfuvid", _CLOUDFLARE),
    UnlistedCookie("__cfduid", "Cloudflare set it, until 2021."),
    UnlistedCookie(
        "<id>_key",
        "It opens a page behind a password, for 14 days, on pages that HubSpot serves. A name that ends in _key may as "
        "well be another program's.",
    ),
    # Nothing sets these: a notice that listed them would be wrong, and there is nothing to withhold.
    UnlistedCookie("hsfirstvisit", "It is retired; HubSpot's tracking code itself deletes what is left of it."),
    UnlistedCookie("__hs_testcookie", "It is retired, and ended with the browser's session."),
    UnlistedCookie(
        "(widget position and size)", "Newer chat windows may remember where they were put; no name is known."
    ),
    *(
        UnlistedCookie(name, _PRODUCT)
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
    ContactedHost(Purpose.CHAT, EMBED.default, "Serves the chat's script.", regional=True),
    ContactedHost(Purpose.CHAT, "api.usemessages.com", "Serves the script of the chat that sites embedded in 2017."),
    ContactedHost(
        Purpose.CHAT, "api.hubspot.com", "Says whether a chat is open; is told page and referrer.", regional=True
    ),
    ContactedHost(Purpose.CHAT, "app.hubspot.com", "Serves the chat window and carries the messages.", regional=True),
    ContactedHost(Purpose.CHAT, "static.hsappstatic.net", "Serves the chat window's scripts and styles."),
    ContactedHost(Purpose.CHAT, "exceptions.hubspot.com", "Receives reports of errors in the chat's script."),
    ContactedHost(
        Purpose.TRACKING, LOADER.default, "Serves the tag that brings all others, the chat too.", regional=True
    ),
    ContactedHost(Purpose.TRACKING, "js.hs-analytics.net", "Serves the tracking script.", regional=True),
    ContactedHost(Purpose.TRACKING, "track.hubspot.com", "Receives page views and events.", regional=True),
    ContactedHost(Purpose.TRACKING, "js.hs-banner.com", "Serves HubSpot's cookie banner.", regional=True),
    ContactedHost(Purpose.TRACKING, "js.hscollectedforms.net", "Serves the script that reads this site's forms.", True),
    ContactedHost(Purpose.TRACKING, "forms.hscollectedforms.net", "Receives what is sent by this site's forms.", True),
    ContactedHost(Purpose.TRACKING, "js.hsleadflows.net", "Serves pop-up forms.", regional=True),
    ContactedHost(Purpose.TRACKING, "forms.hubspot.com", "Receives what is sent by pop-up forms.", regional=True),
    ContactedHost(
        Purpose.TRACKING,
        "js.hsadspixel.net",
        "Loads the scripts of those advertising networks that the site has connected.",
        regional=True,
    ),
    ContactedHost(Purpose.TRACKING, "api.hubapi.com", "Says which advertising networks are connected.", regional=True),
    ContactedHost(Purpose.TRACKING, "js.hubspot.com", "Serves pop-up calls to action.", regional=True),
    ContactedHost(Purpose.TRACKING, "js.hubspotfeedback.com", "Serves surveys.", regional=True),
    ContactedHost(Purpose.TRACKING, "feedback.hubapi.com", "Says which surveys are to be shown.", regional=True),
    ContactedHost(Purpose.TRACKING, "feedback.hubspot.com", "Serves surveys.", regional=True),
    ContactedHost(
        Purpose.TRACKING, "metrics-fe.hubspot.com", "Receives measurements from HubSpot's scripts.", regional=True
    ),
    ContactedHost(Purpose.TRACKING, "wtcfns.hubspot.com", "Serves HubSpot's cookie banner."),
    ContactedHost(
        Purpose.TRACKING, "exceptions.hs-embed-reporting.com", "Receives reports of errors in HubSpot's scripts."
    ),
    ContactedHost(Purpose.TRACKING, "static.hsappstatic.net", "Serves what measures the speed of pages for HubSpot."),
    ContactedHost(Purpose.TRACKING, "perf.hsforms.com", "Is told how fast forms are shown.", regional=True),
    ContactedHost(Purpose.TRACKING, "js.leadin.com", "Serves the tag of old versions of HubSpot's WordPress plugin."),
    ContactedHost(Purpose.EMBEDS, "js.hsforms.net", "Serves the scripts of forms.", regional=True),
    ContactedHost(
        Purpose.EMBEDS, "forms.hsforms.com", "Serves forms, counts their views, receives what is sent.", regional=True
    ),
    ContactedHost(Purpose.EMBEDS, "api.hsforms.com", "Receives what is sent by forms."),
    ContactedHost(Purpose.EMBEDS, "share.hsforms.com", "Serves forms as pages of their own."),
    ContactedHost(Purpose.EMBEDS, "forms.hubspot.com", "Receives what is sent by forms.", regional=True),
    ContactedHost(Purpose.EMBEDS, "meetings.hubspot.com", "Serves calendars and books meetings.", regional=True),
    ContactedHost(
        Purpose.EMBEDS, "app.hubspot.com", "Serves payments, and calendars under an older address.", regional=True
    ),
    ContactedHost(Purpose.EMBEDS, "static.hsappstatic.net", "Serves the scripts of meetings, payments and videos."),
    ContactedHost(Purpose.EMBEDS, "js.hubspot.com", "Serves the script of calls to action.", regional=True),
    ContactedHost(Purpose.EMBEDS, "js.hscta.net", "Serves the older script of calls to action."),
    ContactedHost(Purpose.EMBEDS, "no-cache.hubspot.com", "Serves the pictures of calls to action, and counts them."),
    ContactedHost(
        Purpose.EMBEDS,
        "hubspot-no-cache-*-prod.s3.amazonaws.com",
        "The same, in each other region.",
    ),
    ContactedHost(Purpose.EMBEDS, "cta.hubspot.com", "Says what a call to action shows.", regional=True),
    ContactedHost(Purpose.EMBEDS, "cta-service-cms2.hubspot.com", "Says what a call to action shows."),
    ContactedHost(Purpose.EMBEDS, "play.hubspotvideo.com", "Serves videos."),
)

_INFORMATION = (
    PersonalInformation(Purpose.CHAT, "A", "An identifier that is made for the visitor, and the IP address"),
    PersonalInformation(Purpose.CHAT, "A", "Name and e-mail address", condition="the visitor gives them"),
    PersonalInformation(Purpose.CHAT, "B", "Name, telephone number and the like", condition="the visitor gives them"),
    PersonalInformation(
        Purpose.CHAT, "F", "The page's address, the page before it, and what is written in the chat and when"
    ),
    PersonalInformation(Purpose.CHAT, "G", "An approximate place, derived from the IP address", inferred=True),
    PersonalInformation(Purpose.TRACKING, "A", "An identifier in cookies, and the IP address"),
    PersonalInformation(
        Purpose.TRACKING,
        "B",
        "What a visitor enters in this site's own forms, such as name, address or telephone number",
        condition="HubSpot's collection of forms is on",
    ),
    PersonalInformation(
        Purpose.TRACKING,
        "D",
        "Products bought or considered",
        inferred=True,
        condition="the site sends orders or carts to HubSpot",
    ),
    PersonalInformation(Purpose.TRACKING, "F", "The pages visited, when and how often, and the pages before them"),
    PersonalInformation(Purpose.TRACKING, "G", "An approximate place, derived from the IP address", inferred=True),
    PersonalInformation(
        Purpose.TRACKING,
        "K",
        "Conclusions about a visitor's interests, such as a lead score",
        inferred=True,
        condition="the site uses HubSpot to draw them",
    ),
    PersonalInformation(Purpose.EMBEDS, "A", "The IP address, and an identifier in cookies where tracking has set one"),
    PersonalInformation(
        Purpose.EMBEDS, "A", "Name and e-mail address", condition="the visitor sends a form or books a meeting"
    ),
    PersonalInformation(
        Purpose.EMBEDS,
        "B",
        "Telephone number, address and the like",
        condition="a form asks for them and the visitor sends it",
    ),
    PersonalInformation(
        Purpose.EMBEDS, "F", "The page's address, that a form or a call to action was shown, and how it was used"
    ),
    PersonalInformation(Purpose.EMBEDS, "G", "An approximate place, derived from the IP address", inferred=True),
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
_EMBEDS_SHARING = (
    "Embedded content by itself is not known to load an advertising network. What is sent with a form goes to HubSpot "
    "for this site. Whether that is a sale or a sharing depends on the contract, whether HubSpot is a service provider "
    "to this site (section 1798.140(ag)), and on what the site does with it: a contact that is handed on to an "
    "advertising network is likely to be shared (section 1798.140(ah))."
)

_DISCLOSED = DisclosureData(
    policy_url="https://legal.hubspot.com/privacy-policy",
    contacts=_CONTACTS,
    information=_INFORMATION,
    sharing=((Purpose.CHAT, _CHAT_SHARING), (Purpose.TRACKING, _TRACKING_SHARING), (Purpose.EMBEDS, _EMBEDS_SHARING)),
    unlisted=_LEFT_OUT,
)

_SNIPPETS = Vocabulary(
    names=names(
        "_hsq _hsp _hsaq hbspt hubspot HubSpotConversations hsConversationsSettings hsConversationsOnReady widget open"
        " close refresh remove loadImmediately inlineEmbedSelector enableWidgetCookieBanner disableAttachment"
        " portalId portal_id region hublet forms create enqueueForm meetings cta"
    ),
    domains=frozenset(
        {
            "hs-scripts.com",
            "hs-analytics.net",
            "hs-banner.com",
            "usemessages.com",
            "hscollectedforms.net",
            "hsleadflows.net",
            "hsadspixel.net",
            "hubspotfeedback.com",
            "hubapi.com",
            "hubspot.com",
            "leadin.com",
        }
    ),
    pieces=re.compile(
        r"(?:https?:)?(?://)?(?:js|api)?-?|[./-]?[0-9]*/?(?:\.js)?|/analytics/(?:[0-9]+/)?|/scriptloader/v1/|/hs/scriptloader/"
        r"|(?:[./\w-]*/)?conversations-embed\.js|/v2/"
    ),
    words=re.compile(
        r"[a-z]{2}[0-9]{1,2}|prod|qa|data-(?:loader|hsjs-[a-z]+|[a-z]+-portal-id|cookieconsent|hs-ignore)|ignore"
        r"|hs-scriptloader|hubspot-messages-loader|hs-script-loader|hs-analytics|hubspot-web-interactives-loader"
        r"|(?:CollectedForms|cookieBanner|LeadFlows|hs-ads-pixel|hs-feedback-web|LeadinEmbed)-[0-9]+"
    ),
)

HUBSPOT = Vendor(
    id="hubspot",
    name="HubSpot",
    tag_rules=_TAG_RULES,
    host_purposes=MappingProxyType(_HINT_DOMAINS),
    submission_urls=(
        "api.hsforms.com/submissions/",
        "forms.hsforms.com/submissions/",
        "forms.hubspot.com/uploads/form/",
    ),
    stand_ins=(
        StandIn(
            "hbspt",
            _EMBEDS,
            libraries=re.compile(r"/forms/(?:embed/)?(?:v2|shell)\.js|/MeetingsEmbedCode\.js|/cta/current\.js"),
        ),
        StandIn("HubSpotConversations", _EVERYTHING[::-1], {"status": {"loaded": False, "pending": False}}),
        StandIn("hsConversationsOnReady"),
        StandIn("_hsq"),
        StandIn("_hsp"),
    ),
    cookie_rules=_COOKIE_RULES,
    text_rules=_TEXT_RULES,
    tag_markers=frozenset(
        {
            "hs/scriptloader/",
            "hs/cta",
            "hs/hsstatic/",
            "_hcms/forms/",
            "conversations-embed.js",
            "hubspot-",
            "hs-script",
            "hs-analytics",
            "leadin-script",
            "LeadinEmbed-",
            "cookieBanner-",
            "CollectedForms-",
            "LeadFlows-",
            "hs-ads-pixel-",
            "data-hsjs-",
            "hs-feedback-web-",
            "-portal-id",
        }
    ),
    script_domains=frozenset(
        {
            "hs-scripts.com",
            "hs-analytics.net",
            "hs-banner.com",
            "usemessages.com",
            "hscollectedforms.net",
            "hsleadflows.net",
            "hsadspixel.net",
            "hsforms.net",
            "hsforms.com",
            "hscta.net",
            "hubspot.com",
            "hubapi.com",
            "hubspotfeedback.com",
            "hsappstatic.net",
            "leadin.com",
        }
    ),
    script_markers=frozenset({"hbspt.", "conversations-embed.js"}),
    snippets=_SNIPPETS,
    requires=MappingProxyType(
        {
            Purpose.CHAT: frozenset({Category.FUNCTIONAL}),
            Purpose.TRACKING: frozenset({Category.ANALYTICS, Category.MARKETING}),
            Purpose.EMBEDS: frozenset({Category.FUNCTIONAL, Category.MARKETING}),
        }
    ),
    disclosed=_DISCLOSED,
)
