"""c15t: `c15t`, short pairs joined by commas, without the refused categories."""

from __future__ import annotations

from consent_middleware.consent import Category
from consent_middleware.sources.platform import category_ids

from .writer import Choice, Writer, WrittenConsent, cookie

_IDS = category_ids(
    necessary=Category.NECESSARY,
    functionality=Category.FUNCTIONAL,
    experience=Category.FUNCTIONAL,
    measurement=Category.ANALYTICS,
    marketing=Category.MARKETING,
)


def _write(choice: Choice) -> WrittenConsent:
    pairs = [f"c.{name}:1" for name in choice.accepted({**_IDS, **choice.site_ids})]
    pairs += [f"i.t:{choice.milliseconds}", "i.sid:sub_example"]
    return cookie(choice.name("c15t"), ",".join(pairs))


WRITER = Writer("c15t", {"pairs": _write})
