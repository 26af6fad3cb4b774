"""Real Cookie Banner for WordPress: `real_cookie_banner…`, a time, two ids, and JSON with services by group."""

from __future__ import annotations

from .writer import EXAMPLE_ID, Choice, Writer, WrittenConsent, cookie, encode_component, to_json

#: An example of the name: the version, the number of the blog, and a hash of its path.
_NAME = "real_cookie_banner-v:3_blog:1_path:0000000"
_HASH = "0" * 32
#: An example of a service's number.
_SERVICE = 1000


def _write(choice: Choice) -> WrittenConsent:
    groups = [group for group in choice.accepted(choice.site_ids) if group.isdecimal()]
    services = to_json({group: [_SERVICE + at] for at, group in enumerate(groups)})
    return cookie(_NAME, encode_component(f"{choice.seconds}:{EXAMPLE_ID}:{_HASH}:{services}"))


WRITER = Writer("real-cookie-banner", {"groups": _write})
