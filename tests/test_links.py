"""The `Link` field: which links are early, and how they are parsed."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from consent_middleware.links import filter_links


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"<//early>; rel=preconnect", None),
        (b"<//early>; rel=preconnect, <b>; rel=next", b"<b>; rel=next"),
        (
            b'<a>; title="x, <//early>"; rel=next , <//early>;rel="dns-prefetch preconnect"',
            b'<a>; title="x, <//early>"; rel=next',
        ),
        (b"<b>; rel=next,   <c>; rel=prev", b"<b>; rel=next,   <c>; rel=prev"),
        (b"not a link", b"not a link"),
        (b"", b""),
        (b"<//early>", b"<//early>"),
        (b'<//early>; REL = "preconnect"', None),
        (b"<//early>; title=a; rel=x; rel=preconnect", b"<//early>; title=a; rel=x; rel=preconnect"),
        (b'<//early>; title="; rel=x"; rel=preconnect', None),
        (b'<//early>; title="\\"; rel=x; \\""; rel=preconnect', None),
        (b'<//early>; "; rel=x"; rel="pre\\connect"', None),
        (b"<//early>; crossorigin; rel=preconnect; anchor", None),
        (b"<//early>; rel=preconnect; as=font", b"<//early>; rel=preconnect; as=font"),
        (b'<//early>; As = "font"; rel=preconnect', b'<//early>; As = "font"; rel=preconnect'),
        (b'<//early>; title="; as=font"; rel=preconnect', None),
    ],
)
def test_early_links_are_dropped(value: bytes, expected: bytes | None) -> None:
    def early(relation: str, urls: Sequence[str], destination: str) -> bool:
        return "//early" in urls and "preconnect" in relation and destination != "font"

    assert filter_links([(b"Link", value)], early) == ([(b"Link", expected)] if expected is not None else [])


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param(b"</a>", ("", ["/a"], ""), id="no parameter"),
        pytest.param(b"</a>;rel=preload;as=script", ("preload", ["/a"], "script"), id="bare values"),
        pytest.param(b'</a> ; REL = "next  prev"', ("next  prev", ["/a"], ""), id="a quoted value"),
        pytest.param(b'</a>; rel="n\\e\\xt"', ("next", ["/a"], ""), id="quoted pairs"),
        pytest.param(b'</a>; rel=""; as=', ("", ["/a"], ""), id="empty values"),
        pytest.param(b"</a>; rel=next; rel=preload", ("next", ["/a"], ""), id="the first of two"),
        pytest.param(b'</a>; "rel=x"; rel=next', ("next", ["/a"], ""), id="a string without a name"),
        pytest.param(b"</a,b>; rel=next", ("next", ["/a,b"], ""), id="a comma in the target"),
        pytest.param(
            b'</a>; rel=preload; as=image; imagesrcset="/b 1x, /c 2x,"',
            ("preload", ["/a", "/b", "/c"], "image"),
            id="candidates",
        ),
    ],
)
def test_link_is_read(value: bytes, expected: tuple[str, list[str], str]) -> None:
    seen: list[tuple[str, Sequence[str], str]] = []

    def is_early(relation: str, addresses: Sequence[str], destination: str) -> bool:
        seen.append((relation, addresses, destination))
        return False

    filter_links([(b"link", value)], is_early)

    assert seen == [expected]


@pytest.mark.parametrize(
    ("value", "stays"),
    [
        (b"<//early>; rel=next, <b", False),
        (b'<a>; rel=next, <//early>; title="', False),
        (b"<a>; rel=next, < //other> <b", True),
    ],
)
def test_malformed_field_is_dropped_if_early(value: bytes, stays: bool) -> None:
    headers = [(b"link", value)]

    kept = filter_links(headers, lambda relation, urls, _: (relation, urls) == ("preconnect", ["//early"]))

    assert kept == (headers if stays else [])
