"""What a page loads from vendors: each contact of its tree, compared with the vendors' own declarations."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Final

from consent_middleware.addresses import filter_addresses
from consent_middleware.cookies import parse_set_cookie
from consent_middleware.links import filter_links
from consent_middleware.policy import Policy
from consent_middleware.purpose import Purpose
from consent_middleware.rules import PageElement
from consent_middleware.scripts.loads import scan
from consent_middleware.urls import content_of_url, parse_url
from consent_middleware.vendor import Vendor

from .contacts import Contact, Load, contacts
from .tree import Document, Element, read

#: How deep documents in `srcdoc` and `data:` addresses may nest.
_MAX_NESTED: Final = 3
#: HTML, section 4.2.4.2: preloads of these are content.
_CONTENT: Final = frozenset({"audio", "font", "style", "track", "video"})
#: The longest inline script that is read, as in the engine: a longer one is a program of the site's own.
_MAX_SCRIPT: Final = 65_536
_HOST: Final = re.compile(r"[a-zA-Z0-9.-]+")
#: How much of a name in a page is reported.
_LONGEST_NAME: Final = 100


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing by which a page, or the head of its response, contacts a vendor or sets its cookie.

    Attributes:
        line: its line, from 1; 0 for a header field.
        column: its column, from 1; 0 for a header field.
        element: the element's name, or that of a header field.
        attribute: the attribute, "" for an element's text, or the name of a cookie.
        host: the host; "" for an inline script and for the page's own host. Never a path or a query.
        rule: the id of the rule that fits. `VENDOR.hint` is a resource hint, `VENDOR.cookie` a cookie, and
            `VENDOR.host` an address on a host of the vendor that fits no rule.
        vendor: the vendor's id.
        purpose: what must be allowed first.
        load: what becomes of it in the page as it is.
        without_scripts: only a browser without scripts contacts it.
        nested: it stands in a document inside the page; line and column are those of the frame.
        digest: a hash of the address without its query, or of the text.
    """

    line: int
    column: int
    element: str
    attribute: str
    host: str
    rule: str
    vendor: str
    purpose: Purpose
    load: Load
    without_scripts: bool = False
    nested: bool = False
    digest: str = field(default="", repr=False)

    @property
    def is_live(self) -> bool:
        """Whether the page loads it without asking for consent."""
        return self.load in {Load.AT_ONCE, Load.LATER}

    @property
    def is_by_host(self) -> bool:
        """Whether only its host tells that it is a vendor's."""
        return self.rule == f"{self.vendor}.host"

    @property
    def key(self) -> tuple[str, str, str, bool]:
        """What is equal in the page before and after it is rewritten."""
        return self.rule, self.element, self.digest, self.without_scripts


class Classifier:
    """Compares addresses and scripts with the declarations of a policy's vendors."""

    def __init__(self, policy: Policy) -> None:
        self._vendors: Sequence[Vendor] = policy.vendors
        self._proxied: dict[tuple[str, int | None], list[str]] = {}
        for host, origin in policy.proxied.items():
            url = parse_url(origin)
            assert url  # noqa: S101 - the policy has checked it
            self._proxied.setdefault((url.host, url.port), []).append(host)

    def page(self, document: Document, base: str | None, *, without: Document | None = None) -> list[Finding]:
        """Return the findings of a page, in the page's order.

        Args:
            document: the page as a browser with scripts reads it.
            base: the page's address, if it has one.
            without: the page as a browser without scripts reads it, if that differs.
        """
        found = list(self._document(document, base, scripting=True, depth=0))
        if without is not None:
            known = {(each.line, each.column, each.rule, each.digest) for each in found}
            more = self._document(without, base, scripting=False, depth=0)
            found += [each for each in more if (each.line, each.column, each.rule, each.digest) not in known]
        return sorted(found, key=lambda each: (each.line, each.column))

    def head(self, headers: Sequence[tuple[bytes, bytes]], base: str | None) -> list[Finding]:
        """Return the findings of a response's head: addresses that a browser contacts, and cookies by their names."""
        found: list[Finding] = []

        def note_link(relation: str, addresses: Sequence[str], destination: str) -> bool:
            for address in addresses:
                contact = Contact("", address, hint=relation.lower(), destination=destination.lower())
                found.extend(self._contact(Element("Link", "", {}, "", 0, 0), contact, base))
            return False

        def note_address(address: str) -> bool:
            field = Element(name.decode("latin-1").title(), "", {}, "", 0, 0)
            found.extend(self._contact(field, Contact("", address, hint="preconnect"), base))
            return False

        filter_links(list(headers), note_link)
        for name, value in headers:
            filter_addresses([(name, value)], note_address)
            if name.lower() == b"set-cookie":
                found += self._cookie(value)
        return found

    def hosts(self, text: str) -> list[str]:
        """Return the hosts of vendors that a text names."""
        words = {word.strip(".-").lower() for word in _HOST.findall(text)}
        return sorted(word for word in words if self._host_purpose(word))

    def _document(self, document: Document, base: str | None, *, scripting: bool, depth: int) -> Iterator[Finding]:
        has_base = guarded = False
        for element in document.elements:
            guarded = guarded or (element.name == "script" and "data-guard" in element.attributes)
            if element.name == "base" and element.space == "html" and not has_base and "href" in element.attributes:
                has_base, base = True, _joined(element.attributes["href"], base)
            for contact in contacts(element):
                if element.name == "script" and not scripting:
                    continue
                if guarded and contact.load is Load.AT_ONCE and self._is_covered(contact.script):
                    contact = contact._replace(load=Load.GUARDED)  # noqa: PLW2901
                yield from self._contact(element, contact, base, scripting=scripting)
                if depth < _MAX_NESTED and (text := _nested_text(element, contact)) is not None:
                    inner = read(text.encode("utf-8", "replace"), "utf-8", scripting=scripting)
                    inner_base = base if contact.document else None
                    for finding in self._document(inner, inner_base, scripting=scripting, depth=depth + 1):
                        yield _at(finding, element, contact.load)

    def _contact(
        self, element: Element, contact: Contact, base: str | None, *, scripting: bool = True
    ) -> Iterator[Finding]:
        text = contact.script
        if (
            not text
            and element.name in {"script", "iframe", "frame"}
            and contact.address[:11].lower().startswith(("data:", "javascript:"))
        ):
            content = content_of_url(contact.address) or ""
            text = content if element.name == "script" or contact.address[:1] in "jJ" else ""
        host = ""
        named: tuple[str, str, Purpose] | None = None
        if len(text) > _MAX_SCRIPT or (text and not scripting):
            return
        if text:
            named = self._rule(PageElement(element.name, attributes=element.attributes, text=text))
        elif contact.address and (url := parse_url(contact.address, base)) is not None:
            host = url.host
            named = self._address(element, contact, (host, *self._proxied.get((host, url.port), ())), url.path)
        if named is not None:
            rule, vendor, purpose = named
            digest = text or contact.address.partition("?")[0].partition("#")[0]
            yield Finding(
                element.line,
                element.column,
                element.name[:_LONGEST_NAME],
                contact.attribute,
                host,
                rule,
                vendor,
                purpose,
                contact.load,
                without_scripts=not scripting,
                digest=sha256(digest.strip().encode("utf-8", "replace")).hexdigest()[:16],
            )

    def _address(
        self, element: Element, contact: Contact, hosts: Sequence[str], path: str
    ) -> tuple[str, str, Purpose] | None:
        """Return the rule, the vendor and the purpose for an address."""
        plain = {name: value for name, value in element.attributes.items() if not name.startswith("data-consent")}
        if "data-consent-id" in element.attributes:
            plain["id"] = element.attributes["data-consent-id"]
        if not contact.hint:
            found = self._rule(PageElement(element.name, contact.address, hosts, path, plain))
            return found or self._host(hosts, "host")
        if contact.hint == "preload" and contact.destination in _CONTENT:
            return self._host(hosts, "host")
        if contact.hint == "preload" and contact.destination == "image":
            found = self._rule(PageElement("img", contact.address, hosts, path))
            return (f"{found[1]}.hint", *found[1:]) if found else self._host(hosts, "host")
        if set(contact.hint.split()) <= {"dns-prefetch", "preconnect"}:
            return self._host(hosts, "hint")
        found = self._rule(PageElement("script", contact.address, hosts, path))
        return (f"{found[1]}.hint", *found[1:]) if found else self._host(hosts, "hint")

    def _is_covered(self, script: str) -> bool:
        """Return whether a guard blocks everything that an inline script inserts."""
        if not script:
            return False
        # The guard sees neither imports nor workers nor sockets.
        imported = scan(script).imported
        return imported is not None and not any(map(self.hosts, imported))

    def _rule(self, element: PageElement) -> tuple[str, str, Purpose] | None:
        for vendor in self._vendors:
            if (found := vendor.recognize(element)) is not None:
                return found.rule.id, vendor.id, found.rule.purpose
        return None

    def _host(self, hosts: Sequence[str], kind: str) -> tuple[str, str, Purpose] | None:
        found = next((found for host in hosts if (found := self._host_purpose(host))), None)
        return (f"{found[0]}.{kind}", *found) if found else None

    def _host_purpose(self, host: str) -> tuple[str, Purpose] | None:
        for vendor in self._vendors:
            if (purpose := vendor.host_purpose(host)) is not None:
                return vendor.id, purpose
        return None

    def _cookie(self, line: bytes) -> Iterator[Finding]:
        cookie = parse_set_cookie(line)
        if cookie.deletes:
            return
        name = cookie.name.decode("latin-1")
        for vendor in self._vendors:
            for rule in vendor.cookie_rules:
                fits = name.startswith(rule.name) if rule.prefix else name == rule.name
                if fits and rule.purpose is not None:
                    digest = sha256(name.encode("utf-8", "replace")).hexdigest()[:16]
                    place = (0, 0, "Set-Cookie", name[:_LONGEST_NAME], "")
                    yield Finding(*place, f"{vendor.id}.cookie", vendor.id, rule.purpose, Load.AT_ONCE, digest=digest)
                    return


def _joined(href: str, base: str | None) -> str | None:
    """Return the base of a page whose `<base>` says `href`."""
    url = parse_url(href, base)
    if url is None or not url.host:
        return base
    port = "" if url.port is None else f":{url.port}"
    return f"{url.scheme + ':' if url.scheme else ''}//{url.host}{port}{url.path}"


def _nested_text(element: Element, contact: Contact) -> str | None:
    """Return the markup of a document inside an element, if it has one."""
    if contact.document:
        return contact.document
    if element.name in {"iframe", "frame", "object", "embed"} and contact.address[:5].lower() == "data:":
        return content_of_url(contact.address)
    return None


def _at(finding: Finding, element: Element, load: Load) -> Finding:
    """Return a finding of a nested document as one of its frame, which may itself be kept back."""
    kept = finding.load if load is Load.AT_ONCE else load
    return replace(finding, line=element.line, column=element.column, nested=True, load=kept)
