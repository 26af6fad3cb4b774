"""What a vendor's tags and cookies are for, what happens to them, and the script that loads a chat.

Everything else in the package uses these names, so this module imports no other.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Purpose(StrEnum):
    """What a vendor's tag or cookie is for. Each purpose has its own required categories.

    `EMBEDS` are what a visitor sees and uses in the page itself: forms, meetings, calls to action, video.
    """

    CHAT = "chat"
    TRACKING = "tracking"
    EMBEDS = "embeds"


class Action(StrEnum):
    """What happens to the tags of one purpose: they load, a facade stands in for them, or they are just blocked."""

    ALLOW = "allow"
    FACADE = "facade"
    BLOCK = "block"


@dataclass(frozen=True, slots=True)
class ChatScript:
    """The one script that loads a vendor's chat and nothing else.

    Attributes:
        src: its URL.
        attributes: name and value of every other attribute that it needs, in order.
        account: the site's account with the vendor.
    """

    src: str
    attributes: tuple[tuple[str, str], ...]
    account: str = ""
