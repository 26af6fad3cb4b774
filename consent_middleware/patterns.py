"""Builders of regular expressions: words in any letter case, words that share beginnings, codes of characters.

Letters are spelled out as pairs (`[aA]`), because `re.IGNORECASE` makes a search in bytes many times slower.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

#: The quotation marks that end a script's strings.
_ANY_QUOTE = "[\"'`]"


def any_case(text: str) -> str:
    """Return a pattern that matches ASCII `text` in any letter case."""
    return "".join(f"[{letter}{letter.upper()}]" if letter.isalpha() else re.escape(letter) for letter in text.lower())


def trie_pattern(words: Iterable[str]) -> str:
    """Return a pattern that matches any of the words in any letter case; without words, one that never matches.

    Common beginnings are written once, as in a trie, because each alternative that is tried takes time. Where one word
    begins another, the longer one is tried first.
    """
    distinct = {word.lower() for word in words}
    return _branches(distinct) if distinct else "(?!)"


def _branches(words: set[str]) -> str:
    branches = [
        any_case(first) + _branches({word[1:] for word in words if word.startswith(first)})
        for first in sorted({word[0] for word in words if word})
    ]
    if "" in words:
        branches.append("")
    return branches[0] if len(branches) == 1 else f"(?:{'|'.join(branches)})"


def decimal_codes(characters: str) -> str:
    """Return a pattern that matches the decimal code of each of the characters, without leading zeros."""
    return trie_pattern(str(ord(character)) for character in characters)


def hex_codes(characters: str) -> str:
    """Return a pattern that matches the hexadecimal code of each of the characters, without leading zeros."""
    return trie_pattern(f"{ord(character):x}" for character in characters)


def compile_host_search(domains: Iterable[str], others: Iterable[str] = ()) -> re.Pattern[bytes]:
    """Return a pattern that finds hosts and words in bytes, in any letter case.

    Every alternative with a dot begins at the dot, and what comes before the dot is tested by a lookbehind: the search
    then jumps from dot to dot. An alternative that began with a letter would make the search of a page that has none
    of the hosts many times slower. A name may be cut short by a quotation mark, where a script joins its parts.

    Args:
        domains: hosts; each is found at its registrable domain (the last two labels) and at every host below that.
        others: hosts with a port, or words; each is found exactly as it is.
    """
    names = sorted({".".join(domain.split(".")[-2:]) for domain in domains})
    split = (f'{name[:cut]}"' for name in names for cut in _split_points(name))
    below_host = trie_pattern([*names, *split]).replace('"', _ANY_QUOTE)
    # What stands before the first dot, with a lookbehind for the whole, by what follows that dot.
    heads: dict[str, list[tuple[str, str]]] = {}
    for name in names:
        head, _, rest = name.partition(".")
        heads.setdefault(rest, []).append((head, rf"(?<=[/@:\\\"']{_any_case_and_quote(name)})"))
    words: list[str] = []
    for other in sorted(set(others)):
        head, dot, rest = other.partition(".")
        if dot:
            heads.setdefault(rest, []).append((head, rf"(?<={_any_case_and_quote(other)})"))
        else:
            words.append(_any_case_and_quote(other))
    at_host = (_after_dot(rest, behind) for rest, behind in sorted(heads.items()))
    return re.compile("|".join([rf"\.(?:{'|'.join([below_host, *at_host])})", *words]).encode("ascii"))


def _after_dot(rest: str, behind: Iterable[tuple[str, str]]) -> str:
    """Return a pattern for what follows a dot, with lookbehinds at what stands before it.

    Most of them are ruled out by the last letter before the dot, which is tested first.

    Args:
        rest: what follows the dot.
        behind: what may stand before it, each with the lookbehind for all of it.
    """
    pattern = _any_case_and_quote(rest)
    by_letter: dict[str, list[str]] = {}
    for head, lookbehind in behind:
        by_letter.setdefault(_any_case_and_quote(head[-1:]), []).append(lookbehind)
    tests = (rf"(?<={letter}\.{pattern})(?:{'|'.join(found)})" for letter, found in sorted(by_letter.items()))
    return f"{pattern}(?:{'|'.join(tests)})"


def _any_case_and_quote(text: str) -> str:
    """Return a pattern for the text in any letter case, in which `"` matches every quotation mark."""
    return any_case(text).replace('"', _ANY_QUOTE)


def _split_points(name: str) -> list[int]:
    """Return where a script may split a name: at its dot, and after each hyphen."""
    return [name.index("."), *(at + 1 for at, letter in enumerate(name) if letter == "-")]
