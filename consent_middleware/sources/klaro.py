"""Klaro: `klaro`, a JSON object with yes or no for each of the site's services.

Knows: that object.
Must not know: other formats, what follows from consent.
"""

from __future__ import annotations

from .platform import Platform, flags_by_service

KLARO = Platform("klaro", flags_by_service("klaro"), cookies=("klaro",), mappable=True, renamable=True)
