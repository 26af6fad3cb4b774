"""tarteaucitron: `tarteaucitron`, one `!service=true` or `false` after the other."""

from __future__ import annotations

from .writer import Choice, Writer, WrittenConsent, cookie


def _write(choice: Choice) -> WrittenConsent:
    flags = choice.flags(choice.site_ids)
    value = "".join(f"!{service}={'true' if granted else 'false'}" for service, granted in flags.items())
    return cookie(choice.name("tarteaucitron"), value)


WRITER = Writer("tarteaucitron", {"services": _write})
