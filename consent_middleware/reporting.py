"""Exchanges that report what the middleware does: the settings `report_only` and `debug_header`.

With `report_only`, the response is read and nothing in it is changed. What would have been changed is counted and
logged. With `debug_header`, the head of a page says what was decided, as a Dictionary of RFC 9651 (Structured Field
Values for HTTP, section 3.2):

    Consent-Middleware: chat=blocked; reason=no-consent; source=none; changed=1; facade, tracking=blocked; …

It names sources, never a cookie's value.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from .consent import State
from .engine import Engine
from .exchange import Exchange, RequestHead
from .headers import Headers
from .page_context import PageContext
from .plan import Decision, Plan
from .policy import Policy
from .purpose import Action, Purpose
from .response_head import FILTERED
from .rewrite_result import BlockedTag, RewriteResult

#: The name of the debug header.
DEBUG_FIELD = b"consent-middleware"

#: RFC 9651, section 3.3.4.
_TOKEN = re.compile(r"[A-Za-z*][A-Za-z0-9!#$%&'*+.^_`|~:/-]*")

#: Characters that a String may not contain (RFC 9651, section 3.3.3). Those that it escapes are left out too.
_NOT_IN_STRING = re.compile(r'[^\x20-\x7e]|["\\]')

#: How many characters of a source's name are shown.
_MAX_SOURCE = 100


def exchange_for(engine: Engine, request: RequestHead) -> Exchange:
    """Return the exchange for a request: one that reports, if a setting asks for it."""
    policy = engine.policy
    if policy.report_only or policy.debug_header:
        return ReportingExchange(engine, request)
    return Exchange(engine, request)


class ReportingExchange(Exchange):
    """An exchange that reports what it does. With `report_only` it does nothing else."""

    __slots__ = ("_is_page", "_policy")

    def __init__(self, engine: Engine, request: RequestHead) -> None:
        super().__init__(engine, request)
        self._policy = engine.policy
        #: Whether the started response is a page, which the debug header is for.
        self._is_page = False
        if self._policy.report_only:
            # The app gets every request as it came, and the middleware has no pages that ask for its scripts.
            self.answer = None
            self.request_headers = request.headers

    def filter_early_hints(self, headers: Headers) -> Headers:
        """Return the fields that may be sent of a head that comes before the response (RFC 8297)."""
        kept = super().filter_early_hints(headers)
        if not self._policy.report_only:
            return kept
        self._note_fields(headers, kept)
        return headers

    def start(self, status: int, headers: Headers) -> None:
        """Take the response's head."""
        super().start(status, headers)
        self._is_page = self._head.is_of_page and status != 304
        if self._policy.report_only:
            self._note_fields(headers, self._head_of_own_body())

    @property
    def head(self) -> Headers:
        """The head to send before a body that is sent in chunks. How many tags will change is not known there."""
        return self._reported(self._given if self._policy.report_only else super().head, None)

    def rewrite_whole(self, body: bytes) -> tuple[Headers, bytes]:
        """Return the head and body to send of a started response whose whole body is `body`."""
        head, changed = super().rewrite_whole(body)
        if self._policy.report_only:
            head, changed = self._given, body
        if self._head.fields_if_no_page is not None and self._result is not None:
            self._is_page = self._result.is_page
        return self._reported(head, self.blocked), changed

    def feed(self, chunk: bytes) -> bytes:
        """Return the bytes to send for a chunk of the body; they may be empty."""
        out = super().feed(chunk)
        return chunk if self._policy.report_only else out

    def close(self) -> bytes:
        """Return the last bytes of the body."""
        out = super().close()
        return b"" if self._policy.report_only else out

    def _reported(self, head: Headers, blocked: Sequence[BlockedTag] | None) -> Headers:
        if not (self._policy.debug_header and self._is_page):
            return head
        # A page that is the same for every visitor says nothing about one.
        value = debug_value(self._policy, self._page_plan, blocked)
        return [*head, (DEBUG_FIELD, value.encode("ascii"))]

    def _note_result(self, result: RewriteResult, page: PageContext) -> None:
        super()._note_result(result, page)
        if self._policy.report_only:
            for tag, times in Counter((tag.rule, tag.purpose) for tag in result.blocked).items():
                rule, purpose = tag
                message = f"a tag ({rule}) would wait for {purpose}; report_only is set, so it is sent as it is"
                self._engine.notices.note(f"report-only.{rule}", message, times=times)

    def _note_fields(self, given: Headers, kept: Headers) -> None:
        """Note the fields of a head that would not be sent, or not as they are."""
        changed = Counter(pair for pair in given if pair[0].lower() in FILTERED)
        changed -= Counter(kept)
        for name in sorted({pair[0].lower().decode("ascii") for pair in changed}):
            times = sum(count for pair, count in changed.items() if pair[0].lower().decode("ascii") == name)
            message = f"a field {name} would wait for consent; report_only is set, so it is sent as it is"
            self._engine.notices.note(f"report-only.{name}", message, times=times)


def debug_value(policy: Policy, plan: Plan, blocked: Sequence[BlockedTag] | None) -> str:
    """Return the value of the debug header.

    Args:
        policy: the site's settings.
        plan: the decision for the request.
        blocked: the tags of the page that were blocked, or would have been; None if that is not known yet.
    """
    members = [_member(policy, plan, decision, blocked) for decision in plan.decisions.values()]
    return ", ".join([*members, "report-only"] if policy.report_only else members)


def _member(policy: Policy, plan: Plan, decision: Decision, blocked: Sequence[BlockedTag] | None) -> str:
    purpose, action = decision.purpose, decision.action
    parts = [f"{purpose}={'allowed' if action is Action.ALLOW else 'blocked'}"]
    # What somebody has said is a better reason than what nobody has.
    rule = next((rule for rule in decision.rules if rule != "unknown"), "unknown")
    parts.append(f"reason={'no-consent' if rule == 'unknown' else rule}")
    parts.append(f"source={'click' if rule == 'click' else _sources(policy, plan, purpose)}")
    if blocked is not None:
        parts.append(f"changed={sum(tag.purpose == purpose for tag in blocked)}")
    if action is Action.FACADE:
        parts.append("facade")
    return "; ".join(parts)


def _sources(policy: Policy, plan: Plan, purpose: Purpose) -> str:
    """Return the sources that have said something about what a purpose requires, as a Token or a String."""
    required = policy.requires[purpose]
    said = [each for each in plan.readings if any(each.state(category) is not State.UNKNOWN for category in required)]
    names = ", ".join(dict.fromkeys(each.source for each in said if each.source))
    names = _NOT_IN_STRING.sub("", names)[:_MAX_SOURCE] or "none"
    return names if _TOKEN.fullmatch(names) else f'"{names}"'
