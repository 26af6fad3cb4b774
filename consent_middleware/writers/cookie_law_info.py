"""CookieYes's legacy plugin for WordPress: a cookie for each box, and one that says that the visitor has answered."""

from __future__ import annotations

from consent_middleware.consent import Category
from consent_middleware.sources.platform import category_ids

from .writer import Choice, Writer, WrittenConsent, cookies

_IDS = category_ids(
    necessary=Category.NECESSARY,
    functional=Category.FUNCTIONAL,
    analytics=Category.ANALYTICS,
    performance=Category.ANALYTICS,
    advertisement=Category.MARKETING,
)


def _write_boxes(choice: Choice) -> WrittenConsent:
    return _boxes(choice.flags({**_IDS, **choice.site_ids}))


def _write_one_box(choice: Choice) -> WrittenConsent:
    return _boxes({"necessary": True, "non-necessary": choice.grants_everything})


def _boxes(flags: dict[str, bool]) -> WrittenConsent:
    boxes = {f"cookielawinfo-checkbox-{name}": "yes" if granted else "no" for name, granted in flags.items()}
    return cookies({"viewed_cookie_policy": "yes", **boxes})


WRITER = Writer("cookie-law-info", {"boxes": _write_boxes, "one-box": _write_one_box})
