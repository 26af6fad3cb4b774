"""The click-to-chat facade: what stands in a page in place of a chat until the visitor asks for it.

Knows: the one script that serves it (`ASSET`), its words (`Texts`), and its settings and markup (`Facade`).
Must not know: any vendor by name, consent, HTTP, how a page is rewritten.

The script is readable source. It is put together once, at import, from `assets/facade.js`, `assets/facade.css` and the
vendor's driver, so that installing the package needs no build step.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from importlib.resources import files

from consent_middleware.vendors import VENDORS

from .markup import SCRIPT_TEXTS, Facade, Texts

__all__ = ["ASSET", "Asset", "Facade", "Texts"]


@dataclass(frozen=True, slots=True)
class Asset:
    """A file that the middleware serves. Its name changes with its content, so it may be kept for ever.

    `name` is the last segment of its path, `body` its bytes, `content_type` the value of that header.
    """

    name: str
    body: bytes
    content_type: str


def strip_script(source: str) -> str:
    """`source`, a script, without the lines that are comments or empty and without the space before each line.

    It looks at nothing but the start of a line. That is safe for a source without template literals, block comments
    and continued strings, which is how the sources here are written.
    """
    lines = (line.strip() for line in source.splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("//"))


def strip_style(source: str) -> str:
    """`source`, a style sheet, without comments and with its lines joined.

    A line must end where a space means nothing, and no string may hold a comment's marks.
    """
    while "/*" in source:
        before, _, rest = source.partition("/*")
        source = before + rest.partition("*/")[2]
    return "".join(line.strip() for line in source.splitlines())


def compose() -> Asset:
    """Put the served script together: style sheet, English words, the vendor's driver, the facade, in one scope."""
    package = files("consent_middleware")
    assets = package / "facade" / "assets"
    drivers = [package / "vendors" / f"{vendor.id}.js" for vendor in VENDORS]
    parts = [
        "(() => {",
        '"use strict";',
        # ASCII only, so that the script reads the same whatever charset a page or a proxy claims.
        f"const CSS = {json.dumps(strip_style((assets / 'facade.css').read_text('utf-8')))};",
        f"const TEXTS = {json.dumps(SCRIPT_TEXTS)};",
        *(strip_script(driver.read_text("utf-8")) for driver in drivers),
        strip_script((assets / "facade.js").read_text("utf-8")),
        "})();\n",
    ]
    body = "\n".join(parts).encode("ascii")
    return Asset(
        name=f"facade.{hashlib.sha256(body).hexdigest()[:16]}.js",
        body=body,
        content_type="text/javascript; charset=utf-8",
    )


ASSET = compose()
