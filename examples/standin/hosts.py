"""HubSpot's host names: its domains, what each host is for, and how a region is written."""

from __future__ import annotations

import re

# The registrable domains of HubSpot's embeds, trackers and assets. A browser under test must not contact any of them
# over the network, so the domains that serve only assets are here too.
DOMAINS = (
    "hs-scripts.com",
    "hs-analytics.net",
    "hs-banner.com",
    "usemessages.com",
    "hscollectedforms.net",
    "hsleadflows.net",
    "hsadspixel.net",
    "hsforms.net",
    "hsforms.com",
    "hubspot.com",
    "hubapi.com",
    "hsappstatic.net",
    "hscta.net",
    "hubspotfeedback.com",
    "leadin.com",
    "hs-embed-reporting.com",
    "hs-growth-metrics.com",
    "hs-data.com",
    "hubspot.net",
    "hubspotusercontent-na1.net",
    "hubspotusercontent-eu1.net",
    "hs-sites.com",
    "hs-sites-eu1.com",
    "hsstatic.net",
)

# What a browser asks each host for, in words for people who do not program.
PURPOSES = {
    "js.hs-scripts.com": "the loader: it loads everything else",
    "js.hs-analytics.net": "the visitor tracker",
    "js.hs-banner.com": "HubSpot's own cookie banner",
    "js.usemessages.com": "the live chat",
    "js.hscollectedforms.net": "reads the forms of the page",
    "forms.hscollectedforms.net": "settings of the form reader",
    "js.hsleadflows.net": "pop-up forms",
    "js.hsadspixel.net": "advertising pixels",
    "js.hsforms.net": "HubSpot forms",
    "forms.hsforms.com": "the fields of a form",
    "js.hubspot.com": "pop-ups and calls to action",
    "js.hubspotfeedback.com": "surveys",
    "js.hscta.net": "calls to action",
    "track.hubspot.com": "reports this visit",
    "api.hubspot.com": "asks whether the chat is open on this page",
    "app.hubspot.com": "the chat window",
    "api.hubapi.com": "settings of the advertising pixels",
    "static.hsappstatic.net": "style sheets and pictures",
}

# Hosts that have the same name in every region.
_WITHOUT_REGION = frozenset(
    {"js.hsleadflows.net", "js.hubspotfeedback.com", "js.hscta.net", "static.hsappstatic.net", "js.hubspot.com"}
)
_REGION = re.compile(r"(?P<label>[a-z-]+?)-(?P<hublet>[a-z]{2}\d{1,2})\.(?P<domain>.+)")


def split_region(host: str) -> tuple[str, str]:
    """Return a host name without its region, and the region.

    `js-eu1.hs-scripts.com` gives `("js.hs-scripts.com", "eu1")`. A name without a region belongs to `na1`.
    """
    host = host.lower()
    found = _REGION.fullmatch(host)
    if found is None:
        return host, "na1"
    return f"{found['label']}.{found['domain']}", found["hublet"]


def in_region(host: str, hublet: str) -> str:
    """Return the name of a host in a region; the opposite of `split_region`."""
    if hublet == "na1" or host in _WITHOUT_REGION:
        return host
    label, _, domain = host.partition(".")
    return f"{label}-{hublet}.{domain}"


def is_hubspot(host: str) -> bool:
    """Return whether a host is in one of HubSpot's domains."""
    host = host.lower()
    return any(host == domain or host.endswith("." + domain) for domain in DOMAINS)
