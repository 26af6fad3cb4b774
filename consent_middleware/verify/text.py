"""Makes text from a page harmless before it is written: no control characters, a limited length, no cookie's value."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from html import escape
from urllib.parse import quote, unquote

#: The longest text from a page, in characters.
LIMIT = 300
#: What stands for the value of a cookie.
REDACTED = "[cookie value]"
#: A shorter value, such as "1" or "yes", identifies nobody and occurs in any text.
SHORTEST = 6


def _is_hidden(char: str) -> bool:
    category = unicodedata.category(char)
    return category[0] == "C" or category in {"Zl", "Zp"}


def clean(text: str, limit: int = LIMIT) -> str:
    r"""Return the text in one line, with a visible form of each character that is not.

    Control, format, surrogate and private characters (Unicode categories C*) and line separators are written as
    `\u{…}`, so that a text can neither reorder what stands around it nor fail to be encoded.
    """
    shown = "".join(f"\\u{{{ord(char):x}}}" if _is_hidden(char) else char for char in text[: limit + 1])
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"


class Redactor:
    """Replaces the values of cookies in text. `add` takes the values that a browser has held."""

    def __init__(self) -> None:
        self._values: set[str] = set()

    def add(self, values: Iterable[str]) -> None:
        """Take more values."""
        for value in values:
            forms = (value, quote(value), unquote(value), escape(value), escape(value, quote=False))
            self._values |= {form for form in forms if len(form) >= SHORTEST}

    def text(self, text: str) -> str:
        """Return the text without the values."""
        for value in sorted(self._values, key=lambda each: (-len(each), each)):
            text = text.replace(value, REDACTED)
        return text

    def body(self, body: bytes) -> bytes:
        """Return bytes without the values."""
        for value in sorted(self._values, key=lambda each: (-len(each), each)):
            body = body.replace(value.encode("utf-8", "surrogatepass"), REDACTED.encode("ascii"))
        return body


def lifetime(seconds: float | None) -> str:
    """Return how long a cookie is kept, in words; None is a cookie that ends with the browser's session.

    The browser says only when a cookie ends, so the time since it was set is missing. It is rounded away.
    """
    if seconds is None:
        return "until the browser is closed"
    for unit, size in (("day", 86_400), ("hour", 3_600)):
        if seconds >= 1.5 * size:
            return f"about {round(seconds / size)} {unit}s"
    return f"about {max(5, 5 * round(seconds / 300))} minutes"
