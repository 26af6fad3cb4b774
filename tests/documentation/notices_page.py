"""Writes docs/notices.md: every event that the package logs, with its message and its cure from `CURES`."""

from __future__ import annotations

from . import messages

#: What an event means for the site, and what to do.
CURES = {
    "bail-out": "A page has a tag of more than a megabyte, often a picture as a `data:` URL. If it may be a "
    "vendor's tag, it has lost its attributes, unless `on_long_tag` says otherwise. Raise "
    "[`limits`](settings.md#limits), or put the picture into a file.",
    "banner-waits": 'If HubSpot\'s banner is your consent platform, set `banner="hubspot"`: see '
    "[hubspot-banner.md](hubspot-banner.md). If you have another platform, check that its cookies reach your app: see "
    "[consent-sources.md](consent-sources.md).",
    "base-without-host": "The page has a `<base>` that leads to another host, and the request named no host. Let your "
    "proxy pass the `Host` field on, or write the `<base>` without a host.",
    "behind-route": "The button does not work there. Put the middleware around the whole app: see "
    "[http.md](http.md#where-to-put-it).",
    "broken-coding": "Your app, or what compresses its pages, sent a compressed body that is broken or cut off. The "
    "part that a browser can show has been rewritten. Look there for the cause, or compress outside the middleware.",
    "chat-when-raised": "Your function for [`chat_when`](settings.md#chat_when) raised an exception, or returned "
    "something else than True or False. Correct it.",
    "csp-refuses-banner": "Add the banner's host to `script-src`, or give the page a nonce: see [csp.md](csp.md).",
    "csp-refuses-consent": "Add `'self'` to `script-src`, or give the page a nonce: see [csp.md](csp.md).",
    "csp-refuses-facade": "Add `'self'` to `script-src`, or give the page a nonce: see [csp.md](csp.md).",
    "csp-refuses-guard": "Add `'self'` to `script-src`, or give the page a nonce: see [csp.md](csp.md). If your own "
    'scripts insert no HubSpot tags, `guard="never"` is enough.',
    "error-pages": "Put the middleware around the whole app, and not with `add_middleware`: see "
    "[http.md](http.md#where-to-put-it).",
    "language-raised": "Your function for [`language`](settings.md#language) raised an exception, or returned "
    "something else than a language tag or None. Correct it.",
    "mount": "Somebody sends a prefix that is no path, or your proxy does. If it is the proxy, correct its "
    "`X-Forwarded-Prefix` or `SCRIPT_NAME`.",
    "no-contact-url": "Set [`contact_url`](settings.md#contact_url) to your contact page.",
    "no-nonce": "The tag would not run without the middleware either. Give it the page's nonce: see [csp.md](csp.md).",
    "on-decision-raised": "Your function for [`on_decision`](settings.md#on_decision) raised an exception. Correct it.",
    "partial-html": "Your app answers requests for pages with a part (206). Let it send pages as a whole.",
    "report-only": "[`report_only`](settings.md#report_only) is set. `report-only.RULE` counts the tags of a rule that "
    "would wait, and `report-only.NAME` the header fields. When these are as you expect, leave the setting out: see "
    "[troubleshooting.md](troubleshooting.md#before-anything-waits-report_only).",
    "regime-raised": "Your function for [`regime`](settings.md#regime) raised an exception, or returned something else "
    'than `"opt-in"`, `"opt-out"` or None. Correct it.',
    "several-accounts": "Name your own accounts in [`chat_accounts`](settings.md#chat_accounts), and remove the tag of "
    "the other.",
    "source-raised": "A consent source raised an exception. If it is one of your own [`sources`](settings.md#sources), "
    "correct it. If it is one of the package's, report it.",
    "unknown-coding": "Compress outside the middleware, or install the packages for br and zstd: see "
    "[http.md](http.md#compression).",
    "untyped": "Give the response its type: `Content-Type: text/html; charset=utf-8`.",
    "…-url-raised": "The event is `contact-url-raised` or `privacy-url-raised`. Your function for "
    "[`contact_url`](settings.md#contact_url) or [`privacy_url`](settings.md#privacy_url) raised an exception, or "
    "returned something else than an address or None. Correct it.",
}

_BEGINNING = """\
# Notices in the log

What could not be done as asked is logged by the logger `consent_middleware`, as a warning, once in each process. After
that it is only counted: `middleware.engine.notices.counts` has how often each event occurred, in Flask
`app.extensions["consent_middleware"].notices.counts`, in Django `request.consent_engine.notices.counts`. A log line
begins with the event's name. It never contains a cookie's value.

`…` stands for a value. This page is made from the package's source by `make docs`.
"""


def page() -> str:
    """Return the text of the page."""
    return "\n".join([_BEGINNING, *map(_section, sorted(CURES, key=lambda event: event.lstrip("…-")))])


def _section(event: str) -> str:
    name = event if "…" not in event else event.replace("…", "contact") + ", " + event.replace("…", "privacy")
    texts = map(messages.shown, messages.notices().get(event, ()))
    return "\n\n".join([f"## {name}", *texts, messages.filled(f"**What to do:** {CURES[event]}")]) + "\n"
