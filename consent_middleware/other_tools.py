"""How other tools mark what they block or delay: consent tools, plugins that delay scripts, and tag managers.

One row a product. A new product, or a new mark of a known one, is one change here and one sample in
`tests/test_other_tools.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple


class ConsentTool(NamedTuple):
    """One tool that asks visitors for consent.

    Attributes:
        name: the product.
        attributes: patterns for the beginning of the names of attributes that it puts on the tags that it blocks.
        classes: patterns for the beginning of the class names that it puts on them.
        setup: patterns for the code by which a site's own script starts or configures it.
    """

    name: str
    attributes: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    setup: tuple[str, ...] = ()


CONSENT_TOOLS = (
    ConsentTool("Axeptio", attributes=("data-requires-",)),
    ConsentTool("Borlabs Cookie", attributes=("data-borlabs",), classes=("brlbs",)),
    ConsentTool("Complianz", classes=("cmplz-",)),
    ConsentTool("consentmanager", attributes=("data-cmp-",)),
    ConsentTool("Cookie Information", attributes=("data-consent",)),
    ConsentTool("CookieYes", attributes=("data-cookieyes",), classes=("cky-",)),
    ConsentTool("CookieYes, older (Cookie Law Info)", attributes=("data-cli-",)),
    ConsentTool(
        "Cookiebot",
        attributes=("data-cookieconsent$",),
        setup=(
            r"CookieConsentDialog\s*=(?!=)",
            r"CookiebotCallback_On[A-Z][A-Za-z]*\s*=(?!=)",
            r"function\s+CookiebotCallback_On[A-Z][A-Za-z]*\s*\(",
        ),
    ),
    ConsentTool(
        "Didomi",
        attributes=("data-didomi", "data-vendor$", "data-purposes$"),
        setup=(r"didomiConfig\s*=(?!=)",),
    ),
    ConsentTool(
        "iubenda",
        attributes=("data-iub", "data-suppressedsrc"),
        classes=("_iub_cs_",),
        setup=(r"_iub\s*\.\s*csConfiguration\s*=(?!=)",),
    ),
    ConsentTool(
        "Klaro",
        attributes=("data-name$", "data-klaro"),
        setup=(r"klaroConfig\s*=(?!=)", r"klaro\s*\.\s*(?:setup|render)\s*\("),
    ),
    ConsentTool(
        "OneTrust",
        classes=("optanon-category-",),
        setup=(r"OptanonWrapper\s*=(?!=)", r"function\s+OptanonWrapper\s*\("),
    ),
    ConsentTool("Osano's open-source banner", setup=(r"cookieconsent\s*\.\s*initiali[sz]e\s*\(",)),
    ConsentTool("Real Cookie Banner", attributes=("consent-",)),
    ConsentTool(
        "tarteaucitron",
        attributes=("data-tarteaucitron",),
        classes=("tarteaucitron",),
        setup=(r"tarteaucitron\s*\.\s*init\s*\(",),
    ),
    ConsentTool("TermsFeed", attributes=("data-cookie-",)),
    ConsentTool("Termly", attributes=("data-categories$",)),
    ConsentTool("Usercentrics", attributes=("data-usercentrics", "data-uc-")),
    ConsentTool(
        "vanilla-cookieconsent",
        attributes=("data-cookiecategory", "data-category$", "data-service$"),
        setup=(r"CookieConsent\s*\.\s*run\s*\(", r"initCookieConsent(?<!function initCookieConsent)\s*\("),
    ),
)

#: Types of scripts that are not ours to block: those by which consent tools block a script, and types of data. No
#: browser runs them.
BLOCKED_OR_DATA_TYPES = {
    "most consent tools": r"text/plain",
    "a word for consent before the slash": r"[^/]*(?:consent|cookie|gdpr|cmp)[^/]*/.*",
    "a word for consent after the slash": r".*/[^/]*(?:consent|cookie|gdpr|cmp).*",
    "Didomi": r"[^/]*didomi[^/]*/.*",
    "an import map": r"importmap",
    "data": r".*(?:json|template|xml|html|css|csv|markdown|shader).*",
}


class DelayPlugin(NamedTuple):
    """One tool that speeds pages up by starting scripts later, or by loading pictures and frames lazily.

    Attributes:
        name: the product.
        script_type: a pattern for the type that it gives to a script that waits.
        src: the attribute in which it keeps the address until then.
    """

    name: str
    script_type: str = ""
    src: bytes = b""


#: Where a tag has several of these attributes, the first counts.
DELAY_PLUGINS = (
    DelayPlugin("WP Rocket", r"rocketlazyloadscript", b"data-rocket-src"),
    DelayPlugin("LiteSpeed Cache", r"litespeed/javascript", b"data-litespeed-src"),
    DelayPlugin("WP Meteor", r"javascript/blocked", b"data-wpmeteor-src"),
    DelayPlugin("Perfmatters", r"pmdelayedscript", b"data-perfmatters-src"),
    DelayPlugin("NitroPack", r"nitropack/[a-z]*script"),
    DelayPlugin("Swift Performance", r"swift/javascript"),
    DelayPlugin("Partytown", r"text/partytown"),
    DelayPlugin("Cloudflare's Rocket Loader", r"[0-9a-f]{8,}-(?:(?:text|application)/(?:x-)?javascript|module)?"),
    DelayPlugin("lazy loaders of WordPress", src=b"data-lazy-src"),
    DelayPlugin("lazy loaders", src=b"data-src"),
)


class TagManager(NamedTuple):
    """One tag manager: a script that inserts other scripts, so that no HTML from the server contains them.

    Attributes:
        name: the product.
        address: a pattern for the address of its script.
        domain: the domain of its own host.
        own_file: a pattern for the address where a site serves the script itself.
        marker: what the tag of such a script contains.
    """

    name: str
    address: str
    domain: str
    own_file: str = ""
    marker: bytes = b""


TAG_MANAGERS = (
    TagManager(
        "Google Tag Manager",
        r"googletagmanager\.com/gtm\.js",
        "googletagmanager.com",
        r"/gtm\.js\?id=GTM-",
        b"gtm.js",
    ),
    TagManager("Segment", r"cdn\.segment\.com/analytics\.js", "segment.com"),
    TagManager("Tealium", r"tags\.tiqcdn\.com/utag/", "tiqcdn.com"),
    TagManager("Adobe", r"assets\.adobedtm\.com/", "adobedtm.com"),
    TagManager(
        "Matomo",
        r"cdn\.matomo\.cloud/",
        "matomo.cloud",
        r"/container_[A-Za-z0-9]{6,}(?:_[a-z]+)?\.js",
        b"container_",
    ),
    TagManager("Piwik PRO", r"(?<=[a-z0-9-])\.piwik\.pro/", "piwik.pro"),
    TagManager("Commanders Act", r"cdn\.tagcommander\.com/", "tagcommander.com"),
)


def _alternatives(patterns: Iterable[str]) -> str:
    return "|".join(filter(None, patterns))


#: HTML, section 4.12.1: browsers compare types in any letter case.
_DELAYED_TYPES = re.compile(_alternatives(plugin.script_type for plugin in DELAY_PLUGINS), re.IGNORECASE)
_BLOCKED_OR_DATA_TYPES = re.compile(_alternatives(BLOCKED_OR_DATA_TYPES.values()), re.IGNORECASE | re.DOTALL)
_MANAGED_ATTRIBUTES = re.compile(_alternatives(each for tool in CONSENT_TOOLS for each in tool.attributes))
_MANAGED_CLASSES = re.compile(rf"(?:^|\s)(?:{_alternatives(each for tool in CONSENT_TOOLS for each in tool.classes)})")
_CONSENT_SETUP = re.compile(_alternatives(each for tool in CONSENT_TOOLS for each in tool.setup))
_TAG_MANAGER_ADDRESS = re.compile(
    _alternatives([*(each.address for each in TAG_MANAGERS), *(each.own_file for each in TAG_MANAGERS)])
)

#: Where delay plugins keep the address of what waits.
DELAYED_SRC = tuple(plugin.src for plugin in DELAY_PLUGINS if plugin.src)
TAG_MANAGER_DOMAINS = tuple(manager.domain for manager in TAG_MANAGERS)
#: What the tag of a tag manager's script contains that a site serves itself.
TAG_MANAGER_MARKERS = tuple(manager.marker for manager in TAG_MANAGERS if manager.marker)
#: Changes with everything by which a tag manager is recognized.
TAG_MANAGERS_FINGERPRINT = repr((TAG_MANAGER_DOMAINS, TAG_MANAGER_MARKERS, _TAG_MANAGER_ADDRESS.pattern))


def is_delayed_type(script_type: str) -> bool:
    """Return whether this is the type of a script that a delay plugin will run later."""
    return _DELAYED_TYPES.fullmatch(script_type) is not None


def is_blocked_or_data_type(script_type: str) -> bool:
    """Return whether this is the type of a script that a consent tool blocks, or a type of data."""
    return _BLOCKED_OR_DATA_TYPES.fullmatch(script_type) is not None


def is_managed(attribute_names: Iterable[str], class_names: str) -> bool:
    """Return whether a consent tool manages the tag with these attributes and this value of `class`."""
    has_attribute = any(_MANAGED_ATTRIBUTES.match(name) for name in attribute_names)
    return has_attribute or _MANAGED_CLASSES.search(class_names) is not None


@lru_cache(4)  # many rules ask about one script
def asks_for_consent(code: str) -> bool:
    """Return whether a script starts or configures a consent tool.

    Such a script must run: if it were blocked, no visitor would be asked and nothing would be released.
    """
    return _CONSENT_SETUP.search(code) is not None


def is_tag_manager(text: str) -> bool:
    """Return whether this address or text of a script belongs to a tag manager or loads one."""
    return _TAG_MANAGER_ADDRESS.search(text) is not None
