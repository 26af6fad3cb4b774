"""The policy: an operator's settings, checked, and the decision that follows from them.

A policy compiles and caches nothing; each gateway makes an `engine.Engine` from it for that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Literal

from . import decision
from .checks import Globs, PolicyError
from .consent import Category, Consent, Regime
from .facade import Address, Texts
from .plan import Plan
from .purpose import Purpose
from .settings import check_settings, from_prefixed, help_text
from .sources import ConsentSource, Signals
from .vendor import Vendor
from .vendors import DEFAULT_VENDORS

__all__ = ["Policy", "PolicyError"]


class Policy:
    """The settings of a site: which tags wait for what, and what the button looks like and says.

    All settings are keywords, and all have defaults that protect the visitor. A policy never changes, and any number of
    gateways may share one.

    Raises:
        PolicyError: with every wrong setting, each with its number, what was given and what is allowed.
    """

    vendors: tuple[Vendor, ...]
    requires: Mapping[Purpose, frozenset[Category]]
    proxied: Mapping[str, str]
    loading_elements: frozenset[bytes]
    guard: Literal["always", "auto", "never"]
    on_long_tag: Literal["withhold", "pass"]
    limits: Mapping[str, int]
    regime: Regime | Callable[[Signals], Regime | str | None]
    vary: tuple[bytes, ...]
    mapping: Mapping[str, Mapping[str, frozenset[Category]]]
    cookie_names: Mapping[str, tuple[str, ...]]
    ignore: frozenset[str]
    gpc: str
    tcf_grants: bool
    max_age_days: float | None
    revisions: Mapping[str, str]
    sources: tuple[ConsentSource, ...]
    banner: str | None
    forward_consent: bool
    consent_cookie: str
    click_cookie: str
    click_after_refusal: bool
    chat_pages: Globs | None
    chat_when: Callable[[Signals], bool] | None
    chat_accounts: frozenset[str] | None
    contact_url: Address | Callable[[Signals], str | None]
    privacy_url: Address | Callable[[Signals], str | None]
    texts: Mapping[str, Texts]
    language: str | Callable[[Signals], str | None] | None
    path: str
    chat_cookies_after_visit: Literal["expire", "keep"]
    hide_cookies: bool
    cacheable: bool
    withdrawal: Literal["next-page", "at-once"]
    on_decision: Callable[[Plan], object] | None
    report_only: bool
    debug_header: bool

    def __init__(
        self,
        *,
        vendors: Iterable[Vendor | str] = DEFAULT_VENDORS,
        requires: Mapping[str, Iterable[Category | str]] | None = None,
        proxied: Mapping[str, str] | None = None,
        loading_elements: Iterable[str] = (),
        guard: Literal["always", "auto", "never"] = "always",
        on_long_tag: Literal["withhold", "pass"] = "withhold",
        limits: Mapping[str, int] | None = None,
        regime: Regime | str | Callable[[Signals], Regime | str | None] = "opt-in",
        vary: Iterable[str] = (),
        mapping: Mapping[str, object] | None = None,
        cookie_names: Mapping[str, str] | None = None,
        ignore: Iterable[str] = ("dnt",),
        gpc: Literal["always", "opt-out"] = "always",
        tcf_grants: bool = False,
        max_age_days: float | None = None,
        revisions: Mapping[str, str | int] | None = None,
        sources: Iterable[ConsentSource] = (),
        banner: str | None = None,
        forward_consent: bool = False,
        consent_cookie: str = "consent",
        click_cookie: str = "consent_chat",
        click_after_refusal: bool = True,
        chat_pages: Iterable[str] | None = None,
        chat_when: Callable[[Signals], bool] | None = None,
        chat_accounts: Iterable[str | int] | None = None,
        contact_url: Address | Callable[[Signals], str | None] = None,
        privacy_url: Address | Callable[[Signals], str | None] = None,
        texts: Texts | Mapping[str, object] | None = None,
        language: str | Callable[[Signals], str | None] = "auto",
        path: str = "/_consent",
        chat_cookies_after_visit: Literal["expire", "keep"] = "expire",
        hide_cookies: bool = False,
        cacheable: bool = False,
        withdrawal: Literal["next-page", "at-once"] = "next-page",
        on_decision: Callable[[Plan], object] | None = None,
        report_only: bool = False,
        debug_header: bool = False,
    ) -> None:
        given: dict[str, object] = dict(locals())
        del given["self"]
        vars(self).update(check_settings(given))
        self.requires = MappingProxyType({**_vendor_requirements(self.vendors), **self.requires})

    @classmethod
    def from_mapping(cls, settings: Mapping[str, object], prefix: str = "CONSENT_") -> Policy:
        """Return the policy that upper-case settings such as `CONSENT_CONTACT_URL` in Flask's `app.config` describe.

        Raises:
            PolicyError: also for a setting with the prefix and an unknown name (CM011).
        """
        return cls(**from_prefixed(settings, prefix))

    def decide(self, consent: Consent, *, clicked: bool = False, regime: Regime = Regime.OPT_IN) -> Plan:
        """Return the plan for a consent. A click in this visit counts for the chat only."""
        decisions = decision.decisions_for(self, consent, clicked=clicked, regime=regime, discarded=())
        return Plan(consent, clicked, decisions, regime, forwards=self.forward_consent)

    def plan_from_readings(
        self, readings: Sequence[Consent], *, clicked: bool = False, regime: Regime = Regime.OPT_IN, now: float = 0.0
    ) -> Plan:
        """Return the plan for readings under a regime, at a time in seconds since 1970."""
        return decision.plan_from_readings(self, readings, clicked=clicked, regime=regime, now=now)

    def chat_enabled_on(self, path: str) -> bool:
        """Return whether the site offers its chat on the page at `path`, below the app's mount."""
        return self.chat_pages is None or self.chat_pages.match(path)

    def chat_enabled_for(self, account: str) -> bool:
        """Return whether the site offers the chat of this account."""
        return self.chat_accounts is None or account in self.chat_accounts


Policy.__doc__ = (Policy.__doc__ or "").replace("    Raises:", f"    Args:\n{help_text()}\n\n    Raises:", 1)


def _vendor_requirements(vendors: Sequence[Vendor]) -> dict[Purpose, frozenset[Category]]:
    """Return the categories that each purpose requires unless the site says otherwise."""
    return {
        purpose: frozenset().union(*(vendor.requires.get(purpose, frozenset()) for vendor in vendors))
        for purpose in Purpose
    }
