"""Which of the vendors' cookies a plan blocks, and which end with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from itertools import combinations
from operator import or_

from .consent import Category
from .cookies import CookieNames, CookiePrefilter, Cookies
from .plan import Plan
from .purpose import Purpose
from .vendor import Vendor


class VendorCookies:
    """The names of the vendors' cookies, by what a plan allows.

    Args:
        vendors: the vendors whose cookies wait.
        requires: the categories that each purpose requires.
        expire_chat: whether the chat's cookies end with the visit in which the visitor clicked.
    """

    def __init__(
        self, vendors: Sequence[Vendor], requires: Mapping[Purpose, frozenset[Category]], *, expire_chat: bool
    ) -> None:
        self._requires = requires
        self._expire_chat = expire_chat
        by_purpose = {purpose: _names(vendors, purpose) for purpose in Purpose}
        #: The names for every set of purposes, made once because every request needs one of them.
        self._names = {
            purposes: reduce(or_, (by_purpose[purpose] for purpose in purposes), CookieNames())
            for size in range(len(Purpose) + 1)
            for purposes in combinations(Purpose, size)
        }
        self._prefilter = CookiePrefilter(self._names[tuple(Purpose)])

    def blocked(self, plan: Plan) -> CookieNames:
        """Return the names that no response may set under this plan."""
        return self._names[tuple(purpose for purpose in Purpose if not plan.allows_cookies(purpose))]

    def refused(self, plan: Plan) -> CookieNames:
        """Return the names to expire because of a refusal. An unknown consent does not expire cookies."""
        return self._names[
            tuple(
                purpose
                for purpose in Purpose
                if not plan.allows_cookies(purpose)
                and any(plan.consent.refuses(category) for category in self._requires[purpose])
            )
        ]

    def stale(self, plan: Plan) -> CookieNames:
        """Return the chat's names if the visit of the click may be over: the chat's cookies live for months."""
        is_over = self._expire_chat and not plan.allows_cookies(Purpose.CHAT)
        return self._names[(Purpose.CHAT,) if is_over else ()]

    def to_expire(self, plan: Plan, cookies: Cookies) -> list[bytes]:
        """Return the names under which a request carries cookies that end here: refused ones, and a past visit's."""
        if not self._prefilter.may_match(cookies):
            return []
        return (self.refused(plan) | self.stale(plan)).among(cookies)


def _names(vendors: Sequence[Vendor], purpose: Purpose) -> CookieNames:
    rules = [rule for vendor in vendors for rule in vendor.cookie_rules if rule.purpose is purpose]
    return CookieNames(
        frozenset(rule.name.encode("ascii") for rule in rules if not rule.prefix),
        tuple(sorted({rule.name.encode("ascii") for rule in rules if rule.prefix})),
    )
