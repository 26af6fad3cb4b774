"""The policy: an operator's settings, checked, and the decision that follows from them.

A policy compiles and caches nothing; each gateway makes an `engine.Engine` from it for that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from inspect import Parameter, Signature
from types import MappingProxyType
from typing import Any, Literal, TypedDict, Unpack

from . import decision
from .checks import Globs, PolicyError
from .consent import Category, Consent, Regime
from .environment import settings_from_environ
from .facade import Address, Texts
from .plan import Plan
from .purpose import Purpose
from .settings import SETTINGS, check_settings, from_prefixed, help_text
from .sources import ConsentSource, Signals
from .vendor import Vendor

__all__ = ["Policy", "PolicyError", "PolicySettings"]


class PolicySettings(TypedDict, total=False):
    """The keywords of `Policy`, which every gateway takes too; for type checkers.

    `Policy` says what each means.
    """

    vendors: Iterable[Vendor | str]
    requires: Mapping[str, Iterable[Category | str]] | None
    proxied: Mapping[str, str] | None
    loading_elements: Iterable[str]
    guard: Literal["always", "auto", "never"]
    on_long_tag: Literal["withhold", "pass"]
    limits: Mapping[str, int] | None
    regime: Regime | str | Callable[[Signals], Regime | str | None]
    vary: Iterable[str]
    mapping: Mapping[str, object] | None
    cookie_names: Mapping[str, str] | None
    ignore: Iterable[str]
    gpc: Literal["always", "opt-out"]
    tcf_grants: bool
    max_age_days: float | None
    revisions: Mapping[str, str | int] | None
    sources: Iterable[ConsentSource]
    banner: str | None
    forward_consent: bool
    consent_cookie: str
    click_cookie: str
    click_after_refusal: bool
    chat_pages: Iterable[str] | None
    chat_when: Callable[[Signals], bool] | None
    chat_accounts: Iterable[str | int] | None
    contact_url: Address | Callable[[Signals], str | None]
    privacy_url: Address | Callable[[Signals], str | None]
    texts: Texts | Mapping[str, object] | None
    language: str | Callable[[Signals], str | None]
    path: str
    chat_cookies_after_visit: Literal["expire", "keep"]
    hide_cookies: bool
    cacheable: bool
    withdrawal: Literal["next-page", "at-once"]
    on_decision: Callable[[Plan], object] | None
    report_only: bool
    debug_header: bool


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

    def __init__(self, **settings: Unpack[PolicySettings]) -> None:
        vars(self).update(check_settings(settings))
        self.requires = MappingProxyType({**_vendor_requirements(self.vendors), **self.requires})

    @classmethod
    def from_mapping(cls, settings: Mapping[str, Any], prefix: str = "CONSENT_") -> Policy:
        """Return the policy that upper-case settings such as `CONSENT_CONTACT_URL` in Flask's `app.config` describe.

        Other names with the prefix are the site's own, unless one is so similar to a setting's that it is a mistake.

        Args:
            settings: the settings, under the prefix and the name of each in upper case.
            prefix: the prefix.

        Raises:
            PolicyError: for wrong settings, and for a name that is similar to a setting's (CM011).
        """
        return cls(**from_prefixed(settings, prefix))

    @classmethod
    def from_environ(
        cls, environ: Mapping[str, str] | None = None, prefix: str = "CONSENT_", **settings: Unpack[PolicySettings]
    ) -> Policy:
        """Return the policy that environment variables such as `CONSENT_CONTACT_URL` describe.

        A list is written with commas or in JSON, a mapping in JSON, and a truth value as `true` or `false`. An empty
        variable counts as not set. Other names with the prefix are left alone, as in `from_mapping`.

        Args:
            environ: the variables; `os.environ` if it is None.
            prefix: the prefix.
            settings: further settings, for example callables.

        Raises:
            PolicyError: for wrong settings, for a name that is similar to a setting's (CM011), for a setting that is
                given here and in the environment (CM012), for a variable that cannot be read (CM085), and for a
                setting that has to be given in code (CM086).
        """
        return cls(**settings_from_environ(environ, prefix, settings))

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


def _signature() -> Signature:
    """Return the signature that `help` shows: every setting with its default."""
    kinds = PolicySettings.__annotations__
    settings = [
        Parameter(name, Parameter.KEYWORD_ONLY, default=setting.default, annotation=kinds[name].__forward_arg__)
        for name, setting in SETTINGS.items()
    ]
    this = Parameter("self", Parameter.POSITIONAL_OR_KEYWORD)
    return Signature([this, *settings], return_annotation="None")


Policy.__init__.__signature__ = _signature()  # type: ignore[attr-defined]
Policy.__doc__ = (Policy.__doc__ or "").replace("    Raises:", f"    Args:\n{help_text()}\n\n    Raises:", 1)


def _vendor_requirements(vendors: Sequence[Vendor]) -> dict[Purpose, frozenset[Category]]:
    """Return the categories that each purpose requires unless the site says otherwise."""
    return {
        purpose: frozenset().union(*(vendor.requires.get(purpose, frozenset()) for vendor in vendors))
        for purpose in Purpose
    }
