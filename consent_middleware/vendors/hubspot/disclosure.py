"""What a privacy notice says about HubSpot in addition to its cookies."""

from __future__ import annotations

from consent_middleware.disclosed import DisclosureData, PersonalInformation, UnlistedCookie
from consent_middleware.purpose import Purpose

from .hosts import CONTACTS, MAIN_DOMAIN

_CLOUDFLARE = (
    "Cloudflare sets it on HubSpot's own hosts, and on every site that uses Cloudflare. On this site's host it is not "
    "HubSpot's."
)
_PRODUCT = f"It belongs to the login to HubSpot itself and is set on {MAIN_DOMAIN} only."
_UNLISTED = (
    UnlistedCookie("__cf_bm", _CLOUDFLARE),
    UnlistedCookie("__cfruid", _CLOUDFLARE),
    UnlistedCookie("_cfuvid", _CLOUDFLARE),
    UnlistedCookie("__cfduid", "Cloudflare set it, until 2021."),
    UnlistedCookie(
        "<id>_key",
        "It opens a page with a password for 14 days, on pages that HubSpot serves. A name that ends in _key may also "
        "be another program's.",
    ),
    # Nothing sets these. A notice that lists them would be wrong, and there is nothing to block.
    UnlistedCookie("hsfirstvisit", "It is no longer set; HubSpot's tracking code deletes old ones."),
    UnlistedCookie("__hs_testcookie", "It is no longer set; it ended with the browser's session."),
    UnlistedCookie(
        "(widget position and size)",
        "Newer chat windows may remember their position for 30 minutes and their size for 6 months; the names are not "
        "known.",
    ),
    UnlistedCookie("_ga_*", "Google Analytics sets it. HubSpot's cookie banner deletes it if the visitor refuses."),
    UnlistedCookie(
        "_fbp",
        "Meta's advertising script sets it, which HubSpot loads if a Meta account is connected. HubSpot's cookie "
        "banner deletes it if the visitor ends the consent to advertising.",
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

_INFORMATION = (
    PersonalInformation(Purpose.CHAT, "A", "An identifier that HubSpot creates for the visitor, and the IP address"),
    PersonalInformation(
        Purpose.CHAT,
        "A",
        "The identifiers in the cookies of HubSpot's tracking code",
        condition="the browser still has these cookies",
    ),
    PersonalInformation(Purpose.CHAT, "A", "Name and e-mail address", condition="the visitor gives them"),
    PersonalInformation(
        Purpose.CHAT,
        "A",
        "The e-mail address of a visitor who is logged in to this site",
        condition="this site gives it to the chat",
    ),
    PersonalInformation(Purpose.CHAT, "B", "Name, telephone number and the like", condition="the visitor gives them"),
    PersonalInformation(
        Purpose.CHAT, "F", "The page's address, the page before it, and what is written in the chat and when"
    ),
    PersonalInformation(Purpose.CHAT, "G", "An approximate place, derived from the IP address", inferred=True),
    PersonalInformation(Purpose.TRACKING, "A", "An identifier in cookies, and the IP address"),
    PersonalInformation(
        Purpose.TRACKING,
        "A",
        "A fingerprint of the browser: a number made from its user agent, language, color depth, time zone, platform, "
        "storage and Do Not Track setting",
    ),
    PersonalInformation(
        Purpose.TRACKING,
        "A",
        "The identifiers in cookies, written into the addresses of links to the other domains of the HubSpot account",
        condition="automatic linking between domains is on",
    ),
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
    PersonalInformation(
        Purpose.TRACKING,
        "F",
        "Each click: the text, class, link and place in the page of what was clicked, and the position of the mouse",
        condition="HubSpot's recording of clicks is on",
    ),
    PersonalInformation(
        Purpose.TRACKING,
        "F",
        "That HubSpot's cookie banner was shown, and the clicks in it",
        condition="HubSpot's cookie banner is on",
    ),
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

DISCLOSED = DisclosureData(
    policy_url=f"https://legal.{MAIN_DOMAIN}/privacy-policy",
    contacts=CONTACTS,
    information=_INFORMATION,
    sharing=((Purpose.CHAT, _CHAT_SHARING), (Purpose.TRACKING, _TRACKING_SHARING), (Purpose.EMBEDS, _EMBEDS_SHARING)),
    unlisted=_UNLISTED,
)
