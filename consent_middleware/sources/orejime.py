"""Orejime: `eu-consent`, a JSON object with yes or no for each of the site's purposes."""

from __future__ import annotations

from .platform import Platform, service_flags_reader

OREJIME = Platform("orejime", service_flags_reader("orejime"), cookies=("eu-consent",), mappable=True, renamable=True)
