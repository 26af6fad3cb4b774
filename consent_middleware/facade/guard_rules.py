"""The guard's rules: which hosts and paths wait, as regular expressions in JavaScript.

A rule is a purpose and an expression for host and path, then maybe the purpose whose scripts also load from the host,
then maybe the kind of embed. The first rule that fits an address counts. An address without a rule, or with a rule
without a purpose, never waits. Hosts are matched without the region in a label (`js-eu1.example` as `js.example`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Container, Iterable, Mapping, Sequence
from itertools import permutations

from consent_middleware.purpose import Purpose
from consent_middleware.rules import TagRule, host_without_region
from consent_middleware.vendor import Vendor


def guard_rules(vendors: Sequence[Vendor], free: Sequence[str] = ()) -> str:
    """Return the guard's argument `RULES`, an array in JavaScript.

    Args:
        vendors: the vendors.
        free: addresses on their hosts, without a region, that never wait.
    """
    purposes = [rule.purposes for vendor in vendors for rule in vendor.tag_rules]
    purposes += [rule.purposes for vendor in vendors for rule in vendor.text_rules]
    loaded_by = {other.value: first.value for first, *others in purposes for other in others}
    embeds = [rule for vendor in vendors for rule in vendor.tag_rules if rule.kind]
    rows = []
    # What visitors send, such as a filled form, never waits.
    sent_to = [place for vendor in vendors for place in vendor.submission_urls]
    if sent_to or free:
        rows.append(_row("", "|".join([*free, *sent_to])))
    for kind in dict.fromkeys(rule.kind for rule in embeds):
        place = "|".join(_place_pattern(rule) for rule in embeds if rule.kind == kind and rule.hosts)
        rows.append(_row(Purpose.EMBEDS.value, place, "0", json.dumps(kind)))
    covered = {
        f"{host.label}.{host.domain}".removeprefix("*.") for rule in embeds if not rule.path for host in rule.hosts
    }
    for purpose, pattern in host_patterns(vendors, covered):
        extra = [json.dumps(loaded_by[purpose])] if purpose in loaded_by else []
        rows.append(_row(purpose, f"({pattern})/", *extra))
    return f"[{','.join(rows)}]"


def proxied_hosts(proxied: Mapping[str, str], free: Iterable[str] = ()) -> dict[str, list[str]]:
    """Return the guard's argument `PROXIED`: the vendors' hosts by the site's own origin that serves them.

    Args:
        proxied: the origins by host.
        free: addresses that never wait. An origin may serve several hosts, and the first with a rule counts, so theirs
            come first. Their rule is for these addresses only.
    """
    hosts: dict[str, list[str]] = {}
    first = {address.partition("/")[0] for address in free}
    for host, origin in sorted(proxied.items(), key=lambda each: host_without_region(each[0]) not in first):
        # A browser leaves out the scheme's own port.
        hosts.setdefault(re.sub(r"^https?://|:(?:80|443)$", "", origin), []).append(host)
    return hosts


def js_regex(pattern: str) -> str:
    """Return a regular expression literal in JavaScript."""
    return f"/{pattern.replace('/', chr(92) + '/')}/"


def host_patterns(vendors: Sequence[Vendor], covered: Container[str] = ()) -> list[tuple[str, str]]:
    """Return every host that waits, as pairs of a purpose and a pattern, without those `covered` by another rule.

    The first pair that fits counts. A host below a domain waits as the domain does, unless a longer name is listed too.
    """
    domains = {
        domain: purpose
        for vendor in vendors
        for domain, purpose in vendor.host_purposes.items()
        if domain not in covered
    }
    # Pairs of purposes in the order in which they must come: a name of the first is below a name of the second.
    before = {
        (purpose, domains[other])
        for domain, purpose in domains.items()
        for other in domains
        if domain.endswith("." + other)
    }
    orders = permutations(Purpose)
    order = next((each for each in orders if all(each.index(one) <= each.index(other) for one, other in before)), None)
    if order:
        groups = [(purpose, [domain for domain in sorted(domains) if domains[domain] is purpose]) for purpose in order]
    else:
        longest_first = sorted(domains, key=lambda domain: (-domain.count("."), domain))
        groups = [(domains[domain], [domain]) for domain in longest_first]
    return [(purpose.value, _domain_pattern(group)) for purpose, group in groups if group]


def _row(purpose: str, place: str, *more: str) -> str:
    return f"[{','.join([json.dumps(purpose), js_regex(f'{chr(92)}.({place})'), *more])}]"


def _place_pattern(rule: TagRule) -> str:
    """Return a pattern for the hosts and paths of a rule."""
    hosts = _any_of(
        host.domain if host.label == "*" else host.label.replace("-*", "") + "." + host.domain for host in rule.hosts
    )
    # Any path with this beginning fits.
    paths = rule.path.pattern.removesuffix(".*").replace(".*|", "|") if rule.path else "/"
    return hosts + (f"({paths})" if "|" in paths else paths)


def _domain_pattern(domains: list[str]) -> str:
    """Return a pattern for these domains that writes their common parts once."""
    labels_by_rest: dict[str, list[str]] = {}
    for domain in domains:
        label, _, rest = domain.replace("-*", "").partition(".")
        if "." in rest:
            labels_by_rest.setdefault(rest, []).append(label)
        else:
            labels_by_rest.setdefault("", []).append(f"{label}.{rest}")
    registrable = labels_by_rest.pop("", [])
    patterns = [f"{_any_of(labels)}.{rest}" for rest, labels in labels_by_rest.items()]
    if registrable:
        # `(a|b).(net|com)` also fits a.com where only a.net is listed. A test checks that no name of another purpose
        # fits.
        names, ends = zip(*(domain.split(".") for domain in registrable), strict=True)
        patterns.append(f"{_any_of(names)}.{_any_of(ends)}")
    return "|".join(patterns)


def _any_of(words: Iterable[str]) -> str:
    distinct = list(dict.fromkeys(words))
    return f"({'|'.join(distinct)})" if len(distinct) > 1 else distinct[0]
