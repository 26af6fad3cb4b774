"""The one script that a page loads: put together from the minified sources, the vendors' drivers and the site's words.

Knows: the parts, how they are called, and how a file's name follows from its content.
Must not know: any vendor by name, consent, HTTP, markup in a page.

The parts lie in the package as they are served, minified, so that installing it needs no build step; the readable
sources lie beside them, and `make asset` makes the one of the other.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from html import escape
from importlib.resources import files
from itertools import permutations

from consent_middleware.purpose import Purpose
from consent_middleware.rules import TagRule
from consent_middleware.vendor import Vendor

from .texts import Texts


@dataclass(frozen=True, slots=True)
class Asset:
    """A file that the middleware serves. Its name changes with its content, so it may be kept for ever.

    `name` is the last segment of its path, `body` its bytes, `content_type` the value of that header.
    """

    name: str
    body: bytes
    content_type: str


@dataclass(frozen=True, slots=True)
class Site:
    """What a site has chosen that the script has to know."""

    words: Texts
    language: str
    cookie: str
    contact_url: str | None
    privacy_url: str | None
    position: str
    proxied: Mapping[str, str] = field(default_factory=dict)


def compose(site: Site, vendors: Sequence[Vendor], *, embeds: bool, minified: bool = True) -> Asset:
    """The script for pages whose chat is of the first of `vendors`, with placeholders for embeds or without.

    `minified=False` takes the readable sources instead; both behave alike.
    """
    core, style = _part("facade", embeds, minified), _style(embeds, minified)
    if site.position == "left":
        style = style.replace("inset-inline-end", "inset-inline-start")
    drivers = ",".join(_part(vendor.id, embeds, minified) for vendor in vendors)
    name = vendors[0].name
    given = (
        _js(_words(site, name, embeds)),
        _js_text(_box(site, name)),
        _js(style),
        f"[{drivers}]",
        *([_stand_ins(vendors)] if embeds else []),
    )
    # ASCII only, so that the script reads the same whatever charset a page or a proxy claims. What differs between
    # sites stands first, where it compresses best.
    return _asset("facade", f"(f=>f({','.join(given)}))({core});\n")


def compose_guard(vendors: Sequence[Vendor], proxied: Mapping[str, str], *, minified: bool = True) -> Asset:
    """The guard, for the tags of these vendors that other scripts insert: a file, or what stands in a page itself."""
    behind: dict[str, list[str]] = {}
    for host, origin in proxied.items():
        # A browser leaves out the port of the scheme.
        behind.setdefault(re.sub(r"^https?://|:(?:80|443)$", "", origin), []).append(host)
    given = f"{_places(vendors)},{_js(behind)}"
    return _asset("guard", f"(f=>f({given}))({_part('guard', False, minified)});\n")


def compose_stand_ins(vendors: Sequence[Vendor], *, minified: bool = True) -> Asset:
    """What stands in for these vendors' globals, for pages whose scripts may call into them at once."""
    return _asset("stand-ins", f"(f=>f({_stand_ins(vendors)}))({_part('stand-ins', False, minified)});\n")


def _asset(kind: str, code: str) -> Asset:
    body = code.encode("ascii")
    name = f"{kind}.{hashlib.sha256(body).hexdigest()[:16]}.js"
    return Asset(name, body, content_type="text/javascript; charset=utf-8")


#: What the function of each part of our own is called with, and what stands in its scope.
OWN_PARTS: dict[str, tuple[str, tuple[str, ...]]] = {
    "facade": ("SITE, BOX, CSS, DRIVERS, STAND_INS", ("shared", "facade")),
    "guard": ("HOSTS, PROXIED", ("shared", "guard")),
    "stand-ins": ("STAND_INS", ("shared", "stand-ins")),
}


def source(part: str, embeds: bool) -> str:
    """The readable script of one part as an expression: one of `OWN_PARTS`, or a vendor's id, whose driver it is.

    `EMBEDS` is set before it, and is what decides whether a page's embeds are seen to.
    """
    package = files("consent_middleware")
    if part in OWN_PARTS:
        given, names = OWN_PARTS[part]
        names = ("shared", "stand-ins", "embeds", "facade") if embeds and part == "facade" else names
        code = ((package / "facade" / "assets" / f"{name}.js").read_text("utf-8") for name in names)
        return f"({given}) => {{\n" + "\n".join(code) + "}"
    driver = (package / "vendors" / f"{part}.js").read_text("utf-8")
    return f"(() => {{\n{driver}return driver;\n}})()"


def minified_name(part: str, embeds: bool) -> str:
    """Where a minified part lies, below the package."""
    folder = "facade/assets" if part in OWN_PARTS else "vendors"
    return f"{folder}/{part}{'.embeds' if embeds else ''}.min.js"


@lru_cache
def _part(part: str, embeds: bool, minified: bool) -> str:
    if part not in OWN_PARTS and not (files("consent_middleware") / "vendors" / f"{part}.js").is_file():
        # A vendor of the site's own: nothing is known of how its chat is driven.
        return "{opens:'[data-consent-open]',begin(){},loaded(){},open(){},frame(){},remove(){},forget(){}}"
    if minified:
        return (files("consent_middleware") / minified_name(part, embeds)).read_text("ascii").strip()
    readable = f"(() => {{ const EMBEDS = {_js(embeds)}; return {source(part, embeds)} }})()"
    return readable.encode("ascii", "backslashreplace").decode("ascii")


@lru_cache
def _style(embeds: bool, minified: bool) -> str:
    assets = files("consent_middleware") / "facade" / "assets"
    names = ("facade.css", "embeds.css") if embeds else ("facade.css",)
    sheet = "\n".join((assets / name).read_text("utf-8") for name in names)
    return minify_style(sheet) if minified else sheet


def minify_style(sheet: str) -> str:
    """`sheet`, a style sheet, without comments and without the white space that means nothing.

    It knows no strings that hold braces, colons, commas, semicolons or the marks of a comment, and takes no space
    behind the colon of a selector.
    """
    sheet = re.sub(r"/\*.*?\*/", "", sheet, flags=re.DOTALL)
    sheet = re.sub(r"\s+", " ", sheet).strip()
    return re.sub(r" ?([{};,]) ?|(?<=:) ", r"\1", sheet).replace(";}", "}")


def _js(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


def _js_text(text: str) -> str:
    """Text with many quotes as the template literal that is shorter than a string of it."""
    escaped = text.replace("\\", r"\\").replace("`", r"\`").replace("${", r"\${")
    return "`" + "".join(letter if letter.isascii() else _js(letter)[1:-1] for letter in escaped) + "`"


def _words(site: Site, vendor: str, embeds: bool) -> dict[str, object]:
    words = site.words
    spoken: dict[str, object] = {
        "cookie": site.cookie,
        "chat": words.button,
        "loading": words.loading,
        "ready": words.ready,
        "failed": words.failed if site.contact_url else words.failed_alone,
        "offline": words.offline,
    }
    if embeds:
        spoken |= {
            "label": words.label,
            "lang": site.language,
            "proxied": dict(site.proxied),
            "embed": words.embed + " ",
            "embed-loading": words.embed_loading,
            "embed-failed": words.embed_failed,
            "embed-offline": words.offline,
            "forms": words.forms,
            "meetings": words.meetings,
            "calls-to-action": words.calls_to_action,
            "video": words.video,
        }
    # In JavaScript, this takes away the prototype, so that no word from a page finds anything else there.
    return {"__proto__": None} | {
        key: text.replace("{vendor}", vendor) if isinstance(text, str) else text for key, text in spoken.items()
    }


def _box(site: Site, vendor: str) -> str:
    """The markup of the button with its note, its live region and its links; well-formed, for pages in XML."""
    words = site.words
    privacy = _link(site.privacy_url, words.privacy)
    note = _text(words.description.replace("{vendor}", vendor)) + (" " + privacy if privacy else "")
    return (
        f'<div part="box"><div part="card"><p part="note" id="note">{note}</p><p part="message" role="status"></p>'
        f'<p part="way">{_link(site.contact_url, words.contact)}</p></div>'
        '<button part="button" aria-haspopup="dialog" aria-describedby="note"></button></div>'
    )


def _link(url: str | None, label: str) -> str:
    return f'<a href="{escape(url)}">{_text(label)}</a>' if url else ""


def _text(text: str) -> str:
    return escape(text, quote=False)


def _places(vendors: Sequence[Vendor]) -> str:
    """What has to wait, as an array in JavaScript: each a purpose, an expression for host and path, the purpose whose
    scripts bring it along, and the kind of embed. The first that fits counts.

    The expressions are for hosts without the region that a label may bear. What has no purpose never waits.
    """
    bringing = [rule.purposes for vendor in vendors for rule in vendor.tag_rules]
    bringing += [rule.purposes for vendor in vendors for rule in vendor.text_rules]
    by = {other.value: first.value for first, *others in bringing for other in others}
    rules = [rule for vendor in vendors for rule in vendor.tag_rules if rule.kind]
    sent_to = [place for vendor in vendors for place in vendor.submission_urls]
    listed = [[_js(""), "|".join(sent_to)]] if sent_to else []
    for kind in dict.fromkeys(rule.kind for rule in rules):
        place = "|".join(_place(rule) for rule in rules if rule.kind == kind and rule.hosts)
        listed.append([_js(Purpose.EMBEDS.value), place, "0", _js(kind)])
    told = {f"{host.label}.{host.domain}".removeprefix("*.") for rule in rules if not rule.path for host in rule.hosts}
    for purpose, pattern in _hosts(vendors, told):
        brings = [_js(by[purpose])] if purpose in by else []
        listed.append([_js(purpose), f"({pattern})/", *brings])
    rows = (f"[{','.join([row[0], _expression(row[1]), *row[2:]])}]" for row in listed)
    return f"[{','.join(rows)}]"


def _expression(place: str) -> str:
    return rf"/\.({place.replace('/', chr(92) + '/')})/"


def _place(rule: TagRule) -> str:
    """A pattern for the hosts and paths of a rule."""
    hosts = _either(
        host.domain if host.label == "*" else host.label.replace("-*", "") + "." + host.domain for host in rule.hosts
    )
    # What begins so is meant, whatever follows.
    paths = rule.path.pattern.removesuffix(".*").replace(".*|", "|") if rule.path else "/"
    return hosts + (f"({paths})" if "|" in paths else paths)


def _stand_ins(vendors: Sequence[Vendor]) -> str:
    """The globals for which something stands in, as an array in JavaScript; see stand-ins.js."""
    listed = []
    for each in (stand_in for vendor in vendors for stand_in in vendor.stand_ins):
        row = [_js(each.name)]
        if each.purposes:
            row += [_js([purpose.value for purpose in each.purposes]), _js(dict(each.returns))]
        if each.libraries:
            row.append(f"/{each.libraries.pattern.replace('/', chr(92) + '/')}/")
        listed.append(f"[{','.join(row)}]")
    return f"[{','.join(listed)}]"


def _hosts(vendors: Sequence[Vendor], told: Container[str] = ()) -> list[tuple[str, str]]:
    """Every host that has to wait, as pairs of a purpose and a pattern; the first pair that fits counts. Without those
    that are `told` already.

    A host below a domain is as the domain, unless a longer one of the list fits it. A host's own label may bear a
    region.
    """
    domains = {
        domain: purpose for vendor in vendors for domain, purpose in vendor.host_purposes.items() if domain not in told
    }
    overruled = {
        (purpose, domains[other])
        for domain, purpose in domains.items()
        for other in domains
        if domain.endswith("." + other)
    }
    orders = permutations(Purpose)
    order = next(
        (each for each in orders if all(each.index(one) <= each.index(other) for one, other in overruled)), None
    )
    if order:
        groups = [(purpose, [domain for domain in sorted(domains) if domains[domain] is purpose]) for purpose in order]
    else:
        longest_first = sorted(domains, key=lambda domain: (-domain.count("."), domain))
        groups = [(domains[domain], [domain]) for domain in longest_first]
    return [(purpose.value, _any_of(group)) for purpose, group in groups if group]


def _any_of(domains: list[str]) -> str:
    """A pattern for these domains, what they share written once."""
    by_rest: dict[str, list[str]] = {}
    for domain in domains:
        label, _, rest = domain.replace("-*", "").partition(".")
        by_rest.setdefault(rest if "." in rest else "", []).append(f"{label}.{rest}" if "." not in rest else label)
    registrable = by_rest.pop("", [])
    patterns = [f"{_either(labels)}.{rest}" for rest, labels in by_rest.items()]
    if registrable:
        # What the names of two purposes share must not be told apart by its end alone; `HOSTS` is tested for that.
        names, ends = zip(*(domain.split(".") for domain in registrable), strict=True)
        patterns.append(f"{_either(names)}.{_either(ends)}")
    return "|".join(patterns)


def _either(words: Iterable[str]) -> str:
    distinct = list(dict.fromkeys(words))
    return f"({'|'.join(distinct)})" if len(distinct) > 1 else distinct[0]
