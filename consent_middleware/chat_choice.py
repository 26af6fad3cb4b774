"""Choose the chat that the facade of one page stands in for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from .engine import Engine
from .html.rewriter import StartTag
from .plan import Plan
from .purpose import Action, ChatScript, Purpose
from .recognition import attribute_values, names_account
from .rules import ChatContext, RuleMatch


class Chat(NamedTuple):
    """A chat that a blocked tag would have loaded.

    Attributes:
        script: the script that loads the chat alone.
        vendor: the vendor's id.
        nonce: the nonce of the tag.
        is_own_tag: whether the tag loads the chat and nothing else.
    """

    script: ChatScript
    vendor: str
    nonce: str | None
    is_own_tag: bool


@dataclass(slots=True)
class ChatChoice:
    """Collect the chats of the blocked tags of one page, and choose one of them.

    Attributes:
        engine: the engine.
        plan: the plan for this request.
        authority: the host and port under which the page was requested.
        offers_chat: whether the site offers its chat now.
        page_nonce: the nonce that the page's Content-Security-Policy names in the response's head.
        loads_anyway: whether a tag that may stay loads a chat.
        first_nonce: the nonce of the first tag with a chat.
    """

    engine: Engine
    plan: Plan
    authority: str
    offers_chat: bool
    page_nonce: str | None
    loads_anyway: bool = False
    first_nonce: str | None = None
    _chats: list[Chat] = field(default_factory=list)
    #: The account of each vendor's first tag that names one.
    _accounts: dict[str, str] = field(default_factory=dict)

    def add(self, tag: StartTag, found: RuleMatch, src: str) -> None:
        """Add the chat that a blocked tag would have loaded, if there is one and the tag may name its account."""
        if found.rule.chat is None or not self.offers_chat or (tag.text is not None and found.text is None):
            return
        context = ChatContext(
            src, found.region, found.account, attribute_values(tag), self.engine.proxied_origin, found.text or ""
        )
        chat = found.rule.chat(context)
        if (
            chat is None
            or not self.engine.is_vendor_url(chat.src)
            or not self._may_name_account(tag, found, src, chat.account)
        ):
            return
        vendor = found.rule.id.partition(".")[0]
        first = self._accounts.setdefault(vendor, chat.account)
        if chat.account != first:
            self.engine.notices.note(
                "several-accounts", f"a page has tags of the accounts {first} and {chat.account} of {vendor}"
            )
        nonce = tag.get(b"nonce")
        if self.first_nonce is None:
            self.first_nonce = nonce
        self._chats.append(Chat(chat, vendor, nonce, found.rule.purpose is Purpose.CHAT))

    def choose(self, nonce: str | None) -> Chat | None:
        """Return the chat for the facade; None if there is none, or if the page loads one anyway.

        A tag that loads only the chat is preferred to one that also loads it. Among equals, the first one counts.

        Args:
            nonce: the nonce of the middleware's own scripts. If the response's head names none, only a tag with this
                nonce counts: a policy in the page may stop all others.
        """
        if self.loads_anyway or self.plan.decisions[Purpose.CHAT].action is Action.BLOCK:
            return None
        chats = [chat for chat in self._chats if self.page_nonce is not None or chat.nonce == nonce]
        return max(chats, key=lambda chat: chat.is_own_tag, default=None)

    def _may_name_account(self, tag: StartTag, found: RuleMatch, src: str, account: str) -> bool:
        """Return whether the page's chat may belong to the account that this tag names.

        A visitor's markup that a sanitizer has let through must not choose it; see `names_account`. With
        `chat_accounts` the site has named its accounts.
        """
        if self.engine.policy.chat_accounts is not None:
            return self.engine.policy.chat_enabled_for(account)
        return names_account(self.engine, tag, found, src, self.authority)
