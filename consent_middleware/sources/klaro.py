"""Klaro: `klaro`, a JSON object with yes or no for each of the site's services."""

from __future__ import annotations

from .platform import Platform, service_flags_reader

KLARO = Platform("klaro", service_flags_reader("klaro"), cookies=("klaro",), mappable=True, renamable=True)
