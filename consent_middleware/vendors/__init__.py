"""The vendors that the package knows, and those that are active unless a site says otherwise, in explicit tuples.

Knows: the vendor files beside it.
Must not know: consent, HTML, HTTP.
"""

from __future__ import annotations

from consent_middleware.rules import Vendor

from .hubspot import HUBSPOT
from .intercom import INTERCOM

#: A site names them by their `id`.
KNOWN_VENDORS: tuple[Vendor, ...] = (HUBSPOT, INTERCOM)
#: Those that are active by default.
VENDORS: tuple[Vendor, ...] = (HUBSPOT,)
#: The same by their `id`.
DEFAULT_VENDORS: tuple[str, ...] = tuple(vendor.id for vendor in VENDORS)
