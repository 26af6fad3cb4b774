"""django-cookie-consent: `cookie_consent`, a version or `-1` for each of the site's cookie groups.

Django puts the value into quotes, because it contains `=`.
"""

from __future__ import annotations

from .writer import Choice, Writer, WrittenConsent, cookie

_NAME = "cookie_consent"


def _groups(choice: Choice) -> str:
    # Which version is the newest only the site's database knows; a group that has just changed has this one.
    version = choice.date.isoformat(timespec="microseconds")
    flags = choice.flags(choice.site_ids)
    return "|".join(f"{group}={version if granted else '-1'}" for group, granted in flags.items())


def _write_quoted(choice: Choice) -> WrittenConsent:
    return cookie(choice.name(_NAME), f'"{_groups(choice)}"', http_only=True)


def _write_bare(choice: Choice) -> WrittenConsent:
    return cookie(choice.name(_NAME), _groups(choice), http_only=True)


WRITER = Writer("django-cookie-consent", {"quoted": _write_quoted, "bare": _write_bare})
