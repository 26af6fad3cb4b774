"""Tag managers: scripts that bring other scripts into a page, so that what they bring is in no HTML that leaves here.

Knows: the hosts and file names of the usual ones.
Must not know: what they bring, vendors, consent, HTML syntax, HTTP.
"""

from __future__ import annotations

import re

#: Google Tag Manager, Segment, Tealium, Adobe's, Matomo's and Piwik PRO's, Commanders Act.
DOMAINS = (
    "googletagmanager.com",
    "segment.com",
    "tiqcdn.com",
    "adobedtm.com",
    "matomo.cloud",
    "piwik.pro",
    "tagcommander.com",
)
#: What a script's tag holds when a site serves one of them itself.
WORDS = (b"gtm.js", b"container_")

_ADDRESS = re.compile(
    r"googletagmanager\.com/gtm\.js|cdn\.segment\.com/analytics\.js|tags\.tiqcdn\.com/utag/|assets\.adobedtm\.com/"
    r"|cdn\.matomo\.cloud/|(?<=[a-z0-9-])\.piwik\.pro/|cdn\.tagcommander\.com/"
    r"|/gtm\.js\?id=GTM-|/container_[A-Za-z0-9]{6,}(?:_[a-z]+)?\.js"
)

#: Changes with everything by which one is known.
FINGERPRINT = repr((DOMAINS, WORDS, _ADDRESS.pattern))


def is_tag_manager(said: str) -> bool:
    """Whether a script that loads or says this is a tag manager or brings one."""
    return _ADDRESS.search(said) is not None
