"""Intercom as the server sees it: the Messenger's hosts, tags and cookies, and how it is loaded.

The script that drives the Messenger in the browser is `intercom.js`, next to this file.

Sources: Intercom's help pages "Using Intercom with Content Security Policy" (3894), "Intercom Messenger Cookies"
(2361922), "How Intercom tracks and stores data" (1722980), and its developer pages on installation and attributes.
"""

from __future__ import annotations

import re
from dataclasses import replace
from types import MappingProxyType

from consent_middleware.consent import Category
from consent_middleware.disclosed import ContactedHost, DisclosureData, PersonalInformation
from consent_middleware.purpose import ChatScript, Purpose
from consent_middleware.rules import (
    ChatContext,
    CookieDomain,
    CookieRule,
    CookieSetter,
    HostRule,
    TagRule,
    TextRule,
)
from consent_middleware.scripts.snippets import Vocabulary
from consent_middleware.scripts.tokens import names
from consent_middleware.vendor import Vendor

#: Serves the Messenger's script, under the id of the site's workspace, for every region.
WIDGET = HostRule("widget", "intercom.io")
#: Serves what that script loads.
BUNDLES = HostRule("js", "intercomcdn.com")

#: An id of this package's own. Intercom's script has none, but the page must find a script that is still loading.
SCRIPT_ID = "intercom-messenger-script"

_APP_ID = re.compile(r"[A-Za-z0-9]{4,32}")
#: The regions in which data may be stored, as labels of the API's host. The first region has no label.
_DATA_CENTERS = frozenset({"eu", "au"})


def _chat_script(context: ChatContext) -> ChatScript | None:
    """Return the Messenger of the workspace that a tag names. A known region is passed on to the driver."""
    if not _APP_ID.fullmatch(context.account):
        return None
    origin = context.origin_of(WIDGET.default)
    attributes = [("id", SCRIPT_ID), ("data-app-id", context.account)]
    if context.region in _DATA_CENTERS:
        attributes.append(("data-api-base", f"https://api-iam.{context.region}.intercom.io"))
    return ChatScript(f"{origin}/widget/{context.account}", tuple(attributes), context.account)


#: How an inline script names the workspace if its address does not, and the region of its data.
_APP_ID_SETTING = re.compile(r"""\bapp_?id["']?\s*[:=]\s*["']([A-Za-z0-9]+)["']""", re.IGNORECASE)
_API_BASE_SETTING = re.compile(r"""\bapi_base["']?:"https://api-iam\.([a-z]{2})\.intercom\.io""")


def _chat_of_snippet(context: ChatContext) -> ChatScript | None:
    """Return the Messenger of the workspace and region that an inline script names."""
    app_id, region = _APP_ID_SETTING.search(context.text), _API_BASE_SETTING.search(context.text)
    account = context.account or (app_id[1] if app_id else "")
    return _chat_script(replace(context, account=account, region=region[1] if region else ""))


_CHAT = (Purpose.CHAT,)

_TAG_RULES = (
    TagRule(
        "intercom.widget", _CHAT, (WIDGET,), path=re.compile(r"/widget/(?P<account>[A-Za-z0-9]+)/?"), chat=_chat_script
    ),
    # A page that was saved has tags for what the widget loads.
    TagRule("intercom.bundle", _CHAT, (BUNDLES,), path=re.compile(r"/(?:shim|frame|vendor)[A-Za-z0-9._-]*\.js")),
    TagRule("intercom.service", _CHAT, (WIDGET, BUNDLES)),
)
#: The usual installation: an inline script that creates the widget's script element.
_TEXT_RULES = (
    TextRule(
        "intercom.inline",
        _CHAT,
        re.compile(r"(?<![A-Za-z0-9_.-])widget\.intercom\.io/widget/(?P<account>[A-Za-z0-9]*)"),
        is_address=True,
        chat=_chat_of_snippet,
    ),
)

#: Files that visitors and the site exchange are content, so hosts that begin with uploads or downloads and
#: static.intercomassets.com are not listed.
_HINT_DOMAINS = {
    "intercom.io": Purpose.CHAT,
    "intercom-messenger.com": Purpose.CHAT,
    "intercom-sheets.com": Purpose.CHAT,
    "js.intercomcdn.com": Purpose.CHAT,
    "fonts.intercomcdn.com": Purpose.CHAT,
}

_DAY = 86_400
#: Intercom counts in months; a month is taken as 30 days.
_NINE_MONTHS = 9 * 30 * _DAY


def _cookie(beginning: str, lifetime: int, description: str) -> CookieRule:
    """Return a cookie whose name ends in the workspace's id, for the site's whole domain."""
    return CookieRule(
        name=beginning,
        prefix=True,
        purpose=Purpose.CHAT,
        category=Category.FUNCTIONAL,
        lifetime=lifetime,
        domain=CookieDomain.REGISTRABLE,
        set_by=CookieSetter.SCRIPT,
        description=description,
    )


_SHARING = (
    "The Messenger alone is not known to load an advertising network. Loading it does not by itself show a sale or a "
    "sharing of personal information. It depends on the contract, whether Intercom is a service provider to this site "
    "(section 1798.140(ag)), and on what the site does with the conversations."
)

_DISCLOSED = DisclosureData(
    policy_url="https://www.intercom.com/legal/privacy",
    contacts=(
        ContactedHost(Purpose.CHAT, WIDGET.default, "Serves the Messenger's script."),
        ContactedHost(Purpose.CHAT, BUNDLES.default, "Serves the Messenger's other scripts and its pictures."),
        ContactedHost(Purpose.CHAT, "fonts.intercomcdn.com", "Serves the Messenger's fonts."),
        ContactedHost(
            Purpose.CHAT,
            "api-iam.intercom.io",
            "Carries the messages and receives page addresses; data in the US.",
        ),
        ContactedHost(Purpose.CHAT, "api-iam.eu.intercom.io", "The same, if the site's data is stored in Europe."),
        ContactedHost(Purpose.CHAT, "api-iam.au.intercom.io", "The same, if the site's data is stored in Australia."),
        ContactedHost(Purpose.CHAT, "nexus-websocket-a.intercom.io", "Delivers new messages immediately."),
        ContactedHost(Purpose.CHAT, "nexus-websocket-b.intercom.io", "Delivers new messages immediately."),
        ContactedHost(Purpose.CHAT, "nexus-europe-websocket.intercom.io", "The same, for data in Europe."),
        ContactedHost(Purpose.CHAT, "nexus-australia-websocket.intercom.io", "The same, for data in Australia."),
        ContactedHost(Purpose.CHAT, "*.intercom-messenger.com", "Delivers new messages immediately."),
        ContactedHost(Purpose.CHAT, "intercom-sheets.com", "Shows apps inside the Messenger."),
    ),
    information=(
        PersonalInformation(Purpose.CHAT, "A", "Identifiers of the visitor and of the device, and the IP address"),
        PersonalInformation(
            Purpose.CHAT,
            "A",
            "Name, e-mail address, account",
            condition="the visitor gives them or the site passes them",
        ),
        PersonalInformation(
            Purpose.CHAT,
            "B",
            "Telephone number and the like",
            condition="the visitor gives them or the site passes them",
        ),
        PersonalInformation(
            Purpose.CHAT,
            "F",
            "The pages visited, when and how often, the browser and its language, and what is written in the chat",
        ),
        PersonalInformation(Purpose.CHAT, "G", "City and country, an approximate place derived from the IP address"),
    ),
    sharing=((Purpose.CHAT, _SHARING),),
)

_SNIPPETS = Vocabulary(
    names=names("Intercom intercomSettings app_id appId api_base q c"),
    domains=frozenset({WIDGET.domain}),
    pieces=re.compile("[A-Za-z0-9]{4,32}"),
    words=re.compile("boot|update|show|hide|reattach_activator"),
    values=re.compile(r"https://api-iam(?:\.[a-z]{2})?\.intercom\.io"),
)

INTERCOM = Vendor(
    id="intercom",
    name="Intercom",
    tag_rules=_TAG_RULES,
    text_rules=_TEXT_RULES,
    script_domains=frozenset({WIDGET.domain}),
    snippets=_SNIPPETS,
    host_purposes=MappingProxyType(_HINT_DOMAINS),
    cookie_rules=(
        _cookie("intercom-id-", _NINE_MONTHS, "Recognizes a visitor who is not logged in, and brings messages back."),
        _cookie("intercom-session-", 7 * _DAY, "Keeps a logged-in visitor's conversations available between pages."),
        _cookie("intercom-device-id-", _NINE_MONTHS, "Tells devices that use the chat apart, to prevent abuse."),
    ),
    requires=MappingProxyType({Purpose.CHAT: frozenset({Category.FUNCTIONAL})}),
    disclosed=_DISCLOSED,
)
