"""The vendors that the package knows, in one explicit tuple: what is active can be read here.

Knows: the vendor files beside it.
Must not know: consent, HTML, HTTP.
"""

from __future__ import annotations

from consent_middleware.rules import Vendor

from .hubspot import HUBSPOT

VENDORS: tuple[Vendor, ...] = (HUBSPOT,)
