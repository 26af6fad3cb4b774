"""Write a visitor's choice as a consent platform does: the reverse of `sources`, for tests and for checks of a site.

`write` returns the cookies and request fields that a browser has once a visitor has chosen. Ids of visitors are
examples, and the time is an argument, so the same call always returns the same.

Nothing that answers requests imports this package.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import product

from consent_middleware.consent import OPTIONAL_CATEGORIES, Basis, Category, Consent, State, merge
from consent_middleware.cookies import Cookies
from consent_middleware.policy import Policy
from consent_middleware.sources import SOURCES, Platform, Signals
from consent_middleware.sources.own import own_cookie
from consent_middleware.sources.reader import Reader, ids_for

from . import (
    axeptio,
    borlabs,
    c15t,
    civic,
    complianz,
    cookie_information,
    cookie_law_info,
    cookie_notice,
    cookie_script,
    cookiebot,
    cookiefirst,
    cookiehub,
    cookieyes,
    didomi,
    django_cookie_consent,
    dnt,
    drupal,
    fides,
    gpc,
    gpp,
    hubspot_banner,
    insites,
    iubenda,
    klaro,
    moove,
    onetrust,
    orejime,
    orestbida,
    own,
    real_cookie_banner,
    shopify,
    tarteaucitron,
    tcf,
    trustarc,
    typo3,
    us_privacy,
    wagtail_tag_manager,
    wp_consent,
    wpconsent,
)
from .writer import Choice, Cookie, UnwritableError, Writer, WrittenConsent

__all__ = ["WRITERS", "Cookie", "UnwritableError", "Writer", "WrittenConsent", "forms", "granting", "states", "write"]

_MODULES = (
    *(hubspot_banner, onetrust, cookiebot, cookieyes, cookie_law_info, orestbida, iubenda, complianz, wp_consent),
    *(klaro, tarteaucitron, didomi, axeptio, insites, cookie_script, cookiefirst, cookie_information, borlabs, civic),
    *(trustarc, moove, real_cookie_banner, c15t, django_cookie_consent, drupal, typo3, shopify, cookiehub),
    *(wagtail_tag_manager, fides, wpconsent, cookie_notice, orejime, tcf, gpp, us_privacy, gpc, dnt, own),
)
#: Every writer by the id of its reader; the project's own cookie is "own cookie".
WRITERS: Mapping[str, Writer] = {module.WRITER.id: module.WRITER for module in _MODULES}

_PLATFORMS = {name: platform for platform in SOURCES for name in (platform.id, *platform.aliases)}


def granting(*categories: Category | str) -> dict[Category, State]:
    """Return the state in which these categories are granted and all others refused.

    `granting()` is the state of a visitor who has refused everything.

    Raises:
        ValueError: There is no such category.
    """
    granted = set(map(Category, categories))
    return {category: State.GRANTED if category in granted else State.DENIED for category in OPTIONAL_CATEGORIES}


def write(
    source: str,
    state: Mapping[Category, State] | Mapping[str, str],
    *,
    now: float,
    form: str = "",
    policy: Policy | None = None,
) -> WrittenConsent:
    """Return the cookies and request fields of a visitor who has made a choice.

    What is returned has been read back: the source's own reader finds the state in it, by the visitor's explicit
    choice. The IAB's TC string only denies unless the site sets `tcf_grants`.

    Args:
        source: the id of a platform or signal, as in `Policy(mapping=…)` and docs/consent-sources.md, or "own cookie".
        state: the categories that are granted or denied. A category that is missing or unknown is left open, as on a
            site that does not ask about it. A state with nothing in it is that of an untouched browser: no cookie.
        now: when the visitor chose, in seconds since 1970 (UTC).
        form: which of the platform's forms to write, one of `forms(source)`. By default the usual one.
        policy: the site's settings. Its `mapping` is needed where sites make up their own ids; `cookie_names`,
            `revisions` and `consent_cookie` are used too.

    Raises:
        UnwritableError: The platform cannot record this state, or not with the site's ids.
        ValueError: There is no such source, form, category or state.
    """
    writer = _writer_of(source)
    form = form or (source if source in writer.forms else next(iter(writer.forms)))
    if form not in writer.forms:
        raise ValueError(f"{source} has no form {form!r}, but: {', '.join(writer.forms)}")
    known = _known_states(state)
    if not known:
        return WrittenConsent()
    site = policy or Policy()
    platform = _PLATFORMS.get(writer.id)
    written = writer.forms[form](_choice(platform, form, known, now, site))
    found = _read_back(platform, written, site)
    if any((found.state(each), found.basis_of(each)) != _expected(known, each) for each in OPTIONAL_CATEGORIES):
        raise UnwritableError(_explain(source, known, platform, site))
    return written


def forms(source: str) -> tuple[str, ...]:
    """Return the names of the forms in which a source's consent can be written, the usual one first.

    Raises:
        ValueError: There is no such source.
    """
    return tuple(_writer_of(source).forms)


def states(source: str, *, form: str = "", policy: Policy | None = None) -> tuple[Mapping[Category, State], ...]:
    """Return every state that can be written for a source, besides that of an untouched browser.

    Args:
        source: the source, as for `write`.
        form: the form, as for `write`.
        policy: the site's settings, as for `write`.

    Raises:
        ValueError: There is no such source or form.
    """
    found: list[Mapping[Category, State]] = []
    for words in product((State.GRANTED, State.DENIED, State.UNKNOWN), repeat=len(OPTIONAL_CATEGORIES)):
        state = dict(zip(OPTIONAL_CATEGORIES, words, strict=True))
        try:
            # Whether a state can be written does not depend on the time.
            written = write(source, state, now=_SOME_TIME, form=form, policy=policy)
        except UnwritableError:
            continue
        if written.request_headers:
            found.append(_known_states(state))
    return tuple(found)


_SOME_TIME = 1_735_787_045.0


def _writer_of(source: str) -> Writer:
    platform = _PLATFORMS.get(source)
    writer = WRITERS.get(platform.id if platform else source)
    if writer is None:
        raise ValueError(f"there is no source {source!r}, but: {', '.join(WRITERS)}")
    return writer


def _known_states(state: Mapping[Category, State] | Mapping[str, str]) -> dict[Category, State]:
    """Return the optional categories that are granted or denied."""
    try:
        found = {Category(category): State(word) for category, word in state.items()}
    except ValueError:
        raise ValueError(
            f"a state names {', '.join(Category)}, each {' or '.join(State)}; it is not {dict(state)!r}"
        ) from None
    if found.pop(Category.NECESSARY, State.GRANTED) is State.DENIED:
        raise UnwritableError("necessary is always granted")
    return {category: found[category] for category in OPTIONAL_CATEGORIES if found.get(category) in _KNOWN}


_KNOWN = (State.GRANTED, State.DENIED)


def _choice(platform: Platform | None, form: str, state: Mapping[Category, State], now: float, site: Policy) -> Choice:
    if platform is None:
        return Choice(state, now, {}, site.consent_cookie)
    name = next(iter(site.cookie_names.get(platform.id, ())), "")
    # A form may have a revision of its own, as the two versions of one library do.
    revision = site.revisions.get(form) or site.revisions.get(platform.id, "")
    return Choice(state, now, ids_for(platform, site.mapping), name, revision)


def _read_back(platform: Platform | None, written: WrittenConsent, site: Policy) -> Consent:
    """Return what the source's reader finds in a request with this consent."""
    fields = [(name.lower().encode("ascii"), value.encode("ascii")) for name, value in written.headers]
    signals = Signals(Cookies([written.cookie_header.encode("ascii")]), fields)
    readings: Iterable[Consent]
    if platform is None:
        readings = own_cookie(site.consent_cookie)(signals)
    else:
        # A reader that raises is left out, and then the state is not found.
        errors: dict[str, Exception] = {}
        reader = Reader([platform], {platform.id: ids_for(platform, site.mapping)}, site.cookie_names)
        readings = reader.read(signals, errors.__setitem__)
    return merge(readings)


def _expected(state: Mapping[Category, State], category: Category) -> tuple[State, Basis]:
    return (state[category], Basis.EXPLICIT) if category in state else (State.UNKNOWN, Basis.NONE)


def _explain(source: str, state: Mapping[Category, State], platform: Platform | None, site: Policy) -> str:
    text = f"{source} cannot record " + ", ".join(f"{category} {word}" for category, word in state.items())
    if platform is not None and platform.mappable and not ids_for(platform, site.mapping):
        text += "; if the ids there are the site's own, give a policy with a mapping"
    return text
