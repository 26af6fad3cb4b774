"""The vendors that the package knows, and the classes that describe a site's own vendor (see docs/vendors.md)."""

from __future__ import annotations

from consent_middleware.consent import Category
from consent_middleware.disclosed import ContactedHost, DisclosureData, PersonalInformation, UnlistedCookie
from consent_middleware.purpose import Purpose
from consent_middleware.rules import CookieDomain, CookieRule, CookieSetter, HostRule, TagRule, TextRule
from consent_middleware.vendor import Vendor

from .hubspot import HUBSPOT
from .intercom import INTERCOM

__all__ = [
    "KNOWN_VENDORS",
    "VENDORS",
    "Category",
    "ContactedHost",
    "CookieDomain",
    "CookieRule",
    "CookieSetter",
    "DisclosureData",
    "HostRule",
    "PersonalInformation",
    "Purpose",
    "TagRule",
    "TextRule",
    "UnlistedCookie",
    "Vendor",
]

#: Every vendor that a site can name by its `id`.
KNOWN_VENDORS: tuple[Vendor, ...] = (HUBSPOT, INTERCOM)
#: The vendors of a site that names none.
VENDORS: tuple[Vendor, ...] = (HUBSPOT,)
#: The same by their `id`.
DEFAULT_VENDORS: tuple[str, ...] = tuple(vendor.id for vendor in VENDORS)
