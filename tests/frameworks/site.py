"""What the site of each framework shows: pages with HubSpot's tag, a stream, errors, cookies and its plan."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

from tests.pages import LOADER, page

HTML = "text/html; charset=utf-8"
PAGE = page(LOADER)
END = b"</body>\n</html>\n"
#: The page in two chunks; the tag is in the first.
CHUNKS = (PAGE.removesuffix(END), END)
COOKIES = {"session": "1", "__hstc": "1"}

#: What has happened while a page was streamed, in order.
events: list[str] = []


class PageFailedError(Exception):
    """What the view of `/error` raises."""


def chunks() -> Iterator[bytes]:
    """Yield the page, and note when each chunk is made."""
    for number, chunk in enumerate(CHUNKS):
        events.append(f"made {number}")
        yield chunk


async def chunks_later() -> AsyncIterator[bytes]:
    """Yield the page, and note when each chunk is made."""
    for chunk in chunks():
        yield chunk
