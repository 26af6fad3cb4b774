"""Intercom on the server's side: the Messenger's hosts, tags and cookies, and how it is loaded.

Knows: everything that is Intercom's and reaches the server. Its browser side is `intercom.js`, beside this file.
Must not know: consent readings, HTML syntax, HTTP.

Sources: Intercom's help pages "Using Intercom with Content Security Policy" (3894), "Intercom Messenger Cookies"
(2361922), "How Intercom tracks and stores data" (1722980), and its developer pages on installation and attributes.
"""

from __future__ import annotations

import re
from dataclasses import replace
from types import MappingProxyType

from consent_middleware.consent import Category
from consent_middleware.rules import (
    ChatContext,
    ChatScript,
    ContactedHost,
    CookieDomain,
    CookieRule,
    DisclosureData,
    HostRule,
    PersonalInformation,
    Purpose,
    SetBy,
    TagRule,
    TextRule,
    Vendor,
)
from consent_middleware.scripts.snippets import Vocabulary
from consent_middleware.scripts.tokens import names

#: Serves the Messenger's script under the id of the site's workspace, for every region alike.
WIDGET = HostRule("widget", "intercom.io")
#: Serves what that script loads.
BUNDLES = HostRule("js", "intercomcdn.com")

#: The id is this package's own: Intercom's script bears none, and one that is on its way must be found again.
SCRIPT_ID = "intercom-messenger-script"

_APP_ID = re.compile(r"[A-Za-z0-9]{4,32}")
#: Where data is kept: a label in the name of the API's host; the first region has none.
_DATA_CENTRES = frozenset({"eu", "au"})


def _chat(recognition: ChatContext) -> ChatScript | None:
    """The Messenger of the workspace that a tag names. A region that is a data centre goes to the driver as well."""
    if not _APP_ID.fullmatch(recognition.account):
        return None
    origin = recognition.origin_of(WIDGET.default)
    attributes = [("id", SCRIPT_ID), ("data-app-id", recognition.account)]
    if recognition.region in _DATA_CENTRES:
        attributes.append(("data-api-base", f"https://api-iam.{recognition.region}.intercom.io"))
    return ChatScript(f"{origin}/widget/{recognition.account}", tuple(attributes), recognition.account)


#: How an inline script names the workspace, where its address does not, and the region of its data.
_APP_ID_SAID = re.compile(r"""\bapp_?id["']?\s*[:=]\s*["']([A-Za-z0-9]+)["']""", re.IGNORECASE)
_DATA_CENTRE_SAID = re.compile(r"""\bapi_base["']?:"https://api-iam\.([a-z]{2})\.intercom\.io""")


def _chat_of_text(recognition: ChatContext) -> ChatScript | None:
    """The Messenger of the workspace and region that an inline script names."""
    said, region = _APP_ID_SAID.search(recognition.text), _DATA_CENTRE_SAID.search(recognition.text)
    account = recognition.account or (said[1] if said else "")
    return _chat(replace(recognition, account=account, region=region[1] if region else ""))


_CHAT = (Purpose.CHAT,)

_TAG_RULES = (
    TagRule("intercom.widget", _CHAT, (WIDGET,), path=re.compile(r"/widget/(?P<account>[A-Za-z0-9]+)/?"), chat=_chat),
    # What the widget's address leads to stands as a real tag in a page that was saved.
    TagRule("intercom.bundle", _CHAT, (BUNDLES,), path=re.compile(r"/(?:shim|frame|vendor)[A-Za-z0-9._-]*\.js")),
    TagRule("intercom.service", _CHAT, (WIDGET, BUNDLES)),
)
#: The usual installation: a script in the page that makes the widget's script element.
_TEXT_RULES = (
    TextRule(
        "intercom.inline",
        _CHAT,
        re.compile(r"(?<![A-Za-z0-9_.-])widget\.intercom\.io/widget/(?P<account>[A-Za-z0-9]*)"),
        is_address=True,
        chat=_chat_of_text,
    ),
)

#: Files that visitors and the site exchange are content: the hosts uploads.…, downloads.… and static.intercomassets.com
#: are not among these.
_HINT_DOMAINS = {
    "intercom.io": Purpose.CHAT,
    "intercom-messenger.com": Purpose.CHAT,
    "intercom-sheets.com": Purpose.CHAT,
    "js.intercomcdn.com": Purpose.CHAT,
    "fonts.intercomcdn.com": Purpose.CHAT,
}

_DAY = 86_400
#: Intercom counts months; a month is taken as 30 days.
_NINE_MONTHS = 9 * 30 * _DAY


def _cookie(beginning: str, lifetime: int, does: str) -> CookieRule:
    """A cookie whose name ends in the workspace's id, on the domain that the site's subdomains share."""
    return CookieRule(
        name=beginning,
        prefix=True,
        purpose=Purpose.CHAT,
        category=Category.FUNCTIONAL,
        lifetime=lifetime,
        domain=CookieDomain.REGISTRABLE,
        set_by=SetBy.SCRIPT,
        purpose_text=does,
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
            Purpose.CHAT, "api-iam.intercom.io", "Carries the messages and is told each page; data in the US."
        ),
        ContactedHost(Purpose.CHAT, "api-iam.eu.intercom.io", "The same, where the site's data is kept in Europe."),
        ContactedHost(Purpose.CHAT, "api-iam.au.intercom.io", "The same, where the site's data is kept in Australia."),
        ContactedHost(Purpose.CHAT, "nexus-websocket-a.intercom.io", "Brings new messages at once."),
        ContactedHost(Purpose.CHAT, "nexus-websocket-b.intercom.io", "Brings new messages at once."),
        ContactedHost(Purpose.CHAT, "nexus-europe-websocket.intercom.io", "The same, for data in Europe."),
        ContactedHost(Purpose.CHAT, "nexus-australia-websocket.intercom.io", "The same, for data in Australia."),
        ContactedHost(Purpose.CHAT, "*.intercom-messenger.com", "Brings new messages at once."),
        ContactedHost(Purpose.CHAT, "intercom-sheets.com", "Shows apps that are used within the Messenger."),
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
        _cookie("intercom-id-", _NINE_MONTHS, "Recognises a visitor who is not logged in, and brings messages back."),
        _cookie("intercom-session-", 7 * _DAY, "Keeps a logged-in visitor's conversations at hand between pages."),
        _cookie("intercom-device-id-", _NINE_MONTHS, "Tells devices that use the chat apart, to prevent abuse."),
    ),
    requires=MappingProxyType({Purpose.CHAT: frozenset({Category.FUNCTIONAL})}),
    disclosed=_DISCLOSED,
)
