"""What is written is read back, for every platform in every form and every state; and which states there are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent_middleware import Basis
from consent_middleware.sources import SOURCES
from consent_middleware.writers import WRITERS, forms, states, write
from tests.writers.signs import ALL_OR_NOTHING, ANY, COMPLETE, SITE, read, signs, site, state

NOW = 1_735_787_045.678
MIDNIGHT = 1_735_776_000

#: Purpose 1, which functional stands for, is needed by the others, unless the string does not ask about it.
TC_STRINGS = {"+++", "++-", "+-+", "+--", "---", "?++", "?+-", "?-+", "?--"}
REFUSED_MARKETING = {"??-"}
WITHOUT_FUNCTIONAL = {signs for signs in COMPLETE if signs[0] == "-"}

#: Every form of every platform, with the states that can be written in it.
WRITABLE: dict[str, dict[str, set[str]]] = {
    "hubspot": {"categories": ANY, "opt-out": ALL_OR_NOTHING, "do-not-track": {"?--"}},
    "onetrust": {"four-groups": ANY, "five-groups": ANY},
    "cookiebot": {"with-region": COMPLETE, "without-region": COMPLETE, "with-tcf": COMPLETE},
    "cookieyes": {"pairs": ANY},
    "cookie-law-info": {"boxes": ANY, "one-box": ALL_OR_NOTHING},
    "orestbida": {"orestbida-v3": COMPLETE, "orestbida-v2": COMPLETE},
    "iubenda": {"purposes": ANY, "consent": ALL_OR_NOTHING},
    "complianz": {"site": ANY, "main-site": ANY},
    "wp-consent-api": {"cookies": ANY},
    "klaro": {"json": ANY},
    "tarteaucitron": {"services": ANY},
    "didomi": {"json": ANY},
    "axeptio": {"encoded": ANY, "half-encoded": ANY},
    "insites": {"word": ALL_OR_NOTHING},
    "cookie-script": {"raw": COMPLETE, "encoded": COMPLETE},
    "cookiefirst": {"encoded": COMPLETE, "raw": COMPLETE},
    "cookieinformation": {"json": ANY},
    # A service of the group for functional may have been unlocked in its place: that is no explicit choice.
    "borlabs": dict.fromkeys(("version-3", "version-2"), WITHOUT_FUNCTIONAL),
    "civic": {"json": ANY},
    # The first level is both functional and analytics.
    "trustarc": {"levels": {signs for signs in COMPLETE if signs[0] == signs[1]}},
    "moove": {"json": {signs for signs in ANY if signs[0] == "?" and "?" not in signs[1:]}},
    "real-cookie-banner": {"groups": COMPLETE},
    "c15t": {"pairs": COMPLETE},
    "django-cookie-consent": {"quoted": ANY, "bare": ANY},
    # Where a site has mapped categories, an agreement without a list of them says nothing.
    "drupal-eucc": {"categories": COMPLETE, "without-categories": {"---"}},
    "typo3-sg-cookie-optin": {"groups": ANY},
    "shopify": {"json": ANY},
    "cookiehub": {"numbers": COMPLETE, "ids": ANY},
    "wagtail-tag-manager": {"json": ANY},
    "fides": {"json": ANY},
    "wpconsent": {"json": {signs for signs in ANY if signs[0] == "?" and "?" not in signs[1:]}},
    "cookie-notice": {"word": {"---"}},
    "orejime": {"json": ANY},
    "tcf": {"standard": TC_STRINGS, "onetrust": TC_STRINGS, "consentmanager": TC_STRINGS},
    "gpp": {
        "tcf": TC_STRINGS,
        **dict.fromkeys(
            ("us-privacy", "us-national", "us-california", "us-virginia", "us-texas"),
            REFUSED_MARKETING,
        ),
    },
    "us-privacy": dict.fromkeys(("usprivacy", "us_privacy", "consentmanager", "iubenda"), REFUSED_MARKETING),
    "gpc": {"field": REFUSED_MARKETING},
    "dnt": {"field": {"?--"}},
    "own cookie": {"list": COMPLETE},
}
EVERY_FORM = [(source, form) for source, by_form in WRITABLE.items() for form in by_form]
#: The platforms that record when the visitor chose.
DATED = {
    *("onetrust", "cookiebot", "orestbida", "iubenda", "axeptio", "didomi", "cookie-script", "cookiefirst", "civic"),
    *("cookieinformation", "c15t", "real-cookie-banner", "cookiehub", "wagtail-tag-manager", "fides", "tcf", "gpp"),
}


def test_each_reader_has_a_writer() -> None:
    assert set(WRITERS) == {platform.id for platform in SOURCES} | {"own cookie"}
    assert [(source, form) for source in WRITABLE for form in forms(source)] == EVERY_FORM
    assert set(WRITABLE) == set(WRITERS)


@pytest.mark.parametrize(("source", "form"), EVERY_FORM, ids=str)
def test_states_are_those_of_the_table(source: str, form: str) -> None:
    assert {signs(each) for each in states(source, form=form, policy=SITE)} == WRITABLE[source][form]


@pytest.mark.parametrize(("source", "form"), EVERY_FORM)
def test_written_state_is_read_back(source: str, form: str) -> None:
    for wanted in WRITABLE[source][form]:
        found = read(write(source, state(wanted), now=NOW, form=form, policy=SITE))

        assert (signs(found.states), found.basis) == (wanted, Basis.EXPLICIT)
        # The two versions of one library have readings of their own.
        assert found.source in {source, form}


@pytest.mark.parametrize(("source", "form"), EVERY_FORM)
def test_untouched_state_is_no_cookie(source: str, form: str) -> None:
    for untouched in ({}, state("???"), {"necessary": "granted"}):
        assert write(source, untouched, now=NOW, form=form, policy=SITE).request_headers == {}


@pytest.mark.parametrize(("source", "form"), EVERY_FORM)
def test_date_is_the_time_given(source: str, form: str) -> None:
    for wanted in WRITABLE[source][form]:
        found = read(write(source, state(wanted), now=NOW, form=form, policy=SITE)).chosen_at

        if source == "gpp" and form != "tcf":
            assert found is None
        elif source in {"tcf", "gpp"}:
            assert found == MIDNIGHT
        else:
            assert found in ({NOW, int(NOW)} if source in DATED else {None})


@pytest.mark.parametrize(("source", "form"), EVERY_FORM)
def test_values_fit_into_a_browser_s_cookie(source: str, form: str) -> None:
    for wanted in WRITABLE[source][form]:
        for each in write(source, state(wanted), now=NOW, form=form, policy=SITE).cookies:
            assert len(each.name) + len(each.value) <= 4096
            assert each.value == each.value.strip()
            assert 0 < each.max_age <= 400 * 86_400


#: The platforms that encode the site's ids, so that any text can be one.
ANY_ID = ["klaro", "orejime", "didomi", "axeptio"]


@pytest.mark.no_cover
@given(
    st.sampled_from(ANY_ID),
    st.lists(st.text(max_size=8).map(lambda text: f"x{text}"), min_size=3, max_size=3, unique=True),
    st.sampled_from(sorted(ANY)),
)
def test_any_id_is_encoded(source: str, ids: list[str], wanted: str) -> None:
    """Law: an id of any characters is written so that it is read back."""
    policy = site(mapping={source: dict(zip(ids, ("functional", "analytics", "marketing"), strict=True))})

    assert signs(read(write(source, state(wanted), now=NOW, policy=policy), policy).states) == wanted
