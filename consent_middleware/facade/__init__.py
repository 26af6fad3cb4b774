"""The click-to-chat facade: what stands in a page in place of a chat until the visitor asks for it.

Knows: its words (`Texts`, `LANGUAGES`), its settings and markup (`Facade`), and the script that it serves (`Asset`).
Must not know: any vendor by name, consent, HTTP, how a page is rewritten.
"""

from __future__ import annotations

from .asset import Asset, compose
from .markup import Facade
from .texts import LANGUAGES, Texts

__all__ = ["LANGUAGES", "Asset", "Facade", "Texts", "compose"]
