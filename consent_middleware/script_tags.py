"""How browsers and other tools treat a script tag: whether it runs, who starts it, and where its address is."""

from __future__ import annotations

import re

from .html.rewriter import StartTag
from .other_tools import is_blocked_or_data_type, is_delayed_type, is_managed

#: ASCII whitespace (WHATWG Infra, section 4.6).
HTML_SPACE = " \t\n\f\r"

#: HTML, section 4.12.1 and the JavaScript MIME types of MIME Sniffing, section 4.6: the types that a browser runs.
_EXECUTABLE_TYPES = re.compile(
    r"(?:|module|(?:application|text)/(?:x-)?(?:java|ecma)script|text/(?:jscript|livescript)|text/javascript1\.[0-5])",
    re.IGNORECASE,
)


def is_executable(tag: StartTag) -> bool:
    """Return whether a browser runs this script (HTML, section 4.12.1.1, "prepare the script element", steps 8-12)."""
    script_type = tag.get(b"type")
    if script_type is None:
        language = tag.get(b"language")
        script_type = f"text/{language}" if language else ""
    return _EXECUTABLE_TYPES.fullmatch(script_type.strip(HTML_SPACE)) is not None


def is_speculation(tag: StartTag) -> bool:
    """Return whether this script contains speculation rules."""
    return (tag.get(b"type") or "").strip(HTML_SPACE).lower() == "speculationrules"


def is_delayed(tag: StartTag) -> bool:
    """Return whether a delay plugin will run this script later."""
    return is_delayed_type((tag.get(b"type") or "").strip(HTML_SPACE))


def has_unknown_type(tag: StartTag) -> bool:
    """Return whether a script that browsers do not run has a type of no known tool: some tool will run it later."""
    script_type = (tag.get(b"type") or "").strip(HTML_SPACE)
    return not is_blocked_or_data_type(script_type) and not is_managed_by_consent_tool(tag)


def is_managed_by_consent_tool(tag: StartTag) -> bool:
    """Return whether another consent tool releases this tag."""
    names = (attribute.name.decode("latin-1") for attribute in tag.attributes)
    return is_managed(names, tag.get(b"class") or "")


def is_loaded_by_site(tag: StartTag, address: bytes) -> bool:
    """Return whether a script of the site itself will load this address, and not a widespread tool."""
    return address == b"data-src" and (tag.get(b"data-type") or "").lower() != "lazy"


def address_attributes(tag: StartTag) -> tuple[bytes, ...]:
    """Return the attributes in which a browser looks for a script's address (SVG 2, section 16.2, for SVG)."""
    return (b"href", b"xlink:href") if tag.svg else (b"src",)
