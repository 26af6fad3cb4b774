"""What is removed from the document type declaration of an XML document."""

from __future__ import annotations

import pytest

from consent_middleware.html.subset import PREDEFINED, URL_ATTRIBUTES, SubsetFilter


def is_kept(declaration: str) -> bool:
    document = f"<!DOCTYPE html [{declaration}]><html/>".encode()
    return SubsetFilter(lambda: True).feed(document, last=True) == document


def is_entity_kept(value: str) -> bool:
    return is_kept(f"<!ENTITY e '{value}'>")


@pytest.mark.parametrize("name", URL_ATTRIBUTES)
def test_default_for_a_url_attribute_is_removed(name: str) -> None:
    assert not is_kept(f"<!ATTLIST x {name} CDATA 'y'>")


@pytest.mark.parametrize("declaration", ["<!ATTLIST x id ID #IMPLIED>", "<!ATTLIST x source CDATA 'y'>"])
def test_default_for_another_attribute_is_kept(declaration: str) -> None:
    assert is_kept(declaration)


@pytest.mark.parametrize("name", PREDEFINED)
def test_predefined_entity_is_kept(name: str) -> None:
    assert is_entity_kept(f"&{name};")


@pytest.mark.parametrize("value", ["&other;", "<b>", "%p;", "&#60", "&"])
def test_entity_that_may_be_markup_is_emptied(value: str) -> None:
    assert not is_entity_kept(value)


@pytest.mark.parametrize(
    ("spelling", "characters"),
    [("&#{};", '"%&<'), ("&#00{};", '"%&<'), ("&#x{:x};", "\"%&'<"), ("&#x00{:X};", "\"%&'<")],
)
def test_reference_to_markup_is_removed(spelling: str, characters: str) -> None:
    removed = [number for number in range(1, 0x200) if not is_entity_kept(spelling.format(number))]

    assert removed == sorted(map(ord, characters))
