"""How HubSpot's tags and inline scripts are recognized. The hosts come from `hosts.py`."""

from __future__ import annotations

import re
from types import MappingProxyType

from consent_middleware.purpose import Purpose
from consent_middleware.rules import ChatResolver, TagRule, TextRule
from consent_middleware.scripts.snippets import Vocabulary
from consent_middleware.scripts.tokens import names
from consent_middleware.vendor import GlobalStandIn

from .chat import CHAT_SCRIPT_ID, chat_of_chat_tag, chat_of_loader, chat_of_older_tag, chat_of_snippet
from .hosts import ADDRESS_PATTERNS, SNIPPET_DOMAINS, TAG_HOSTS

_CHAT = (Purpose.CHAT,)
_TRACKING = (Purpose.TRACKING,)
_EMBEDS = (Purpose.EMBEDS,)
#: The purposes of a script that loads the trackers and the chat.
_TRACKING_AND_CHAT = (Purpose.TRACKING, Purpose.CHAT)

_SCRIPT_ONLY = frozenset({"script"})
_FRAME = frozenset({"iframe"})
_SCRIPT_OR_FRAME = _SCRIPT_ONLY | _FRAME
_SCRIPT_FRAME_OR_PICTURE = _SCRIPT_OR_FRAME | {"img"}


def _path(pattern: str) -> re.Pattern[str]:
    """Return the pattern of a path, in which PORTAL is the number of the portal, the site's account."""
    return re.compile(pattern.replace("PORTAL", "(?P<account>[0-9]+)"))


#: HubSpot's loader writes this value on every script that it inserts.
_FROM_LOADER = re.compile("hs-scriptloader")
#: A value, not a placeholder of a template.
_FILLED_IN = re.compile("[^{}$]+")

#: The rules in the order in which they are tried: single paths of a host come before whole hosts.
TAG_RULES = (
    TagRule(
        "hubspot.chat",
        _CHAT,
        TAG_HOSTS["chat"],
        path=_path(r"/conversations-embed\.js"),
        any_host_path=re.compile(r"/conversations-embed\.js(?:\.download)?$"),
        ids=re.compile(CHAT_SCRIPT_ID),
        chat=chat_of_chat_tag,
    ),
    TagRule(
        "hubspot.older-chat",
        _CHAT,
        TAG_HOSTS["older-chat"],
        path=_path(r"/messages/v2/embed/PORTAL\.js|/messageswidgetshell\.js"),
        chat=chat_of_older_tag,
    ),
    TagRule(
        "hubspot.chat-frame",
        _CHAT,
        TAG_HOSTS["chat-frame"],
        path=_path(r"/conversations-visitor/.*"),
        elements=_FRAME,
    ),
    TagRule(
        "hubspot.chat-files",
        _CHAT,
        TAG_HOSTS["chat-files"],
        path=_path(r"/conversations-(?:embed|visitor-ui)/.*"),
    ),
    TagRule("hubspot.chat-host", _CHAT, TAG_HOSTS["chat-host"]),
    TagRule(
        "hubspot.loader",
        _TRACKING_AND_CHAT,
        TAG_HOSTS["loader"],
        path=_path(r"/PORTAL\.js"),
        any_host_path=re.compile(r"(?:^|/)hs/scriptloader/(?P<account>[0-9]+)\.js"),
        ids=re.compile(r"hs-script-loader|leadin-script-loader-js(?:-js)?|LeadinEmbed-(?P<account>[0-9]+)"),
        chat=chat_of_loader,
    ),
    TagRule(
        "hubspot.loader",
        _TRACKING_AND_CHAT,
        TAG_HOSTS["older-loader"],
        path=_path(r"/scriptloader/v1/PORTAL\.js"),
        chat=chat_of_loader,
    ),
    # The analytics script inserts the loader by itself, and with it the chat.
    TagRule(
        "hubspot.analytics",
        _TRACKING_AND_CHAT,
        TAG_HOSTS["analytics"],
        path=_path(r"/analytics/[^/]+/PORTAL\.js"),
        ids=re.compile("hs-analytics"),
        chat=chat_of_loader,
    ),
    # A page that was saved or rendered ahead of time has tags for what the loader inserts.
    TagRule(
        "hubspot.banner",
        _TRACKING,
        TAG_HOSTS["banner"],
        path=_path(r"/v2/PORTAL/banner\.js|/[0-9]+\.js"),
        ids=re.compile(r"cookieBanner-[0-9]+"),
    ),
    TagRule(
        "hubspot.collected-forms",
        _TRACKING,
        TAG_HOSTS["collected-forms"],
        path=_path(r"/collectedforms(?:-b)?\.js"),
        ids=re.compile(r"CollectedForms-[0-9]+"),
    ),
    TagRule(
        "hubspot.lead-flows",
        _TRACKING,
        TAG_HOSTS["lead-flows"],
        path=_path(r"/leadflows(?:-pre)?\.js"),
        ids=re.compile(r"LeadFlows-[0-9]+"),
    ),
    TagRule(
        "hubspot.ads-pixel",
        _TRACKING,
        TAG_HOSTS["ads-pixel"],
        path=_path(r"/(?:pixels|fb)\.js"),
        ids=re.compile(r"hs-ads-pixel-[0-9]+"),
    ),
    TagRule(
        "hubspot.web-interactives",
        _TRACKING,
        TAG_HOSTS["web-interactives"],
        path=_path(r"/web-interactives-embed\.js"),
        ids=re.compile("hubspot-web-interactives-loader"),
    ),
    TagRule(
        "hubspot.feedback",
        _TRACKING,
        TAG_HOSTS["feedback"],
        path=_path(r"/feedback[a-z]+(?:-new)?\.js"),
        ids=re.compile(r"hs-feedback-web-[0-9]+"),
    ),
    TagRule(
        "hubspot.site-tools",
        _TRACKING,
        TAG_HOSTS["site-tools"],
        path=_path(r"/(?:content-cwv-embed|HubspotToolsMenu|affiliates-landing-embed)/.*"),
        any_host_path=re.compile(r"(?:^|/)hs/hsstatic/(?:content-cwv-embed|HubspotToolsMenu)/"),
    ),
    # What visitors see and use.
    TagRule(
        "hubspot.forms",
        _EMBEDS,
        TAG_HOSTS["forms"],
        any_host_path=re.compile(r"(?:^|/)_hcms/forms/(?:embed/)?(?:v2|shell|PORTAL)\.js"),
        elements=_SCRIPT_ONLY,
        kind="forms",
    ),
    TagRule(
        "hubspot.forms",
        _EMBEDS,
        TAG_HOSTS["form-pages"],
        path=re.compile(r"(?!.*\.gif$).*"),
        elements=_SCRIPT_OR_FRAME,
        kind="forms",
    ),
    TagRule(
        "hubspot.meetings",
        _EMBEDS,
        TAG_HOSTS["meetings"],
        elements=_SCRIPT_OR_FRAME,
        kind="meetings",
    ),
    TagRule(
        "hubspot.meetings",
        _EMBEDS,
        TAG_HOSTS["meeting-files"],
        path=_path(r"/MeetingsEmbed/.*|/meetings/.*"),
        elements=_SCRIPT_OR_FRAME,
        kind="meetings",
    ),
    # To a visitor, a payment looks like a form.
    TagRule(
        "hubspot.payments",
        _EMBEDS,
        TAG_HOSTS["payments"],
        path=_path(r"/payments-embed/.*|/payments/.*"),
        elements=_SCRIPT_OR_FRAME,
        kind="forms",
    ),
    TagRule(
        "hubspot.calls-to-action",
        _EMBEDS,
        TAG_HOSTS["call-to-action-script"],
        path=_path(r"/cta/.*"),
        any_host_path=re.compile(r"(?:^|/)hs/ctas?/"),
        kind="calls-to-action",
    ),
    TagRule(
        "hubspot.calls-to-action",
        _EMBEDS,
        TAG_HOSTS["calls-to-action"],
        elements=_SCRIPT_FRAME_OR_PICTURE,
        kind="calls-to-action",
    ),
    # The same pictures, for portals outside the first region.
    TagRule(
        "hubspot.calls-to-action",
        _EMBEDS,
        TAG_HOSTS["call-to-action-pictures"],
        path=_path(r"/ctas?/.*"),
        elements=_SCRIPT_FRAME_OR_PICTURE,
        kind="calls-to-action",
    ),
    TagRule(
        "hubspot.video",
        _EMBEDS,
        TAG_HOSTS["video-files"],
        path=_path(r"/video-embed/.*"),
        kind="video",
    ),
    TagRule("hubspot.video", _EMBEDS, TAG_HOSTS["video-player"], elements=_FRAME, kind="video"),
    # Pixels, beacons and anything else from these hosts.
    TagRule(
        "hubspot.pixel",
        _TRACKING,
        TAG_HOSTS["pixel"],
        elements=_SCRIPT_FRAME_OR_PICTURE,
    ),
    TagRule(
        "hubspot.service",
        _TRACKING,
        TAG_HOSTS["service"],
        elements=_SCRIPT_FRAME_OR_PICTURE,
    ),
    # A copy of one of the loader's scripts on another host and without its id.
    TagRule(
        "hubspot.copy",
        _TRACKING,
        attribute_patterns=MappingProxyType(
            {
                "data-loader": _FROM_LOADER,
                "data-hsjs-portal": _FILLED_IN,
                "data-leadin-portal-id": _FILLED_IN,
                "data-ads-portal-id": _FILLED_IN,
                "data-hubspot-feedback-portal-id": _FILLED_IN,
            }
        ),
    ),
)

#: Text in a tag that some rule recognizes without its domain: by a path, an id or another attribute.
TAG_MARKERS = frozenset(
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
)

#: The chat's script, which is recognized on every host.
_CHAT_FILE = "conversations-embed.js"
_CHAT_ADDRESSES = "|".join((ADDRESS_PATTERNS["chat"], _CHAT_FILE.replace(".", r"\.")))


def _address_rule(
    rule: str,
    purposes: tuple[Purpose, ...],
    addresses: str,
    *,
    requires: re.Pattern[str] | None = None,
    kind: str = "",
    chat: ChatResolver | None = None,
) -> TextRule:
    """Return the rule for inline scripts that load from one of these addresses, and not from a longer host name."""
    pattern = rf"(?<![A-Za-z0-9_-])(?:{addresses})(?![A-Za-z0-9_-]|\.[A-Za-z0-9])"
    return TextRule(rule, purposes, re.compile(pattern), is_address=True, requires=requires, kind=kind, chat=chat)


#: How a script shows that it also works without the library: it creates the object itself, or tests for it.
OPTIONAL_LIBRARY = {
    "assigns it": r"hbspt\s*=(?!=)",
    "asks for its type": r"typeof\s+(?:window\s*\.\s*)?hbspt",
    "tests it": r"if\s*\(\s*!?\s*(?:window\s*\.\s*)?hbspt\s*[)&]",
}


def _call_rule(rule: str, call: str, kind: str) -> TextRule:
    """Return the rule for inline scripts that call a method of the embeds' library and need it for that."""
    return TextRule(
        rule,
        _EMBEDS,
        re.compile(rf"(?<![\w$])hbspt\s*\.\s*{call}\s*\("),
        excludes=re.compile("|".join(OPTIONAL_LIBRARY.values())),
        kind=kind,
    )


#: The newer libraries' globals: that of forms in both spellings, and that of pop-up calls to action.
_FORMS_API = "Hub[Ss]potFormsV4"
_CALLS_API = "HubSpotCallsToActions"
_APIS = rf"(?:window\s*\.\s*)?(?:{_FORMS_API}|{_CALLS_API})"

#: How a script shows that it does not need one of these globals at once. HubSpot documents listeners that are added
#: before the library is there, and a list of functions that the library calls.
LATER_LIBRARY = {
    "assigns it": rf"{_APIS}\s*=(?!=)",
    "asks for its type": rf"typeof\s+{_APIS}",
    "tests it": rf"{_APIS}\s*(?:&&|\|\||\?|\))",
    "listens to an event": r"addEventListener\s*\(",
    "is called by the library": r"hsCallsToActions?Ready",
    "declares a function": r"function\s+[\w$]+",
    "keeps a function": r"=\s*(?:async\s*)?(?:function\b|\(?[\w$,\s]*+\)?\s*=>)",
}


def _api_rule(rule: str, purposes: tuple[Purpose, ...], api: str, kind: str = "") -> TextRule:
    """Return the rule for inline scripts that call a newer library's global and need it for that at once."""
    return TextRule(
        rule,
        purposes,
        re.compile(rf"(?<![\w$]){api}\s*\.\s*\w+\s*\("),
        excludes=re.compile("|".join(LATER_LIBRARY.values())),
        has_stand_in=False,
        kind=kind,
    )


TEXT_RULES = (
    _address_rule("hubspot.inline-loader", _TRACKING_AND_CHAT, ADDRESS_PATTERNS["loader"], chat=chat_of_snippet),
    # The text of the loader itself, copied into the page: it inserts the chat as well as the trackers.
    _address_rule(
        "hubspot.inline-loader",
        _TRACKING_AND_CHAT,
        ADDRESS_PATTERNS["tracking"],
        requires=re.compile(_CHAT_ADDRESSES),
        chat=chat_of_snippet,
    ),
    _address_rule("hubspot.inline-tracking", _TRACKING, ADDRESS_PATTERNS["tracking"]),
    _address_rule("hubspot.inline-chat", _CHAT, _CHAT_ADDRESSES, chat=chat_of_snippet),
    _address_rule("hubspot.inline-forms", _EMBEDS, ADDRESS_PATTERNS["forms"], kind="forms"),
    _address_rule("hubspot.inline-meetings", _EMBEDS, ADDRESS_PATTERNS["meetings"], kind="meetings"),
    _address_rule("hubspot.inline-payments", _EMBEDS, ADDRESS_PATTERNS["payments"], kind="forms"),
    _address_rule("hubspot.inline-video", _EMBEDS, ADDRESS_PATTERNS["video"], kind="video"),
    _address_rule(
        "hubspot.inline-calls-to-action", _EMBEDS, ADDRESS_PATTERNS["calls-to-action"], kind="calls-to-action"
    ),
    _call_rule("hubspot.form", r"(?:forms\s*\.\s*create|enqueueForm)", "forms"),
    _call_rule("hubspot.call-to-action", r"cta\s*\.\s*load", "calls-to-action"),
    _api_rule("hubspot.forms-api", _EMBEDS, _FORMS_API, "forms"),
    # The tracking code brings this library.
    _api_rule("hubspot.calls-to-action-api", _TRACKING, _CALLS_API),
)

#: Text in an inline script that some rule recognizes without its domain.
SCRIPT_MARKERS = frozenset({"hbspt.", "HubSpotFormsV4.", "HubSpotCallsToActions.", _CHAT_FILE})

#: Objects that stand in for the globals of scripts that are blocked.
STAND_INS = (
    GlobalStandIn(
        "hbspt",
        _EMBEDS,
        libraries=re.compile(r"/forms/(?:embed/)?(?:v2|shell)\.js|/MeetingsEmbedCode\.js|/cta/current\.js"),
    ),
    GlobalStandIn(
        "HubSpotConversations", (Purpose.CHAT, Purpose.TRACKING), {"status": {"loaded": False, "pending": False}}
    ),
    GlobalStandIn("hsConversationsOnReady"),
    GlobalStandIn("_hsq"),
    GlobalStandIn("_hsp"),
)

#: The strings from which a snippet puts an address together, by what they are.
ADDRESS_PARTS = {
    "scheme, slashes and the first label": "(?:https?:)?(?://)?(?:js|api)?-?",
    "the portal and the end of its file": r"[./-]?[0-9]*/?(?:\.js)?",
    "the tracking script's path": "/analytics/(?:[0-9]+/)?",
    "the loader's older path": "/scriptloader/v1/",
    "the loader's path on the site's own host": "/hs/scriptloader/",
    "the chat's script": r"(?:[./\w-]*/)?conversations-embed\.js",
    "the banner's version": "/v2/",
}
#: The other strings of a snippet, by what they are.
SNIPPET_WORDS = {
    "a region": "[a-z]{2}[0-9]{1,2}",
    "the production environment": "prod",
    "the test environment": "qa",
    "an attribute of a script": "data-(?:loader|hsjs-[a-z]+|[a-z]+-portal-id|cookieconsent|hs-ignore)",
    "an attribute's value": "ignore",
    "the loader's mark": "hs-scriptloader",
    "the chat's id": "hubspot-messages-loader",
    "the loader's id": "hs-script-loader",
    "the tracking script's id": "hs-analytics",
    "the pop-ups' id": "hubspot-web-interactives-loader",
    "an id with the portal": (
        "(?:CollectedForms|cookieBanner|LeadFlows|hs-ads-pixel|hs-feedback-web|LeadinEmbed)-[0-9]+"
    ),
}

SNIPPETS = Vocabulary(
    names=names(
        "_hsq _hsp _hsaq hbspt hubspot HubSpotConversations hsConversationsSettings hsConversationsOnReady widget open"
        " close refresh remove loadImmediately inlineEmbedSelector enableWidgetCookieBanner disableAttachment"
        " portalId portal_id region hublet forms create enqueueForm meetings cta"
        " HubSpotFormsV4 HubspotFormsV4 getForms setFieldValue HubSpotCallsToActions"
    ),
    domains=SNIPPET_DOMAINS,
    pieces=re.compile("|".join(ADDRESS_PARTS.values())),
    words=re.compile("|".join(SNIPPET_WORDS.values())),
)
