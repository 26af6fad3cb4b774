"""The objects that a gateway compiles from a policy and keeps between requests.

A gateway makes one `Engine` when it is built. It contains the search for vendors' tags, the facade's scripts, the
caches, the counted notices, and the fingerprint of everything that a rewritten page depends on.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache, partial
from hashlib import sha256
from time import time
from typing import Concatenate, NamedTuple, ParamSpec, TypeVar, cast
from urllib.parse import urlsplit

from .checks import checked_answer, checked_language, checked_link
from .consent import OPTIONAL_CATEGORIES, UNKNOWN, Consent, Regime
from .decision import consent_from_readings, decisions_for
from .facade import Facade
from .head_cache import HeadCache
from .headers import last_values
from .html.rewriter import TagSearch
from .notices import Notices, set_current_path
from .other_tools import TAG_MANAGER_DOMAINS, TAG_MANAGER_MARKERS, TAG_MANAGERS_FINGERPRINT
from .page_cache import RewriteCache
from .patterns import compile_host_search
from .plan import Decision, DiscardedState, Plan
from .plan_cache import PlanCache
from .policy import Policy
from .purpose import Action, Purpose
from .recordings import Recordings
from .rewrite_result import BlockedTag, RewriteResult
from .second_chance import SecondChanceStore
from .sources import SOURCES, Signals
from .sources.own import own_cookie
from .sources.reader import Reader, ids_for
from .urls import parse_url
from .vendor import Vendor
from .vendor_cookies import VendorCookies
from .version import __version__

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")

#: The elements that may load something by themselves, besides the custom elements.
_ELEMENTS = frozenset({b"script", b"link", b"img", b"iframe", b"base"})
#: Custom elements of AMP, and of a framework that makes scripts of them.
_LOADING_ELEMENTS = frozenset({b"amp-iframe", b"amp-img", b"amp-pixel", b"amp-script", b"phoenix-script"})
#: The words of an address that may contain a script (`data:…;base64,…`).
_IN_BASE64 = (b"base64", b"BASE64")

#: The signals that a browser sends by itself, whatever the site uses.
_SIGNALS = frozenset(platform.id for platform in SOURCES if platform.headers)
#: After how many pages whose loader waits it is likely that the site has no consent platform but the vendor's banner.
#: First visits have no cookie of any platform, so one page, or ten, prove nothing.
PAGES_WITHOUT_PLATFORM = 50

#: How many decisions are kept for visitors whose cookies differ and say the same.
MAX_DECISIONS = 256
#: A decision that names more letters, or more discarded states, than these is not kept: a visitor has written them.
_MAX_LETTERS = 1024
_MAX_DISCARDED = 32


class PageChoices(NamedTuple):
    """What a site's callables choose for the page of one request.

    Attributes:
        language: the language of the facade's words, or None for the page's own.
        links: the addresses of the facade's links that are chosen for each request, by name.
        offers_chat: whether the site offers its chat now.
    """

    language: str | None
    links: tuple[tuple[str, str | None], ...] = ()
    offers_chat: bool = True


class Engine:
    """The compiled policy of one gateway, and its caches. Any number of threads may use it.

    Attributes:
        policy: the settings.
        notices: the counted notices; `notices.counts` returns how often each was noted.
        facade: the button, its scripts and their markup.
        cookies: which of the vendors' cookies a plan blocks or ends.
        banner: the vendor's consent banner that is the site's consent platform, if one is.
        has_platform: whether a consent platform has been seen, in a setting, a cookie or a page. A vendor's own banner
            counts if the setting `banner` names it; a signal of the browser, such as `Sec-GPC`, never does.
        search: the search for tags that may be a vendor's.
        pages: the rewrite results of bodies that have come more than once.
        recordings: the recordings with which similar pages are rewritten.
        heads: decisions about heads of pages (`response_head`).
        page_vary: the request headers that a page depends on.
        language: the language of the facade's words, if the site sets one for every page.
        fixed_choices: what is chosen for every page, or None if the site's callables are asked for each.
        shared_page_plan: the plan for pages that are the same for every visitor: no consent given.
        fingerprint: changes with everything that a rewritten page depends on besides the plan, so that an entity tag
            made under one set of settings or rules never confirms a page made under another.
    """

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.notices = Notices()
        if policy.contact_url is None:
            self.notices.note(
                "no-contact-url", "no contact_url is set: if no chat can load, visitors get no link", of_page=False
            )
        if policy.report_only:
            self.notices.note(
                "report-only", "report_only is set: nothing waits, and what would is only noted", of_page=False
            )
        self.banner = next((vendor.banner for vendor in policy.vendors if vendor.id == policy.banner), None)
        self.has_platform = policy.banner is not None or policy.forward_consent or bool(policy.sources)
        banners = [(vendor, vendor.banner) for vendor in policy.vendors if vendor.banner is not None]
        #: What to do about a loader that comes with the vendor's own banner, by the loader's rule.
        self._loaders = {rule: banner_advice(vendor) for vendor, banner in banners for rule in banner.loaders}
        self._pages_without_platform = 0
        self._not_platforms = {*_SIGNALS, *(banner.source for _, banner in banners)}
        self.facade = Facade(
            vendors=policy.vendors,
            texts=policy.texts,
            contact_url=policy.contact_url,
            privacy_url=policy.privacy_url,
            cookie=policy.click_cookie,
            proxied=policy.proxied,
            banner=self.banner,
            forwards_consent=policy.forward_consent,
            brings_guard=policy.guard == "auto",
            chat_pages=policy.chat_pages.paths if policy.chat_pages else None,
            path=policy.path,
        )
        self.cookies = VendorCookies(
            policy.vendors, policy.requires, expire_chat=policy.chat_cookies_after_visit == "expire"
        )
        self.search = _tag_search(policy)
        store = SecondChanceStore(policy.limits["cache_bytes"])
        self.pages = RewriteCache[RewriteResult](store)
        self.recordings = Recordings(store)
        self._functions: dict[Hashable, Callable[..., object]] = {}
        self._hosts_by_origin = _hosts_by_origin(policy.proxied)
        self.language = policy.language if isinstance(policy.language, str) else None
        self._choose_language = policy.language if callable(policy.language) else None
        callables = (policy.language, policy.contact_url, policy.privacy_url, policy.chat_when)
        # A page that all visitors share cannot depend on the request.
        is_fixed = policy.cacheable or not any(map(callable, callables))
        self.fixed_choices = PageChoices(self.language) if is_fixed else None
        # What callables choose is no part of a key.
        self.heads = HeadCache(is_used=is_fixed)

        platforms = [platform for platform in SOURCES if platform.id not in policy.ignore]
        ids = {platform.id: ids_for(platform, policy.mapping) for platform in platforms}
        self._reader = Reader(platforms, ids, policy.cookie_names)
        self._own_cookie = own_cookie(policy.consent_cookie)
        #: The vendors with a chat, if there are several: then a click counts for one of them.
        self._chats = self.facade.chats
        self._click_cookie = policy.click_cookie.encode("ascii")
        self.page_vary: tuple[bytes, ...] = (
            b"Cookie",
            *(name for name in (b"Sec-GPC", b"DNT") if name.lower() in self._reader.headers),
            *policy.vary,
        )

        self._decisions: dict[Hashable, Mapping[Purpose, Decision]] = {}
        # A plan from a site's own source may depend on anything, and one with a choice's age depends on the time.
        self._keeps_plans = not policy.sources and policy.max_age_days is None
        self._plans = PlanCache(self._reader.headers)
        # Most requests say nothing about consent.
        self._plans_without_consent = {
            (clicked, regime): policy.decide(UNKNOWN, clicked=clicked, regime=regime)
            for clicked in (False, True)
            for regime in Regime
        }
        self.shared_page_plan = self._plans_without_consent[False, Regime.OPT_IN]
        self.fingerprint = _fingerprint(policy, self.facade, self.language)

    def plan(self, signals: Signals, names: Collection[bytes] | None = None) -> Plan:
        """Return the plan for one request.

        Args:
            signals: the request.
            names: the names of its header fields, in lower case, if they are known.
        """
        set_current_path(signals.path)
        regime = self.policy.regime
        if not isinstance(regime, Regime):
            regime = self._regime_of(regime, signals)
        if names is None:
            names = last_values(signals.headers)
        plan = self._kept_plan(signals, names, regime) if self._keeps_plans else self._plan(signals, regime)
        on_decision = self.policy.on_decision
        if on_decision is not None:
            try:
                on_decision(plan)
            except Exception as error:  # a log that fails must not end in an error page
                self.notices.note("on-decision-raised", f"on_decision raised {type(error).__name__}; the page went on")
        return plan

    def _kept_plan(self, signals: Signals, names: Collection[bytes], regime: Regime) -> Plan:
        """Return the plan for one request from those that are kept."""
        if not signals.cookies.raw and self._reader.headers.isdisjoint(names):
            # Such a request says nothing about consent.
            return self._plans_without_consent[False, regime]
        key = self._plans.key(regime, signals, names)
        plan = self._plans.get(key)
        if plan is None:
            plan = self._plan(signals, regime)
            self._plans.put(key, plan)
        return plan

    def _plan(self, signals: Signals, regime: Regime) -> Plan:
        """Return a new plan for one request."""
        plan = self._plan_with_clicks(signals, regime)
        ended = self.cookies.to_expire(plan, signals.cookies)
        return replace(plan, cookies_to_expire=tuple(ended)) if ended else plan

    def _plan_with_clicks(self, signals: Signals, regime: Regime) -> Plan:
        """Return the plan for a request, without the cookies to expire."""
        clicks = signals.cookies.all(self._click_cookie)
        opened = tuple(vendor for vendor in self._chats if vendor.encode("ascii") in clicks)
        if opened:
            plan = self._plan_for(signals, regime, clicked=False)
            waits = plan.decisions[Purpose.CHAT].action is Action.FACADE
            return replace(plan, clicked=True, opened=opened) if waits else plan
        return self._plan_for(signals, regime, clicked=b"1" in clicks)

    def _plan_for(self, signals: Signals, regime: Regime, *, clicked: bool) -> Plan:
        """Return the plan for a request by a visitor who has, or has not, clicked for every chat."""
        readings = self.read(signals)
        if not readings:
            return self._plans_without_consent[clicked, regime]
        now = time() if self.policy.max_age_days is not None else 0.0
        consent, discarded = consent_from_readings(self.policy, readings, regime, now)
        decisions = self._decisions_for(consent, clicked, regime, discarded)
        self.has_platform |= any(reading.source not in self._not_platforms for reading in readings)
        return Plan(consent, clicked, decisions, regime, tuple(readings), self.policy.forward_consent)

    def _decisions_for(
        self, consent: Consent, clicked: bool, regime: Regime, discarded: Sequence[DiscardedState]
    ) -> Mapping[Purpose, Decision]:
        """Return the decisions for a consent, kept under everything that they are made from."""
        states, bases, basis, attribution = consent.states, consent.bases, consent.basis, consent.attribution
        said = [(states.get(each), bases.get(each, basis), attribution(each)) for each in OPTIONAL_CATEGORIES]
        key = (clicked, regime, *said, *discarded)
        decisions = self._decisions.get(key)
        if decisions is None:
            decisions = decisions_for(self.policy, consent, clicked=clicked, regime=regime, discarded=discarded)
            letters = sum(len(origin) for _, _, origin in said)
            letters += sum(len(each.source + each.cookie) for each in discarded)
            if letters <= _MAX_LETTERS and len(discarded) <= _MAX_DISCARDED:
                if len(self._decisions) >= MAX_DECISIONS:
                    self._decisions.clear()
                self._decisions[key] = decisions
        return decisions

    def read(self, signals: Signals) -> list[Consent]:
        """Return the readings of every source. A source that raises is noted and left out."""
        readings: list[Consent] = [*self._own_cookie(signals), *self._reader.read(signals, self._note_source)]
        for source in self.policy.sources:
            try:
                found = list(source(signals))
                if not all(isinstance(reading, Consent) for reading in found):
                    raise TypeError
                readings += found
            except Exception as error:  # a site's own source must not end in an error page
                self._note_source("a consent source", error)
        return readings

    def unread_cookies(self, signals: Signals, readings: Sequence[Consent]) -> list[tuple[str, str]]:
        """Return the consent cookies of a request from which nothing was read, each with whose it may be.

        Args:
            signals: the request.
            readings: what was read of it.
        """
        name = self.policy.consent_cookie
        is_unread = name.encode("ascii") in signals.cookies and all(reading.cookie != name for reading in readings)
        own = [(name, "the site itself")] if is_unread else []
        return [
            *own,
            *(each for each in self._reader.unread_cookies(signals.cookies.pairs, readings) if each[0] != name),
        ]

    def loader_among(self, blocked: Iterable[BlockedTag]) -> str | None:
        """Return the first of these rules that is of a loader with the vendor's banner, or None."""
        return next((tag.rule for tag in blocked if tag.rule in self._loaders), None)

    def note_loader(self, rule: str) -> None:
        """Note a page whose loader waits with the vendor's banner, if no consent platform has been seen.

        Args:
            rule: what `loader_among` returns for the page's blocked tags.
        """
        if self.has_platform:
            return
        # Threads may lose a page here, which does not matter.
        self._pages_without_platform += 1
        if self._pages_without_platform >= PAGES_WITHOUT_PLATFORM:
            self.notices.note(
                "banner-waits",
                f"{PAGES_WITHOUT_PLATFORM} pages had a tag that waits for consent, and no cookie or script of a "
                f"consent platform was seen. {self._loaders[rule]}",
                of_page=False,
            )

    def _note_source(self, source: str, error: Exception) -> None:
        self.notices.note("source-raised", f"{source} raised {type(error).__name__} and was left out")

    def _regime_of(self, choose: Callable[[Signals], Regime | str | None], signals: Signals) -> Regime:
        try:
            said = choose(signals)
            return Regime.OPT_IN if said is None else Regime(said)
        except Exception as error:  # a site's own callable must not end in an error page
            self.notices.note(
                "regime-raised", f"the regime callable ended in {type(error).__name__}; opt-in applies to such requests"
            )
            return Regime.OPT_IN

    def language_of(self, signals: Signals) -> str | None:
        """Return the language that the site chooses for the facade's words on this request, or None for the page's."""
        if self._choose_language is None:
            return self.language
        try:
            return checked_language(self._choose_language(signals))
        except Exception as error:  # a site's own callable must not end in an error page
            self.notices.note(
                "language-raised", f"the language callable ended in {type(error).__name__}; the page's language applies"
            )
            return None

    def choices(self, signals: Signals) -> PageChoices:
        """Return what the site's callables choose for the page of one request, if `fixed_choices` is None."""
        settings = {"contact": self.policy.contact_url, "privacy": self.policy.privacy_url}
        links = tuple((name, self._link(name, each, signals)) for name, each in settings.items() if callable(each))
        return PageChoices(self.language_of(signals), links, self._offers_chat(signals))

    def _link(self, name: str, choose: Callable[[Signals], str | None], signals: Signals) -> str | None:
        try:
            return checked_link(choose(signals))
        except Exception as error:  # a site's own callable must not end in an error page
            self.notices.note(
                f"{name}-url-raised",
                f"the {name}_url callable ended in {type(error).__name__}; such pages have no such link",
            )
            return None

    def _offers_chat(self, signals: Signals) -> bool:
        if self.policy.chat_when is None:
            return True
        try:
            return checked_answer(self.policy.chat_when(signals))
        except Exception as error:  # a site's own callable must not end in an error page
            self.notices.note(
                "chat-when-raised", f"the chat_when callable ended in {type(error).__name__}; such pages have no button"
            )
            return False

    def hosts_proxied_by(self, host: str, port: int | None) -> Sequence[str]:
        """Return the vendors' hosts that an origin of the site's own serves. A default port may be left out."""
        return self._hosts_by_origin.get((host.strip("[]"), None if port in {80, 443} else port), ())

    def proxied_origin(self, host: str) -> str:
        """Return the origin that serves a vendor's host on this site."""
        return self.policy.proxied.get(host, f"https://{host}")

    def is_vendor_url(self, address: str) -> bool:
        """Return whether an address is on a vendor's host, or on an origin of the site's own that serves one."""
        url = parse_url(address)
        if url is None or url.scheme not in {"http", "https"}:
            return False
        return bool(self.hosts_proxied_by(url.host, url.port)) or any(
            vendor.host_purpose(url.host) is not None
            or any(host.region_of(url.host) is not None for rule in vendor.tag_rules for host in rule.hosts)
            for vendor in self.policy.vendors
        )

    def cached(
        self, function: Callable[Concatenate[Engine, Arguments], Result], size: int
    ) -> Callable[Arguments, Result]:
        """Return `function` for this engine, with a cache of its last `size` results that is freed with the engine."""
        made = self._functions.get(function)
        if made is None:
            made = self._functions.setdefault(function, lru_cache(size)(partial(function, self)))
        return cast("Callable[Arguments, Result]", made)


def banner_advice(vendor: Vendor) -> str:
    """Return what to do if a vendor's own banner is the site's consent platform."""
    return (
        f"If {vendor.name}'s own banner is the site's consent platform, it waits with its loader and nobody is asked: "
        f"set banner={vendor.id!r}"
    )


def _tag_search(policy: Policy) -> TagSearch:
    """Return the search for tags that may be a vendor's: by hosts, or by words in scripts. Other tags are skipped."""
    managers = TAG_MANAGER_DOMAINS if policy.guard == "auto" else ()
    markers = {marker.encode("ascii") for vendor in policy.vendors for marker in vendor.tag_markers}
    if managers:
        markers |= {*TAG_MANAGER_MARKERS, b"data-guard"}
    return TagSearch(
        compile_host_search(
            (*managers, *(domain for vendor in policy.vendors for domain in vendor.domains)),
            (urlsplit(origin).hostname or "" for origin in policy.proxied.values()),
        ),
        _ELEMENTS | _LOADING_ELEMENTS | policy.loading_elements,
        script_words=(*sorted(markers), *_IN_BASE64),
        text_needles=compile_host_search(
            (*managers, *(domain for vendor in policy.vendors for domain in vendor.script_domains)),
            (marker for vendor in policy.vendors for marker in vendor.script_markers),
        ),
    )


def _hosts_by_origin(proxied: Mapping[str, str]) -> dict[tuple[str, int | None], list[str]]:
    found: dict[tuple[str, int | None], list[str]] = {}
    for host, origin in proxied.items():
        parts = urlsplit(origin)
        port = None if parts.port in {80, 443} else parts.port
        found.setdefault((parts.hostname or "", port), []).append(host)
    return found


def _fingerprint(policy: Policy, facade: Facade, language: str | None) -> str:
    # A set has no order of its own, and the fingerprint is the same in every process of a site.
    required = [(purpose, sorted(categories)) for purpose, categories in policy.requires.items()]
    shown = (
        policy.guard,
        policy.withdrawal,
        sorted(_LOADING_ELEMENTS | policy.loading_elements),
        policy.chat_pages and policy.chat_pages.paths,
        sorted(policy.chat_accounts or ()),
    )
    rules = (__version__, TAG_MANAGERS_FINGERPRINT, *(vendor.fingerprint for vendor in policy.vendors))
    settings = (required, shown, policy.path, sorted(policy.proxied.items()), facade.fingerprint, language)
    return sha256(repr((rules, settings)).encode()).hexdigest()[:8]
