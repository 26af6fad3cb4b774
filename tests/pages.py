"""Small pages with HubSpot's tags, in the forms that they have on real sites."""

from __future__ import annotations

LOADER = (
    b"<!-- Start of HubSpot Embed Code -->\n"
    b'<script type="text/javascript" id="hs-script-loader" async defer src="//js.hs-scripts.com/12345.js"></script>\n'
    b"<!-- End of HubSpot Embed Code -->\n"
)
EU_LOADER = LOADER.replace(b"//js.", b"//js-eu1.")
CHAT = (
    b'<script type="text/javascript" id="hubspot-messages-loader" data-loader="hs-scriptloader" '
    b'data-hsjs-portal="12345" data-hsjs-env="prod" data-hsjs-hublet="eu1" '
    b'src="https://js-eu1.usemessages.com/conversations-embed.js"></script>\n'
)
HINT = b'<link rel="dns-prefetch" href="//js.hs-scripts.com">\n'
CHAT_HINT = b'<link rel="preconnect" href="https://js.usemessages.com" crossorigin>\n'


TAG_MANAGER = (
    b"<script nonce=n1>(function(){var j=document.createElement('script');"
    b"j.src='https://www.googletagmanager.com/gtm.js?id=GTM-X';document.head.append(j)})()</script>"
)


def page(body: bytes = b"", head: bytes = b"") -> bytes:
    """Return a whole page with this markup."""
    return (
        b'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>Caf\xc3\xa9 & <script></title>\n'
        + head
        + b"</head>\n<body>\n<h1>Welcome</h1>\n"
        + body
        + b"</body>\n</html>\n"
    )


#: The loader tag after it has been blocked.
BLOCKED_LOADER = (
    b"<!-- Start of HubSpot Embed Code -->\n"
    b'<script type="text/x-consent" data-consent="tracking" data-consent-type="text/javascript" '
    b'data-consent-id="hs-script-loader" async defer data-consent-src="//js.hs-scripts.com/12345.js"></script>\n'
    b"<!-- End of HubSpot Embed Code -->\n"
)
#: The same without the comment before it, because a guard may be between them.
BLOCKED_SCRIPT = BLOCKED_LOADER.partition(b"\n")[2]
BLOCKED_CHAT = (
    b'<script type="text/x-consent" data-consent="chat" data-consent-type="text/javascript" '
    b'data-consent-id="hubspot-messages-loader" data-loader="hs-scriptloader" '
    b'data-hsjs-portal="12345" data-hsjs-env="prod" data-hsjs-hublet="eu1" '
    b'data-consent-src="https://js-eu1.usemessages.com/conversations-embed.js"></script>\n'
)
BLOCKED_HINT = (
    b'<link data-consent="tracking" data-consent-rel="dns-prefetch" data-consent-href="//js.hs-scripts.com">\n'
)
