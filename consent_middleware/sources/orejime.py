"""Orejime: `eu-consent`, a JSON object with yes or no for each of the site's purposes.

Knows: that object, and the name that version 3 gives the cookie.
Must not know: other formats, what follows from consent.
"""

from __future__ import annotations

from .platform import Platform, flags_by_service

OREJIME = Platform("orejime", flags_by_service("orejime"), cookies=("eu-consent",), mappable=True, renamable=True)
