"""The settings of one HubSpot account (a portal); `answers` turns them into scripts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Product = Literal["analytics", "banner", "forms", "leadflows", "pixels", "chat", "interactives", "feedback"]

PRODUCTS: tuple[Product, ...] = ("analytics", "banner", "forms", "pixels", "chat")


@dataclass(frozen=True, slots=True)
class Portal:
    """The settings of one portal.

    Attributes:
        products: The products that the loader inserts, in this order. Chat is one only while a chatflow is live.
        chat_status: The status of the chat's bootstrap call; 204 and 404 mean "no chat on this page".
        cookie_prompt: Whether the chat asks before it stores its cookie.
        opt_in: Whether the tracker's cookies wait for the visitor's answer to HubSpot's own banner.
        secure_cookies: Whether the tracker's cookies have the attribute `Secure`.
    """

    products: tuple[Product, ...] = PRODUCTS
    chat_status: int = 200
    cookie_prompt: Literal["NEVER", "ON_WIDGET_LOAD", "ON_EXIT_INTENT"] = "NEVER"
    opt_in: bool = False
    secure_cookies: bool = False
