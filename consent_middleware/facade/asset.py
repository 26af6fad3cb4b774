"""The scripts that a page loads: put together from the minified parts, the vendors' drivers and the site's texts.

The package contains the parts minified, so that installing it needs no build step. Their sources are next to them, in
`assets/` and in the vendors' folder; `make asset` minifies them.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from html import escape
from importlib.resources import files

from consent_middleware.consent import OPTIONAL_CATEGORIES, Category
from consent_middleware.vendor import ConsentBanner, Vendor

from .guard_rules import guard_rules, js_regex, proxied_hosts
from .texts import Texts

#: The driver of a vendor of the site's own, whose chat the package cannot drive.
_NO_DRIVER = "{opens:'[data-consent-open]',begin(){},loaded(){},open(){},frame(){},remove(){},forget(){}}"


@dataclass(frozen=True, slots=True)
class Asset:
    """A file that the middleware serves. Its name changes with its content, so it may be cached forever.

    Attributes:
        name: the last segment of its path.
        body: its bytes.
        content_type: the value of that header.
    """

    name: str
    body: bytes
    content_type: str


@dataclass(frozen=True, slots=True)
class ScriptSettings:
    """The settings of the site that the script needs; see `Facade`.

    Attributes:
        contact_url, privacy_url: the address of each link, "" if only a page can say it, None if there is no link.
    """

    texts: Texts
    language: str
    cookie: str
    contact_url: str | None
    privacy_url: str | None
    proxied: Mapping[str, str] = field(default_factory=dict)
    chat_pages: tuple[str, ...] | None = None
    path: str = "/_consent"


def compose(settings: ScriptSettings, vendors: Sequence[Vendor], *, embeds: bool, guard: Asset | None = None) -> Asset:
    """Return the script for pages whose chat comes from the first of `vendors`.

    Args:
        settings: what the site has chosen.
        vendors: the vendors whose drivers the script contains.
        embeds: whether the script contains the placeholders for embeds too.
        guard: the guard, if the script begins with it.
    """
    chats = clicked_by_name(vendors)
    drivers = ",".join(_driver(vendor.id, embeds, is_named=vendor.id in chats) for vendor in vendors)
    vendor_name = vendors[0].name
    # What differs between sites comes first, where it compresses best.
    arguments = [
        _js(_site_values(settings, vendor_name, embeds)),
        _js_template(_button_markup(settings, vendor_name)),
        _js(_read_file(style_file(embeds))),
        f"[{drivers}]",
    ]
    if embeds:
        arguments.append(_stand_ins(vendors))
    return _asset("facade", _read_file(facade_file(embeds)), arguments, _guard_once(guard) if guard else "")


def compose_guard(vendors: Sequence[Vendor], proxied: Mapping[str, str], banner: ConsentBanner | None = None) -> Asset:
    """Return the guard for these vendors' tags, to be inlined in the page or served as a file.

    Args:
        vendors: the vendors.
        proxied: the site's own origins that serve their hosts, by host.
        banner: the vendor's consent banner that need not wait.
    """
    free = banner.addresses if banner else ()
    return _asset(
        "guard",
        _read_file("facade/assets/guard.min.js"),
        [guard_rules(vendors, free), _js(proxied_hosts(proxied, free))],
    )


def compose_stand_ins(vendors: Sequence[Vendor]) -> Asset:
    """Return the stand-ins for these vendors' globals, for pages whose scripts may call them at once."""
    return _asset("stand-ins", _read_file("facade/assets/stand-ins.min.js"), [_stand_ins(vendors)])


def consent_states(agreed: Container[Category]) -> dict[str, bool]:
    """Return the states that vendors' scripts are told: for each category, whether the visitor has agreed to it."""
    return {category.value: category in agreed for category in OPTIONAL_CATEGORIES}


def compose_consent(vendors: Sequence[Vendor], agreed: Container[Category]) -> Asset:
    """Return the script that tells these vendors' scripts what the visitor has agreed to."""
    receivers = ",".join(vendor.consent_receiver for vendor in vendors if vendor.consent_receiver)
    return _asset(
        "consent", _read_file("facade/assets/consent.min.js"), [f"[{receivers}]", _js(consent_states(agreed))]
    )


def _guard_once(guard: Asset) -> str:
    """Return code that runs the guard if the page has none.

    The guard then has no settings of its own, so a button may stand in for whatever a script inserts.
    """
    code = guard.body.decode("ascii").strip()
    return f'if(!Object.hasOwn(window,"consentMiddleware")){{{code}delete consentMiddleware.core.offers}}'


def _asset(kind: str, function: str, arguments: Sequence[str], before: str = "") -> Asset:
    """Return a file that calls a minified function with arguments, all in JavaScript, after the code `before`."""
    # ASCII only, so that the script reads the same whatever charset a page or a proxy claims.
    body = f"{before}(f=>f({','.join(arguments)}))({function});\n".encode("ascii")
    digest = hashlib.sha256(body).hexdigest()[:16]
    return Asset(f"{kind}.{digest}.js", body, content_type="text/javascript; charset=utf-8")


def facade_file(embeds: bool) -> str:
    """Return the path of the minified facade, below the package."""
    return f"facade/assets/facade{'.embeds' if embeds else ''}.min.js"


def style_file(embeds: bool) -> str:
    """Return the path of the minified style sheet of the facade, below the package."""
    return f"facade/assets/facade{'.embeds' if embeds else ''}.min.css"


def driver_file(vendor: str, *, embeds: bool) -> str:
    """Return the path of the minified driver of a vendor, below the package."""
    return f"vendors/{vendor}{'.embeds' if embeds else ''}.min.js"


def clicked_by_name(vendors: Sequence[Vendor]) -> tuple[str, ...]:
    """Return the ids of the vendors with a chat, if there are several, so that a click counts for one of them."""
    chats = tuple(vendor.id for vendor in vendors if vendor.has_chat)
    return chats if len(chats) > 1 else ()


def _driver(vendor: str, embeds: bool, *, is_named: bool) -> str:
    """Return a vendor's driver. One without a part for embeds has one file.

    Args:
        vendor: the vendor's id.
        embeds: whether the script contains placeholders.
        is_named: whether the click's cookie names the vendor.
    """
    code = _driver_code(vendor, embeds)
    return f"Object.assign({code},{_js({'click': vendor})})" if is_named else code


def _driver_code(vendor: str, embeds: bool) -> str:
    names = [driver_file(vendor, embeds=True)] if embeds else []
    names.append(driver_file(vendor, embeds=False))
    return next((_read_file(name) for name in names if (files("consent_middleware") / name).is_file()), _NO_DRIVER)


@lru_cache
def _read_file(name: str) -> str:
    return (files("consent_middleware") / name).read_text("ascii").strip()


def _js(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


def _js_template(text: str) -> str:
    """Return a template literal, which is shorter than a string if the text has many quotes."""
    escaped = text.replace("\\", r"\\").replace("`", r"\`").replace("${", r"\${")
    return "`" + "".join(letter if letter.isascii() else _js(letter)[1:-1] for letter in escaped) + "`"


def _site_values(settings: ScriptSettings, vendor: str, embeds: bool) -> dict[str, object]:
    """Return the script's argument `SITE`: the texts by where they are shown, and the cookie's name."""
    texts = settings.texts
    values: dict[str, object] = {
        "cookie": settings.cookie,
        "chat": texts.button,
        "loading": texts.loading,
        "ready": texts.ready,
        "failed": texts.failed if settings.contact_url else texts.failed_alone,
        "offline": texts.offline,
    }
    if embeds:
        values |= {
            "label": texts.label,
            "lang": settings.language,
            "proxied": dict(settings.proxied),
            "embed": texts.embed + " ",
            "embed-loading": texts.embed_loading,
            "embed-failed": texts.embed_failed,
            "embed-offline": texts.offline,
            "forms": texts.forms,
            "meetings": texts.meetings,
            "calls-to-action": texts.calls_to_action,
            "video": texts.video,
        }
    if embeds and settings.chat_pages is not None:
        # With the length of what follows the mount in the address of a decision request.
        values["pages"] = [pages_pattern(settings.chat_pages), len(f"{settings.path}/decision")]
    named = {
        key: value.replace("{vendor}", vendor) if isinstance(value, str) else value for key, value in values.items()
    }
    # In JavaScript this removes the prototype, so that a word from a page finds nothing else there.
    return {"__proto__": None} | named


def pages_pattern(globs: Sequence[str]) -> str:
    """Return the regular expression, in JavaScript with the flag `s`, for the paths that `checks.Globs` matches.

    A lookahead is never tried again once it has matched, so each part between two stars is taken at its first
    occurrence, as there. Otherwise the expression would try every position for every star.
    """
    patterns = []
    groups = 0
    for glob in globs:
        first, *rest = map(re.escape, glob.split("*"))
        pattern = first
        for part in filter(None, rest[:-1]):
            groups += 1
            pattern += rf"(?=(.*?{part}))\{groups}"
        patterns.append(pattern + "".join(f".*{last}" for last in rest[-1:]))
    return f"^(?:{'|'.join(patterns)})$"


def _button_markup(settings: ScriptSettings, vendor: str) -> str:
    """Return the markup of the button with its note, its live region and its links: well-formed, for pages in XML."""
    texts = settings.texts
    privacy = _link_markup("privacy", settings.privacy_url, texts.privacy)
    note = _text(texts.description.replace("{vendor}", vendor)) + (" " + privacy if privacy else "")
    summary = _text(texts.summary.replace("{vendor}", vendor))
    return (
        f'<div part="box"><div part="card"><details open=""><summary part="summary">{summary}</summary>'
        f'<p part="note" id="note">{note}</p></details><p part="message" role="status"></p>'
        f'<p part="contact">{_link_markup("contact", settings.contact_url, texts.contact)}</p></div>'
        '<button part="button" aria-haspopup="dialog" aria-describedby="note"></button></div>'
    )


def _link_markup(name: str, url: str | None, label: str) -> str:
    if url is None:
        return ""
    address = f' href="{escape(url)}"' if url else ""
    return f'<a id="{name}"{address}>{_text(label)}</a>'


def _text(text: str) -> str:
    return escape(text, quote=False)


def _stand_ins(vendors: Sequence[Vendor]) -> str:
    """Return the script's argument `STAND_INS`: the globals that have a stand-in; see stand-ins.js."""
    rows = []
    for stand_in in (each for vendor in vendors for each in vendor.stand_ins):
        row = [_js(stand_in.name)]
        if stand_in.purposes:
            row += [_js([purpose.value for purpose in stand_in.purposes]), _js(dict(stand_in.returns))]
        if stand_in.libraries:
            row.append(js_regex(stand_in.libraries.pattern))
        rows.append(f"[{','.join(row)}]")
    return f"[{','.join(rows)}]"
