"""The three formats in which a disclosure is written: JSON for programs, Markdown and HTML for people."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from .disclosed import STATUTORY_CATEGORIES, PersonalInformation
from .purpose import Purpose
from .rules import CookieDomain, CookieSetter

if TYPE_CHECKING:
    from .disclosure import Disclosure, ListedCookie, ListedHost, LoadingTerms


def to_json(disclosure: Disclosure) -> str:
    """Return the disclosure as JSON. `docs/disclosure.md` describes its names; `schema` is their version."""
    data = {
        "schema": 1,
        "regime": disclosure.regime,
        "purposes": [
            {
                "purpose": terms.purpose,
                "requires": terms.requires,
                "click": terms.click,
                "click_after_refusal": terms.click_after_refusal,
            }
            for terms in disclosure.purposes
        ],
        "cookies": [_cookie_data(cookie) for cookie in disclosure.cookies],
        "hosts": [
            {
                "host": host.contact.host,
                "regional": host.contact.regional,
                "provider": host.provider,
                "purpose": host.contact.purpose,
                "does": host.contact.description,
                "through": dict(host.through),
            }
            for host in disclosure.hosts
        ],
        "personal_information": [
            {
                "letter": information.letter,
                "category": STATUTORY_CATEGORIES[information.letter],
                "provider": vendor.name,
                "purpose": information.purpose,
                "what": information.what,
                "inferred": information.inferred,
                "only_if": information.condition,
            }
            for vendor in disclosure.vendors
            for information in vendor.disclosed.information
        ],
        "sold_or_shared": [
            {"provider": vendor.name, "purpose": purpose, "decides": decides}
            for vendor in disclosure.vendors
            for purpose, decides in vendor.disclosed.sharing
        ],
        "left_out": [
            {"name": cookie.name, "provider": vendor.name, "why": cookie.reason}
            for vendor in disclosure.vendors
            for cookie in vendor.disclosed.unlisted
        ],
        "privacy_policies": dict(_privacy_policies(disclosure)),
    }
    return json.dumps(data, indent=2)


def _cookie_data(cookie: ListedCookie) -> dict[str, Any]:
    rule = cookie.rule
    lifetime = "session" if rule.lifetime is None else "fixed"
    return {
        "name": rule.name,
        "prefix": rule.prefix,
        "provider": cookie.provider,
        "purpose": rule.purpose,
        "categories": cookie.categories,
        "lifetime_seconds": rule.lifetime,
        "lifetime": "site" if cookie.site_decides else lifetime,
        "set_by": "site" if cookie.site_decides else rule.set_by,
        "domain": "site" if cookie.site_decides else rule.domain,
        "does": rule.description,
        "hosted": rule.on_vendor_pages,
    }


def _privacy_policies(disclosure: Disclosure) -> list[tuple[str, str]]:
    return [(vendor.name, vendor.disclosed.policy_url) for vendor in disclosure.vendors if vendor.disclosed.policy_url]


# The tables, which Markdown and HTML share.

_PURPOSE_WORDS = {
    Purpose.CHAT: "chat",
    Purpose.TRACKING: "tracking",
    Purpose.EMBEDS: "embedded content",
    None: "none (necessary)",
}
_SETTER_WORDS = {CookieSetter.SCRIPT: "script", CookieSetter.SERVER: "server"}
_DOMAINS = {
    CookieDomain.HOST: "the host that set it",
    CookieDomain.PARENT: "the host without www., and its subdomains",
    CookieDomain.REGISTRABLE: "the whole domain",
}
_CONDITION_PHRASES = {
    "opt-in": "after {every} consent",
    "opt-out": "unless {one} consent is refused",
    "per request": "after {every} consent; where the law only requires an opt-out, unless one is refused",
}
_UNITS = (("year", 365 * 86_400), ("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))
_POLICIES = "The providers' own privacy policies:"


@dataclass(frozen=True, slots=True)
class _Table:
    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str = ""


def _tables(disclosure: Disclosure) -> list[_Table]:
    """Return every table of the notice that has a row."""
    vendors = disclosure.vendors
    tables = [
        _cookie_table(
            "Cookies",
            [cookie for cookie in disclosure.cookies if not cookie.rule.on_vendor_pages],
            "The hosts below may set cookies of their own on their own domains. This site neither sees nor sets those.",
        ),
        _cookie_table(
            "Cookies on pages that the provider itself serves",
            [cookie for cookie in disclosure.cookies if cookie.rule.on_vendor_pages],
        ),
        _Table(
            "When each part loads",
            ["Part of", "Loads"],
            [(_PURPOSE_WORDS[terms.purpose], _loads(terms, disclosure.regime)) for terms in disclosure.purposes],
        ),
        _Table(
            "Hosts that the browser contacts",
            ["Host", "Provider", "Part of", "What it does"],
            [
                (_host(host), host.provider, _PURPOSE_WORDS[host.contact.purpose], host.contact.description)
                for host in disclosure.hosts
            ],
        ),
        _Table(
            "Personal information collected (Cal. Civ. Code section 1798.140(v)(1))",
            ["Category", "What", "Provider", "Part of", "Remark"],
            [
                (
                    f"({information.letter}) {STATUTORY_CATEGORIES[information.letter]}",
                    information.what,
                    vendor.name,
                    _PURPOSE_WORDS[information.purpose],
                    _remark(information),
                )
                for vendor in vendors
                for information in vendor.disclosed.information
            ],
            "A place that is derived from an IP address is approximate. What this site itself does with the "
            "information is not part of this table.",
        ),
        _Table(
            "Whether personal information is sold or shared",
            ["Provider", "Part of", "What decides"],
            [
                (vendor.name, _PURPOSE_WORDS[purpose], decides)
                for vendor in vendors
                for purpose, decides in vendor.disclosed.sharing
            ],
            "Only this site can answer whether it sells or shares personal information. If it does, it owes visitors a "
            "way to opt out (sections 1798.120 and 1798.135).",
        ),
    ]
    return [table for table in tables if table.rows]


def _cookie_table(caption: str, cookies: Sequence[ListedCookie], note: str = "") -> _Table:
    columns = ["Name", "Provider", "Part of", "Category", "Lifetime", "Set by", "Domain", "What it does"]
    return _Table(caption, columns, [_cookie_cells(cookie) for cookie in cookies], note)


def _cookie_cells(cookie: ListedCookie) -> Sequence[str]:
    rule = cookie.rule
    return (
        f"{rule.name}*" if rule.prefix else rule.name,
        cookie.provider or "this site",
        _PURPOSE_WORDS[rule.purpose],
        ", ".join(cookie.categories),
        "as this site decides" if cookie.site_decides else _lifetime(rule.lifetime),
        "this site" if cookie.site_decides else _SETTER_WORDS[rule.set_by],
        "as this site decides" if cookie.site_decides else _DOMAINS[rule.domain],
        rule.description,
    )


def _lifetime(seconds: int | None) -> str:
    if seconds is None:
        return "until the browser is closed"
    unit, size = next((unit, size) for unit, size in _UNITS if seconds % size == 0)
    count = seconds // size
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"


def _loads(terms: LoadingTerms, regime: str) -> str:
    if not terms.requires:
        return "without asking for consent"
    condition = _CONDITION_PHRASES[regime].format(every=" and ".join(terms.requires), one=" or ".join(terms.requires))
    if not terms.click:
        return condition
    return f"{condition}, or on the visitor's click{'' if terms.click_after_refusal else ' if nothing is refused'}"


def _host(host: ListedHost) -> str:
    parts = [host.contact.host]
    if host.contact.regional:
        parts.append("or the same host of another region")
    return ", ".join([*parts, *(f"{name} through {origin}" for name, origin in host.through)])


def _remark(information: PersonalInformation) -> str:
    parts = [f"only if {information.condition}"] if information.condition else []
    if information.inferred:
        parts.append("inferred from how the service works")
    return "; ".join(parts)


#: What Markdown would not read as plain text, and the bar that separates the cells of a table.
_MARKDOWN = re.compile(r"[\\`*_\[\]<>|~&]")


def to_markdown(disclosure: Disclosure) -> str:
    """Return the tables in Markdown (GitHub Flavored Markdown, section 4.10), each under its name in bold."""
    blocks: list[str] = []
    for table in _tables(disclosure):
        lines = [
            table.columns,
            ["---"] * len(table.columns),
            *([_markdown(cell) for cell in row] for row in table.rows),
        ]
        blocks += [f"**{_markdown(table.caption)}**", "\n".join(f"| {' | '.join(cells)} |" for cells in lines)]
        blocks += [_markdown(table.note)] if table.note else []
    if policies := _privacy_policies(disclosure):
        blocks += [_POLICIES, "\n".join(f"- {_markdown(name)}: {_markdown(url)}" for name, url in policies)]
    return "\n\n".join(blocks) + "\n"


def _markdown(text: str) -> str:
    return _MARKDOWN.sub(r"\\\g<0>", " ".join(text.split()))


def to_html(disclosure: Disclosure) -> str:
    """Return the tables as an HTML fragment that is also well-formed XML. It has no style of its own."""
    parts = ['<section data-consent-disclosure="" lang="en">']
    for table in _tables(disclosure):
        head = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in table.columns)
        parts += [
            "<table>",
            f"<caption>{escape(table.caption)}</caption>",
            f"<thead><tr>{head}</tr></thead>",
            "<tbody>",
            *(_html_row(row) for row in table.rows),
            "</tbody>",
            "</table>",
        ]
        parts += [f"<p>{escape(table.note)}</p>"] if table.note else []
    if policies := _privacy_policies(disclosure):
        parts += [f"<p>{escape(_POLICIES)}</p>", "<ul>"]
        parts += [f"<li>{escape(name)}: {_link(url)}</li>" for name, url in policies]
        parts += ["</ul>"]
    return "\n".join([*parts, "</section>"]) + "\n"


def _html_row(cells: Sequence[str]) -> str:
    first, *rest = map(escape, cells)
    return f'<tr><th scope="row">{first}</th>{"".join(f"<td>{cell}</td>" for cell in rest)}</tr>'


def _link(url: str) -> str:
    text = escape(url)
    return f'<a href="{text}">{text}</a>' if url.startswith("https://") else text
