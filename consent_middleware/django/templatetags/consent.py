"""The template tags of `{% load consent %}`."""

from __future__ import annotations

from functools import lru_cache

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from consent_middleware.disclosure import disclosure, to_html
from consent_middleware.django.conf import site_policy
from consent_middleware.policy import Policy

register = template.Library()


def consent_open_link(text: object, **attributes: object) -> SafeString:
    """Return a link that opens the chat, or a button if the vendor has no address for it.

    Before consent it opens the chat as the facade's button does, and loads nothing before the click.

    Args:
        text: what the link says.
        attributes: more attributes of the element; an underscore stands for a hyphen.
    """
    link = site_policy().vendors[0].chat_link
    more = format_html_join("", ' {}="{}"', ((name.replace("_", "-"), value) for name, value in attributes.items()))
    if link:
        return format_html('<a href="{}" data-consent-open{}>{}</a>', link, more, text)
    return format_html('<button type="button" data-consent-open{}>{}</button>', more, text)


def consent_disclosure() -> SafeString:
    """Return the tables of a privacy notice for the site's policy: cookies, hosts and collected information."""
    return _disclosure_of(site_policy())


@lru_cache(1)
def _disclosure_of(policy: Policy) -> SafeString:
    # The markup is complete, and its values are escaped.
    return SafeString(to_html(disclosure(policy)))


register.simple_tag(consent_open_link)
register.simple_tag(consent_disclosure)
