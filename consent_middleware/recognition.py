"""Recognize which vendor's rule a tag, an inline script or a bare address fits."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice

from .engine import Engine
from .html.charset import decode_text
from .html.normalize import fold_strings
from .html.rewriter import StartTag
from .purpose import Purpose
from .rules import PageElement, RuleMatch
from .script_tags import HTML_SPACE
from .urls import URL, content_of_url, parse_url, possible_urls

#: HTML, section 4.6.7, Resource Hints and Compression Dictionary Transport (RFC 9842): link types that make a browser
#: contact a host before a tag asks for it, and those among them that fetch something from it.
_FETCHING_HINTS = frozenset(
    {"prefetch", "preload", "modulepreload", "prerender", "compression-dictionary", "dictionary"}
)
_HINTS = _FETCHING_HINTS | {"dns-prefetch", "preconnect"}
#: HTML, section 4.2.4.2, and Fetch, section 2.2.7, "destination": preloads of these are content. A picture may be a
#: pixel, so its address decides.
_CONTENT_DESTINATIONS = frozenset({"audio", "font", "style", "track", "video"})

#: HTML, section 4.8.4.2.1: one address of `srcset`, with what follows it up to the next.
_SRCSET_CANDIDATE = re.compile(r"[\s,]*+(\S*[^\s,])(?:,|\s[^,]*+)?")
#: An address in a document or a script, as far as it matters here.
ADDRESS = re.compile(r"(?:https?:)?//[^\s\"'<>)`]+")
#: The most addresses that are read from one `srcset`, or from one document in an address.
_MAX_ADDRESSES = 64

#: The longest tag, in bytes, whose rule is cached: a longer one rarely recurs.
_MAX_CACHED_TAG = 1024
#: The longest text of a script, in bytes, whose rule is cached, and how many are. A vendor's snippet is shorter.
_MAX_CACHED_TEXT = 4096
_CACHED_TEXTS = 256


def hint_purpose(
    engine: Engine, relation: str, url: str, base: str | None = None, destination: str = ""
) -> Purpose | None:
    """Return the purpose of a resource hint to a host that may have to wait; None for all other links.

    Browsers look at the destination of a `preload` only. What it preloads to be shown is content.

    Args:
        engine: the engine whose vendors count.
        relation: the value of `rel`.
        url: the address.
        base: the address against which it is resolved, if the page has a `<base>`.
        destination: the value of `as`.
    """
    hints = set(relation.lower().split()) & _HINTS
    preloads = hints == {"preload"}
    if not hints or (preloads and destination.strip().lower() in _CONTENT_DESTINATIONS):
        return None
    if preloads and destination.strip().lower() == "image":
        found = recognize(engine, "img", url, None, base)
        return found.rule.purpose if found else None
    if hints & _FETCHING_HINTS:
        found = recognize(engine, "script", url, None, base)
        if found is not None:
            return found.rule.purpose
    return purpose_of_url(engine, url, base)


def purpose_of_url(engine: Engine, url: str, base: str | None = None) -> Purpose | None:
    """Return the purpose that must be allowed before a browser contacts this address; None if it always may."""
    hosts = (host for parsed in possible_urls(url, base) for host in _hosts(engine, parsed))
    purposes = (vendor.host_purpose(host) for host in hosts for vendor in engine.policy.vendors)
    return next((purpose for purpose in purposes if purpose is not None), None)


def srcset_urls(sources: str) -> Iterator[str]:
    """Yield the addresses of a `srcset`, up to a fixed number."""
    found = _SRCSET_CANDIDATE.finditer(sources.strip(HTML_SPACE + ","))
    return (candidate[1] for candidate in islice(found, _MAX_ADDRESSES))


def recognize(
    engine: Engine, element: str, src: str, tag: StartTag | None, base: str | None = None
) -> RuleMatch | None:
    """Return the rule that fits an element.

    Args:
        engine: the engine whose vendors count.
        element: the element's name.
        src: the address that it loads.
        tag: the start tag, with its text if an inline script is to be recognized by it; None for a bare address.
        base: the address against which a bare address is resolved.
    """
    if tag is not None and tag.text is not None:
        if len(tag.text) > _MAX_CACHED_TEXT:
            return _recognize_text(engine, tag.text, tag.encoding)
        # The pages of a site have the same snippets.
        recognize_text = engine.cached(_recognize_text, _CACHED_TEXTS)
        return recognize_text(tag.text, tag.encoding)
    if tag is None or len(tag.raw) > _MAX_CACHED_TAG or len(tag.base or "") > _MAX_CACHED_TAG:
        return _recognize_uncached(engine, element, src, tag, base)
    # The pages of a site have the same tags.
    recognize_raw = engine.cached(_recognize_raw, 512)
    return recognize_raw(element, src, tag.raw, tag.base, tag.encoding, tag.xml)


def _recognize_text(engine: Engine, text: bytes, encoding: str) -> RuleMatch | None:
    """Return the rule that fits an inline script, which depends on nothing but its text."""
    script = PageElement("script", text=decode_text(text, encoding))
    return next((found for vendor in engine.policy.vendors if (found := vendor.recognize(script))), None)


def _recognize_raw(
    engine: Engine, element: str, src: str, raw: bytes, base: str | None, encoding: str, xml: bool
) -> RuleMatch | None:
    tag = StartTag(element.encode("utf-8", "replace"), raw, base=base, encoding=encoding, xml=xml)
    return _recognize_uncached(engine, element, src, tag, base)


def _recognize_uncached(
    engine: Engine, element: str, src: str, tag: StartTag | None, base: str | None
) -> RuleMatch | None:
    attributes = attribute_values(tag) if tag else {}
    if (content := content_of_url(src)) is not None:
        return _recognize_content(engine, element, content)
    urls = possible_urls(src, tag.base if tag else base)
    elements = [PageElement(element, src, _hosts(engine, url), url.path, attributes) for url in urls]
    return next(
        (found for each in elements for vendor in engine.policy.vendors if (found := vendor.recognize(each))),
        None,
    )


def _recognize_content(engine: Engine, element: str, content: str) -> RuleMatch | None:
    """Return the rule for a script or document whose address contains it (`data:`, `javascript:`)."""
    script = PageElement(element, text=fold_strings(content.encode("latin-1", "replace")).decode("latin-1"))
    found = next((found for vendor in engine.policy.vendors if (found := vendor.recognize(script))), None)
    if found is not None or element == "script":
        return found
    addresses = (each[0] for each in islice(ADDRESS.finditer(content), _MAX_ADDRESSES))
    matches = (recognize(engine, kind, address, None) for address in addresses for kind in ("script", "iframe", "img"))
    return next((found for found in matches if found is not None), None)


def names_account(engine: Engine, tag: StartTag, found: RuleMatch, src: str, authority: str) -> bool:
    """Return whether a tag may choose the account from which the middleware loads a script.

    A visitor's markup that a sanitizer has let through must not. So only a script may: a pure snippet, or one whose
    address belongs to the vendor, to an origin that proxies it, or to the page's own origin.

    Args:
        engine: the engine.
        tag: the tag, which fits a rule.
        found: the rule that it fits.
        src: the address that it loads.
        authority: the host and port under which the page was requested.
    """
    if tag.name != b"script" and tag.name not in engine.policy.loading_elements:
        return False
    url, own = parse_url(src, tag.base), parse_url(f"//{authority}")
    is_own = url is not None and (not url.host or (own is not None and (url.host, url.port) == (own.host, own.port)))
    return found.from_vendor or tag.text is not None or is_own


def _hosts(engine: Engine, url: URL) -> Sequence[str]:
    """Return the host of a URL, and the vendor hosts that the site proxies under it."""
    return (url.host, *engine.hosts_proxied_by(url.host, url.port))


def attribute_values(tag: StartTag) -> dict[str, str]:
    """Return the attributes as a browser reads them: the first of each name counts."""
    found: dict[str, str] = {}
    for attribute in tag.attributes:
        name = attribute.name.decode("utf-8", "replace")
        if name not in found:
            found[name] = tag.get(attribute.name) or ""
    return found
