"""Shopify."""

from __future__ import annotations

import pytest

from tests.sources.read_header import NOTHING, said


@pytest.mark.parametrize(
    ("cookie", "expected"),
    [
        pytest.param(
            b"_tracking_consent=%7B%22con%22%3A%7B%22CMP%22%3A%7B%22a%22%3A%221%22%2C%22m%22%3A%220%22%2C%22p%22%3A%221%22%2C%22s%22%3A%22%22%7D%7D%2C%22purposes%22%3A%7B%22a%22%3Atrue%2C%22m%22%3Atrue%2C%22p%22%3Atrue%7D%7D",
            "++- explicit",
            id="a choice",
        ),
        pytest.param(
            b"_tracking_consent=%7B%22con%22%3A%7B%22CMP%22%3A%7B%22a%22%3A%22%22%2C%22m%22%3A%22%22%2C%22p%22%3A%22%22%7D%7D%2C%22purposes%22%3A%7B%22a%22%3Atrue%2C%22m%22%3Afalse%2C%22p%22%3Atrue%7D%7D",
            "++- implied",
            id="no choice: the defaults of the region",
        ),
        pytest.param(
            b"_tracking_consent=%7B%22purposes%22%3A%7B%22a%22%3Atrue%7D%7D", "?+? implied", id="no word about a choice"
        ),
        pytest.param(b"_cmp_a=%7B%22purposes%22%3A%7B%22a%22%3Afalse%7D%7D", "?-? implied", id="the older name"),
        pytest.param(b"_tracking_consent=3.AMPS_USCA_f_f_x-Y_z*", "+++ implied", id="letters, all allowed"),
        pytest.param(b"_tracking_consent=3.amPS_ESCT_t_f_x", "+-- implied", id="letters, some allowed"),
        pytest.param(b"_tracking_consent=3.AMPX_USCA_f_f_x", NOTHING, id="a letter of another kind"),
        pytest.param(b"_tracking_consent=4.AMPS_USCA_f_f_x", NOTHING, id="another version"),
        pytest.param(
            b"_cmp_a=%7B%22purposes%22%3A%7B%22a%22%3Afalse%7D%7D; _tracking_consent=%7B%22con%22%3A%7B%22CMP%22%3A%7B%22a%22%3A%221%22%7D%7D%7D",
            "?+? explicit",
            id="the newer wins over the older",
        ),
        pytest.param(
            b"_tracking_consent=%7B%22con%22%3A%7B%22CMP%22%3A%5B%221%22%5D%7D%2C%22purposes%22%3A3%7D",
            NOTHING,
            id="other JSON",
        ),
        pytest.param(
            b"_tracking_consent=%7B%22con%22%3A%5B%5D%2C%22purposes%22%3A%7B%22a%22%3A%22yes%22%7D%7D",
            NOTHING,
            id="flags that are texts",
        ),
        pytest.param(b"_tracking_consent=1", NOTHING, id="another word"),
    ],
)
def test_the_reading_of_a_cookie(cookie: bytes, expected: str) -> None:
    assert said(cookie, by="shopify") == expected
