"""The settings of a `Policy`, each declared once: its name, number, check, default and meaning.

`Policy`, the settings with a prefix (Flask, Django, the environment), the help text and the page docs/settings.md
follow from this table. An error message starts with the setting's number, which never changes and is never used again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from textwrap import fill
from typing import Any

from . import checks
from .checks import Check, PolicyError, SettingError
from .vendors import DEFAULT_VENDORS


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting.

    Attributes:
        number: the number of its error message.
        check: what it may be.
        default: the value if the site sets none.
        doc: what it means, in one paragraph.
    """

    name: str
    number: str
    check: Check
    default: Any
    doc: str


#: The settings by topic.
TOPICS: Mapping[str, tuple[Setting, ...]] = {
    "What waits": (
        Setting(
            "vendors",
            "CM060",
            checks.VENDOR_LIST,
            DEFAULT_VENDORS,
            'The vendors whose tags and cookies wait, by id or as `Vendor`: `["hubspot", "intercom"]`.',
        ),
        Setting(
            "requires",
            "CM062",
            checks.REQUIRES,
            None,
            'The categories that each purpose requires: `{"chat": ["functional"], "tracking": ["analytics", '
            '"marketing"], "embeds": ["functional", "marketing"]}`. A purpose that is left out keeps what its vendors '
            "require, which for HubSpot is the above. Tracking is the full tracking code, which brings the chat with "
            "it; embeds are forms, meetings, calls to action and video.",
        ),
        Setting(
            "proxied",
            "CM007",
            checks.ORIGINS,
            None,
            'Your own origins that serve a vendor\'s host: `{"js.hs-scripts.com": "https://hs.example.com"}`. The '
            "origin is recognized as that host, and the chat is loaded from it.",
        ),
        Setting(
            "loading_elements",
            "CM034",
            checks.ELEMENTS,
            (),
            'Custom elements of your own that load what their `src` names: `["lazy-script"]`.',
        ),
        Setting(
            "guard",
            "CM040",
            checks.one_of("always", "auto", "never"),
            "always",
            "Which pages get a small script that blocks the tags which other scripts insert: `always` every page that "
            "runs a script, `auto` those with a tag manager that is known, and, from the facade's script on, those "
            "with a blocked tag, `never` none.",
        ),
        Setting(
            "on_long_tag",
            "CM015",
            checks.one_of("withhold", "pass"),
            "withhold",
            "What happens to a tag that is longer than the limit `tag_bytes` and may be a vendor's: `withhold` removes "
            "its attributes, so that it loads nothing; `pass` leaves it as it is. Either is logged and counted.",
        ),
        Setting(
            "limits",
            "CM063",
            checks.BYTE_LIMITS,
            None,
            'Sizes in bytes: `{"tag_bytes": 1048576, "cache_bytes": 8388608}`. `tag_bytes` is how much of one '
            "unfinished tag is buffered while a page streams. `cache_bytes` is how much each gateway may keep of pages "
            "that came more than once, so that the same page is not read again, and of a similar one only what "
            "differs; 0 turns this off. A limit that is left out keeps its default.",
        ),
    ),
    "Reading consent": (
        Setting(
            "regime",
            "CM020",
            checks.REGIME,
            "opt-in",
            "`opt-in` (unknown is not consent), `opt-out` (what is not refused is allowed), or a callable that takes "
            "the request's `Signals` and returns one of them. If it raises or returns anything else, opt-in applies.",
        ),
        Setting(
            "vary",
            "CM029",
            checks.HEADER_NAMES,
            (),
            "The request headers that your callables (`regime`, `language`, `contact_url`, `privacy_url`, `chat_when`) "
            'read, for caches: `["CF-IPCountry"]`. `Cookie` need not be named.',
        ),
        Setting(
            "mapping",
            "CM017",
            checks.MEANINGS,
            None,
            'What your own ids mean, for platforms whose categories a site makes up: `{"statistics-cookies": '
            '"analytics"}` for all of them, or by platform, `{"klaro": {"matomo": "analytics", "crm": ["analytics", '
            '"marketing"]}}`. An id that is not mapped stays unknown.',
        ),
        Setting(
            "cookie_names",
            "CM018",
            checks.COOKIE_NAMES,
            None,
            'Your own names for cookies of platforms that let a site choose them: `{"klaro": "our-klaro"}`.',
        ),
        Setting(
            "ignore",
            "CM019",
            checks.DEFAULT_IGNORED,
            ("dnt",),
            'Platforms and signals that are not read, by name: `["dnt", "gpp", "us-privacy"]`. A list of your own '
            'replaces the default, so `["gpc"]` alone also turns `DNT` on, and `[]` reads everything. With `dnt` read, '
            "`DNT: 1` refuses analytics and marketing.",
        ),
        Setting(
            "gpc",
            "CM021",
            checks.one_of("always", "opt-out"),
            "always",
            "Where `Sec-GPC: 1` refuses marketing: `always`, or under the regime `opt-out` only. To disregard the "
            "signal, name `gpc` in `ignore`.",
        ),
        Setting(
            "tcf_grants",
            "CM023",
            checks.BOOLEAN,
            False,
            "Whether the purposes of a TC string may grant. Otherwise it only denies.",
        ),
        Setting(
            "max_age_days",
            "CM024",
            checks.DAYS,
            None,
            "After how many days a choice counts as unknown, if its platform stores the date. None: never. Under "
            "opt-out a refusal does not grow old.",
        ),
        Setting(
            "revisions",
            "CM025",
            checks.REVISIONS,
            None,
            'The current version of your own privacy policy, by platform: `{"orestbida": "3"}`. A choice made under '
            "another version is unknown, except a refusal under opt-out.",
        ),
        Setting(
            "sources",
            "CM010",
            checks.SOURCE_LIST,
            (),
            "Callables of your own that read consent from a request, asked in addition to the built-in sources.",
        ),
        Setting(
            "banner",
            "CM070",
            checks.BANNER,
            None,
            "The vendor whose own consent banner asks your visitors, by id. The banner's script loads before consent, "
            "alone, in every page in which the vendor's loader waits. Without this setting it waits with the loader, "
            "and nobody is asked.",
        ),
        Setting(
            "forward_consent",
            "CM071",
            checks.BOOLEAN,
            False,
            "Whether a small script on every page tells the vendors' scripts what the visitor has agreed to, by "
            "category, so that they need not ask again and heed a partial consent. For a site with another consent "
            "platform than the vendor's own banner.",
        ),
        Setting(
            "consent_cookie",
            "CM003",
            checks.COOKIE_NAME,
            "consent",
            "The name of this project's own consent cookie.",
        ),
    ),
    "The click": (
        Setting(
            "click_cookie",
            "CM004",
            checks.COOKIE_NAME,
            "consent_chat",
            "The name of the cookie that keeps the visitor's click for this visit. Over TLS, no sibling host can set a "
            "name that starts with `__Host-`.",
        ),
        Setting(
            "click_after_refusal",
            "CM026",
            checks.BOOLEAN,
            True,
            "Whether a click loads the chat although the visitor has refused its category. False: there is no button "
            "either.",
        ),
        Setting(
            "chat_pages",
            "CM032",
            checks.PAGES,
            None,
            "The pages on which you offer your chat, as paths below the app's mount, with `*` for any characters: "
            '`["/", "/support/*"]`. Other pages get no button, also if a front end goes there within the browser. '
            "None: all pages.",
        ),
        Setting(
            "chat_when",
            "CM064",
            checks.FUNCTION,
            None,
            "A callable that says whether you offer your chat now, for example in business hours. It takes the "
            "request's `Signals` and returns True or False. With False the page gets no button, and its chat waits as "
            "before; a chat that the visitor has allowed loads all the same. If it raises or returns anything else, "
            "there is no button. None: at all times.",
        ),
        Setting(
            "chat_accounts",
            "CM033",
            checks.ACCOUNTS,
            None,
            'The accounts at the vendor that have a chat, for example HubSpot portals: `["12345"]`. A tag that names '
            "another one brings no button. None: all accounts.",
        ),
    ),
    "The button": (
        Setting(
            "contact_url",
            "CM008",
            checks.LINK,
            None,
            "Another way to contact you. It is a plain link for visitors without JavaScript, and the way out if the "
            "chat cannot be reached. `/contact` is a path on your host, as in any page; `~/contact` is below the app's "
            "mount. A mapping has addresses by language: the one for the page's language counts, or else the English "
            "one, or else the first. A callable takes the request's `Signals` and returns an address or None; if it "
            "raises or returns anything else, there is no link. None: text only, and a warning in the log.",
        ),
        Setting(
            "privacy_url",
            "CM041",
            checks.LINK,
            None,
            "The privacy page, given as `contact_url` is. The sentence that says what a click does links to it.",
        ),
        Setting(
            "texts",
            "CM009",
            checks.TEXTS,
            None,
            "The words, as `Texts` or a mapping of its fields, all in `language`; or several of these by language, "
            '`{"de": {"button": "Frag uns"}}`, each beside the built-in words of that language. A kind of embed whose '
            "text is empty gets no placeholder; `ready` and `without_script` may be empty too, and no other text.",
        ),
        Setting(
            "language",
            "CM014",
            checks.LANGUAGE,
            "auto",
            "The language of the words, as a tag such as `de` or `pt-BR`. `auto` follows the page's `<html lang>`. A "
            "callable takes the request's `Signals` and returns a language, or None for the page's.",
        ),
        Setting(
            "path",
            "CM006",
            checks.PATH,
            "/_consent",
            "The path below the app's mount at which the middleware answers itself.",
        ),
    ),
    "Cookies, caches and the log": (
        Setting(
            "chat_cookies_after_visit",
            "CM050",
            checks.one_of("expire", "keep"),
            "expire",
            "What happens to the chat's cookies that a browser still has when the chat is neither allowed nor clicked "
            "for: they `expire` with the visit in which the click was made, or the browser may `keep` them. Tracking "
            "cookies end by an explicit refusal only.",
        ),
        Setting(
            "hide_cookies",
            "CM051",
            checks.BOOLEAN,
            False,
            "Whether the vendors' cookies are hidden from the app until they are allowed, so that code on the server "
            "cannot pass them on.",
        ),
        Setting(
            "cacheable",
            "CM052",
            checks.BOOLEAN,
            False,
            "Whether every visitor gets the same page, which asks for the visitor's decision in the browser. Shared "
            "caches can then store it. Without JavaScript nothing that is blocked is released.",
        ),
        Setting(
            "withdrawal",
            "CM054",
            checks.one_of("next-page", "at-once"),
            "next-page",
            "When a withdrawal takes effect on a page whose tags were all allowed: `next-page` leaves such a page as "
            "you wrote it, byte for byte; `at-once` adds the script that notices the withdrawal and ends what runs.",
        ),
        Setting(
            "on_decision",
            "CM027",
            checks.FUNCTION,
            None,
            "A callable that gets every request's `Plan`, for a log. If it raises, that is noted and the response goes "
            "on.",
        ),
        Setting(
            "report_only",
            "CM093",
            checks.BOOLEAN,
            False,
            "Whether nothing is changed in any response, and what would have been is only noted: a notice "
            "`report-only.RULE` for each rule of a tag and for each header field, counted every time and logged the "
            "first time. The middleware then answers nothing below `path` either. For a first look at a running site.",
        ),
        Setting(
            "debug_header",
            "CM094",
            checks.BOOLEAN,
            False,
            "Whether every page has a header field that says what was decided and why: `Consent-Middleware: "
            "chat=blocked; reason=no-consent; source=none; changed=1; facade, tracking=blocked; …`. It is a Dictionary "
            "of RFC 9651 and names the sources, never a cookie's value. Everybody who can see the page sees it.",
        ),
    ),
}

#: The settings by name.
SETTINGS: Mapping[str, Setting] = {setting.name: setting for topic in TOPICS.values() for setting in topic}


def check_settings(given: Mapping[str, object]) -> dict[str, Any]:
    """Return the checked settings by name: those that are given, and the defaults of all others.

    Raises:
        PolicyError: with every problem, so that a developer sees all of them at once; also for a name that is no
            setting (CM011).
    """
    checked: dict[str, Any] = {}
    problems = [unknown_setting(name, name) for name in given if name not in SETTINGS]

    def check(number: str, name: str, convert: Callable[..., Any], *values: object) -> None:
        try:
            checked[name] = convert(*values)
        except SettingError as wrong:
            for where, value, allowed in wrong.problems:
                problems.append((number, f"{name}{where} is {value!r}; it must be {allowed}"))

    for name, setting in SETTINGS.items():
        check(setting.number, name, setting.check, given.get(name, setting.default))
    if "texts" in checked:
        language = checked.get("language")
        tag = language if isinstance(language, str) else None
        check(SETTINGS["texts"].number, "texts", checks.texts_by_language, checked["texts"], tag)
    if "click_cookie" in checked and checked["click_cookie"] == checked.get("consent_cookie"):
        name = checked["click_cookie"]
        problems.append(("CM005", f"click_cookie is {name!r}; it must be another name than consent_cookie's"))
    if checked.get("cacheable") and checked.get("click_after_refusal") is False:
        why = "a page that is the same for every visitor has the same button for those who have refused"
        problems.append(("CM053", f"cacheable=True and click_after_refusal=False cannot stand together: {why}"))
    problems += _banner_problems(checked)
    chosen = [name for name in ("contact_url", "privacy_url", "chat_when") if callable(checked.get(name))]
    if checked.get("cacheable") and chosen:
        why = "a page that is the same for every visitor cannot depend on the request or the time"
        problems.append(
            ("CM065", f"cacheable=True and a callable for {', '.join(chosen)} cannot stand together: {why}")
        )
    if problems:
        raise PolicyError(problems)
    return checked


def _banner_problems(checked: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return what is wrong with the settings `banner` and `forward_consent` beside the others."""
    vendors, banner, forwards = checked.get("vendors", ()), checked.get("banner"), checked.get("forward_consent")
    problems: list[tuple[str, str]] = []
    if banner is not None:
        known = {vendor.id: vendor.banner.source for vendor in vendors if vendor.banner is not None}
        if banner not in known:
            which = ", ".join(known) or "none of these vendors has one"
            problems.append(("CM070", f"banner is {banner!r}; it must be a vendor with a consent banner: {which}"))
        elif known[banner] in checked.get("ignore", ()):
            why = "what visitors choose in the banner would not be read"
            problems.append(("CM072", f"banner={banner!r} and ignore={known[banner]!r} cannot stand together: {why}"))
    if forwards and not any(vendor.consent_receiver for vendor in vendors):
        problems.append(("CM071", "forward_consent is True; it needs a vendor whose scripts can be told of consent"))
    if forwards and banner is not None:
        why = "the banner is where the visitor chooses, so there is nothing to tell it"
        problems.append(("CM072", f"banner={banner!r} and forward_consent=True cannot stand together: {why}"))
    return problems


def unknown_setting(written: str, name: str, spell: Callable[[str], str] = str) -> tuple[str, str]:
    """Return the problem that a name is no setting (CM011). It names the setting that is meant, or all settings.

    Args:
        written: what the site wrote.
        name: the name in it.
        spell: returns how a setting is written there.
    """
    near = get_close_matches(name.lower(), SETTINGS, 1)
    hint = f"did you mean {spell(near[0])}?" if near else f"the settings are {', '.join(map(spell, sorted(SETTINGS)))}"
    return "CM011", f"{written} is not a setting; {hint}"


def settings_under(prefix: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings by name that stand under upper-case keys with a prefix."""
    return {name: settings[key] for name in SETTINGS if (key := prefix + name.upper()) in settings}


def from_prefixed(settings: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    """Return the settings by name that stand under upper-case keys with a prefix.

    Other keys with the prefix are the site's own and are left alone, unless their name is so similar to a setting's
    that it is a mistake.

    Raises:
        PolicyError: for a key whose name is similar to a setting's (CM011).
    """
    found = settings_under(prefix, settings)
    known = {prefix + name.upper() for name in found}
    names = {key: key[len(prefix) :] for key in sorted(settings) if key.startswith(prefix) and key not in known}
    problems = [
        unknown_setting(key, name, lambda setting: prefix + setting.upper())
        for key, name in names.items()
        if _is_similar(name.lower())
    ]
    if problems:
        otherwise = "If the name is your own, rename it, or give the settings in code"
        raise PolicyError([(number, f"{text} {otherwise}") for number, text in problems])
    return found


def _is_similar(name: str) -> bool:
    """Return whether a name is so similar to a setting's that it is a mistake for it."""
    # So similar are `contact` and `contact_url`. `banner_color` is less similar to `banner`.
    return bool(get_close_matches(name, SETTINGS, 1, cutoff=0.75))


def help_text() -> str:
    """Return what each setting means, as a docstring says it."""
    return "\n".join(
        fill(
            f"{setting.name}: {setting.doc}",
            100,
            initial_indent=" " * 8,
            subsequent_indent=" " * 12,
            break_on_hyphens=False,
        )
        for setting in SETTINGS.values()
    )
