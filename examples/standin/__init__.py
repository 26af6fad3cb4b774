"""A stand-in for HubSpot on 127.0.0.1: its loader, its trackers and its chat.

It behaves towards pages and browsers as HubSpot's scripts do, but has none of HubSpot's code. It needs the standard
library alone, and imports nothing of the middleware.
"""

from __future__ import annotations

from .certificate import CertificateError
from .hosts import DOMAINS, PURPOSES, is_hubspot, split_region
from .portal import PRODUCTS, BannerPolicy, Portal, Product
from .server import Fault, Record, StandIn

__all__ = [
    "DOMAINS",
    "PRODUCTS",
    "PURPOSES",
    "BannerPolicy",
    "CertificateError",
    "Fault",
    "Portal",
    "Product",
    "Record",
    "StandIn",
    "is_hubspot",
    "split_region",
]
