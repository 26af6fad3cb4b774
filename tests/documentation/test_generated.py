"""The pages that are made from the source are current, and name each setting, each error and each notice."""

from __future__ import annotations

import pytest

from consent_middleware.settings import SETTINGS

from . import errors_page, messages, notices_page
from .generated import DOCS, PAGES


@pytest.mark.parametrize("name", PAGES)
def test_generated_page_is_up_to_date(name: str) -> None:
    assert (DOCS / name).read_text("utf-8") == PAGES[name](), "run: make docs"


def test_each_error_number_has_a_cure() -> None:
    described = {setting.number for setting in SETTINGS.values()} | errors_page.CURES.keys()

    assert messages.numbers() - described == set(), "add a cure to CURES in tests/documentation/errors_page.py"
    assert described - messages.numbers() == set(), "remove it from tests/documentation/errors_page.py"


def test_each_error_number_has_its_message() -> None:
    assert {number for number in errors_page.CURES if not messages.errors().get(number)} == set(), (
        "write the text right behind its number: (number, text)"
    )


def test_each_notice_has_a_cure() -> None:
    assert messages.notices().keys() == notices_page.CURES.keys(), (
        "CURES in tests/documentation/notices_page.py has what to do about each event, and no other event"
    )


def test_values_in_messages_are_left_out() -> None:
    assert messages.notices()["…-url-raised"] == [
        "the …_url callable ended in …; such pages have no such link",
    ]
    assert messages.errors()["CM005"] == ["click_cookie is …; it must be another name than consent_cookie's"]
