"""What a policy does with each finding in four states of consent, as html5lib reads the rewritten page."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from consent_middleware.engine import Engine
from consent_middleware.exchange import Exchange, RequestHead
from consent_middleware.policy import Policy

from .contacts import Load
from .findings import Classifier, Finding
from .tree import Document, read

#: The states: nothing chosen, a click on the chat's button, functional consent, and consent to everything.
STATES: Final = ("untouched", "click", "functional", "everything")

Headers = Sequence[tuple[bytes, bytes]]


class Outcome(NamedTuple):
    """What happens to one finding in one state.

    Attributes:
        load: what becomes of it.
        allowed: whether the policy allows its purpose in this state.
    """

    load: Load
    allowed: bool

    @property
    def is_early(self) -> bool:
        """Whether it loads although its purpose is not allowed."""
        return not self.allowed and self.load in {Load.AT_ONCE, Load.LATER}


class Reading(NamedTuple):
    """A page as html5lib reads it, with scripts and, if that differs, without."""

    document: Document
    without: Document | None


def read_page(body: bytes, charset: str | None) -> Reading:
    """Return a page as browsers with and without scripts read it.

    Raises:
        UnreadableError: The page cannot be read.
    """
    document = read(body, charset)
    # Only there do the two differ (HTML, section 4.12.2).
    differs = "<noscript" in document.text.lower()
    return Reading(document, read(body, charset, scripting=False) if differs else None)


class Judge:
    """Rewrites pages as one policy does, and compares what html5lib finds before and after."""

    def __init__(self, policy: Policy) -> None:
        self.classifier = Classifier(policy)
        self._engine = Engine(policy)
        # Without a guard, the engine blocks every inline script by itself, so that its list is complete.
        self._unguarded = Engine(
            Policy(
                vendors=policy.vendors,
                proxied=policy.proxied,
                loading_elements=[name.decode("ascii") for name in policy.loading_elements],
                guard="never",
            )
        )

    def outcomes(
        self, body: bytes, headers: Headers, path: str, charset: str | None, base: str | None, found: Sequence[Finding]
    ) -> list[dict[str, Outcome]]:
        """Return what happens to each finding, by state.

        Args:
            body: the page.
            headers: the head of its response.
            path: the path of the page below the app's mount.
            charset: the charset of the Content-Type, or None.
            base: the page's address, if it has one.
            found: what was found in the page and in the head.

        Raises:
            UnreadableError: A rewritten page cannot be read.
        """
        result: list[dict[str, Outcome]] = [{} for _ in found]
        for state in STATES if found else ():
            exchange = self._exchange(self._engine, state, path, base)
            exchange.start(200, list(headers))
            head, rewritten = exchange.rewrite_whole(body)
            left = [finding for finding in found if finding.line]
            if rewritten is not body:
                reading = read_page(rewritten, charset)
                left = self.classifier.page(reading.document, base, without=reading.without)
            left += self.classifier.head(head, base)
            for outcomes, finding, load in zip(result, found, _loads(found, left), strict=True):
                is_cookie = finding.element == "Set-Cookie"
                allows = exchange.plan.allows_cookies if is_cookie else exchange.plan.allows
                outcomes[state] = Outcome(load, allows(finding.purpose))
        return result

    def disagreements(self, body: bytes, headers: Headers, base: str | None, found: Sequence[Finding]) -> list[str]:
        """Return, in words, where the engine and html5lib find different tags in a page with these findings.

        Addresses that only their host tells are not compared, because the engine leaves them on purpose.
        """
        exchange = self._exchange(self._unguarded, "untouched", "/", base)
        exchange.start(200, list(headers))
        exchange.rewrite_whole(body)
        engine = Counter(tag.rule for tag in exchange.blocked)
        elements: dict[tuple[int, int, str], str] = {}
        for finding in found:
            if finding.line and not finding.is_by_host and finding.load in {Load.AT_ONCE, Load.LATER, Load.GUARDED}:
                # An element with several addresses is one tag; a frame may have several tags in its document.
                rule = "hint" if finding.rule == f"{finding.vendor}.hint" else finding.rule
                elements.setdefault((finding.line, finding.column, finding.digest * finding.nested), rule)
        judge = Counter(elements.values())
        return [
            f"{rule}: html5lib finds {judge[rule]}, the engine {engine[rule]}"
            for rule in sorted({*judge, *engine})
            if judge[rule] != engine[rule]
        ]

    def _exchange(self, engine: Engine, state: str, path: str, base: str | None) -> Exchange:
        policy = engine.policy
        cookies = {
            "click": [f"{policy.click_cookie}={value}" for value in ("1", *(vendor.id for vendor in policy.vendors))],
            "functional": [f"{policy.consent_cookie}=functional"],
            "everything": [f"{policy.consent_cookie}=functional,analytics,marketing"],
        }.get(state, [])
        cookie = [(b"cookie", "; ".join(cookies).encode("ascii"))] if cookies else []
        navigation = [(b"accept", b"text/html"), (b"sec-fetch-dest", b"document"), (b"sec-fetch-mode", b"navigate")]
        host = [(b"host", urlsplit(base).netloc.encode("latin-1", "replace"))] if base else []
        return Exchange(engine, RequestHead("GET", path, "", [*host, *navigation, *cookie]))


def _loads(found: Sequence[Finding], left: Sequence[Finding]) -> list[Load]:
    """Return what became of each finding, from those that are left in the rewritten page.

    Of several equal ones, those count as left that stand in the same line, and then the first.
    """
    waiting = defaultdict(list)
    for finding in left:
        if finding.load in {Load.AT_ONCE, Load.LATER, Load.GUARDED}:
            waiting[finding.key].append(finding)
    loads = [None if finding.is_live else finding.load for finding in found]
    for same_line in (True, False):
        for index, finding in enumerate(found):
            rest = waiting[finding.key]
            place = next((i for i, other in enumerate(rest) if not same_line or other.line == finding.line), None)
            if loads[index] is None and place is not None:
                loads[index] = rest.pop(place).load
    return [load or Load.WAITS for load in loads]
