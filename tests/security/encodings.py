"""Pages whose encoding is declared in unusual places, with a tag that is a tag in that encoding only."""

from __future__ import annotations

SCRIPT = b'<script src="https://js.hs-scripts.com/12345.js"></script>'
#: A tag in ISO-2022-JP; in other encodings it is in the value of an attribute.
HIDDEN = b"<!-- \x1b$B--><i title='\x1b(B-->" + SCRIPT + b"<!-- '-->"
META = b"<meta charset=iso-2022-jp>"


def _padding(size: int) -> bytes:
    return b"<!--" + b" " * size + b"-->"


#: By name: the page, its `Content-Type`, and whether Chromium runs the script.
PAGES: dict[str, tuple[bytes, bytes, bool]] = {
    "declared at once": (META + HIDDEN, b"text/html", True),
    "declared behind 2,000 bytes": (_padding(2000) + META + HIDDEN, b"text/html", True),
    "declared behind 200,000 bytes": (_padding(200_000) + META + HIDDEN, b"text/html", True),
    "declared in the body": (b"<body><p>x</p>" + META + HIDDEN, b"text/html", True),
    "declared with a reference": (_padding(2000) + b'<meta charset="iso-2022-&#106;p">' + HIDDEN, b"text/html", True),
    "declared behind a title that seems to say so": (
        b"<title><meta charset=utf-8></title>" + META + HIDDEN,
        b"text/html",
        True,
    ),
    "an unknown charset": (META + HIDDEN, b"text/html; charset=x", True),
    "the last of two types": (HIDDEN, b"text/html;charset=utf-8, text/html;charset=iso-2022-jp", True),
    "the first of two types": (HIDDEN, b"text/html;charset=iso-2022-jp, text/html", True),
    "a quoted charset": (HIDDEN, b'text/html;charset="iso-2022-j\\p"', True),
    "an escape in a name": (META + SCRIPT.replace(b"scr", b"scr\x1b(B", 1), b"text/html", True),
    "an escape before a name": (META + SCRIPT.replace(b"<", b"<\x1b(J", 1), b"text/html", True),
    "an escape in an attribute's name": (META + SCRIPT.replace(b" src", b" s\x1b(Brc"), b"text/html", True),
    "an escape in a host": (META + SCRIPT.replace(b"hs-", b"h\x1b(Bs-"), b"text/html", True),
    # Other browsers may read these differently.
    "declared behind it": (_padding(2000) + HIDDEN + META, b"text/html", False),
    "declared late in the body": (_padding(2000) + b"<body><p>x</p>" + META + HIDDEN, b"text/html", False),
    "not declared": (HIDDEN, b"text/html", False),
    "seen by its first letters": (b"<meta charset=utf-8>" + HIDDEN, b"text/html", False),
}
#: Pages that must stay unchanged: they only look alike, or their encoding is known from the head.
PLAIN: dict[str, tuple[bytes, bytes]] = {
    "a known charset": (META + HIDDEN, b"text/html; charset=utf-8"),
    "a byte order mark": (b"\xef\xbb\xbf" + META + HIDDEN, b"text/html"),
    "colors of a terminal": (b"<pre>\x1b[31mred\x1b[0m</pre><!-- " + SCRIPT + b" -->", b"text/html"),
    "a log with escapes": (b"<pre>\x1b(B\x1b[m done</pre>", b"text/html"),
    "Japanese": (
        META + b"<title>\x1b$B$3$s$K$A$O\x1b(B</title><p alt='\x1b$B@$3&\x1b(B'>x<!-- " + SCRIPT + b" -->",
        b"text/html",
    ),
}
