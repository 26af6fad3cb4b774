"""What a privacy notice must say about a site with a certain policy: cookies, hosts, purposes, collected information.

Everything comes from the data by which tags and cookies are blocked, so the notice always agrees with the middleware.
It is a table of facts for the person who writes the notice. It is not legal advice and answers no question of law.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from .consent import OPTIONAL_CATEGORIES, UNKNOWN, Category, Consent, Regime, State
from .disclosed import ContactedHost
from .disclosure_formats import to_html, to_json, to_markdown
from .policy import Policy
from .purpose import Action, Purpose
from .rules import CookieDomain, CookieRule, CookieSetter, HostRule
from .vendor import Vendor

__all__ = [
    "Disclosure",
    "ListedCookie",
    "ListedHost",
    "LoadingTerms",
    "disclosure",
    "to_html",
    "to_json",
    "to_markdown",
]


@dataclass(frozen=True, slots=True)
class LoadingTerms:
    """When the tags of one purpose may load.

    Attributes:
        purpose: the purpose.
        requires: the categories of consent that it needs, sorted. Empty: it needs no consent.
        click: the visitor's click may take the place of consent.
        click_after_refusal: it may do so even after the visitor has refused.
    """

    purpose: Purpose
    requires: tuple[Category, ...]
    click: bool
    click_after_refusal: bool


@dataclass(frozen=True, slots=True)
class ListedCookie:
    """A cookie in the notice.

    Attributes:
        rule: the cookie.
        provider: the name of the vendor; empty for the site itself.
        categories: the categories that a visitor is shown.
        site_decides: the site itself sets the cookie, so it decides how, for how long and on which domain. The rule's
            `lifetime`, `set_by` and `domain` then mean nothing.
    """

    rule: CookieRule
    provider: str
    categories: tuple[Category, ...]
    site_decides: bool = False


@dataclass(frozen=True, slots=True)
class ListedHost:
    """A host in the notice.

    Attributes:
        contact: the host.
        provider: the name of the vendor.
        through: pairs of this host, or the same host of another region, and the origin of the site that serves it.
    """

    contact: ContactedHost
    provider: str
    through: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Disclosure:
    """Everything that a privacy notice can take from a policy, always in the same order.

    Attributes:
        regime: the policy's regime, or "per request" if a function decides.
        purposes: when the tags of each purpose may load.
        cookies: the site's own cookies and those of its vendors.
        hosts: the hosts that a visitor's browser contacts, first those that it contacts before any consent.
        vendors: the vendors. Their `disclosed` says what they collect, what decides whether it is sold or shared, which
            cookies are left out, and where their own privacy policies are.
    """

    regime: Literal["opt-in", "opt-out", "per request"]
    purposes: tuple[LoadingTerms, ...]
    cookies: tuple[ListedCookie, ...]
    hosts: tuple[ListedHost, ...]
    vendors: tuple[Vendor, ...]


def disclosure(policy: Policy) -> Disclosure:
    """Return what a privacy notice must say about a site with this policy. It uses no network, clock or file."""
    vendors = policy.vendors
    banners = [(vendor, vendor.banner) for vendor in vendors if vendor.banner and vendor.id == policy.banner]
    used = {rule.purpose for vendor in vendors for rule in vendor.cookie_rules}
    used |= {contact.purpose for vendor in vendors for contact in vendor.disclosed.contacts}
    used |= {purpose for vendor in vendors for purpose in vendor.host_purposes.values()}
    purposes = tuple(_loading_terms(policy, purpose) for purpose in Purpose if purpose in used)
    chat_by_click = any(terms.click for terms in purposes if terms.purpose is Purpose.CHAT)
    return Disclosure(
        regime=_regime_of(policy),
        purposes=purposes,
        cookies=(
            *_own_cookies(policy, chat_by_click=chat_by_click),
            *(_listed_cookie(policy, vendor, rule) for vendor in vendors for rule in vendor.cookie_rules),
        ),
        hosts=(
            *(_listed_host(policy, vendor, contact) for vendor, banner in banners for contact in banner.contacts),
            *(_listed_host(policy, vendor, contact) for vendor in vendors for contact in vendor.disclosed.contacts),
        ),
        vendors=vendors,
    )


def _regime_of(policy: Policy) -> Literal["opt-in", "opt-out", "per request"]:
    if not isinstance(policy.regime, Regime):
        return "per request"
    return "opt-out" if policy.regime is Regime.OPT_OUT else "opt-in"


def _loading_terms(policy: Policy, purpose: Purpose) -> LoadingTerms:
    # The policy itself is asked what it decides before any choice, and after every category is refused.
    regime = policy.regime if isinstance(policy.regime, Regime) else Regime.OPT_IN
    refused = Consent(dict.fromkeys(OPTIONAL_CATEGORIES, State.DENIED))
    before, after = (
        policy.decide(consent, regime=regime).decisions[purpose].action is Action.FACADE
        for consent in (UNKNOWN, refused)
    )
    return LoadingTerms(
        purpose=purpose,
        requires=tuple(sorted(policy.requires[purpose])),
        click=before or after,
        click_after_refusal=after,
    )


def _own_cookies(policy: Policy, *, chat_by_click: bool) -> Iterator[ListedCookie]:
    """Yield the cookies of the site itself: its record of consent, and the one that the facade's script sets."""
    consent = _own_cookie(
        policy.consent_cookie, "Stores the visitor's choice of categories, if this site stores the choice itself."
    )
    yield ListedCookie(consent, "", (consent.category,), site_decides=True)
    if chat_by_click:
        click = _own_cookie(policy.click_cookie, "Remembers for this visit that the visitor has clicked to chat.")
        yield ListedCookie(click, "", (click.category,))
        note = _own_cookie(
            "consentNote",
            "Not a cookie but an entry in the tab's session storage. Remembers that the visitor has closed the note "
            "beside the chat's button.",
        )
        yield ListedCookie(note, "", (note.category,))


def _own_cookie(name: str, description: str) -> CookieRule:
    return CookieRule(
        name=name,
        purpose=None,
        category=Category.NECESSARY,
        lifetime=None,
        domain=CookieDomain.HOST,
        set_by=CookieSetter.SCRIPT,
        description=description,
    )


def _listed_cookie(policy: Policy, vendor: Vendor, rule: CookieRule) -> ListedCookie:
    required = policy.requires[rule.purpose] if rule.purpose else frozenset()
    # A site may require other categories than the vendor's data says. Visitors are shown what the site requires.
    fits = not required or rule.category in required
    return ListedCookie(rule, vendor.name, (rule.category,) if fits else tuple(sorted(required)))


def _listed_host(policy: Policy, vendor: Vendor, contact: ContactedHost) -> ListedHost:
    label, _, domain = contact.host.partition(".")
    every_region = HostRule(label, domain)
    through = (
        (host, origin)
        for host, origin in sorted(policy.proxied.items())
        if host == contact.host or (contact.regional and every_region.region_of(host) is not None)
    )
    return ListedHost(contact, vendor.name, tuple(through))
