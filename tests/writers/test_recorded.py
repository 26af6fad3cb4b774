"""What is written has the shape of a value that a platform has written: names, order, keys, and what is escaped.

The values are of real sites, or, where none was recorded, of a platform's documentation, code or tests. In both,
visitors' ids are replaced by zeros, and the answers, and where they are long the site's own words, by those of the state
that is written.
"""

from __future__ import annotations

import base64
import re
from typing import Any

import pytest

from consent_middleware.writers import WRITERS, write
from tests.writers.signs import site, state

NOW = 1_735_787_045.678
ID = "00000000-0000-4000-8000-000000000000"

#: Platform, form, state, ids, and the recorded cookies.
RECORDED: list[tuple[str, str, str, dict[str, Any], str]] = [
    ("hubspot", "categories", "+++", {}, "__hs_cookie_cat_pref=1:true_2:true_3:true"),
    ("hubspot", "categories", "---", {}, "__hs_cookie_cat_pref=1:false_2:false_3:false"),
    ("hubspot", "opt-out", "---", {}, "__hs_opt_out=yes"),
    (
        "onetrust",
        "five-groups",
        "+++",
        {},
        f"OptanonAlertBoxClosed=2025-08-13T05:06:38.565Z; OptanonConsent=isGpcEnabled=0&datestamp=Mon+Jun+16+2025+17%3A48%3A11+GMT%2B0530+(India+Standard+Time)&version=202501.2.0&browserGpcFlag=0&isIABGlobal=false&hosts=&consentId={ID}&interactionCount=1&isAnonUser=1&landingPath=NotLandingPage&groups=C0001%3A1%2CC0002%3A1%2CC0003%3A1%2CC0004%3A1%2CC0005%3A1&AwaitingReconsent=false",
    ),
    (
        "cookiebot",
        "with-region",
        "---",
        {},
        "CookieConsent={stamp:%27AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==%27%2Cnecessary:true%2Cpreferences:false%2Cstatistics:false%2Cmarketing:false%2Cmethod:%27explicit%27%2Cver:1%2Cutc:1705162226478%2Cregion:%27de%27}",
    ),
    (
        "cookiebot",
        "with-tcf",
        "---",
        {},
        "CookieConsent={stamp:%27AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==%27%2Cnecessary:true%2Cpreferences:false%2Cstatistics:false%2Cmarketing:false%2Cmethod:%27explicit%27%2Cver:1%2Cutc:1707240048272%2Ciab2:%27CP5jqEAP5jqEACGABBENAmEgAAAAAAAAAAAAAAAAAAAA.YAAAAAAAAAAA%27%2Cgacm:%272~AA==%27%2Cregion:%27de%27}",
    ),
    (
        "orestbida",
        "orestbida-v3",
        "+++",
        {},
        f"cc_cookie=%7B%22categories%22%3A%5B%22necessary%22%2C%22functionality%22%2C%22analytics%22%2C%22marketing%22%5D%2C%22revision%22%3A0%2C%22data%22%3Anull%2C%22consentTimestamp%22%3A%222025-04-16T01%3A32%3A51.025Z%22%2C%22consentId%22%3A%22{ID}%22%2C%22services%22%3A%7B%22necessary%22%3A%5B%5D%2C%22functionality%22%3A%5B%5D%2C%22analytics%22%3A%5B%5D%2C%22marketing%22%3A%5B%5D%7D%2C%22languageCode%22%3A%22en%22%2C%22lastConsentTimestamp%22%3A%222025-04-16T01%3A32%3A51.025Z%22%2C%22expirationTime%22%3A1760491971026%7D",
    ),
    (
        "iubenda",
        "purposes",
        "?+?",
        {"3": "analytics"},
        "_iub_cs-50053366=%7B%22timestamp%22%3A%222025-02-05T15%3A40%3A00.391Z%22%2C%22version%22%3A%221.75.1%22%2C%22purposes%22%3A%7B%221%22%3Atrue%2C%223%22%3Atrue%2C%224%22%3Atrue%7D%2C%22id%22%3A50053366%2C%22cons%22%3A%7B%22rand%22%3A%22000000%22%7D%7D",
    ),
    (
        "complianz",
        "site",
        "+++",
        {},
        "cmplz_consented_services=; cmplz_policy_id=16; cmplz_marketing=allow; cmplz_statistics=allow; cmplz_preferences=allow; cmplz_functional=allow; cmplz_banner-status=dismissed",
    ),
    (
        "klaro",
        "json",
        "---",
        {
            "necessary-cookies": "necessary",
            "preferences": "functional",
            "google-analytics": "analytics",
            "google-ads": "marketing",
        },
        "klaro=%7B%22necessary-cookies%22%3Atrue%2C%22preferences%22%3Afalse%2C%22google-analytics%22%3Afalse%2C%22google-ads%22%3Afalse%7D",
    ),
    (
        "didomi",
        "json",
        "+++",
        {
            "analytics-NGqxWbmn": "analytics",
            "displayta-V8kMenYa": "marketing",
            "fonctionnel-1": "functional",
        },
        "didomi_token=eyJ1c2VyX2lkIjoiMDAwMDAwMDAtMDAwMC00MDAwLTgwMDAtMDAwMDAwMDAwMDAwIiwiY3JlYXRlZCI6IjIwMjQtMTAtMTVUMTE6NTA6MDYuODE5WiIsInVwZGF0ZWQiOiIyMDI0LTEwLTE1VDExOjUwOjMyLjQwOFoiLCJ2ZXJzaW9uIjoyLCJwdXJwb3NlcyI6eyJlbmFibGVkIjpbImFuYWx5dGljcy1OR3F4V2JtbiIsImRpc3BsYXl0YS1WOGtNZW5ZYSIsImZvbmN0aW9ubmVsLTEiXX19",
    ),
    (
        "axeptio",
        "encoded",
        "?++",
        {"facebook_pixel": "marketing", "google_analytics": "analytics"},
        "axeptio_cookies=%7B%22%24%24token%22%3A%220000000000000000000000%22%2C%22%24%24date%22%3A%222025-11-30T10%3A43%3A27.182Z%22%2C%22%24%24cookiesVersion%22%3A%7B%22name%22%3A%22example%22%2C%22identifier%22%3A%22000000000000000000000000%22%7D%2C%22%24%24scope%22%3A%22persistent%22%2C%22%24%24duration%22%3A190%2C%22%24%24completed%22%3Atrue%2C%22facebook_pixel%22%3Atrue%2C%22google_analytics%22%3Atrue%7D; axeptio_all_vendors=%2Cfacebook_pixel%2Cgoogle_analytics%2C; axeptio_authorized_vendors=%2Cfacebook_pixel%2Cgoogle_analytics%2C",
    ),
    ("insites", "word", "+++", {}, "cookieconsent_status=allow"),
    ("insites", "word", "---", {}, "cookieconsent_status=deny"),
    (
        "cookie-script",
        "raw",
        "+++",
        {},
        'CookieScriptConsent={"bannershown":1,"action":"accept","consenttime":1759848972,"categories":"[\\"strict\\",\\"targeting\\",\\"performance\\",\\"functionality\\",\\"unclassified\\"]","key":"'
        + ID
        + '"}',
    ),
    (
        "cookie-script",
        "raw",
        "---",
        {},
        'CookieScriptConsent={"bannershown":1,"action":"reject","consenttime":1759848972,"categories":"[]","key":"'
        + ID
        + '"}',
    ),
    (
        "cookiefirst",
        "encoded",
        "+++",
        {},
        f"cookiefirst-consent=%7B%22necessary%22%3Atrue%2C%22performance%22%3Atrue%2C%22functional%22%3Atrue%2C%22advertising%22%3Atrue%2C%22timestamp%22%3A1728728251%2C%22type%22%3A%22category%22%2C%22version%22%3A%22{ID}%22%7D",
    ),
    (
        "cookiefirst",
        "raw",
        "+++",
        {},
        'cookiefirst-consent={"necessary":true,"performance":true,"functional":true,"advertising":true,"timestamp":"2030-11-26T07:40:16.059Z","type":"category","version":"'
        + ID
        + '"}',
    ),
    (
        "cookieinformation",
        "json",
        "---",
        {},
        f"CookieInformationConsent=%7B%22website_uuid%22%3A%22{ID}%22%2C%22timestamp%22%3A%222026-02-11T21%3A53%3A14.188Z%22%2C%22consent_url%22%3A%22https%3A%2F%2Fexample.com%2F%22%2C%22consent_website%22%3A%22example.com%22%2C%22consent_domain%22%3A%22www.example.com%22%2C%22user_uid%22%3A%22{ID}%22%2C%22consents_approved%22%3A%5B%22cookie_cat_necessary%22%5D%2C%22consents_denied%22%3A%5B%22cookie_cat_functional%22%2C%22cookie_cat_statistic%22%2C%22cookie_cat_marketing%22%2C%22cookie_cat_unclassified%22%5D%2C%22user_agent%22%3A%22example%22%7D",
    ),
    (
        "borlabs",
        "version-3",
        "---",
        {"wpml": "necessary"},
        "borlabs-cookie=%7B%22consents%22%3A%7B%22essential%22%3A%5B%22borlabs-cookie%22%2C%22wpml%22%5D%7D%2C%22domainPath%22%3A%22example.com%2F%22%2C%22expires%22%3A%22Sat%2C%2007%20Sep%202027%2002%3A24%3A51%20GMT%22%2C%22uid%22%3A%22anonymous%22%2C%22v3%22%3Atrue%2C%22version%22%3A1%7D",
    ),
    (
        "civic",
        "json",
        "?+?",
        {"analytics": "analytics"},
        'CookieControl={"necessaryCookies":[],"optionalCookies":{"analytics":"accepted"},"statement":{},"consentDate":1679666751326,"consentExpiry":90,"interactedWith":true,"user":"'
        + ID
        + '"}',
    ),
    (
        "moove",
        "json",
        "?--",
        {"thirdparty": "analytics", "advanced": "marketing"},
        "moove_gdpr_popup=%7B%22strict%22%3A%221%22%2C%22thirdparty%22%3A%220%22%2C%22advanced%22%3A%220%22%7D",
    ),
    (
        "real-cookie-banner",
        "groups",
        "?+?",
        {"60": "necessary", "61": "analytics"},
        f"real_cookie_banner-v:3_blog:1_path:0000000=1709039186%3A{ID}%3A00000000000000000000000000000000%3A%7B%2260%22%3A%5B37544%5D%2C%2261%22%3A%5B37560%5D%7D",
    ),
    (
        "trustarc",
        "levels",
        "+++",
        {},
        "notice_preferences=2:; notice_gdpr_prefs=0,1,2:; cmapi_cookie_privacy=permit 1,2,3; notice_behavior=expressed,eu",
    ),
    (
        "trustarc",
        "levels",
        "++-",
        {},
        "notice_preferences=1:; notice_gdpr_prefs=0,1:; cmapi_cookie_privacy=permit 1,2 functional; notice_behavior=expressed,eu",
    ),
    (
        "drupal-eucc",
        "categories",
        "+++",
        {"necessary": "necessary", "functional": "functional", "analytics": "analytics", "marketing": "marketing"},
        "cookie-agreed-version=1.0.0; cookie-agreed-categories=[%22necessary%22%2C%22functional%22%2C%22analytics%22%2C%22marketing%22]; cookie-agreed=2",
    ),
    ("typo3-sg-cookie-optin", "groups", "?+?", {"statistiken": "analytics"}, "cookie_optin=essential:1|statistiken:1"),
    (
        "shopify",
        "json",
        "+++",
        {},
        f"_tracking_consent=%7B%22con%22%3A%7B%22CMP%22%3A%7B%22a%22%3A%221%22%2C%22m%22%3A%221%22%2C%22p%22%3A%221%22%2C%22s%22%3A%22%22%7D%7D%2C%22v%22%3A%222.1%22%2C%22region%22%3A%22DEBE%22%2C%22reg%22%3A%22GDPR%22%2C%22purposes%22%3A%7B%22p%22%3Atrue%2C%22a%22%3Atrue%2C%22m%22%3Atrue%2C%22t%22%3Atrue%7D%2C%22display_banner%22%3Atrue%2C%22sale_of_data_region%22%3Afalse%2C%22consent_id%22%3A%22{ID}%22%7D",
    ),
    (
        "cookiehub",
        "numbers",
        "+++",
        {},
        "cookiehub=eyJhbnN3ZXJlZCI6dHJ1ZSwicmV2aXNpb24iOjEsImRudCI6ZmFsc2UsImFsbG93U2FsZSI6dHJ1ZSwiaW1wbGljdCI6ZmFsc2UsInJlZ2lvbiI6IiIsInRva2VuIjoiIiwidGltZXN0YW1wIjoiMjAyNS0xMC0xMFQwNjo1NjoyOS44MDhaIiwiYWxsQWxsb3dlZCI6dHJ1ZSwiY2F0ZWdvcmllcyI6W10sInZlbmRvcnMiOltdLCJzZXJ2aWNlcyI6W119",
    ),
    (
        "fides",
        "json",
        "---",
        {},
        f"fides_consent=%7B%22consent%22%3A%7B%22essential%22%3Atrue%2C%22functional%22%3Afalse%2C%22analytics%22%3Afalse%2C%22marketing%22%3Afalse%7D%2C%22identity%22%3A%7B%22fides_user_device_id%22%3A%22{ID}%22%7D%2C%22fides_meta%22%3A%7B%22version%22%3A%220.9.0%22%2C%22createdAt%22%3A%222025-09-04T06%3A30%3A38.450Z%22%2C%22updatedAt%22%3A%222025-09-04T06%3A30%3A43.527Z%22%2C%22consentMethod%22%3A%22reject%22%7D%2C%22tcf_consent%22%3A%7B%7D%7D",
    ),
    (
        "wpconsent",
        "json",
        "?--",
        {},
        'wpconsent_preferences={"essential":true,"statistics":false,"marketing":false}',
    ),
    ("cookie-notice", "word", "---", {}, "cookie_notice_accepted=false"),
    (
        "gpp",
        "us-national",
        "??-",
        {},
        "__gpp=DBABLA~BVQVAAAAAgA.QA; __gpp_sid=7",
    ),
    ("gpp", "us-california", "??-", {}, "__gpp=DBABBg~BUUAAACA.QA; __gpp_sid=8"),
    ("us-privacy", "usprivacy", "??-", {}, "usprivacy=1YYN"),
]
#: Values that follow a platform's own documentation, code or tests, because none was recorded.
DOCUMENTED: list[tuple[str, str, str, dict[str, Any], str]] = [
    (
        "cookieyes",
        "pairs",
        "---",
        {},
        "cookieyes-consent=consentid:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA,consent:no,action:yes,necessary:yes,functional:no,analytics:no,performance:no,advertisement:no,other:no",
    ),
    (
        "cookie-law-info",
        "boxes",
        "---",
        {},
        "viewed_cookie_policy=yes; cookielawinfo-checkbox-necessary=yes; cookielawinfo-checkbox-functional=no; cookielawinfo-checkbox-analytics=no; cookielawinfo-checkbox-performance=no; cookielawinfo-checkbox-advertisement=no",
    ),
    (
        "wp-consent-api",
        "cookies",
        "+--",
        {},
        "wp_consent_functional=allow; wp_consent_preferences=allow; wp_consent_statistics=deny; wp_consent_marketing=deny",
    ),
    (
        "orestbida",
        "orestbida-v2",
        "-+-",
        {},
        'cc_cookie={"categories":["necessary","analytics"],"level":["necessary","analytics"],"revision":0,"data":null,"rfc_cookie":false,"consent_date":"2022-05-01T10:00:00.000Z","consent_uuid":"'
        + ID
        + '","last_consent_update":"2022-05-01T10:00:00.000Z"}',
    ),
    (
        "tarteaucitron",
        "services",
        "+--",
        {"gtag": "analytics", "facebookpixel": "marketing", "crisp": "functional"},
        "tarteaucitron=!gtag=false!facebookpixel=false!crisp=true",
    ),
    (
        "orejime",
        "json",
        "+-?",
        {"chat": "functional", "stats": "analytics"},
        "eu-consent=%7B%22chat%22%3Atrue%2C%22stats%22%3Afalse%7D",
    ),
    (
        "c15t",
        "pairs",
        "+--",
        {},
        "c15t=c.necessary:1,c.functionality:1,c.experience:1,i.t:1750000000000,i.sid:sub_example",
    ),
    (
        "django-cookie-consent",
        "quoted",
        "+--",
        {"analytics": "analytics", "chat": "functional", "social": "marketing"},
        'cookie_consent="analytics=-1|chat=2024-01-01T00:00:00.000000+00:00|social=-1"',
    ),
    (
        "wagtail-tag-manager",
        "json",
        "+?-",
        {},
        "wtm="
        + base64.b64encode(
            b'{"meta":{"refresh_timestamp":1700000000.123,"set_timestamp":1700000000.123},"state":{"necessary":"true","preferences":"true","statistics":"unset","marketing":"false"}}'
        )
        .decode()
        .replace("=", "%3D"),
    ),
    ("own cookie", "list", "++-", {}, "consent=necessary%2Cfunctional%2Canalytics"),
]
#: A TC string and two request fields. Another decoder reads the first in test_write.py.
WITHOUT_WORDS = {"tcf", "gpc", "dnt"}


#: What differs from visit to visit, with a word that stands for its form.
VISIT = [
    (r"C[A-Z][A-Za-z0-9_-]{38,}\.[A-Za-z0-9_-]+", "TC"),
    (r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}(:|%3A)[0-9]{2}\1[0-9]{2}\.[0-9]{3}", r"ISO\1"),
    (r"[A-Z][a-z]{2}(\+[A-Z0-9][a-z0-9]+){3}\+[0-9]{2}%3A[0-9]{2}%3A[0-9]{2}\+GMT%2B[0-9]{4}\+\([A-Za-z+]+\)", "DATE"),
    (r"[A-Z][a-z]{2}%2C%20[0-9]{2}%20[A-Z][a-z]{2}%20[0-9]{4}%20[0-9]{2}%3A[0-9]{2}%3A[0-9]{2}%20GMT", "DATE"),
    (r"%5B[0-9]+%5D", "%5BN%5D"),
    (r"[0-9]{8,}(\.[0-9]+)?", "N"),
]


def blank(header: str) -> str:
    """Return cookies with base64 decoded, and without what differs from visit to visit."""
    header = re.sub(r"eyJ[A-Za-z0-9+/]+(?:=|%3D)*", lambda match: _decoded(match[0]), header)
    for pattern, word in VISIT:
        header = re.sub(pattern, word, header)
    return header


def _decoded(text: str) -> str:
    return base64.b64decode(text.replace("%3D", "=")).decode()


CASES = [
    pytest.param(*case, id=f"{case[0]} {case[1]} {case[2]}{suffix}")
    for cases, suffix in ((RECORDED, ""), (DOCUMENTED, ", documented"))
    for case in cases
]


@pytest.mark.parametrize(("source", "form", "signs", "ids", "real"), CASES)
def test_written_cookies_have_the_real_shape(
    source: str, form: str, signs: str, ids: dict[str, Any], real: str
) -> None:
    policy = site(mapping={source: ids} if ids else None)

    written = write(source, state(signs), now=NOW, form=form, policy=policy)

    assert blank(written.cookie_header) == blank(real)


def test_each_platform_has_a_real_value() -> None:
    assert {case[0] for case in RECORDED + DOCUMENTED} == set(WRITERS) - WITHOUT_WORDS
