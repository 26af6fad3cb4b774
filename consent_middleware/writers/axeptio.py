"""Axeptio: `axeptio_cookies`, JSON with yes or no for each of the site's vendors, and two lists of the vendors."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from .writer import Choice, Writer, WrittenConsent, cookies, encode_component, encode_for_cookie, to_json

_DAYS = 190


def _write(choice: Choice, encode: Callable[[str], str]) -> WrittenConsent:
    flags = choice.flags(choice.site_ids)
    content = {
        "$$token": "0" * 22,
        "$$date": choice.iso,
        "$$cookiesVersion": {"name": "example", "identifier": "0" * 24},
        "$$scope": "persistent",
        "$$duration": _DAYS,
        "$$completed": True,
        **flags,
    }
    return cookies(
        {
            "axeptio_cookies": encode(to_json(content)),
            "axeptio_all_vendors": _list(flags),
            "axeptio_authorized_vendors": _list(vendor for vendor, granted in flags.items() if granted),
        },
        days=_DAYS,
    )


def _list(vendors: Iterable[str]) -> str:
    return encode_component("," + ",".join(vendors) + ",")


def _write_encoded(choice: Choice) -> WrittenConsent:
    return _write(choice, encode_component)


def _write_half_encoded(choice: Choice) -> WrittenConsent:
    return _write(choice, encode_for_cookie)


WRITER = Writer("axeptio", {"encoded": _write_encoded, "half-encoded": _write_half_encoded})
