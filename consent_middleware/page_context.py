"""What a page's new bytes depend on, and what is decided about the head that it comes with, as values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from . import mime
from .csp import ContentSecurityPolicy
from .facade import NO_LINKS, PageLinks
from .headers import Headers


class PageContext(NamedTuple):
    """Everything that a page's new bytes depend on, besides its old bytes and the policy.

    Attributes:
        variant: the plan's variant.
        asset_url: the path of the facade's script.
        authority: the host and port under which the page was requested.
        offers_chat: whether the site offers its chat now.
        elsewhere: whether the site offers it on other pages only.
        language: the language of the facade's words, if the site has chosen it for this request.
        csp: the page's Content-Security-Policy.
        kind: how a browser reads the body.
        codings: the content codings of the body, old and new, in the order in which they are applied.
        links: what the addresses of the facade's links depend on.
    """

    variant: str
    asset_url: str
    authority: str
    offers_chat: bool
    elsewhere: bool
    language: str | None
    csp: ContentSecurityPolicy
    kind: mime.PageType
    codings: tuple[bytes, ...] = ()
    links: PageLinks = NO_LINKS


class ResponseHead(NamedTuple):
    """What happens to the head of a response, and whether its body is rewritten.

    Attributes:
        fields: the fields to send with the app's own body; None if they are the app's own.
        is_of_page: whether it is the head of a page, or says that the browser's own copy of a page is still good.
        page: what the new bytes of the body depend on; None if the body stays as it is.
        fields_if_no_page: the fields to send if the body turns out to be no page; None if that cannot happen.
        is_kept: whether it was decided for another response, of which only the length may differ.
        fields_if_rewritten: of a kept one, `fields` without those that describe the bytes of the app's body.
        length_at: of a kept one, where `fields` has the length of the app's body; -1 if it has none.
    """

    fields: Headers | None
    is_of_page: bool
    page: PageContext | None
    fields_if_no_page: Headers | None = None
    is_kept: bool = False
    fields_if_rewritten: Sequence[tuple[bytes, bytes]] = ()
    length_at: int = -1


#: A response that is sent as the app has written it.
UNCHANGED: Final = ResponseHead(None, False, None)
