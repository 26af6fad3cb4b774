"""HubSpot as the server sees it.

The script that drives the chat in the browser is `hubspot.js`, next to this package.
"""

from __future__ import annotations

from types import MappingProxyType

from consent_middleware.consent import Category
from consent_middleware.purpose import Purpose
from consent_middleware.vendor import Vendor

from .banner import BANNER, CONSENT_RECEIVER
from .cookies import COOKIE_RULES
from .disclosure import DISCLOSED
from .hosts import HOST_PURPOSES, SCRIPT_DOMAINS, SUBMISSION_URLS
from .tags import SCRIPT_MARKERS, SNIPPETS, STAND_INS, TAG_MARKERS, TAG_RULES, TEXT_RULES

HUBSPOT = Vendor(
    id="hubspot",
    name="HubSpot",
    tag_rules=TAG_RULES,
    host_purposes=HOST_PURPOSES,
    cookie_rules=COOKIE_RULES,
    requires=MappingProxyType(
        {
            Purpose.CHAT: frozenset({Category.FUNCTIONAL}),
            Purpose.TRACKING: frozenset({Category.ANALYTICS, Category.MARKETING}),
            Purpose.EMBEDS: frozenset({Category.FUNCTIONAL, Category.MARKETING}),
        }
    ),
    text_rules=TEXT_RULES,
    tag_markers=TAG_MARKERS,
    script_domains=SCRIPT_DOMAINS,
    script_markers=SCRIPT_MARKERS,
    stand_ins=STAND_INS,
    chat_link="#hs-chat-open",
    submission_urls=SUBMISSION_URLS,
    snippets=SNIPPETS,
    disclosed=DISCLOSED,
    banner=BANNER,
    consent_receiver=CONSENT_RECEIVER,
)
