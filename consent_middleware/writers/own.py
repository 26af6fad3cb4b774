"""The project's own cookie, as the script in docs/consent-sources.md writes it."""

from __future__ import annotations

from consent_middleware.consent import Category

from .writer import Choice, Writer, WrittenConsent, cookie, encode_component


def _write(choice: Choice) -> WrittenConsent:
    granted = [Category.NECESSARY, *(category for category in choice.state if choice.grants(category))]
    return cookie(choice.site_name, encode_component(",".join(granted)), days=180)


WRITER = Writer("own cookie", {"list": _write})
