"""What `doctor` looks at: each check asks little, and says one thing.

The pages of the site are read by the engine itself, as a page is for a visitor: what it would block in a page that a
visitor gets is a tag that loads too early.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from hashlib import sha256
from urllib.parse import urlsplit

from consent_middleware.coding import CODINGS
from consent_middleware.consent import OPTIONAL_CATEGORIES, Regime
from consent_middleware.engine import Engine
from consent_middleware.policy import Policy
from consent_middleware.purpose import Purpose

from . import page_checks
from .page_checks import OK, PROBLEM, UNCHECKED, Finding, allowed, count, join
from .page_parts import PageParts, read_page
from .site_client import Answer, Site, SiteError

#: What a browser says when it goes to a page.
_NAVIGATION = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8", "Sec_Fetch_Dest": "document"}
_PLAIN = {**_NAVIGATION, "Accept_Encoding": "identity"}


class Examination:
    """The checks of one site.

    Args:
        site: the site.
        policy: the site's settings, as far as they are known.
        knows_policy: whether these are the site's own, and not the defaults.
        error_url: an address that answers with an error page, if the operator knows one.
    """

    def __init__(self, site: Site, policy: Policy, *, knows_policy: bool, error_url: str | None) -> None:
        self._site = site
        self._engine = Engine(policy)
        self._knows_policy = knows_policy
        self._error_url = error_url
        everything = ",".join(OPTIONAL_CATEGORIES)
        self._all = {"Cookie": f"{policy.consent_cookie}={everything}"}
        self._nothing = {"Cookie": f"{policy.consent_cookie}=necessary"}

    def findings(self) -> list[Finding]:
        """Ask the site and return a finding for each check.

        Raises:
            SiteError: The site does not answer.
        """
        page = self._site.ask(self._site.url, **_PLAIN)
        if page.status >= 400 or not page.first("content-type").lower().startswith(("text/html", "application/xhtml")):
            kind = page.first("content-type") or "no type"
            raise SiteError(
                f"{page.url} is not a page: status {page.status}, {kind}; name a page that has a vendor's tag"
            )
        parts = self._read(page)
        mount = self._mount(parts, page)
        decision = self._decision(mount, {})
        found = [
            page_checks.presence(page, parts, decision),
            page_checks.tags(page, parts),
            page_checks.early_hints(self._engine, page),
            page_checks.cookies(self._engine, page),
        ]
        if found[0].result == PROBLEM:
            rest = ("csp", "caching", "script", "decision", "consent", "shared cache", "compression", "not found page")
            return [*found, *(Finding(name, UNCHECKED, "the middleware was not found") for name in rest)]
        found += [page_checks.csp(page, parts, self._site.authority), page_checks.caching(page, parts)]
        asking: dict[str, Callable[[], Finding]] = {
            "script": lambda: self._script(page, parts),
            "decision": lambda: self._decisions(mount, decision),
            "consent": lambda: self._consent(page, parts),
            "shared cache": lambda: self._shared_cache(page, parts),
            "compression": lambda: self._compression(page),
            "not found page": lambda: self._not_found(mount),
            "error page": self._error_page,
        }
        for name, check in asking.items():
            try:
                found.append(check())
            except SiteError as error:
                found.append(Finding(name, PROBLEM, str(error), "see whether the site answers this address"))
        return found

    def _read(self, page: Answer) -> PageParts:
        return read_page(self._engine, page, waits_for_banner=self._knows_policy)

    def _mount(self, parts: PageParts, page: Answer) -> str:
        """Return the prefix of the app, as the address of its script shows it."""
        path = urlsplit(join(page.url, parts.script)).path if parts.script else ""
        return path.partition(self._engine.policy.path + "/")[0] if self._engine.policy.path in path else ""

    def _decision(self, mount: str, headers: dict[str, str]) -> Answer:
        return self._site.ask(f"{mount}{self._engine.policy.path}/decision", **headers)

    def _script(self, page: Answer, parts: PageParts) -> Finding:
        name = "script"
        if not parts.script:
            return Finding(name, UNCHECKED, "the page needs none")
        url = join(page.url, parts.script)
        if not self._site.has(url):
            return Finding(
                name, PROBLEM, f"its address is on another site: {parts.script}", "see the page's base element"
            )
        answer = self._site.ask(url, Accept_Encoding="identity")
        if answer.status != 200:
            return Finding(
                name,
                PROBLEM,
                f"{url} answers with status {answer.status}, so there is no button",
                "let requests for it reach the middleware: it must stand around the whole app",
            )
        kind = answer.first("content-type").partition(";")[0].strip().lower()
        if kind not in {"text/javascript", "application/javascript"}:
            return Finding(
                name, PROBLEM, f"its type is {kind or 'missing'}, so no browser runs it", "leave its type as it is sent"
            )
        digest = sha256(answer.body).hexdigest()[:16]
        if f".{digest}." not in url:
            return Finding(
                name,
                PROBLEM,
                "its bytes are not those that its name says",
                "clear the cache; let nothing change scripts",
            )
        if "immutable" not in answer.first("cache-control"):
            seen = answer.first("cache-control") or "missing"
            return Finding(
                name,
                PROBLEM,
                f"its Cache-Control is {seen}",
                "leave it as it is sent; and after an update, let no cache keep old pages",
            )
        return Finding(name, OK, "it is there, with its type, its hash and a long life in caches")

    def _decisions(self, mount: str, decision: Answer) -> Finding:
        name = "decision"
        states = allowed(decision)
        if states is None:
            return Finding(
                name,
                PROBLEM,
                f"{decision.url} answers with status {decision.status} and no decision",
                "let requests for it reach the middleware; without it, consent given on the page needs a reload",
            )
        if "no-store" not in decision.first("cache-control"):
            seen = decision.first("cache-control") or "missing"
            return Finding(
                name, PROBLEM, f"its Cache-Control is {seen}: a cache may store it", "leave the field as it is sent"
            )
        if self._expects_waiting and any(states.values()):
            given = ", ".join(purpose for purpose, is_allowed in states.items() if is_allowed)
            return Finding(
                name,
                PROBLEM,
                f"it allows {given} to a visitor who has not chosen",
                "if the site's regime or requirements say so, name its policy (--policy); else a cache has stored it",
            )
        everything = allowed(self._decision(mount, self._all))
        if everything is None or not all(everything.values()):
            return Finding(
                name,
                PROBLEM,
                f"it does not follow the cookie {self._engine.policy.consent_cookie}",
                "pass cookies on to the app, and store no decision",
            )
        return Finding(name, OK, "it follows the visitor's cookies and is not stored")

    @property
    def _expects_waiting(self) -> bool:
        """Whether a visitor who has not chosen has to wait under the policy."""
        policy, plan = self._engine.policy, self._engine.shared_page_plan
        return policy.regime is Regime.OPT_IN and not any(plan.allows(purpose) for purpose in Purpose)

    def _consent(self, page: Answer, parts: PageParts) -> Finding:
        name = "consent"
        if parts.is_shared or not parts.held:
            why = "every visitor gets the same page" if parts.is_shared else "nothing waits in the page"
            return Finding(name, UNCHECKED, why)
        everything = self._read(self._site.ask(page.url, **_PLAIN, **self._all))
        refused = self._read(self._site.ask(page.url, **_PLAIN, **self._nothing))
        if refused.live:
            return Finding(
                name, PROBLEM, "tags load although the visitor has refused", "see `explain` for the decision"
            )
        if everything.held:
            return Finding(
                name,
                PROBLEM,
                f"{count(everything.held, 'element', 'wait')} although the visitor has agreed to everything",
                f"pass the cookie {self._engine.policy.consent_cookie} on to the app; name the policy if it has "
                "another name; see whether a cache ignores Vary",
            )
        return Finding(name, OK, "the page follows the visitor's choice")

    def _shared_cache(self, page: Answer, parts: PageParts) -> Finding:
        """Ask for an address that no cache has yet: first as a visitor who has agreed, then as one who has not."""
        name = "shared cache"
        if parts.is_shared or not parts.held:
            return Finding(name, UNCHECKED, "every visitor gets the same page, or nothing waits in it")
        mark = "&" if urlsplit(page.url).query else "?"
        url = f"{page.url}{mark}consent-doctor={secrets.token_hex(8)}"
        self._site.ask(url, **_PLAIN, **self._all)
        second = self._site.ask(url, **_PLAIN)
        if self._read(second).live:
            signs = [field for field in ("age", "x-cache", "cf-cache-status", "via") if second.first(field)]
            seen = f" (the answer has {', '.join(signs)})" if signs else ""
            return Finding(
                name,
                PROBLEM,
                f"a visitor without consent got the page of one who has agreed{seen}",
                "let the cache obey Vary and private, or set cacheable=True",
            )
        return Finding(name, OK, "two visitors did not share a page")

    def _compression(self, page: Answer) -> Finding:
        name = "compression"
        answer = self._site.ask(page.url, **_NAVIGATION, Accept_Encoding="gzip, deflate, br, zstd")
        coding = answer.first("content-encoding").strip().lower()
        if not coding or coding == "identity":
            return Finding(name, OK, "the page is not compressed")
        if not {each.strip().encode("latin-1") for each in coding.split(",")} <= CODINGS:
            return Finding(
                name, UNCHECKED, f"this Python cannot read {coding}; install the extra `compression` to check it"
            )
        parts = self._read(answer)
        if parts.live:
            what = f"tags load before any consent in the page as {coding}"
            return Finding(name, PROBLEM, what, "compress outside the middleware, or with a coding that it can read")
        return Finding(name, OK, f"no tag loads before consent in the page as {coding} either")

    def _not_found(self, mount: str) -> Finding:
        return self._covers(
            "not found page", self._site.ask(f"{mount}/consent-doctor-{secrets.token_hex(8)}", **_PLAIN)
        )

    def _error_page(self) -> Finding:
        if self._error_url is None:
            return Finding("error page", UNCHECKED, "name an address that fails with --error-url")
        return self._covers("error page", self._site.ask(self._error_url, **_PLAIN))

    def _covers(self, name: str, answer: Answer) -> Finding:
        kind = answer.first("content-type") or "no type"
        if answer.status < 400:
            return Finding(name, UNCHECKED, f"{answer.url} answers with status {answer.status}, which is no error")
        if not kind.lower().startswith("text/html"):
            return Finding(name, OK, f"status {answer.status} is no HTML page ({kind})")
        parts = self._read(answer)
        found = page_checks.tags(answer, parts)
        if found.result == UNCHECKED and not parts.unread:
            return Finding(name, OK, f"the page with status {answer.status} has no tag of a vendor")
        return found._replace(check=name)
