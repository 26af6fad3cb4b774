"""The click-to-chat facade: the button that stands in for a chat until the visitor asks for it.

Its texts (`Texts`, `LANGUAGES`), the addresses of its links (`Address`, `PageLinks`), its settings and markup
(`Facade`), and the scripts that pages load (`Asset`).
"""

from __future__ import annotations

from .asset import Asset, compose
from .links import NO_LINKS, Address, PageLinks
from .markup import Facade
from .texts import LANGUAGES, Texts

__all__ = ["LANGUAGES", "NO_LINKS", "Address", "Asset", "Facade", "PageLinks", "Texts", "compose"]
