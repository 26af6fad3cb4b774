"""CookieYes: `cookieyes-consent`, pairs of words joined by commas."""

from __future__ import annotations

from consent_middleware.consent import Category
from consent_middleware.sources.platform import category_ids

from .writer import Choice, Writer, WrittenConsent, cookie

_IDS = category_ids(
    necessary=Category.NECESSARY,
    functional=Category.FUNCTIONAL,
    analytics=Category.ANALYTICS,
    performance=Category.ANALYTICS,
    advertisement=Category.MARKETING,
)
#: 32 bytes of zeros in base64, without padding.
_CONSENT_ID = "A" * 43


def _write(choice: Choice) -> WrittenConsent:
    flags = {"consent": choice.grants_anything, "action": True, **choice.flags({**_IDS, **choice.site_ids})}
    flags.setdefault("other", choice.grants_everything)
    words = ",".join(f"{name}:{'yes' if granted else 'no'}" for name, granted in flags.items())
    return cookie("cookieyes-consent", f"consentid:{_CONSENT_ID},{words}")


WRITER = Writer("cookieyes", {"pairs": _write})
