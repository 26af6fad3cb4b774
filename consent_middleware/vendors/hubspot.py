"""HubSpot on the server's side: its hosts and regions, its tags, its cookies, and how its chat alone is loaded.

Knows: everything that is HubSpot's and reaches the server. Its browser side is `hubspot.js`, beside this file.
Must not know: consent readings, HTML syntax, HTTP.
"""

from __future__ import annotations

import re
from types import MappingProxyType

from consent_middleware.consent import Category
from consent_middleware.rules import (
    ChatOf,
    ChatScript,
    CookieRule,
    HostRule,
    Purpose,
    Recognition,
    TagRule,
    TextRule,
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
        account=portal,
    )


#: A file that bears the portal's number, wherever it is kept.
_NUMBERED = re.compile(r"/(?P<portal>[0-9]{3,})(?:\.min)?\.js(?![a-z])")


def _chat_of_loader(recognition: Recognition) -> ChatScript | None:
    """The chat of the portal and region that a loader tag names: in its address, its attributes, or its file's name."""
    own = recognition.attributes
    kept = _NUMBERED.search(recognition.src)
    portal = recognition.account or own.get("data-hsjs-portal", "") or (kept["portal"] if kept else "")
    return _embed(portal, recognition.region or own.get("data-hsjs-hublet", ""), recognition)


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
    return ChatScript(recognition.src, tuple(merged.items()), merged["data-hsjs-portal"])


def _chat_of_older_embed(recognition: Recognition) -> ChatScript | None:
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


def _chat_of_text(recognition: Recognition) -> ChatScript | None:
    """The chat of the portal and region that an inline script names."""
    portal = _PORTAL_SAID.search(recognition.text)
    region = _REGION_SAID.search(recognition.text)
    return _embed(
        portal[portal.lastindex or 0] if portal else "", region[region.lastindex or 0] if region else "", recognition
    )


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
        own_path=re.compile(r"/conversations-embed\.js(?:\.download)?$"),
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
        own_path=re.compile(r"(?:^|/)hs/scriptloader/(?P<account>[0-9]+)\.js"),
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
        path=_path(r"/(?:content-cwv-embed|HubspotToolsMenu)/.*"),
        own_path=re.compile(r"(?:^|/)hs/hsstatic/(?:content-cwv-embed|HubspotToolsMenu)/"),
    ),
    # What a visitor sees and uses.
    TagRule(
        "hubspot.forms",
        _EMBEDS,
        _hosts("*.hsforms.net"),
        own_path=re.compile(r"(?:^|/)_hcms/forms/(?:embed/)?(?:v2|shell|PORTAL)\.js"),
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
    TagRule(
        "hubspot.calls-to-action",
        _EMBEDS,
        _hosts("js.hubspot.com"),
        path=_path(r"/cta/.*"),
        own_path=re.compile(r"(?:^|/)hs/ctas?/"),
        kind="calls-to-action",
    ),
    TagRule(
        "hubspot.calls-to-action",
        _EMBEDS,
        _hosts("*.hscta.net", "no-cache.hubspot.com", "cta.hubspot.com", "cta-service-cms2.hubspot.com"),
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
        marks=MappingProxyType(
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
#: How far from an address, in characters, what loads it may stand: from one with its slash, and from a bare host.
_FAR = 3000
_CLOSE = 400


def _said(hosts: str, behind: str) -> re.Pattern[str]:
    return re.compile(_BEFORE + rf"(?:{hosts})" + behind)


def _text_rules(
    rule: str, brings: tuple[Purpose, ...], hosts: str, *, kind: str = "", chat: ChatOf | None = None
) -> tuple[TextRule, ...]:
    """The two rules for inline scripts that name one of these hosts: with a path behind it, and alone."""
    return (
        TextRule(rule, brings, _said(hosts, "/"), _FAR, kind=kind, chat=chat),
        TextRule(rule, brings, _said(hosts, _BEHIND), _CLOSE, kind=kind, chat=chat),
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
    *_text_rules("hubspot.inline-loader", _EVERYTHING, _LOADERS, chat=_chat_of_text),
    # The body of the loader itself, copied into the page: it inserts the chat beside the trackers.
    TextRule(
        "hubspot.inline-loader",
        _EVERYTHING,
        _said(_TRACKERS, ""),
        _FAR,
        besides=re.compile(_CHATS),
        chat=_chat_of_text,
    ),
    *_text_rules("hubspot.inline-tracking", _TRACKING, _TRACKERS),
    *_text_rules("hubspot.inline-chat", _CHAT, _CHATS, chat=_chat_of_text),
    *_text_rules("hubspot.inline-forms", _EMBEDS, r"hsforms\.(?:net|com)", kind="forms"),
    *_text_rules(
        "hubspot.inline-meetings",
        _EMBEDS,
        r"meetings(?:-[a-z0-9]+)?\.hubspot\.com|hsappstatic\.net/MeetingsEmbed",
        kind="meetings",
    ),
    *_text_rules("hubspot.inline-calls-to-action", _EMBEDS, r"hscta\.net", kind="calls-to-action"),
    # What depends on a library that is held. A script that makes the object itself, or asks whether it is there, does
    # not depend on it.
    TextRule(
        "hubspot.form",
        _EMBEDS,
        re.compile(r"(?<![\w$])hbspt\s*\.\s*(?:forms\s*\.\s*create|enqueueForm)\s*\("),
        unless=re.compile(
            r"hbspt\s*=(?!=)|typeof\s+(?:window\s*\.\s*)?hbspt|if\s*\(\s*!?\s*(?:window\s*\.\s*)?hbspt\s*[)&]"
        ),
        kind="forms",
    ),
    TextRule(
        "hubspot.call-to-action",
        _EMBEDS,
        re.compile(r"(?<![\w$])hbspt\s*\.\s*cta\s*\.\s*load\s*\("),
        unless=re.compile(
            r"hbspt\s*=(?!=)|typeof\s+(?:window\s*\.\s*)?hbspt|if\s*\(\s*!?\s*(?:window\s*\.\s*)?hbspt\s*[)&]"
        ),
        kind="calls-to-action",
    ),
)

#: Hosts that only a hint would reach early. Pictures and files that a site keeps with HubSpot are content: their
#: hosts (hubspot.net, hubspotusercontent…, hs-sites.com, most of hubspot.com) are not among them.
_HINT_DOMAINS = {
    "usemessages.com": Purpose.CHAT,
    "hsforms.net": Purpose.EMBEDS,
    "hscta.net": Purpose.EMBEDS,
    "meetings.hubspot.com": Purpose.EMBEDS,
    "no-cache.hubspot.com": Purpose.EMBEDS,
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
            "hsforms.com",
            "hubapi.com",
            "hubspotfeedback.com",
            "hsappstatic.net",
            "leadin.com",
            "hs-embed-reporting.com",
            "hs-growth-metrics.com",
            "hs-data.com",
            "js.hubspot.com",
            "app.hubspot.com",
            "api.hubspot.com",
            "track.hubspot.com",
            "forms.hubspot.com",
            "feedback.hubspot.com",
            "metrics-fe.hubspot.com",
            "exceptions.hubspot.com",
            "wtcfns.hubspot.com",
            "cta-redirect.hubspot.com",
        ),
        Purpose.TRACKING,
    ),
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
    text_rules=_TEXT_RULES,
    words=frozenset(
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
    text_domains=frozenset(
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
    text_words=frozenset({"hbspt.", "conversations-embed.js"}),
    requires=MappingProxyType(
        {
            Purpose.CHAT: frozenset({Category.FUNCTIONAL}),
            Purpose.TRACKING: frozenset({Category.ANALYTICS, Category.MARKETING}),
            Purpose.EMBEDS: frozenset({Category.FUNCTIONAL, Category.MARKETING}),
        }
    ),
)
