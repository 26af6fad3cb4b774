"""HubSpot's hosts. Each is written here once; every other list of HubSpot's hosts is derived from `SERVICES`.

A `Service` is one host and what it does for one purpose. To add a host, add a service in its purpose's section. The
rest follows: the tag rules that it names in `tags` and `domain_tags`, the inline scripts that load from it, the
resource hints that must wait, and the privacy notice, which lists the hosts in the order of this table.

Hosts with pictures and files that a site keeps at HubSpot are content, so they are not here: hubspot.net, hs-sites.com,
names that begin with hubspotusercontent, and most of hubspot.com.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from consent_middleware.disclosed import ContactedHost
from consent_middleware.purpose import Purpose
from consent_middleware.rules import HostRule


@dataclass(frozen=True, slots=True)
class Host:
    """One host.

    Attributes:
        label: the part in front of the domain, without a region; `*` if only the domain is known.
        domain: the registrable domain.
        regional: each further region has its own host, `label-REGION.domain`.
        whole_domain: every other host of the domain waits for the same purpose.
    """

    label: str
    domain: str
    regional: bool = False
    whole_domain: bool = False

    @property
    def rule(self) -> HostRule:
        """The rule that recognizes this host in every region."""
        return HostRule(self.label, self.domain)


@dataclass(frozen=True, slots=True)
class Service:
    """What a host does for one purpose.

    Attributes:
        purpose: what must be allowed before a browser may contact the host. For a host with several services, a
            resource hint waits for the purpose of the first.
        host: the host.
        description: the sentence of the privacy notice; empty if no visit to a site was seen to contact the host.
        tags: the groups of tag rules in `tags.py` that recognize elements by this host.
        domain_tags: the groups of tag rules that recognize elements by any host of the domain.
        inline: how an address in an inline script looks if the script loads from this host, by the group of text rules.
            It is a regular expression, in which HOST is the host in any region and DOMAIN is the domain.
        submissions: the beginning of paths to which a site sends what a visitor has entered.
    """

    purpose: Purpose
    host: Host
    description: str = ""
    tags: tuple[str, ...] = ()
    domain_tags: tuple[str, ...] = ()
    inline: Mapping[str, str] = field(default_factory=dict)
    submissions: str = ""


#: Domains with several hosts.
MAIN_DOMAIN = "hubspot.com"
_CHAT_DOMAIN = "usemessages.com"
_COLLECTED_FORMS_DOMAIN = "hscollectedforms.net"
_API_DOMAIN = "hubapi.com"
_FORMS_DOMAIN = "hsforms.com"

#: Hosts that are used by name, or by the services of several purposes.
CHAT_HOST = Host("js", _CHAT_DOMAIN, regional=True, whole_domain=True)
LOADER_HOST = Host("js", "hs-scripts.com", regional=True, whole_domain=True)
BANNER_HOST = Host("js", "hs-banner.com", regional=True, whole_domain=True)
ERROR_HOST = Host("exceptions", "hs-embed-reporting.com", regional=True, whole_domain=True)
_APP = Host("app", MAIN_DOMAIN, regional=True)
_SCRIPTS = Host("js", MAIN_DOMAIN, regional=True)
_FORMS = Host("forms", MAIN_DOMAIN, regional=True)
_STATIC = Host("static", "hsappstatic.net")

SERVICES = (
    # The chat.
    Service(
        Purpose.CHAT,
        CHAT_HOST,
        "Serves the chat's script.",
        tags=("chat", "older-chat"),
        domain_tags=("chat-files", "chat-host"),
        inline={"chat": "DOMAIN"},
    ),
    Service(
        Purpose.CHAT,
        Host("api", _CHAT_DOMAIN),
        "Serves the script of the chat that sites embedded in 2017.",
        tags=("older-chat",),
    ),
    Service(
        Purpose.CHAT,
        Host("api", MAIN_DOMAIN, regional=True),
        "Says whether the chat is available; receives the page's address and referrer.",
        tags=("service",),
    ),
    Service(
        Purpose.CHAT,
        _APP,
        "Serves the chat window and carries the messages.",
        tags=("chat-frame", "service"),
    ),
    Service(Purpose.CHAT, _STATIC, "Serves the chat window's scripts and styles.", tags=("chat-files",)),
    Service(
        Purpose.CHAT,
        Host("exceptions", MAIN_DOMAIN),
        "Receives error reports from the chat's script.",
        tags=("service",),
    ),
    # Tracking.
    Service(
        Purpose.TRACKING,
        LOADER_HOST,
        "Serves the script that loads all others, the chat included.",
        tags=("loader",),
        domain_tags=("service",),
        inline={"loader": "DOMAIN"},
    ),
    Service(
        Purpose.TRACKING,
        Host("js", "hs-analytics.net", regional=True, whole_domain=True),
        "Serves the tracking script.",
        tags=("analytics",),
        domain_tags=("service",),
        inline={"loader": "DOMAIN"},
    ),
    Service(
        Purpose.TRACKING,
        Host("track", MAIN_DOMAIN, regional=True),
        "Receives page views, clicks and other events.",
        tags=("pixel",),
        inline={"tracking": "HOST"},
    ),
    Service(
        Purpose.TRACKING,
        BANNER_HOST,
        "Serves HubSpot's cookie banner, says where the visitor is, and counts what happens in the banner.",
        tags=("banner",),
        domain_tags=("service",),
        inline={"tracking": "DOMAIN"},
    ),
    Service(
        Purpose.TRACKING,
        Host("js", _COLLECTED_FORMS_DOMAIN, regional=True, whole_domain=True),
        "Serves the script that reads this site's forms.",
        tags=("collected-forms",),
        domain_tags=("service",),
        inline={"tracking": "DOMAIN"},
    ),
    Service(
        Purpose.TRACKING,
        Host("forms", _COLLECTED_FORMS_DOMAIN, regional=True),
        "Receives what visitors send with this site's forms.",
        tags=("pixel",),
    ),
    Service(
        Purpose.TRACKING,
        Host("js", "hsleadflows.net", regional=True, whole_domain=True),
        "Serves pop-up forms.",
        tags=("lead-flows",),
        domain_tags=("service",),
        inline={"tracking": "DOMAIN"},
    ),
    Service(Purpose.TRACKING, _FORMS, "Receives what visitors send with pop-up forms.", tags=("pixel",)),
    Service(
        Purpose.TRACKING,
        Host("js", "hsadspixel.net", regional=True, whole_domain=True),
        "Serves the script that loads the advertising networks that this site has connected.",
        tags=("ads-pixel",),
        domain_tags=("service",),
        inline={"tracking": "DOMAIN"},
    ),
    Service(
        Purpose.TRACKING,
        Host("api", _API_DOMAIN, regional=True, whole_domain=True),
        "Says which advertising networks are connected.",
        tags=("older-loader",),
        domain_tags=("service",),
        inline={"loader": "DOMAIN/scriptloader"},
    ),
    Service(
        Purpose.TRACKING,
        _SCRIPTS,
        "Serves pop-up calls to action.",
        tags=("analytics", "web-interactives", "service"),
        inline={"loader": "HOST/analytics", "tracking": r"HOST|[a-z]+\.app[0-9]+\.DOMAIN"},
    ),
    Service(
        Purpose.TRACKING,
        Host("js", "hubspotfeedback.com", regional=True, whole_domain=True),
        "Serves surveys.",
        tags=("feedback",),
        domain_tags=("service",),
        inline={"tracking": "DOMAIN"},
    ),
    Service(
        Purpose.TRACKING,
        Host("feedback", _API_DOMAIN, regional=True),
        "Says which surveys to show.",
    ),
    Service(
        Purpose.TRACKING,
        Host("feedback", MAIN_DOMAIN, regional=True),
        "Serves surveys.",
        tags=("service",),
    ),
    Service(
        Purpose.TRACKING,
        Host("metrics-fe", MAIN_DOMAIN, regional=True),
        "Receives measurements from HubSpot's scripts.",
        tags=("pixel",),
    ),
    Service(
        Purpose.TRACKING,
        Host("wtcfns", MAIN_DOMAIN),
        "Serves HubSpot's cookie banner.",
        tags=("service",),
    ),
    Service(
        Purpose.TRACKING,
        ERROR_HOST,
        "Receives error reports from HubSpot's scripts.",
        domain_tags=("service",),
    ),
    Service(
        Purpose.TRACKING,
        _STATIC,
        "Serves the script that measures how fast pages are.",
        tags=("site-tools",),
    ),
    Service(
        Purpose.TRACKING,
        Host("perf", _FORMS_DOMAIN, regional=True),
        "Receives measurements of how fast forms are shown.",
        tags=("pixel",),
    ),
    Service(
        Purpose.TRACKING,
        Host("js", "leadin.com", whole_domain=True),
        "Serves the script of old versions of HubSpot's WordPress plugin.",
        domain_tags=("service",),
        inline={"tracking": "HOST"},
    ),
    Service(Purpose.TRACKING, Host("*", "hs-growth-metrics.com"), domain_tags=("service",)),
    Service(Purpose.TRACKING, Host("*", "hs-data.com"), domain_tags=("service",)),
    # What visitors see and use in the page itself.
    Service(
        Purpose.EMBEDS,
        Host("js", "hsforms.net", regional=True, whole_domain=True),
        "Serves the scripts of forms.",
        domain_tags=("forms",),
        inline={"forms": "DOMAIN"},
    ),
    Service(
        Purpose.EMBEDS,
        Host("forms", _FORMS_DOMAIN, regional=True, whole_domain=True),
        "Serves forms, counts their views, and receives what visitors send.",
        tags=("form-pages", "pixel"),
        # A site's own form sends what a visitor has filled in when the visitor says so.
        inline={"forms": "DOMAIN(?!/submissions/)"},
        submissions="/submissions/",
    ),
    Service(
        Purpose.EMBEDS,
        Host("api", _FORMS_DOMAIN),
        "Receives what visitors send with forms.",
        submissions="/submissions/",
    ),
    Service(
        Purpose.EMBEDS,
        Host("share", _FORMS_DOMAIN),
        "Serves forms as pages of their own.",
        tags=("form-pages",),
    ),
    Service(
        Purpose.EMBEDS,
        _FORMS,
        "Receives what visitors send with forms.",
        tags=("form-pages",),
        submissions="/uploads/form/",
    ),
    Service(
        Purpose.EMBEDS,
        Host("meetings", MAIN_DOMAIN, regional=True),
        "Serves calendars and books meetings.",
        tags=("meetings",),
        inline={"meetings": "HOST"},
    ),
    Service(
        Purpose.EMBEDS,
        _APP,
        "Serves payments, and calendars under an older address.",
        tags=("meeting-files", "payments"),
    ),
    Service(
        Purpose.EMBEDS,
        _STATIC,
        "Serves the scripts of meetings, payments and videos.",
        tags=("meeting-files", "payments", "video-files"),
        inline={
            "meetings": "DOMAIN/MeetingsEmbed",
            "payments": "DOMAIN/payments-embed",
            "video": "DOMAIN/video-embed",
        },
    ),
    Service(
        Purpose.EMBEDS,
        _SCRIPTS,
        "Serves the script of calls to action.",
        tags=("call-to-action-script",),
    ),
    Service(
        Purpose.EMBEDS,
        Host("js", "hscta.net", whole_domain=True),
        "Serves the older script of calls to action.",
        domain_tags=("calls-to-action",),
        inline={"calls-to-action": "DOMAIN"},
    ),
    Service(
        Purpose.EMBEDS,
        Host("no-cache", MAIN_DOMAIN),
        "Serves the pictures of calls to action, and counts them.",
        tags=("calls-to-action",),
    ),
    Service(
        Purpose.EMBEDS,
        Host("hubspot-no-cache-*-prod", "s3.amazonaws.com"),
        "The same in each other region.",
        tags=("call-to-action-pictures",),
    ),
    Service(
        Purpose.EMBEDS,
        Host("cta", MAIN_DOMAIN, regional=True),
        "Says what a call to action shows.",
        tags=("calls-to-action",),
    ),
    Service(
        Purpose.EMBEDS,
        Host("cta-service-cms2", MAIN_DOMAIN),
        "Says what a call to action shows.",
        tags=("calls-to-action",),
    ),
    Service(Purpose.EMBEDS, Host("play", "hubspotvideo.com"), "Serves videos.", tags=("video-player",)),
)


def _tag_hosts() -> dict[str, tuple[HostRule, ...]]:
    groups: dict[str, tuple[HostRule, ...]] = {}
    for service in SERVICES:
        for group in service.domain_tags:
            groups[group] = (*groups.get(group, ()), HostRule("*", service.host.domain))
        for group in service.tags:
            groups[group] = (*groups.get(group, ()), service.host.rule)
    return groups


#: The hosts of each group of tag rules.
TAG_HOSTS: Mapping[str, tuple[HostRule, ...]] = MappingProxyType(_tag_hosts())


def domain_pattern(domain: str) -> str:
    """Return a regular expression that finds this domain."""
    return domain.replace(".", r"\.")


def _address_patterns() -> dict[str, str]:
    groups: dict[str, list[str]] = {}
    for service in SERVICES:
        domain = domain_pattern(service.host.domain)
        region = "(?:-[a-z0-9]+)?" if service.host.regional else ""
        host = rf"{service.host.label}{region}\.{domain}"
        for group, pattern in service.inline.items():
            groups.setdefault(group, []).append(pattern.replace("HOST", host).replace("DOMAIN", domain))
    return {group: "|".join(patterns) for group, patterns in groups.items()}


#: For each group of text rules, the pattern of the addresses that its inline scripts load.
ADDRESS_PATTERNS: Mapping[str, str] = MappingProxyType(_address_patterns())


def _host_purposes() -> dict[str, Purpose]:
    whole = {service.host.domain for service in SERVICES if service.host.whole_domain}
    purposes: dict[str, Purpose] = {}
    for service in SERVICES:
        if service.host.whole_domain:
            purposes[service.host.domain] = service.purpose
        elif service.description and service.host.domain not in whole:
            purposes.setdefault(service.host.rule.default, service.purpose)
    return purposes


#: The hosts and domains that a resource hint must not contact early, with the purpose that allows each.
HOST_PURPOSES: Mapping[str, Purpose] = MappingProxyType(_host_purposes())

#: The domains from which inline scripts load.
SCRIPT_DOMAINS = frozenset(service.host.domain for service in SERVICES if service.inline)
#: Those from which HubSpot's snippets load.
SNIPPET_DOMAINS = frozenset(
    service.host.domain for service in SERVICES if service.inline and service.purpose is not Purpose.EMBEDS
)

#: Where sites send what a visitor has entered.
SUBMISSION_URLS = tuple(
    sorted(service.host.rule.default + service.submissions for service in SERVICES if service.submissions)
)

#: The hosts that the privacy notice names.
CONTACTS = tuple(
    ContactedHost(service.purpose, service.host.rule.default, service.description, service.host.regional)
    for service in SERVICES
    if service.description
)
