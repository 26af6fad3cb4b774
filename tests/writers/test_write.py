"""The function `write`: its arguments, its errors, and what a site's settings change."""

from __future__ import annotations

import pytest

from consent_middleware import Category, State
from consent_middleware.writers import Cookie, UnwritableError, WrittenConsent, forms, granting, states, write
from tests.writers.signs import plan, read, signs, site, state

NOW = 1_735_787_045.678


def test_granting_denies_the_other_categories() -> None:
    assert signs(granting("functional", Category.MARKETING)) == "+-+"
    assert signs(granting()) == "---"
    with pytest.raises(ValueError, match="chat"):
        granting("chat")


def test_words_are_as_good_as_enumerations() -> None:
    words = {"functional": "granted", "analytics": "denied", "marketing": "denied", "necessary": "granted"}

    assert write("hubspot", words, now=NOW) == write("hubspot", granting("functional"), now=NOW)


def test_request_headers_are_what_a_browser_sends() -> None:
    written = write("trustarc", granting(), now=NOW)

    assert written.request_headers == {
        "Cookie": "notice_preferences=0:; notice_gdpr_prefs=0:; cmapi_cookie_privacy=permit 1 required; "
        "notice_behavior=expressed,eu"
    }
    assert write("gpc", {"marketing": "denied"}, now=NOW).request_headers == {"Sec-GPC": "1"}
    assert WrittenConsent().request_headers == {}
    assert WrittenConsent().cookie_header == ""


def test_set_cookie_line_has_the_attributes() -> None:
    (klaro,) = write("klaro", state("+??"), now=NOW, policy=site(mapping={"chat": "functional"})).cookies
    (django,) = write(
        "django-cookie-consent", state("-??"), now=NOW, policy=site(mapping={"chat": "functional"})
    ).cookies

    assert klaro.set_cookie == "klaro=%7B%22chat%22%3Atrue%7D; Max-Age=10368000; Path=/; SameSite=Lax"
    assert django.set_cookie == 'cookie_consent="chat=-1"; Max-Age=31536000; Path=/; SameSite=Lax; HttpOnly'


@pytest.mark.parametrize("value", ["a;b", "a\nb", "ü", "\x7f"])
def test_cookie_refuses_what_would_end_its_value(value: str) -> None:
    with pytest.raises(UnwritableError, match="klaro"):
        Cookie("klaro", value, 1)


@pytest.mark.parametrize("name", ["chat;x", "a=b", "a!b"])
def test_id_that_breaks_its_format_is_an_error(name: str) -> None:
    with pytest.raises(UnwritableError):
        write("tarteaucitron", state("+??"), now=NOW, policy=site(mapping={name: "functional"}))


def test_state_that_cannot_be_recorded_is_an_error() -> None:
    with pytest.raises(UnwritableError, match="insites cannot record functional granted, analytics denied, mark"):
        write("insites", granting("functional"), now=NOW)
    with pytest.raises(UnwritableError, match="always records a choice about functional, marketing"):
        write("cookiebot", {"analytics": "granted"}, now=NOW)
    with pytest.raises(UnwritableError, match="necessary is always granted"):
        write("hubspot", {"necessary": "denied"}, now=NOW)


def test_missing_mapping_is_named_in_the_error() -> None:
    with pytest.raises(UnwritableError, match="give a policy with a mapping"):
        write("klaro", granting("functional"), now=NOW)
    with pytest.raises(UnwritableError, match=r"denied$"):
        write("klaro", granting("functional"), now=NOW, policy=site(mapping={"stats": "analytics"}))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"source": "osano"}, "there is no source 'osano', but: hubspot, onetrust"),
        ({"source": "onetrust", "form": "json"}, "onetrust has no form 'json', but: four-groups, five-groups"),
        ({"source": "onetrust", "state": {"chat": "granted"}}, "a state names necessary"),
        ({"source": "onetrust", "state": {"functional": "yes"}}, "each granted or denied or unknown"),
    ],
)
def test_unknown_name_is_an_error(arguments: dict[str, str], message: str) -> None:
    with pytest.raises(ValueError, match=message) as raised:
        write(**{"state": granting(), "now": NOW, **arguments})  # type: ignore[arg-type]

    assert not isinstance(raised.value, UnwritableError)


def test_alias_is_as_good_as_the_id() -> None:
    assert write("cookiepro", granting(), now=NOW) == write("onetrust", granting(), now=NOW)
    assert write("orestbida-v2", granting(), now=NOW) == write("orestbida", granting(), now=NOW, form="orestbida-v2")
    assert write("orestbida-v3", granting(), now=NOW) == write("orestbida", granting(), now=NOW)
    assert forms("orestbida-v2") == ("orestbida-v3", "orestbida-v2")


def test_states_are_those_that_can_be_written() -> None:
    assert states("cookie-notice") == (granting(),)
    assert states("klaro") == ()
    assert states("gpc") == ({Category.MARKETING: State.DENIED},)
    with pytest.raises(ValueError, match="osano"):
        states("osano")


def test_agreement_without_categories_covers_all() -> None:
    assert [signs(each) for each in states("drupal", form="without-categories")] == ["+++", "---"]


def test_cookie_names_of_the_site_are_used() -> None:
    policy = site(
        mapping={"chat": "functional"}, cookie_names={"klaro": "our-klaro"}, consent_cookie="__Host-our-consent"
    )

    (klaro,) = write("klaro", state("+??"), now=NOW, policy=policy).cookies
    (own,) = write("own cookie", granting("analytics"), now=NOW, policy=policy).cookies

    assert klaro.name == "our-klaro"
    assert (own.name, own.value) == ("__Host-our-consent", "necessary%2Canalytics")
    assert signs(read(write("own cookie", granting("analytics"), now=NOW, policy=policy), policy).states) == "-+-"


@pytest.mark.parametrize(
    ("source", "form", "revision"),
    [
        *[("orestbida", form, revision) for form in forms("orestbida") for revision in ("7", "v7")],
        ("orestbida-v2", "orestbida-v2", "7"),
        *[("cookiebot", form, "7") for form in forms("cookiebot")],
        *[("complianz", form, "v7") for form in forms("complianz")],
        *[("borlabs", form, "7") for form in forms("borlabs")],
        *[("cookiefirst", form, "v7") for form in forms("cookiefirst")],
        *[("cookiehub", form, "7") for form in forms("cookiehub")],
        ("drupal", "without-categories", "7.0.1"),
        ("drupal-eucc", "categories", "7.0.1"),
    ],
)
def test_revision_of_the_site_is_used(source: str, form: str, revision: str) -> None:
    mapping = {"drupal": {"ads": "marketing"}} if form == "categories" else None
    policy = site(revisions={source: revision}, mapping=mapping)
    choice = state({"borlabs": "-++", "drupal-eucc": "??+"}.get(source, "+++"))

    assert plan(write(source, choice, now=NOW, form=form, policy=policy), policy).consent.grants(Category.MARKETING)
    # Without these settings the example's own revision is written, and a choice under another one does not count.
    other = site(mapping=mapping)
    assert not plan(write(source, choice, now=NOW, form=form, policy=other), policy).consent.is_known


def test_each_version_has_its_own_revision() -> None:
    policy = site(revisions={"orestbida-v2": "7", "orestbida-v3": "9"})

    for source in ("orestbida-v2", "orestbida-v3"):
        assert plan(write(source, granting("marketing"), now=NOW, policy=policy), policy).consent.is_known


def test_ids_of_the_site_are_added_to_the_platform_s() -> None:
    policy = site(
        mapping={"onetrust": {"BG36": "functional", "C0003": "analytics"}, "cookieyes": {"other": "marketing"}}
    )

    groups = write("onetrust", granting("functional"), now=NOW, policy=policy).cookie_header
    words = write("cookieyes", granting("functional", "analytics"), now=NOW, policy=policy).cookie_header

    assert "groups=C0001%3A1%2CC0002%3A0%2CC0003%3A0%2CC0004%3A0%2CBG36%3A1&" in groups
    assert words.endswith("analytics:yes,performance:yes,advertisement:no,other:no")


def test_service_of_two_categories_is_a_yes_for_both() -> None:
    policy = site(mapping={"chat": "functional", "crm": ["analytics", "marketing"]})

    assert write("klaro", granting("analytics", "marketing"), now=NOW, policy=policy).cookie_header == (
        "klaro=%7B%22chat%22%3Afalse%2C%22crm%22%3Atrue%7D"
    )
    with pytest.raises(UnwritableError):
        write("klaro", granting("analytics"), now=NOW, policy=policy)


@pytest.mark.parametrize(
    ("source", "form", "ids", "wanted"),
    [
        ("borlabs", "version-3", {"hubspot": "functional", "session": "necessary"}, "+--"),
        ("borlabs", "version-3", {"crm": ["analytics", "marketing"]}, "-++"),
        ("wpconsent", "json", {"hubspot": "functional"}, "+--"),
        ("trustarc", "levels", {"1": "functional", "2": "analytics", "3": "marketing"}, "+--"),
        ("trustarc", "levels", {"1": "functional", "2": "analytics", "3": "marketing"}, "+++"),
        ("complianz", "site", {"hubspot": "functional"}, "+--"),
        ("cookiehub", "ids", {"chat": "functional", "preferences": "necessary"}, "+-+"),
        ("cookiehub", "numbers", {"chat": "functional"}, "+-+"),
        ("iubenda", "purposes", {"3": "functional"}, "+-+"),
        ("fides", "json", {"chat": "functional", "functional": "necessary"}, "+-+"),
        ("typo3", "groups", {"essential": "necessary", "chat": "functional"}, "+??"),
    ],
)
def test_mapped_ids_are_read_back(source: str, form: str, ids: dict[str, object], wanted: str) -> None:
    policy = site(mapping={source: ids})

    assert signs(read(write(source, state(wanted), now=NOW, form=form, policy=policy), policy).states) == wanted


def test_time_is_written_as_given() -> None:
    assert "2025-01-02T03:04:05.678Z" in write("onetrust", granting(), now=NOW).cookie_header
    assert "datestamp=Thu+Jan+02+2025+03%3A04%3A05+GMT%2B0000+" in write("onetrust", granting(), now=NOW).cookie_header
    assert "Fri%2C%2002%20Jan%202026%2003%3A04%3A05%20GMT" in write("borlabs", granting(), now=NOW).cookie_header
    assert "utc:1735787045678%" in write("cookiebot", granting(), now=NOW).cookie_header
    # A moment just before the next second is not yet that second.
    assert "05.999Z" in write("onetrust", granting(), now=1_735_787_045.9999).cookie_header


@pytest.mark.parametrize(
    ("wanted", "purposes", "has_consent"),
    [
        ("+++", set(range(1, 12)), True),
        ("+-+", {1, 2, 3, 4, 5, 6, 7, 11}, True),
        ("++-", {1, 5, 6, 8, 9, 10, 11}, True),
        ("---", set(), False),
        ("?+-", {8, 9, 10}, True),
    ],
)
def test_tc_string_is_what_another_decoder_reads(wanted: str, purposes: set[int], has_consent: bool) -> None:
    iab_tcf = pytest.importorskip("iab_tcf", reason="the other decoder, iab-tcf-bitarray, is not installed")

    theirs = iab_tcf.decode_v2(write("tcf", state(wanted), now=NOW).cookies[0].value)

    assert {number for number, given in theirs.purposes_consent.items() if given} == purposes
    assert set(theirs.consented_vendors.values()) == {has_consent}
    assert list(theirs.oob_disclosed_vendors) == list(theirs.consented_vendors) == list(range(1, 21))
    assert theirs.purpose_one_treatment is (wanted[0] == "?")
    assert (theirs.consent_language, theirs.publisher_cc) == (b"EN", b"DE")
    assert (theirs.num_pub_restrictions, theirs.interests_vendors) == (0, {})
    assert (theirs.tcf_policy_version, theirs.vendor_list_version, theirs.cmp_id) == (4, 48, 31)


def test_tc_string_grants_only_with_the_setting() -> None:
    written = write("tcf", granting("functional"), now=NOW)

    assert plan(written, site(tcf_grants=True)).consent.grants(Category.FUNCTIONAL)
    assert signs(plan(written, site()).consent.states) == "?--"
