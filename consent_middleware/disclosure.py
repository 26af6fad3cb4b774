"""What a privacy notice has to say of a policy: cookies, hosts, purposes, and the information that is collected.

Knows: what a `Policy` and its vendors' data say, the names that California's law gives to kinds of information, and how
Markdown, HTML and JSON are written.
Must not know: arguments, files, streams, gateways, any vendor by name.

Everything comes from the data by which tags and cookies wait, so the notice and the middleware cannot drift apart. It
is a table of facts for the one who writes the notice; it is no legal advice and answers no question of law.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from html import escape
from typing import Literal

from .consent import OPTIONAL_CATEGORIES, UNKNOWN, Category, Consent, Regime, State
from .policy import Policy, PolicyError
from .rules import Action, ContactedHost, CookieDomain, CookieRule, HostRule, Purpose, SetBy, Vendor

__all__ = [
    "LANGUAGES",
    "CookieRow",
    "Disclosure",
    "HostRow",
    "InformationRow",
    "LeftOutRow",
    "PurposeRow",
    "SharingRow",
    "disclosure",
    "to_html",
    "to_json",
    "to_markdown",
]

#: Cal. Civ. Code section 1798.140(v)(1): the statute's kinds of personal information, by letter.
STATUTORY_CATEGORIES = {
    "A": "Identifiers",
    "B": "Customer records (section 1798.80(e))",
    "C": "Characteristics of protected classifications",
    "D": "Commercial information",
    "E": "Biometric information",
    "F": "Internet or other electronic network activity information",
    "G": "Geolocation data",
    "H": "Audio, electronic, visual, thermal, olfactory, or similar information",
    "I": "Professional or employment-related information",
    "J": "Education information",
    "K": "Inferences",
    "L": "Sensitive personal information",
}


@dataclass(frozen=True, slots=True)
class PurposeRow:
    """When what serves a purpose may load.

    Attributes:
        purpose: the purpose.
        requires: the categories of consent that it needs, sorted. None: it needs no consent.
        click: the visitor's click stands in for consent.
        click_after_refusal: so it does for consent that is refused.
    """

    purpose: Purpose
    requires: tuple[Category, ...]
    click: bool
    click_after_refusal: bool


@dataclass(frozen=True, slots=True)
class CookieRow:
    """One cookie.

    Attributes:
        name: its name, or the beginning of it where `prefix` is true.
        prefix: what follows `name` differs between sites.
        provider: whose cookie it is; the empty string is the site itself.
        purpose: what must be allowed before it is set; None where it is necessary by itself.
        categories: what a visitor is shown as its category.
        lifetime_seconds: how long it lives; None where it ends with the session or where the site decides.
        lifetime: "fixed" (that many seconds), "session" or "site".
        set_by: who writes it: a script, a server, or whatever the site uses for it.
        domain: whom the browser sends it to, as `CookieDomain` says, or what the site decides.
        does: a sentence on what it is for.
        hosted: only pages that the provider itself serves set it.
    """

    name: str
    prefix: bool
    provider: str
    purpose: Purpose | None
    categories: tuple[Category, ...]
    lifetime_seconds: int | None
    lifetime: Literal["fixed", "session", "site"]
    set_by: SetBy | Literal["site"]
    domain: CookieDomain | Literal["site"]
    does: str
    hosted: bool


@dataclass(frozen=True, slots=True)
class HostRow:
    """A host that the visitor's browser contacts once a purpose is allowed.

    `regional`: the host has a twin for each region. `through` pairs the host, or such a twin, with the origin of the
    site's own that stands in for it.
    """

    host: str
    regional: bool
    provider: str
    purpose: Purpose
    does: str
    through: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class InformationRow:
    """Personal information that is collected, under the letter of Cal. Civ. Code section 1798.140(v)(1).

    `inferred`: it follows from how the service works; no document or script of the provider's was found to say it.
    `condition` is the condition on which it is collected, or empty.
    """

    letter: str
    category: str
    provider: str
    purpose: Purpose
    what: str
    inferred: bool
    only_if: str


@dataclass(frozen=True, slots=True)
class SharingRow:
    """What decides whether personal information is sold or shared. The site has to answer."""

    provider: str
    purpose: Purpose
    decides: str


@dataclass(frozen=True, slots=True)
class LeftOutRow:
    """A cookie that is deliberately not listed, and why."""

    name: str
    provider: str
    why: str


@dataclass(frozen=True, slots=True)
class Disclosure:
    """Everything that a privacy notice can take from a policy, in a stable order.

    `regime` is the policy's, or "per request" where a callable decides. `privacy_policies` pairs a provider with the
    address of its own notice.
    """

    regime: Literal["opt-in", "opt-out", "per request"]
    purposes: tuple[PurposeRow, ...]
    cookies: tuple[CookieRow, ...]
    hosts: tuple[HostRow, ...]
    personal_information: tuple[InformationRow, ...]
    sold_or_shared: tuple[SharingRow, ...]
    left_out: tuple[LeftOutRow, ...]
    privacy_policies: tuple[tuple[str, str], ...]


def disclosure(policy: Policy) -> Disclosure:
    """What a privacy notice has to say of a site with this policy. Pure: no network, no clock, no file."""
    vendors = policy.vendors
    served = {rule.purpose for vendor in vendors for rule in vendor.cookie_rules}
    served |= {contact.purpose for vendor in vendors for contact in vendor.disclosed.contacts}
    served |= {purpose for vendor in vendors for purpose in vendor.host_purposes.values()}
    purposes = tuple(_purpose_row(policy, purpose) for purpose in Purpose if purpose in served)
    return Disclosure(
        regime=_regime(policy),
        purposes=purposes,
        cookies=(
            *_own_cookies(policy, clicks=any(row.click for row in purposes if row.purpose is Purpose.CHAT)),
            *(_cookie_row(policy, vendor, rule) for vendor in vendors for rule in vendor.cookie_rules),
        ),
        hosts=tuple(_host_row(policy, vendor, contact) for vendor in vendors for contact in vendor.disclosed.contacts),
        personal_information=tuple(
            InformationRow(
                letter=kind.letter,
                category=STATUTORY_CATEGORIES[kind.letter],
                provider=vendor.name,
                purpose=kind.purpose,
                what=kind.what,
                inferred=kind.inferred,
                only_if=kind.condition,
            )
            for vendor in vendors
            for kind in vendor.disclosed.information
        ),
        sold_or_shared=tuple(
            SharingRow(vendor.name, purpose, decides)
            for vendor in vendors
            for purpose, decides in vendor.disclosed.sharing
        ),
        left_out=tuple(
            LeftOutRow(cookie.name, vendor.name, cookie.why)
            for vendor in vendors
            for cookie in vendor.disclosed.unlisted
        ),
        privacy_policies=tuple(
            (vendor.name, vendor.disclosed.policy_url) for vendor in vendors if vendor.disclosed.policy_url
        ),
    )


def _regime(policy: Policy) -> Literal["opt-in", "opt-out", "per request"]:
    if not isinstance(policy.regime, Regime):
        return "per request"
    return "opt-out" if policy.regime is Regime.OPT_OUT else "opt-in"


def _purpose_row(policy: Policy, purpose: Purpose) -> PurposeRow:
    # The policy itself says where a button stands in: before any choice, and after every category is refused.
    regime = policy.regime if isinstance(policy.regime, Regime) else Regime.OPT_IN
    refused = Consent(dict.fromkeys(OPTIONAL_CATEGORIES, State.DENIED))
    silent, after = (
        policy.decide(consent, regime=regime).decisions[purpose].action is Action.FACADE
        for consent in (UNKNOWN, refused)
    )
    return PurposeRow(
        purpose=purpose,
        requires=tuple(sorted(policy.requires[purpose])),
        click=silent or after,
        click_after_refusal=after,
    )


def _own_cookies(policy: Policy, *, clicks: bool) -> Iterator[CookieRow]:
    """The cookies of the middleware's: the site writes the first as it likes, the facade's script the second."""
    yield CookieRow(
        name=policy.consent_cookie,
        prefix=False,
        provider="",
        purpose=None,
        categories=(Category.NECESSARY,),
        lifetime_seconds=None,
        lifetime="site",
        set_by="site",
        domain="site",
        does="Holds the visitor's choice of categories, where this site keeps the choice itself.",
        hosted=False,
    )
    if not clicks:
        return
    yield CookieRow(
        name=policy.click_cookie,
        prefix=False,
        provider="",
        purpose=None,
        categories=(Category.NECESSARY,),
        lifetime_seconds=None,
        lifetime="session",
        set_by=SetBy.SCRIPT,
        domain=CookieDomain.HOST,
        does="Remembers for this visit that the visitor has clicked to chat.",
        hosted=False,
    )


def _cookie_row(policy: Policy, vendor: Vendor, rule: CookieRule) -> CookieRow:
    required = policy.requires[rule.purpose] if rule.purpose else frozenset()
    # A site may ask for other categories than the vendor's data does; a visitor is shown what the site asks for.
    fits = not required or rule.category in required
    return CookieRow(
        name=rule.name,
        prefix=rule.prefix,
        provider=vendor.name,
        purpose=rule.purpose,
        categories=(rule.category,) if fits else tuple(sorted(required)),
        lifetime_seconds=rule.lifetime,
        lifetime="session" if rule.lifetime is None else "fixed",
        set_by=rule.set_by,
        domain=rule.domain,
        does=rule.purpose_text,
        hosted=rule.hosted,
    )


def _host_row(policy: Policy, vendor: Vendor, contact: ContactedHost) -> HostRow:
    label, _, domain = contact.host.partition(".")
    twins = HostRule(label, domain)
    through = (
        (host, origin)
        for host, origin in sorted(policy.proxied.items())
        if host == contact.host or (contact.regional and twins.region_of(host) is not None)
    )
    return HostRow(
        host=contact.host,
        regional=contact.regional,
        provider=vendor.name,
        purpose=contact.purpose,
        does=contact.does,
        through=tuple(through),
    )


# Words

#: The words of each language in which a notice can be written. The vendors' own sentences are English.
_WORDS = {
    "en": {
        "site": "this site",
        "chat": "chat",
        "tracking": "tracking",
        "embeds": "embedded content",
        "none": "necessary by itself",
        "session": "until the browser is closed",
        "fixed.second": "second",
        "fixed.minute": "minute",
        "fixed.hour": "hour",
        "fixed.day": "day",
        "fixed.year": "year",
        "plural": "s",
        "lifetime.site": "as this site decides",
        "set_by.script": "script",
        "set_by.server": "server",
        "set_by.site": "this site",
        "domain.host": "the host that set it",
        "domain.parent": "the host without www., and all below it",
        "domain.registrable": "the whole domain",
        "domain.site": "as this site decides",
        "cookies": "Cookies",
        "hosted": "Cookies on pages that the provider itself serves",
        "purposes": "When each part loads",
        "hosts": "Hosts that the browser contacts",
        "information": "Personal information collected (Cal. Civ. Code section 1798.140(v)(1))",
        "sharing": "Whether personal information is sold or shared",
        "name": "Name",
        "provider": "Provider",
        "part": "Part of",
        "category": "Category",
        "lifetime": "Lifetime",
        "set_by": "Set by",
        "domain": "Domain",
        "does": "What it does",
        "loads": "Loads",
        "host": "Host",
        "what": "What",
        "remark": "Remark",
        "decides": "What decides",
        "and": " and ",
        "or": " or ",
        "consent": "after {categories} consent",
        "no_consent": "without asking for consent",
        "opt-out": "unless {any_category} consent is refused",
        "per request": "after {categories} consent; where the law asks for an opt-out only, unless one is refused",
        "click": "or on the visitor's click",
        "click_before": "or on the visitor's click where nothing is refused",
        "regional": "or its twin in another region",
        "through": "{host} through {origin}",
        "inferred": "inferred from how the service works",
        "only_if": "only if {condition}",
        "cookies_note": (
            "The hosts below may set cookies of their own on their own domains. This site neither sees nor sets those."
        ),
        "information_note": (
            "A place that is derived from an IP address is approximate. What this site itself does with the "
            "information is not part of this table."
        ),
        "sharing_note": (
            "Only this site can answer whether it sells or shares personal information. If it does, it owes "
            "visitors a way to opt out (sections 1798.120 and 1798.135)."
        ),
        "policies": "The providers' own privacy policies:",
    }
}

#: The languages in which a notice can be written (BCP 47).
LANGUAGES = tuple(_WORDS)

_UNITS = (("year", 365 * 86_400), ("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))


@dataclass(frozen=True, slots=True)
class _Table:
    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str = ""


def _words(language: str) -> dict[str, str]:
    try:
        return _WORDS[language]
    except KeyError:
        allowed = ", ".join(LANGUAGES)
        raise PolicyError([("CM061", f"language is {language!r}; it must be one of {allowed}")]) from None


def _tables(told: Disclosure, words: dict[str, str]) -> Iterator[_Table]:
    """Every table of the notice that has a row."""
    columns = [words[key] for key in ("name", "provider", "part", "category", "lifetime", "set_by", "domain", "does")]
    for key, hosted in (("cookies", False), ("hosted", True)):
        rows = [_cookie_cells(row, words) for row in told.cookies if row.hosted is hosted]
        yield _Table(words[key], columns, rows, "" if hosted else words["cookies_note"])
    yield _Table(
        words["purposes"],
        [words["part"], words["loads"]],
        [(words[row.purpose], _when(row, told.regime, words)) for row in told.purposes],
    )
    yield _Table(
        words["hosts"],
        [words[key] for key in ("host", "provider", "part", "does")],
        [(_host(row, words), row.provider, words[row.purpose], row.does) for row in told.hosts],
    )
    yield _Table(
        words["information"],
        [words[key] for key in ("category", "what", "provider", "part", "remark")],
        [
            (f"({row.letter}) {row.category}", row.what, row.provider, words[row.purpose], _remark(row, words))
            for row in told.personal_information
        ],
        words["information_note"],
    )
    yield _Table(
        words["sharing"],
        [words[key] for key in ("provider", "part", "decides")],
        [(row.provider, words[row.purpose], row.decides) for row in told.sold_or_shared],
        words["sharing_note"],
    )


def _cookie_cells(row: CookieRow, words: dict[str, str]) -> Sequence[str]:
    return (
        f"{row.name}*" if row.prefix else row.name,
        row.provider or words["site"],
        words[row.purpose or "none"],
        ", ".join(row.categories),
        _lifetime(row, words),
        words[f"set_by.{row.set_by}"],
        words[f"domain.{row.domain}"],
        row.does,
    )


def _lifetime(row: CookieRow, words: dict[str, str]) -> str:
    if row.lifetime_seconds is None:
        return words["session" if row.lifetime == "session" else "lifetime.site"]
    unit, size = next((unit, size) for unit, size in _UNITS if row.lifetime_seconds % size == 0)
    count = row.lifetime_seconds // size
    return f"{count} {words[f'fixed.{unit}']}{words['plural'] if count != 1 else ''}"


def _when(row: PurposeRow, regime: str, words: dict[str, str]) -> str:
    if not row.requires:
        return words["no_consent"]
    every, one = (words[each].join(row.requires) for each in ("and", "or"))
    rule = words["consent" if regime == "opt-in" else regime].format(categories=every, any_category=one)
    if not row.click:
        return rule
    return f"{rule}, {words['click' if row.click_after_refusal else 'click_before']}"


def _host(row: HostRow, words: dict[str, str]) -> str:
    said = [row.host, words["regional"]] if row.regional else [row.host]
    return ", ".join([*said, *(words["through"].format(host=host, origin=origin) for host, origin in row.through)])


def _remark(row: InformationRow, words: dict[str, str]) -> str:
    said = [words["only_if"].format(condition=row.only_if)] if row.only_if else []
    return "; ".join([*said, *([words["inferred"]] if row.inferred else [])])


# Formats


def to_json(told: Disclosure) -> str:
    """The disclosure as JSON: the fields of `Disclosure` and its rows, and `schema`, the version of their names."""
    return json.dumps(
        {
            "schema": 1,
            **asdict(told),
            "hosts": [{**asdict(row), "through": dict(row.through)} for row in told.hosts],
            "privacy_policies": dict(told.privacy_policies),
        },
        indent=2,
    )


#: What Markdown would read as more than text, and the bar that parts the cells of a table.
_MARKDOWN = re.compile(r"[\\`*_\[\]<>|~&]")


def to_markdown(told: Disclosure, language: str = "en") -> str:
    """The notice's tables in Markdown (GitHub Flavored Markdown, section 4.10), each under its name in bold.

    Raises: PolicyError (CM061) for a language in which there are no words.
    """
    words = _words(language)
    blocks: list[str] = []
    for table in _tables(told, words):
        if table.rows:
            lines = [
                table.columns,
                ["---"] * len(table.columns),
                *([_markdown(cell) for cell in row] for row in table.rows),
            ]
            blocks += [f"**{_markdown(table.caption)}**", "\n".join(f"| {' | '.join(cells)} |" for cells in lines)]
            blocks += [_markdown(table.note)] if table.note else []
    if told.privacy_policies:
        listed = "\n".join(f"- {_markdown(name)}: {_markdown(url)}" for name, url in told.privacy_policies)
        blocks += [words["policies"], listed]
    return "\n\n".join(blocks) + "\n"


def _markdown(text: str) -> str:
    return _MARKDOWN.sub(r"\\\g<0>", " ".join(text.split()))


def to_html(told: Disclosure, language: str = "en") -> str:
    """The notice's tables as an HTML fragment: well-formed as XML too, and without any style.

    Raises: PolicyError (CM061) for a language in which there are no words.
    """
    words = _words(language)
    parts = [f'<section data-consent-disclosure="" lang="{language}">']
    for table in _tables(told, words):
        if table.rows:
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
    if told.privacy_policies:
        parts += [f"<p>{escape(words['policies'])}</p>", "<ul>"]
        parts += [f"<li>{escape(name)}: {_link(url)}</li>" for name, url in told.privacy_policies]
        parts += ["</ul>"]
    return "\n".join([*parts, "</section>"]) + "\n"


def _html_row(cells: Sequence[str]) -> str:
    first, *rest = map(escape, cells)
    return f'<tr><th scope="row">{first}</th>{"".join(f"<td>{cell}</td>" for cell in rest)}</tr>'


def _link(url: str) -> str:
    text = escape(url)
    return f'<a href="{text}">{text}</a>' if url.startswith("https://") else text
