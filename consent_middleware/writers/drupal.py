"""EU Cookie Compliance for Drupal: an answer, the policy's version, and the list of the accepted categories."""

from __future__ import annotations

from .writer import Choice, Writer, WrittenConsent, cookies, encode_for_cookie, to_json

_DAYS = 100


def _answer(choice: Choice) -> dict[str, str]:
    return {"cookie-agreed": "2" if choice.grants_anything else "0"}


def _write_categories(choice: Choice) -> WrittenConsent:
    accepted = choice.accepted(choice.site_ids) if choice.grants_anything else []
    values = {
        "cookie-agreed-version": choice.revision("1.0.0"),
        "cookie-agreed-categories": encode_for_cookie(to_json(accepted)),
        **_answer(choice),
    }
    return cookies(values, days=_DAYS)


def _write_answer(choice: Choice) -> WrittenConsent:
    return cookies({"cookie-agreed-version": choice.revision("1.0.0"), **_answer(choice)}, days=_DAYS)


WRITER = Writer("drupal-eucc", {"categories": _write_categories, "without-categories": _write_answer})
