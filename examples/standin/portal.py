"""The settings of one HubSpot account (a portal); `answers` turns them into scripts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Product = Literal["analytics", "banner", "forms", "leadflows", "pixels", "chat", "interactives", "feedback"]

#: The policies that an account may choose for HubSpot's banner.
BannerPolicy = Literal[
    "COOKIES_WITHOUT_BANNER",
    "NO_COOKIES",
    "NOTIFY",
    "OPT_IN",
    "COOKIES_BY_CATEGORY",
    "OPT_OUT",
    "OPT_OUT_BY_CATEGORY",
]

PRODUCTS: tuple[Product, ...] = ("analytics", "banner", "forms", "pixels", "chat")


@dataclass(frozen=True, slots=True)
class Portal:
    """The settings of one portal.

    Attributes:
        products: The products that the loader inserts, in this order. Chat is one only while a chatflow is live.
        chat_status: The status of the chat's bootstrap call; 204 and 404 mean "no chat on this page".
        cookie_prompt: Whether the chat asks before it stores its cookie.
        banner_policy: How HubSpot's own banner asks, in HubSpot's words. It shows nothing under the default.
        banner_regions: Whether the banner's policy differs by country, so that the banner asks where the visitor is.
        secure_cookies: Whether the tracker's cookies have the attribute `Secure`.
    """

    products: tuple[Product, ...] = PRODUCTS
    chat_status: int = 200
    cookie_prompt: Literal["NEVER", "ON_WIDGET_LOAD", "ON_EXIT_INTENT"] = "NEVER"
    banner_policy: BannerPolicy = "COOKIES_WITHOUT_BANNER"
    banner_regions: bool = False
    secure_cookies: bool = False
