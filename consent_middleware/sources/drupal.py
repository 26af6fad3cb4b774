"""EU Cookie Compliance for Drupal: `cookie-agreed`, and the accepted categories in `cookie-agreed-categories`."""

from __future__ import annotations

from collections.abc import Iterator

from consent_middleware.consent import Consent, State

from .platform import Ids, Platform, Values, all_categories, parse_json, reading, states_from_accepted, string_items

_AGREED = "cookie-agreed"
_ACCEPTED = "cookie-agreed-categories"
_VERSION = "cookie-agreed-version"


def _read(values: Values, ids: Ids) -> Iterator[Consent]:
    revision = next(iter(values.get(_VERSION, ())), "")
    agreed = values.get(_AGREED, ())
    if "0" in agreed:
        yield reading("drupal-eucc", _AGREED, all_categories(State.DENIED), revision=revision)
    if not {"1", "2"} & set(agreed):
        return
    if _ACCEPTED not in values:
        # The banner has no categories, unless the site's settings name some: then their list is missing.
        yield reading("drupal-eucc", _AGREED, {} if ids else all_categories(State.GRANTED), revision=revision)
    for value in values.get(_ACCEPTED, ()):
        accepted = parse_json(value, list)
        if accepted is not None:
            yield reading(
                "drupal-eucc", _ACCEPTED, states_from_accepted(string_items(accepted), ids), revision=revision
            )


DRUPAL = Platform("drupal-eucc", _read, cookies=(_AGREED, _ACCEPTED, _VERSION), mappable=True, aliases=("drupal",))
