"""What every platform's values have in common: names, copies, commas, quotes, caps; and that no request raises."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from consent_middleware import Consent, Policy, Signals
from consent_middleware.consent import Basis, Category, State
from consent_middleware.cookies import Cookies
from consent_middleware.engine import Engine
from consent_middleware.sources import SOURCES
from consent_middleware.sources.platform import (
    MAX_BRACKETS,
    MAX_VALUE,
    Ids,
    Platform,
    Values,
    parse_json,
    percent_decode,
    reading,
)
from consent_middleware.sources.reader import MAX_COPIES, MAX_NAMES, Reader
from tests.sources.read_header import NOTHING, readings, said


def test_copies_and_names_are_limited() -> None:
    copies = b"; ".join(b'_iub_cs-1={"consent":true,"id":%d}' % number for number in range(1500))
    names = b"; ".join(b'_iub_cs-%d={"consent":true}' % number for number in range(1500))

    # One more reading stands for those that are not read.
    assert len(readings(copies)) == MAX_COPIES + 1
    assert len(readings(names)) == MAX_NAMES + 1


def test_equal_copies_are_one() -> None:
    assert len(readings(b"; ".join([b"cookieconsent_status=allow"] * 2000))) == 1


def test_platforms_have_unique_ids_and_inputs() -> None:
    ids = [platform.id for platform in SOURCES]

    assert len(set(ids)) == len(ids)
    for platform in SOURCES:
        assert platform.cookies or platform.prefixes or platform.headers
        assert not platform.prefixes or platform.prefixed_names is not None


def test_platforms_and_signals_are_documented() -> None:
    text = (Path(__file__).parents[2] / "docs" / "consent-sources.md").read_text("utf-8")

    missing = [
        platform.id
        for platform in SOURCES
        if not any(
            f"\n### {word}: " in text or f"\n- **{word}**: " in text for word in (platform.id, *platform.aliases)
        )
    ]

    assert missing == [], "each platform needs a heading '### ID: Name' in docs/consent-sources.md"


def test_table_says_what_to_do_for_each_platform() -> None:
    text = (Path(__file__).parents[2] / "docs" / "consent-sources.md").read_text("utf-8")
    table = text.partition("## At a glance")[2].partition("\n## ")[0]
    rows = [line.split(" | ")[1:] for line in table.splitlines() if line.startswith("| ")]
    named = [name.strip(" |") for row in rows for cell in row for name in re.split("[,;]", cell)]

    for platform in SOURCES:
        is_signal = platform.id in {"gpp", "us-privacy", "gpc", "dnt"}
        times = sum(named.count(name) for name in (platform.id, *platform.aliases))
        assert times == (0 if is_signal else 1), f"docs/consent-sources.md, At a glance: name {platform.id} in one row"


def test_no_two_platforms_read_one_name() -> None:
    names = [name for platform in SOURCES for name in (*platform.cookies, *platform.prefixes, *platform.headers)]

    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        pytest.param([b"cookieconsent_status=allow", b"a=1"], "+++ explicit", id="several lines, as HTTP/2 sends them"),
        pytest.param([b"a=1;", b"cookieconsent_status=deny;"], "--- explicit", id="lines that end in a semicolon"),
        pytest.param([b"a=1,cookieconsent_status=deny"], "--- explicit", id="joined with a comma, a refusal counts"),
        pytest.param([b"cookieconsent_status=deny,a=1"], "--- explicit", id="also before the comma"),
        pytest.param([b"a=1, cookieconsent_status=allow"], NOTHING, id="joined with a comma, a grant does not"),
        pytest.param([b"cookieconsent_status=allow,a=1"], NOTHING, id="nor before the comma"),
        pytest.param([b"cookieconsent_status=allow", b"x=1,cookieconsent_status=deny"], "--- explicit", id="both"),
        pytest.param([b"\xff\xfe=1; cookieconsent_status=allow"], "+++ explicit", id="beside bytes that are no text"),
        pytest.param([b'j={"a";"b"}; cookieconsent_status=allow'], "+++ explicit", id="beside raw JSON"),
        pytest.param([b"cookieconsent_status=allow" + b" " * 9000], "+++ explicit", id="white space is no value"),
        pytest.param([b"cookieconsent_status"], NOTHING, id="a name without a value"),
    ],
)
def test_the_lines_of_a_request(lines: list[bytes], expected: str) -> None:
    assert said(*lines, by="insites") == expected


def test_answer_after_comma_only_refuses() -> None:
    lines = b"OptanonConsent=groups=C0003%3A0%2CC0002%3A1,OptanonAlertBoxClosed=2025-01-02T03:04:05Z"

    literal = Engine(Policy(contact_url="/c")).plan(Signals(Cookies([lines]))).merged

    assert said(lines, by="onetrust") == "-+? implied"
    assert literal.basis_of(Category.FUNCTIONAL) is Basis.EXPLICIT
    assert literal.basis_of(Category.ANALYTICS) is Basis.IMPLIED


def test_what_is_longer_than_the_cap_is_left_unread() -> None:
    def cookie(size: int) -> bytes:
        return b'klaro={"chat":true' + b" " * (size - 13) + b"}"

    mapping = {"chat": "functional"}

    assert len(cookie(MAX_VALUE)) == MAX_VALUE + len(b"klaro=")
    assert said(cookie(MAX_VALUE), by="klaro", mapping=mapping) == "+?? explicit"
    assert said(cookie(MAX_VALUE + 1), by="klaro", mapping=mapping) == NOTHING


def test_what_is_deeper_than_the_cap_is_left_unread() -> None:
    assert parse_json("[" * MAX_BRACKETS + "]" * MAX_BRACKETS, list) is not None
    assert parse_json("[" * (MAX_BRACKETS + 1) + "]" * (MAX_BRACKETS + 1), list) is None
    assert parse_json('{"a":' * 1000) is None


@pytest.mark.parametrize(
    "text", ['{"a":NaN}', '{"a":' + "9" * 5000 + "}", '{"a":"\\ud800"}', "{}x", "[1]", '{"a', "%7B%22a", ""]
)
def test_odd_json_raises_nothing(text: str) -> None:
    found = parse_json(text)

    assert found is None or isinstance(found, dict)


@pytest.mark.parametrize("times", [0, 1, 2])
def test_json_is_read_raw_encoded_and_encoded_twice(times: int) -> None:
    text = json.dumps({"a": ["ü", 1]})
    for _ in range(times):
        text = quote(text, safe="")

    assert parse_json(text) == {"a": ["ü", 1]}
    assert parse_json(quote(quote(quote(text, safe=""), safe=""), safe="")) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("%22%2C%3A%7b", '",:{'),
        ("%252C", "%2C"),
        ("%%2C", "%,"),
        ("%2%2C", "%2,"),
        ("%E0%A4%A", "�%A"),
        ("%C3%BC+", "ü+"),
        ("100%", "100%"),
    ],
)
def test_percent_decoding(text: str, expected: str) -> None:
    assert percent_decode(text) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param(b'"allow"', "+++ explicit", id="quotes"),
        pytest.param(b'"\\141llow"', "+++ explicit", id="an octal escape"),
        pytest.param(b'"a\\llow"', "+++ explicit", id="an escaped character"),
        pytest.param(b'"allow', NOTHING, id="one quote"),
        pytest.param(b'"', NOTHING, id="nothing but a quote"),
        pytest.param(b'""allow""', NOTHING, id="quotes twice"),
    ],
)
def test_quotes_around_a_value(value: bytes, expected: str) -> None:
    assert said(b"cookieconsent_status=" + value, by="insites") == expected


def test_platform_mapping_overrides_general_mapping() -> None:
    mapping = {"chat": "functional", "klaro": {"chat": "marketing"}}

    assert said(b'klaro={"chat":true}', by="klaro", mapping=mapping) == "??+ explicit"
    assert said(b"tarteaucitron=!chat=true", by="tarteaucitron", mapping=mapping) == "+?? explicit"


def test_general_mapping_leaves_fixed_ids() -> None:
    mapping = {"marketing": "necessary", "preferences": "marketing"}

    assert said(
        b"CookieConsent={necessary:true,marketing:false,method:'explicit'}", by="cookiebot", mapping=mapping
    ) == ("??- explicit")


def test_named_mapping_changes_fixed_ids() -> None:
    cookie = b"cookieyes-consent=consent:yes,action:yes,functional:no,other:yes"

    assert said(cookie, by="cookieyes", mapping={"other": "marketing"}) == "-?? explicit"
    assert said(cookie, by="cookieyes", mapping={"cookieyes": {"other": "marketing"}}) == "-?+ explicit"


def test_what_is_ignored_is_not_read() -> None:
    cookie = b"usprivacy=1YYN; cookieconsent_status=allow"

    assert [reading_.source for reading_ in readings(cookie, ignore=["us-privacy", "gpp"])] == ["insites"]


def test_a_platform_that_raises_is_told_and_left_out() -> None:
    def broken(values: Values, ids: Ids) -> Iterator[Consent]:
        yield reading("broken", "a", {Category.MARKETING: State.DENIED})
        raise KeyError("secret value")

    def whole(values: Values, ids: Ids) -> Iterator[Consent]:
        yield reading("whole", "b", {Category.MARKETING: State.DENIED})

    told: list[tuple[str, str]] = []
    reader = Reader([Platform("broken", broken, cookies=("a",)), Platform("whole", whole, cookies=("b",))], {}, {})

    found = reader.read(Signals(Cookies([b"a=1; b=2"])), lambda name, error: told.append((name, type(error).__name__)))

    assert [reading_.source for reading_ in found] == ["whole"]
    assert told == [("broken", "KeyError")]


def test_no_reading_holds_a_value_or_an_id() -> None:
    secret = "5EC12E7"
    cookies = [
        f"OptanonConsent=consentId={secret}&groups=C0003%3A1",
        f"CookieConsent={{stamp:'{secret}',necessary:true,marketing:true}}",
        f"cookieyes-consent=consentid:{secret},consent:yes,action:yes,functional:yes",
        f"c15t=c.necessary:1,i.sid:{secret}",
        f'cc_cookie={{"categories":["ads"],"level":[],"consent_uuid":"{secret}"}}',
    ]

    plan = Engine(Policy(contact_url="/c")).plan(Signals(Cookies(cookie.encode() for cookie in cookies)))

    assert len(plan.readings) == len(cookies)
    assert secret not in repr(plan)
    assert secret not in json.dumps(plan.record())


@pytest.mark.parametrize(
    ("cookie", "by"),
    [
        (b'klaro={"hubspot":true,"video":false}', "klaro"),
        (b"tarteaucitron=!hubspot=true!video=false", "tarteaucitron"),
        (b"axeptio_cookies={%22$$completed%22:true%2C%22hubspot%22:true%2C%22video%22:false}", "axeptio"),
        (b"cmplz_consented_services=%7B%22hubspot%22%3Atrue%2C%22video%22%3Afalse%7D", "complianz"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_choice_by_service_can_decide_alone(cookie: bytes, by: str) -> None:
    assert said(cookie, by=by, mapping={"hubspot": ["analytics", "marketing"]}) == "?++ explicit"
