"""Complianz: one `cmplz_…` cookie for each category, and others about the banner and the services."""

from __future__ import annotations

from consent_middleware.consent import Category
from consent_middleware.sources.platform import category_ids

from .writer import Choice, Writer, WrittenConsent, cookies, encode_json

#: Complianz calls strictly necessary cookies "functional".
_IDS = category_ids(
    marketing=Category.MARKETING,
    statistics=Category.ANALYTICS,
    preferences=Category.FUNCTIONAL,
    functional=Category.NECESSARY,
)


def _write(choice: Choice, prefix: str) -> WrittenConsent:
    services = choice.flags(choice.site_ids)
    values = {
        "consented_services": encode_json(services) if services else "",
        "policy_id": choice.revision("16"),
        **{name: "allow" if granted else "deny" for name, granted in choice.flags(_IDS).items()},
        "banner-status": "dismissed",
    }
    return cookies({prefix + name: value for name, value in values.items()})


def _write_site(choice: Choice) -> WrittenConsent:
    return _write(choice, "cmplz_")


def _write_main_site(choice: Choice) -> WrittenConsent:
    return _write(choice, "cmplz_rt_")


WRITER = Writer("complianz", {"site": _write_site, "main-site": _write_main_site})
