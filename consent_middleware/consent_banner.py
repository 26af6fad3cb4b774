"""Let a vendor's own consent banner into one page while the vendor's other tags wait.

Usually a loader brings the banner along with the trackers. While the loader waits, nobody would be asked. So with the
setting `banner`, the banner's own tag goes before the loader that waits, or the site's own tag of the banner stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .engine import Engine
from .facade.markup import banner_markup
from .html.rewriter import Edit, StartTag
from .own_scripts import OwnScripts
from .plan import Plan
from .recognition import attribute_values, names_account
from .rules import ChatContext, RuleMatch


@dataclass(slots=True)
class PageBanner:
    """Decide for one page which tag brings the banner. There is one at most.

    Attributes:
        engine: the engine.
        plan: the plan for this request.
        own: what the page says about the scripts that are put into it.
        is_there: whether the page has the banner.
    """

    engine: Engine
    plan: Plan
    own: OwnScripts
    is_there: bool = False

    def admits(self, tag: StartTag, found: RuleMatch) -> bool:
        """Return whether a tag that the page's policies let run is the site's own tag of the banner, and stays."""
        banner = self.engine.banner
        if banner is None or self.is_there or tag.nested or found.rule.id != banner.rule:
            return False
        # Its address at the vendor names an account. A copy on another host does not, nor does an older version.
        if not found.account:
            return False
        self.is_there = True
        return True

    def before(self, tag: StartTag, found: RuleMatch, src: str) -> Sequence[Edit]:
        """Return the edit that puts the banner before a loader that waits and that the page's policies let run.

        Args:
            tag: the loader's tag.
            found: the rule that it fits.
            src: the address that it loads; empty for an inline script.
        """
        banner = self.engine.banner
        if banner is None or self.is_there or found.rule.id not in banner.loaders:
            return ()
        if tag.nested or tag.bare or tag.svg or tag.unscripted or self.plan.allows(found.rule.purpose):
            return ()
        if not self._is_trusted(tag, found, src):
            return ()
        attributes = banner.script(
            ChatContext(
                src, found.region, found.account, attribute_values(tag), self.engine.proxied_origin, found.text or ""
            )
        )
        if attributes is None:
            return ()
        nonce = self.own.nonce or tag.get(b"nonce")
        if not self.own.allows_script(attributes["src"], nonce):
            self.engine.notices.note(
                "csp-refuses-banner",
                "a page's Content-Security-Policy does not let the consent banner run: it names neither a nonce nor "
                "the banner's host. Nobody is asked for consent there",
            )
            return ()
        self.is_there = True
        return [Edit(0, 0, banner_markup(attributes, nonce))]

    def _is_trusted(self, tag: StartTag, found: RuleMatch, src: str) -> bool:
        """Return whether the tag may choose the account whose banner the page shows.

        Where a policy may be in the page itself, only a tag with the nonce of the page's other scripts does.
        """
        has_nonce = self.own.csp.nonce is not None or tag.get(b"nonce") == (self.own.nonce or tag.get(b"nonce"))
        return has_nonce and names_account(self.engine, tag, found, src, self.own.authority)
