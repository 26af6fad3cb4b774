"""Borlabs Cookie, versions 2 and 3: `borlabs-cookie`, encoded JSON with the accepted services of each group."""

from __future__ import annotations

from typing import Any

from consent_middleware.consent import Category

from .writer import YEAR, Choice, Writer, WrittenConsent, cookie, encode_json, number_or_text

_GROUPS = {
    Category.ANALYTICS: "statistics",
    Category.MARKETING: "marketing",
    Category.FUNCTIONAL: "external-media",
}
#: Two examples of services for each group: one alone may have been unlocked in its place.
_SERVICES = {
    "statistics": ["google-analytics", "matomo"],
    "marketing": ["google-ads", "meta-pixel"],
    "external-media": ["youtube", "vimeo"],
}


def _consents(choice: Choice) -> dict[str, list[str]]:
    consents = {"essential": ["borlabs-cookie"]}
    for category, group in _GROUPS.items():
        if choice.grants(category):
            consents[group] = list(_SERVICES[group])
    for service in choice.accepted(choice.site_ids):
        # A service stands in the group of its category, behind the examples.
        group = next(
            (group for category, group in _GROUPS.items() if category in choice.site_ids[service]), "essential"
        )
        consents.setdefault(group, []).append(service)
    return consents


def _write(choice: Choice, version: dict[str, Any]) -> WrittenConsent:
    content = {
        "consents": _consents(choice),
        "domainPath": "example.com/",
        "expires": choice.http_end(YEAR),
        "uid": "anonymous",
        **version,
    }
    return cookie("borlabs-cookie", encode_json(content), days=YEAR)


def _write_version_3(choice: Choice) -> WrittenConsent:
    return _write(choice, {"v3": True, "version": number_or_text(choice.revision("1"))})


def _write_version_2(choice: Choice) -> WrittenConsent:
    return _write(choice, {"version": choice.revision("1")})


WRITER = Writer("borlabs", {"version-3": _write_version_3, "version-2": _write_version_2})
