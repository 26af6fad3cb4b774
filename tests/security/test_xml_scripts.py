"""Where the text of an XML script ends, if each part of a page is read once."""

from __future__ import annotations

import pytest

from consent_middleware import Policy
from consent_middleware.engine import Engine
from consent_middleware.exchange import Exchange, RequestHead

XML = b"application/xhtml+xml; charset=utf-8"
LOADER = b's=document.createElement("script");s.src="//js.hs-scripts.com/12345.js";'


@pytest.mark.parametrize(
    "text",
    [
        LOADER,
        b"<![CDATA[" + LOADER + b"]]>",
        b'<![CDATA[a="<script x";' + LOADER + b"]]>",
        b'<![CDATA[a="</script x";' + LOADER + b"]]>",
        b"<!-- <script> -->" + LOADER,
        b"<b/>" + LOADER,
    ],
)
@pytest.mark.parametrize("piece", [7, 1 << 16])
def test_loader_in_an_xml_script_is_blocked(text: bytes, piece: int) -> None:
    page = b"<html><body><script>" + text + b"</script></body></html>"
    exchange = Exchange(
        Engine(Policy(contact_url="/c", guard="never")), RequestHead("GET", "/", "", [(b"host", b"example.com")])
    )
    exchange.start(200, [(b"content-type", XML)])

    out = b"".join(exchange.feed(page[at : at + piece]) for at in range(0, len(page), piece)) + exchange.close()

    assert b'<script type="text/x-consent"' in out
