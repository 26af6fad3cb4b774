"""The click-to-chat facade: the button that stands in for a chat until the visitor asks for it.

Its texts (`Texts`, `LANGUAGES`), its settings and markup (`Facade`), and the scripts that pages load (`Asset`).
"""

from __future__ import annotations

from .asset import Asset, compose
from .markup import Facade
from .texts import LANGUAGES, Texts

__all__ = ["LANGUAGES", "Asset", "Facade", "Texts", "compose"]
