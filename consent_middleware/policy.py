"""The operator's settings, checked when they are built, and the decision they lead to: `Policy` and `Plan`.

Knows: consent, purposes, and which categories each purpose requires.
Must not know: HTML, header syntax, gateways, what a vendor's tag looks like.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, reduce
from hashlib import blake2b, sha256
from itertools import combinations
from operator import or_
from secrets import token_bytes
from types import MappingProxyType
from typing import Any, Literal, cast
from urllib.parse import urlsplit

from .checks import MAX_HOLD, PAGE_MEMORY, Checks, PolicyError, checked_language
from .clock import now as system_time
from .consent import OPTIONAL_CATEGORIES, UNKNOWN, Basis, Category, Consent, Regime, State, merge
from .cookies import CookieNames, Cookies
from .facade import Facade, Texts
from .notices import Notices
from .other_tools import TAG_MANAGER_DOMAINS as MANAGER_DOMAINS
from .other_tools import TAG_MANAGER_MARKERS as MANAGER_WORDS
from .other_tools import TAG_MANAGERS_FINGERPRINT as MANAGERS
from .page_cache import RewriteCache
from .rules import Action, Purpose, Vendor, compile_host_search
from .sources import SOURCES, ConsentSource, Signals
from .sources.own import own_cookie
from .sources.reader import UNREAD, Reader, ids_for
from .urls import parse_url
from .vendors import VENDORS
from .version import __version__

__all__ = ["MAX_HOLD", "Decision", "DiscardedState", "Plan", "Policy", "PolicyError"]

#: How many decisions and plans are kept, to be given again where everything that they depend on is the same. They hold
#: states, dates and the names of platforms and cookies, never a cookie's value.
_KEPT_DECISIONS = 256
_KEPT_PLANS = 1024
#: How many bytes all plans that are kept may hold, and one of them: a visitor writes the cookies that they are read
#: from. A plan of a few readings, as sites have them, holds two or three kilobytes.
_PLANS_ROOM = 1 << 22
_PLAN_MOST = 1 << 13


#: How many letters the names in a decision that is kept may have, and how many doubts it may hold.
_TOLD = 1024
_DOUBTED = 32


@dataclass(frozen=True, slots=True)
class Decision:
    """What happens to the tags of one purpose, and why, in sentences for the person who asks.

    `rules` are the stable names of what the reasons say, for logs that are counted.
    """

    purpose: Purpose
    action: Action
    reasons: tuple[str, ...]
    rules: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DiscardedState:
    """What one reading says of one category and yet does not count, and the rule that says so."""

    category: Category
    rule: str
    source: str
    cookie: str


_NAMED = (Purpose.CHAT, Purpose.TRACKING, Purpose.EMBEDS)
_SHORT = {Action.ALLOW: "1", Action.FACADE: "0", Action.BLOCK: "-"}


@dataclass(frozen=True, slots=True)
class Plan:
    """The compiled decision for one request. A value: it is settled before the app is called and never changes.

    `consent` is what counts under the policy and its regime; `readings` are what the request's cookies and signals say,
    each by itself, before any rule. Neither holds a cookie's value or a visitor's id.
    """

    consent: Consent
    clicked: bool
    decisions: Mapping[Purpose, Decision]
    regime: Regime = Regime.OPT_IN
    readings: tuple[Consent, ...] = ()
    #: A short name of what this plan lets through. Two plans with one variant give the same bytes.
    variant: str = field(init=False, repr=False, compare=False)
    #: False when every purpose is allowed: bodies then pass through untouched.
    touches_html: bool = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Name what every response asks for."""
        chat, tracking, embeds = (self.decisions[purpose].action for purpose in _NAMED)
        object.__setattr__(self, "variant", f"c{_SHORT[chat]}t{int(tracking is Action.ALLOW)}e{_SHORT[embeds]}")
        object.__setattr__(self, "touches_html", {chat, tracking, embeds} != {Action.ALLOW})

    def allows(self, purpose: Purpose) -> bool:
        """True when everything that serves `purpose` may load."""
        return self.decisions[purpose].action is Action.ALLOW

    @property
    def merged(self) -> Consent:
        """All readings as one: denied over granted over unknown, before the regime and every other rule."""
        return merge(self.readings)

    def record(self) -> dict[str, Any]:
        """The decision for a site's log, as JSON can hold it: who says what, on what basis and since when.

        It names platforms and cookies and holds the stamp of the choice (seconds since 1970, UTC) where the platform
        tells one; it never holds a value or an id.
        """
        return {
            "regime": self.regime,
            "clicked": self.clicked,
            "readings": [
                {
                    "source": reading.source,
                    "cookie": reading.cookie,
                    "basis": reading.basis,
                    "stamp": reading.chosen_at,
                    "states": {category: reading.state(category) for category in OPTIONAL_CATEGORIES},
                }
                for reading in self.readings
            ],
            "consent": {category: self.consent.state(category) for category in Category},
            "plan": {
                purpose: {
                    "action": decision.action,
                    "rules": list(decision.rules),
                    "reasons": list(decision.reasons),
                }
                for purpose, decision in self.decisions.items()
            },
        }


#: What a plan holds in bytes, about: by itself, for each reading, and for each letter of what it says in words. A state
#: is one of few objects that all share.
_OF_PLAN = 2048
_OF_READING = 768
_OF_LETTER = 2


def _weight(plan: Plan) -> int:
    """How many bytes a plan holds, about, and rather too many."""
    said = sum(len(reading.source + reading.cookie + reading.revision) for reading in (*plan.readings, plan.consent))
    said += sum(map(len, plan.consent.attributions.values()))
    said += sum(len(reason) for decision in plan.decisions.values() for reason in decision.reasons)
    return _OF_PLAN + _OF_READING * len(plan.readings) + _OF_LETTER * said


class _Plans(dict[tuple[Regime, bytes], Plan]):
    """Plans by what they were read from: at most `_KEPT_PLANS`, and no more than their room. Full, it begins anew."""

    def __init__(self) -> None:
        super().__init__()
        self._left = _PLANS_ROOM

    def clear(self) -> None:
        """Forget every plan."""
        super().clear()
        self._left = _PLANS_ROOM

    def keep(self, key: tuple[Regime, bytes], plan: Plan) -> None:
        """Keep a plan, unless it alone takes more than its share."""
        weight = _weight(plan)
        if weight > _PLAN_MOST:
            return
        if len(self) >= _KEPT_PLANS or weight > self._left:
            self.clear()
        self._left -= weight
        self[key] = plan


class Policy:
    """What may load when, and how the facade looks and speaks. Built once, shared by every request, never changed.

    All settings are keywords and all have defaults that protect the visitor.

    Args:
        contact_url: another way to make contact, as a path or an http(s) or mailto URL. It is a plain link for visitors
            without JavaScript and the way out when the chat cannot be reached. None: text only.
        chat: the categories that let the chat load without a click.
        tracking: the categories that let the full tracking code load. It brings the chat with it.
        embeds: the categories that let embeds load by themselves: forms, meetings, calls to action, video.
        embeds_click: whether a placeholder with a button stands in for embeds that wait. False: they wait unseen.
        chat_pages: the pages on which the site offers its chat, as paths below the app's own mount with ``*`` for any
            characters: ``["/", "/support/*"]``. Elsewhere no facade stands in. None: on all.
        chat_accounts: the vendor's accounts that have a chat, for example HubSpot portals: ``["12345"]``. A tag that
            names another one brings no facade. None: all.
        elements: further custom elements of the site's own that load what their ``src`` names: ``["lazy-script"]``.
        consent_cookie: the name of the project's own consent cookie.
        click_cookie: the name of the cookie that remembers the visitor's click for this visit. Over TLS, a name with
            ``__Host-`` before it is one that no sibling host can set.
        path: where the middleware answers itself, below the app's own mount.
        proxied: for sites that serve a vendor's host through an origin of their own:
            ``{"js.hs-scripts.com": "https://hs.example.com"}``. The origin is recognised as that host, and the chat is
            loaded from there.
        texts: the facade's words, as `Texts` or as a mapping of its fields, all in `language`; or such by language,
            ``{"de": {"button": "Frag uns"}}``, each beside the built-in words of that language.
        language: the language of the words (BCP 47): "auto" follows the page's `<html lang>`; a callable takes the
            request's `Signals` and returns a language, or None for the page's.
        privacy_url: the privacy page, as a path or an http(s) URL. It is linked from the sentence that says what a
            click does.
        position: where the facade stands: "right", at the end of the line, or "left", at its beginning.
        guard: which pages get a small script that holds the tags which other scripts insert: "always" every page that
            runs a script, "auto" one with a tag manager of the usual ones, "never" none.
        on_bail_out: what becomes of a tag that is longer than `max_hold` and may be a vendor's: "withhold" (it loses
            its attributes and loads nothing) or "pass" (it goes through as it is). Either is logged and counted.
        max_hold: how many bytes of one unfinished tag are kept while a page streams.
        page_memory: how many bytes each process may keep of pages that came more than once, so that the same bytes are
            not read again. 0: none.
        sources: further consent sources of the site's own, asked beside the built-in ones.
        mapping: what the site's own ids mean, for platforms whose categories the site has made up:
            ``{"statistics-cookies": "analytics"}`` for all of them, or by platform,
            ``{"klaro": {"matomo": "analytics", "crm": ["analytics", "marketing"]}}``. Unmapped ids stay unknown.
        cookie_names: other names of platforms' cookies, where the site has chosen them: ``{"klaro": "our-klaro"}``.
        ignore: platforms and signals that are not read, by name: ``["gpp", "us-privacy"]``.
        regime: "opt-in" (unknown is not consent), "opt-out" (what is not refused is allowed), or a callable that takes
            the request's `Signals` and returns one of them; what it returns besides, and where it raises, is opt-in.
        vary: the request headers that the callable reads, for caches: ``["CF-IPCountry"]``.
        gpc: where `Sec-GPC: 1` refuses marketing: "always", under "opt-out" only, or "never".
        dnt: whether `DNT: 1` refuses analytics and marketing.
        tcf_grants: whether a TC string's purposes may grant; otherwise it only denies.
        max_age_days: after how many days a choice whose platform tells its date is unknown. None: never. A refusal
            does not grow old under opt-out.
        revisions: the current version of the site's policy by platform, ``{"orestbida": "3"}``. A choice made under
            another one is unknown, save a refusal under opt-out.
        click_after_refusal: whether the visitor's click loads the chat although consent to it is refused. False: no
            button stands in either.
        on_decision: called with every request's `Plan`, for a log. What it raises is noted, and never breaks a
            response.
        leftovers: what becomes of the chat's cookies that a browser still holds where chat is neither allowed nor
            clicked for: "expire" (they end with the visit that the click began) or "keep". Tracking cookies end by an
            explicit refusal only.
        hide_cookies: whether the vendors' cookies are hidden from the app until they are allowed, so that code on the
            server cannot pass them on.
        cacheable: whether every visitor gets the same page, which asks for the visitor's decision in the browser. The
            site's shared caches then stay of use; without JavaScript nothing that was held is released.
        withdrawal: when a withdrawal is heeded on a page whose tags were all allowed: "next-page" leaves such a page as
            the site wrote it, byte for byte; "at-once" adds the script that notices, and ends what runs.
        clock: gives the time in seconds since 1970 (UTC); the system's without it. Only `max_age_days` asks.
        vendors: the vendors whose tags and cookies wait, by id or as `Vendor`: ``["hubspot", "intercom"]``.

    Raises:
        PolicyError: with every wrong setting, each with its number, what was given and what is allowed.
    """

    def __init__(
        self,
        *,
        contact_url: str | None = None,
        chat: Iterable[Category | str] | None = None,
        tracking: Iterable[Category | str] | None = None,
        embeds: Iterable[Category | str] | None = None,
        embeds_click: bool = True,
        chat_pages: Iterable[str] | None = None,
        chat_accounts: Iterable[str | int] | None = None,
        elements: Iterable[str] = (),
        consent_cookie: str = "consent",
        click_cookie: str = "consent_chat",
        path: str = "/_consent",
        proxied: Mapping[str, str] | None = None,
        texts: Texts | Mapping[str, Any] | None = None,
        language: str | Callable[[Signals], str | None] = "auto",
        privacy_url: str | None = None,
        position: Literal["right", "left"] = "right",
        guard: Literal["always", "auto", "never"] = "always",
        on_bail_out: Literal["withhold", "pass"] = "withhold",
        max_hold: int = MAX_HOLD,
        page_memory: int = PAGE_MEMORY,
        sources: Iterable[ConsentSource] = (),
        mapping: Mapping[str, Any] | None = None,
        cookie_names: Mapping[str, str] | None = None,
        ignore: Iterable[str] = (),
        regime: Regime | str | Callable[[Signals], Regime | str | None] = Regime.OPT_IN,
        vary: Iterable[str] = (),
        gpc: Literal["always", "opt-out", "never"] = "always",
        dnt: bool = False,
        tcf_grants: bool = False,
        max_age_days: float | None = None,
        revisions: Mapping[str, str | int] | None = None,
        click_after_refusal: bool = True,
        on_decision: Callable[[Plan], object] | None = None,
        leftovers: Literal["expire", "keep"] = "expire",
        hide_cookies: bool = False,
        cacheable: bool = False,
        withdrawal: Literal["next-page", "at-once"] = "next-page",
        clock: Callable[[], float] | None = None,
        vendors: Iterable[Vendor | str] = VENDORS,
    ) -> None:
        checks = Checks()
        self.vendors = checks.vendors("CM060", "vendors", vendors)
        self.requires: Mapping[Purpose, frozenset[Category]] = MappingProxyType(
            {
                Purpose.CHAT: checks.categories("CM001", "chat", chat, self._default(Purpose.CHAT)),
                Purpose.TRACKING: checks.categories("CM002", "tracking", tracking, self._default(Purpose.TRACKING)),
                Purpose.EMBEDS: checks.categories("CM030", "embeds", embeds, self._default(Purpose.EMBEDS)),
            }
        )
        self.embeds_click = checks.flag("CM031", "embeds_click", embeds_click)
        self._chat_pages = checks.pages("CM032", "chat_pages", chat_pages)
        self._chat_accounts = checks.accounts("CM033", "chat_accounts", chat_accounts)
        #: Custom elements that load what their `src` names.
        self.own_elements = checks.elements("CM034", "elements", elements)
        self.loading_elements = _LOADING_ELEMENTS | self.own_elements
        self.consent_cookie = checks.cookie_name("CM003", "consent_cookie", consent_cookie)
        self.click_cookie = checks.cookie_name("CM004", "click_cookie", click_cookie)
        checks.different("CM005", "click_cookie", self.click_cookie, "consent_cookie", self.consent_cookie)
        self.path = checks.path("CM006", "path", path)
        self.proxied = checks.origins("CM007", "proxied", proxied)
        contact_url = checks.link("CM008", "contact_url", contact_url)
        self.sources = checks.sources("CM010", "sources", sources)
        self.on_bail_out = checks.bail_out("CM015", "on_bail_out", on_bail_out)
        self.max_hold = checks.size("CM016", "max_hold", max_hold)
        #: What became of pages that come again.
        self.pages: RewriteCache[Any] = RewriteCache(checks.room("CM055", "page_memory", page_memory))
        said_language = checks.language("CM014", "language", language)
        #: The language of the facade's words where one is set for every page; None: the page's own.
        self.language = said_language if isinstance(said_language, str) else None
        self._language_of = None if isinstance(said_language, str) else said_language
        facade_texts = checks.texts("CM009", "texts", texts, self.language)
        self.guard = checks.one_of("CM040", "guard", guard, ("auto", "always", "never"))
        privacy_url = checks.link("CM041", "privacy_url", privacy_url)
        position = cast("Literal['right', 'left']", checks.one_of("CM042", "position", position, ("right", "left")))
        meanings = checks.mapping("CM017", "mapping", mapping)
        names = checks.cookie_names("CM018", "cookie_names", cookie_names)
        ignored = checks.platforms("CM019", "ignore", ignore)
        self.regime = checks.regime("CM020", "regime", regime)
        self.gpc = checks.one_of("CM021", "gpc", gpc, ("always", "opt-out", "never"))
        self.dnt = checks.flag("CM022", "dnt", dnt)
        self.tcf_grants = checks.flag("CM023", "tcf_grants", tcf_grants)
        self.max_age_days = checks.days("CM024", "max_age_days", max_age_days)
        self.revisions = checks.revisions("CM025", "revisions", revisions)
        self.click_after_refusal = checks.flag("CM026", "click_after_refusal", click_after_refusal)
        self.on_decision = checks.callable("CM027", "on_decision", on_decision)
        self._clock: Callable[[], float] = checks.callable("CM028", "clock", clock) or system_time
        varies = checks.header_names("CM029", "vary", vary)
        self.leftovers = checks.one_of("CM050", "leftovers", leftovers, ("expire", "keep"))
        self.hide_cookies = checks.flag("CM051", "hide_cookies", hide_cookies)
        self.cacheable = checks.flag("CM052", "cacheable", cacheable)
        self.withdrawal = checks.one_of("CM054", "withdrawal", withdrawal, ("next-page", "at-once"))
        checks.not_both(
            "CM053",
            "cacheable=True and click_after_refusal=False",
            self.cacheable and not self.click_after_refusal,
            "a page that is the same for every visitor has the same button for those who have refused",
        )
        checks.raise_problems()
        self.facade = Facade(
            vendors=self.vendors,
            texts=facade_texts,
            contact_url=contact_url,
            privacy_url=privacy_url,
            cookie=self.click_cookie,
            position=position,
            proxied=self.proxied,
        )
        self.notices = Notices()
        if contact_url is None:
            self.notices.note("no-contact-url", "no contact_url is set: where no chat can load, visitors get no link")
        left_out = ignored | ({"gpc"} if self.gpc == "never" else set()) | (set() if self.dnt else {"dnt"})
        platforms = [platform for platform in SOURCES if platform.id not in left_out]
        self._reader = Reader(
            platforms,
            {platform.id: ids_for(platform, meanings) for platform in platforms},
            names,
        )
        self._own_cookie = own_cookie(self.consent_cookie)
        self._decided = lru_cache(_KEPT_DECISIONS)(self._decide_all)
        # A site's own source may look at anything, and age goes on: then every request is read afresh.
        self._keeps_plans = not self.sources and self.max_age_days is None
        self._plans = _Plans()
        self._keyed = blake2b(key=token_bytes(16), digest_size=16)
        #: The plans for requests that say nothing: most of them do not.
        self._silent = {
            (clicked, regime): self.decide(UNKNOWN, clicked=clicked, regime=regime)
            for clicked in (False, True)
            for regime in Regime
        }
        #: The plan of a page that is the same for every visitor: the one for somebody who has said nothing.
        self.shared_page_plan = self._silent[False, Regime.OPT_IN]
        fields = {name for platform in platforms for name in platform.headers}
        #: The request headers that a page depends on, besides `Cookie`.
        self.vary: tuple[bytes, ...] = (
            *(name for name in (b"Sec-GPC", b"DNT") if name.decode().lower() in fields),
            *varies,
        )
        #: What a tag must hold to be a vendor's; what a script's tag may hold instead; what its text must hold.
        managers = MANAGER_DOMAINS if self.guard == "auto" else ()
        self.needles = compile_host_search(
            (*managers, *(domain for vendor in self.vendors for domain in vendor.domains)),
            (urlsplit(origin).hostname or "" for origin in self.proxied.values()),
        )
        words = {word.encode("ascii") for vendor in self.vendors for word in vendor.tag_markers}
        self.script_words = tuple(sorted(words | {*MANAGER_WORDS, b"data-guard"} if managers else words))
        self.text_needles = compile_host_search(
            (*managers, *(domain for vendor in self.vendors for domain in vendor.script_domains)),
            (word for vendor in self.vendors for word in vendor.script_markers),
        )
        behind: dict[tuple[str, int | None], list[str]] = {}
        for host, origin in self.proxied.items():
            parts = urlsplit(origin)
            port = None if parts.port in {80, 443} else parts.port
            behind.setdefault((parts.hostname or "", port), []).append(host)
        self._behind = behind
        self._click_key = self.click_cookie.encode("ascii")
        by_purpose = {purpose: self._cookie_names(purpose) for purpose in Purpose}
        #: The names for every set of purposes, so that no request has to unite any.
        self._names = {
            purposes: reduce(or_, (by_purpose[purpose] for purpose in purposes), CookieNames())
            for size in range(len(Purpose) + 1)
            for purposes in combinations(Purpose, size)
        }
        every_name = self._names[tuple(Purpose)]
        named = b"|".join(map(re.escape, sorted({*every_name.exact, *every_name.prefixes})))
        #: Finds what may be a vendor's cookie in `Cookie` headers, with ";" before each; most headers hold none.
        self._vendor_cookies = re.compile(rb"[;, \t](?:" + (named or b"(?!)") + rb")")
        # A set has no order of its own, and the fingerprint is the same in every process of a site.
        required = [(purpose, sorted(categories)) for purpose, categories in self.requires.items()]
        shown = (
            self.embeds_click,
            self.guard,
            self.withdrawal,
            sorted(self.loading_elements),
            self._chat_pages and self._chat_pages.paths,
            sorted(self._chat_accounts or ()),
        )
        rules = (__version__, MANAGERS, *(vendor.fingerprint for vendor in self.vendors))
        settings = (required, shown, self.path, sorted(self.proxied.items()), self.facade.fingerprint, self.language)
        #: Changes with everything that a rewritten page depends on besides the plan, so that a validator made under
        #: one set of settings or rules never confirms a page that was made under another.
        self.fingerprint = sha256(repr((rules, settings)).encode()).hexdigest()[:8]

    @classmethod
    def from_mapping(cls, settings: Mapping[str, Any], prefix: str = "CONSENT_") -> Policy:
        """The policy that upper-case settings describe, as in Flask's `app.config`: `CONSENT_CONTACT_URL` and so on.

        Raises: PolicyError, also for a setting with the prefix and an unknown name (CM011).
        """
        given = {key[len(prefix) :].lower(): value for key, value in settings.items() if key.startswith(prefix)}
        unknown = sorted(given.keys() - _SETTINGS)
        if unknown:
            raise PolicyError(
                [
                    (
                        "CM011",
                        f"{prefix}{name.upper()} is no setting; there are "
                        + ", ".join(f"{prefix}{known.upper()}" for known in sorted(_SETTINGS)),
                    )
                    for name in unknown
                ]
            )
        return cls(**given)

    def _default(self, purpose: Purpose) -> frozenset[Category]:
        return frozenset().union(*(vendor.requires.get(purpose, frozenset()) for vendor in self.vendors))

    def read(self, signals: Signals) -> list[Consent]:
        """What every source says, each by itself. A source that raises is noted and counts as silent."""
        readings: list[Consent] = [*self._own_cookie(signals), *self._reader.read(signals, self._source_raised)]
        for source in self.sources:
            try:
                told = list(source(signals))
                if not all(isinstance(reading, Consent) for reading in told):
                    raise TypeError
                readings += told
            except Exception as error:  # a site's own source must not end in an error page
                self._source_raised("a consent source", error)
        return readings

    def plan(self, signals: Signals) -> Plan:
        """The plan for one request: its consent, whether the visitor has clicked, and what follows."""
        regime = self._regime_of(signals)
        if self._keeps_plans and signals.cookies.raw:
            key = (regime, self._digest(signals))
            plan = self._plans.get(key)
            if plan is None:
                plan = self._plan(signals, regime)
                self._plans.keep(key, plan)
        else:
            plan = self._plan(signals, regime)
        if self.on_decision is not None:
            try:
                self.on_decision(plan)
            except Exception as error:  # a log that fails must not end in an error page
                self.notices.note("on-decision-raised", f"on_decision raised {type(error).__name__}; the page went on")
        return plan

    def _plan(self, signals: Signals, regime: Regime) -> Plan:
        clicked = b"1" in signals.cookies.all(self._click_key)
        now = self._clock() if self.max_age_days is not None else 0.0
        return self.plan_from_readings(self.read(signals), clicked=clicked, regime=regime, now=now)

    def _digest(self, signals: Signals) -> bytes:
        """A digest of everything that a plan is read from, under a key of this process: no cookie is kept for it."""
        digest = self._keyed.copy()
        for header in signals.cookies.raw:
            # The length before the value: two lines are never taken for one.
            digest.update(b"%d:%b" % (len(header), header))
        read = self._reader.headers
        for name, value in signals.headers:
            if name in read:
                digest.update(b"%b=%d:%b" % (name, len(value), value))
        return digest.digest()

    def plan_from_readings(
        self, readings: Sequence[Consent], *, clicked: bool = False, regime: Regime = Regime.OPT_IN, now: float = 0.0
    ) -> Plan:
        """What follows from readings under a regime, at a time in seconds since 1970. Pure and total.

        Each reading is first cut down to what counts, by itself; then all become one consent. So no reading can make
        another one count for less.
        """
        if not readings:
            return self._silent[clicked, regime]
        discarded: list[DiscardedState] = []
        counted: list[Consent] = []
        for reading in readings:
            for rule, kept in self._discounting_rules(reading, regime, now):
                left = reading.restricted_to(*kept)
                discarded += [
                    DiscardedState(category, rule, reading.source, reading.cookie)
                    for category in reading.states
                    if reading.state(category) is not left.state(category)
                ]
                reading = left  # noqa: PLW2901 - each rule takes its share
            counted.append(reading)
        return self.decide(merge(counted), clicked=clicked, regime=regime, doubts=discarded, readings=readings)

    def decide(
        self,
        consent: Consent,
        *,
        clicked: bool = False,
        regime: Regime = Regime.OPT_IN,
        doubts: Sequence[DiscardedState] = (),
        readings: Sequence[Consent] = (),
    ) -> Plan:
        """What may load under `consent` and, for the chat alone, the visitor's click in this visit. Pure and total.

        A click is a later and more particular act than a refusal, so it stands beside one unless the site says
        otherwise (`click_after_refusal`); it never grants tracking. `discarded` are told where they are why a category
        is unknown, and `readings` are kept for the log.
        """
        states, bases, basis, said_by = consent.states, consent.bases, consent.basis, consent.attribution
        said = tuple(
            [(states.get(category), bases.get(category, basis), said_by(category)) for category in OPTIONAL_CATEGORIES]
        )
        told = sum(len(origin) for _, _, origin in said) + sum(len(doubt.source + doubt.cookie) for doubt in doubts)
        # What names much comes from one visitor, and is not kept.
        decide = self._decided if told <= _TOLD and len(doubts) <= _DOUBTED else self._decide_all
        decisions = decide(said, clicked, regime, tuple(doubts))
        return Plan(consent, clicked, decisions, regime, tuple(readings))

    def _decide_all(
        self,
        said: tuple[tuple[State | None, Basis, str], ...],
        clicked: bool,
        regime: Regime,
        doubts: tuple[DiscardedState, ...],
    ) -> Mapping[Purpose, Decision]:
        by_category = dict(zip(OPTIONAL_CATEGORIES, said, strict=True))
        consent = Consent(
            states={category: state for category, (state, _, _) in by_category.items() if state},
            bases={category: basis for category, (_, basis, _) in by_category.items()},
            attributions={category: origin for category, (_, _, origin) in by_category.items()},
        )
        decisions = {purpose: self._decide(purpose, consent, regime, doubts) for purpose in Purpose}
        chat = decisions[Purpose.CHAT]
        if chat.action is not Action.ALLOW:
            if not self.click_after_refusal and any(map(consent.refuses, self.requires[Purpose.CHAT])):
                reasons = (*chat.reasons, "no click can change that on this site")
                chat = Decision(Purpose.CHAT, Action.BLOCK, reasons, (*chat.rules, "click-disabled"))
            elif clicked:
                reason = f"the visitor has clicked to chat in this visit (cookie {self.click_cookie})"
                chat = Decision(Purpose.CHAT, Action.ALLOW, (reason,), ("click",))
            decisions[Purpose.CHAT] = chat
        embeds = decisions[Purpose.EMBEDS]
        refused = not self.click_after_refusal and any(map(consent.refuses, self.requires[Purpose.EMBEDS]))
        if embeds.action is Action.FACADE and (refused or not self.embeds_click):
            reasons = (*embeds.reasons, "no click can change that on this site")
            decisions[Purpose.EMBEDS] = Decision(
                Purpose.EMBEDS, Action.BLOCK, reasons, (*embeds.rules, "click-disabled")
            )
        return MappingProxyType(decisions)

    def _decide(
        self, purpose: Purpose, consent: Consent, regime: Regime, doubts: tuple[DiscardedState, ...]
    ) -> Decision:
        required = sorted(self.requires[purpose])
        given = [category for category in required if consent.grants(category)]
        missing = [category for category in required if not consent.grants(category)]
        if regime is Regime.OPT_OUT:
            silent = [category for category in missing if consent.state(category) is State.UNKNOWN]
            missing = [category for category in missing if category not in silent]
        else:
            silent = []
        if missing:
            action = Action.BLOCK if purpose is Purpose.TRACKING else Action.FACADE
            why = [self._reason_against(consent, category, doubts) for category in missing]
            return Decision(
                purpose, action, tuple(reason for reason, _ in why), tuple(dict.fromkeys(rule for _, rule in why))
            )
        reasons: list[str] = []
        rules: list[str] = []
        if given or not silent:
            by_origin: dict[str, list[str]] = {} if given else {"": ["no"]}
            for category in given:
                by_origin.setdefault(consent.attribution(category), []).append(category)
            reasons += [
                f"{', '.join(names)} consent is given{_attributed_to(origin)}" for origin, names in by_origin.items()
            ]
            rules.append("granted")
        if silent:
            reasons.append(f"{', '.join(silent)} consent is not refused, and the regime is opt-out")
            rules.append("not-refused")
        return Decision(purpose, Action.ALLOW, tuple(reasons), tuple(rules))

    def _reason_against(
        self, consent: Consent, category: Category, doubts: tuple[DiscardedState, ...]
    ) -> tuple[str, str]:
        if consent.state(category) is State.DENIED:
            if consent.refuses(category):
                return f"{category} consent is refused{_attributed_to(consent.attribution(category))}", "denied"
            if UNREAD in consent.attribution(category):
                return f"{category} consent is unknown: not every copy of a consent cookie is read", "unread-copies"
            return (
                f"{category} consent is off by default{_attributed_to(consent.attribution(category))}",
                "denied-by-default",
            )
        doubt = next((doubt for doubt in doubts if doubt.category is category), None)
        if doubt is None:
            return f"{category} consent is unknown, and unknown is not consent", "unknown"
        why = _DOUBTS[doubt.rule].format(days=self.max_age_days)
        return f"{category} consent is unknown: what {doubt.source} ({doubt.cookie}) says {why}", doubt.rule

    def _discounting_rules(self, reading: Consent, regime: Regime, now: float) -> list[tuple[str, tuple[State, ...]]]:
        """The rules that a reading falls under, and which of its states each leaves."""
        # A refusal that has lapsed blocks as well as an unknown under opt-in; under opt-out it must stay.
        lapsed = (State.DENIED,) if regime is Regime.OPT_OUT else ()
        rules: list[tuple[str, tuple[State, ...]]] = []
        if reading.only_denies and not self.tcf_grants:
            rules.append(("tcf-only-denies", (State.DENIED,)))
        if reading.basis is Basis.IMPLIED and regime is Regime.OPT_IN:
            rules.append(("implied", (State.DENIED,)))
        if reading.source == "gpc" and self.gpc == "opt-out" and regime is Regime.OPT_IN:
            rules.append(("gpc-limited", ()))
        age = now - reading.chosen_at if reading.chosen_at is not None else 0.0
        if self.max_age_days is not None and age > self.max_age_days * 86_400:
            rules.append(("too-old", lapsed))
        wanted = self.revisions.get(reading.source)
        if wanted is not None and reading.revision != wanted:
            rules.append(("other-revision", lapsed))
        return rules

    def language_of(self, signals: Signals) -> str | None:
        """The language that the site chooses for the facade's words on this request; None: the page's own."""
        if self._language_of is None:
            return self.language
        try:
            return checked_language(self._language_of(signals))
        except Exception as error:  # a site's own callable must not end in an error page
            self.notices.note(
                "language-raised", f"the language callable ended in {type(error).__name__}; the page's language applies"
            )
            return None

    def _regime_of(self, signals: Signals) -> Regime:
        if isinstance(self.regime, Regime):
            return self.regime
        try:
            said = self.regime(signals)
            return Regime.OPT_IN if said is None else Regime(said)
        except Exception as error:  # a site's own callable must not end in an error page
            self.notices.note(
                "regime-raised", f"the regime callable ended in {type(error).__name__}; opt-in applies to such requests"
            )
            return Regime.OPT_IN

    def _source_raised(self, source: str, error: Exception) -> None:
        self.notices.note("source-raised", f"{source} raised {type(error).__name__} and was left out")

    def blocked_cookies(self, plan: Plan) -> CookieNames:
        """The names that no response may set under this plan."""
        return self._names[tuple(purpose for purpose in Purpose if not plan.allows(purpose))]

    def refused_cookies(self, plan: Plan) -> CookieNames:
        """The names to expire under this plan: only an explicit no ends what the visitor's browser already holds."""
        return self._names[
            tuple(
                purpose
                for purpose in Purpose
                if not plan.allows(purpose)
                and any(plan.consent.refuses(category) for category in self.requires[purpose])
            )
        ]

    def stale_chat_cookies(self, plan: Plan) -> CookieNames:
        """The names that a past visit has left: a click allows the chat for one visit, its cookies live for months."""
        is_over = self.leftovers == "expire" and not plan.allows(Purpose.CHAT)
        return self._names[(Purpose.CHAT,) if is_over else ()]

    def cookies_to_expire(self, plan: Plan, cookies: Cookies) -> list[bytes]:
        """The names under which a request carries cookies that end here: refused ones, and a past visit's."""
        if not self._vendor_cookies.search(b"".join([b";" + header for header in cookies.raw])):
            return []
        return (self.refused_cookies(plan) | self.stale_chat_cookies(plan)).among(cookies)

    def _cookie_names(self, purpose: Purpose) -> CookieNames:
        rules = [rule for vendor in self.vendors for rule in vendor.cookie_rules if rule.purpose is purpose]
        return CookieNames(
            frozenset(rule.name.encode("ascii") for rule in rules if not rule.prefix),
            tuple(sorted({rule.name.encode("ascii") for rule in rules if rule.prefix})),
        )

    def hosts_proxied_by(self, host: str, port: int | None) -> Sequence[str]:
        """The vendors' hosts for which an origin of the site's own stands in; a default port may be left out."""
        return self._behind.get((host.strip("[]"), None if port in {80, 443} else port), ())

    def chat_enabled_on(self, path: str) -> bool:
        """Whether the site offers its chat on the page at `path`, below the app's mount."""
        return self._chat_pages is None or self._chat_pages.match(path)

    def is_vendor_url(self, address: str) -> bool:
        """Whether an address is on a host of a vendor's, or on an origin of the site's own that stands in for one."""
        url = parse_url(address)
        if url is None or url.scheme not in {"http", "https"}:
            return False
        return bool(self.hosts_proxied_by(url.host, url.port)) or any(
            vendor.host_purpose(url.host) is not None
            or any(host.region_of(url.host) is not None for rule in vendor.tag_rules for host in rule.hosts)
            for vendor in self.vendors
        )

    @property
    def accounts(self) -> list[str] | None:
        """Return the accounts of `chat_accounts`, in order; None where all may have a chat."""
        return None if self._chat_accounts is None else sorted(self._chat_accounts)

    def chat_enabled_for(self, account: str) -> bool:
        """Whether the site offers the chat of this account."""
        return self._chat_accounts is None or account in self._chat_accounts

    @property
    def names_accounts(self) -> bool:
        """Whether the site says which accounts have a chat."""
        return self._chat_accounts is not None

    def proxied_origin(self, host: str) -> str:
        """The origin that serves a vendor's host on this site."""
        return self.proxied.get(host, f"https://{host}")


#: Those of AMP, and of a framework that makes scripts of them.
_LOADING_ELEMENTS = frozenset({b"amp-iframe", b"amp-img", b"amp-pixel", b"amp-script", b"phoenix-script"})

#: The settings by name, for `Policy.from_mapping`.
_SETTINGS = frozenset(Policy.__init__.__kwdefaults__ or ())


def _attributed_to(origin: str) -> str:
    return f" by {origin}" if origin else ""


#: Why what a reading says does not count, by rule.
_DOUBTS = {
    "tcf-only-denies": "is a TC string, which only denies on this site",
    "implied": "is a default that nobody chose, which does not count under opt-in",
    "gpc-limited": "counts under opt-out only on this site",
    "too-old": "is older than {days} days",
    "other-revision": "was said to another revision of the site's policy",
}
