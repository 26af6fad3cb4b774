"""OneTrust and CookiePro: `OptanonConsent`, a query string, and `OptanonAlertBoxClosed`, the time of the answer."""

from __future__ import annotations

from consent_middleware.consent import Category
from consent_middleware.sources.platform import Ids, category_ids

from .writer import EXAMPLE_ID, Choice, Writer, WrittenConsent, cookies, encode_component

_FOUR = category_ids(
    C0001=Category.NECESSARY, C0002=Category.ANALYTICS, C0003=Category.FUNCTIONAL, C0004=Category.MARKETING
)
_FIVE: Ids = {**_FOUR, **category_ids(C0005=Category.MARKETING)}


def _write(choice: Choice, groups: Ids) -> WrittenConsent:
    flags = choice.flags({**groups, **choice.site_ids})
    fields = {
        "isGpcEnabled": "0",
        "datestamp": _date_text(choice),
        "version": "202501.2.0",
        "browserGpcFlag": "0",
        "isIABGlobal": "false",
        "hosts": "",
        "consentId": EXAMPLE_ID,
        "interactionCount": "1",
        "isAnonUser": "1",
        "landingPath": "NotLandingPage",
        "groups": ",".join(f"{group}:{granted:d}" for group, granted in flags.items()),
        "AwaitingReconsent": "false",
    }
    value = "&".join(f"{name}={encode_component(text).replace('%20', '+')}" for name, text in fields.items())
    return cookies({"OptanonAlertBoxClosed": choice.iso, "OptanonConsent": value})


def _date_text(choice: Choice) -> str:
    """Return the moment as `Date.prototype.toString` writes it in UTC (ECMA-262, section 21.4.4.41)."""
    # `ctime` has the English names in every locale.
    weekday, month, day, time, year = choice.date.ctime().split()
    return f"{weekday} {month} {int(day):02} {year} {time} GMT+0000 (Coordinated Universal Time)"


def _write_four(choice: Choice) -> WrittenConsent:
    return _write(choice, _FOUR)


def _write_five(choice: Choice) -> WrittenConsent:
    return _write(choice, _FIVE)


WRITER = Writer("onetrust", {"four-groups": _write_four, "five-groups": _write_five})
