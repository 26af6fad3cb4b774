"""What one HubSpot account (a portal) has switched on.

Knows settings only; `answers` turns them into scripts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Product = Literal["analytics", "banner", "forms", "leadflows", "pixels", "chat", "interactives", "feedback"]

PRODUCTS: tuple[Product, ...] = ("analytics", "banner", "forms", "pixels", "chat")


@dataclass(frozen=True, slots=True)
class Portal:
    """The settings of one portal.

    products: what the loader brings in, in this order. Chat is in the loader only while a chatflow is live.
    chat_status: what the chat's bootstrap call answers; 204 and 404 mean "no chat on this page".
    cookie_prompt: whether the chat asks before it stores its cookie.
    opt_in: HubSpot's own banner is set to opt-in: the tracker's cookies wait for its answer.
    secure_cookies: the tracker's cookies carry `Secure`.
    """

    products: tuple[Product, ...] = PRODUCTS
    chat_status: int = 200
    cookie_prompt: Literal["NEVER", "ON_WIDGET_LOAD", "ON_EXIT_INTENT"] = "NEVER"
    opt_in: bool = False
    secure_cookies: bool = False
