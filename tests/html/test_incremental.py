"""Incremental rewriting: a document rewritten from a recording is the document rewritten in full, or it is refused."""

from __future__ import annotations

import gc
import re
import tracemalloc
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from consent_middleware.html import incremental, recording_reader, region
from consent_middleware.html.rewriter import Edit, HTMLRewriter, Recording, StartTag
from consent_middleware.html.usual_regions import Region

from .oracle import NEEDLE, Holding

HELD = f"//{NEEDLE}/1"

#: A document with every construct on which the reading depends, and places to compare from between them.
DOCUMENT = f"""<!DOCTYPE html><html lang=en><head><meta charset=utf-8><meta name=csrf content=A1B2C3>
<title>Shop</title><style>p {{ color: red }}</style><link rel=icon href=/i.png></head><body class=x>
<p>Some text</p><!-- a comment --><script>var a = "<b>";</script><p>More text &amp; more</p>
<svg viewBox="0 0 1 1"><path d="M0 0"/><title>t</title></svg><p>Text</p><script src={HELD}></script><p>Text again</p>
<template><p>x</p></template><select><option>1<option>2</select><p>Words</p><noscript><img src=/n.png></noscript>
<textarea>draft</textarea><p title='a "quoted" value'>Last words</p><div><img src={HELD} alt=""></div><p>End</p></body>
</html>""".encode()


def record_densely(monkeypatch: pytest.MonkeyPatch, spacing: int = 8) -> None:
    """Record a checkpoint at nearly every tag, or less often."""
    monkeypatch.setattr(recording_reader, "SPACING", spacing)
    monkeypatch.setattr(incremental, "_ANCHOR", 16)
    monkeypatch.setattr(incremental, "_STEP", 4)


@pytest.fixture(autouse=True)
def _dense(monkeypatch: pytest.MonkeyPatch) -> None:
    """Record a checkpoint at nearly every tag, so that short documents have many."""
    record_densely(monkeypatch)


class ForFirstScript(Holding):
    """Also put a mark before the first script or event handler, as a guard is put there.

    It is another one after a `meta` element with a policy.
    """

    has_mark = False
    mark = b"<!--guard-->"

    def wants_first_script(self, *, nested: bool) -> bool:
        """Return whether there was none yet."""
        return not (nested or self.has_mark)

    def start_tag(self, tag: StartTag) -> list[Edit]:
        """Return the mark, and the edits of the tag."""
        edits = list(super().start_tag(tag)) if tag.name in {b"script", b"img", b"iframe", b"link"} else []
        if self.wants_first_script(nested=tag.nested) and (tag.name == b"script" or tag.has_handler):
            self.has_mark = True
            return [Edit(0, 0, self.mark), *edits]
        if tag.name == b"meta" and "policy" in (tag.get(b"http-equiv") or "").lower():
            self.mark = b"<!--guard with a policy-->"
        return edits


class WithoutEndMarkup(Holding):
    """Add no end markup to a document with a certain tag, which is not edited."""

    def start_tag(self, tag: StartTag) -> list[Edit]:
        """Return the edits of the tag."""
        self.told = self.told or tag.get(b"alt") == "none"
        return [] if tag.get(b"alt") == "none" else list(super().start_tag(tag))


class CopyingNonce(Holding):
    """Also copy the nonce of each script that has the page's into a tag before it."""

    def __init__(self, nonce: bytes) -> None:
        super().__init__()
        self.nonce = nonce

    def start_tag(self, tag: StartTag) -> list[Edit]:
        """Return the copy, and the edits of the tag."""
        edits = list(super().start_tag(tag))
        if edits and tag.get(b"nonce") == self.nonce.decode():
            return [Edit(0, 0, b"<i nonce=%b>" % self.nonce), *edits]
        return edits


def in_full(document: bytes, watch: Callable[[], Holding] = Holding, charset: str | None = "utf-8") -> bytes:
    """Return a document rewritten without a recording."""
    return HTMLRewriter(watch(), charset=charset).rewrite(document)


def recording_of(
    document: bytes, watch: Callable[[], Holding] = Holding, charset: str | None = "utf-8", nonce: bytes = b""
) -> Recording:
    """Return the recording of a document; recording gives the same bytes as rewriting."""
    out, recording = HTMLRewriter(watch(), charset=charset).rewrite_and_record(document, nonce)
    assert out == in_full(document, watch, charset)
    assert recording is not None
    return recording


def from_recording(recording: Recording, document: bytes, nonce: bytes = b"") -> bytes | None:
    """Return a document rewritten with a recording, or None if it has to be read in full."""
    return recording.rewritten(document, nonce)


def changed(old: bytes, new: bytes, document: bytes = DOCUMENT) -> bytes:
    """Return a document with one text replaced, which it has once."""
    assert document.count(old) == 1
    return document.replace(old, new)


def test_edits_move_with_a_difference() -> None:
    recording = recording_of(DOCUMENT)
    for token in (b"Z", b"A1B2C4", b"a-much-longer-token-than-before", b""):
        document = changed(b"A1B2C3", token)

        assert from_recording(recording, document) == in_full(document) != document


def test_difference_right_after_the_head_begins() -> None:
    document = changed(b"<head>", b"<head>\n<meta name=first content=A1>")
    recording = recording_of(document)
    other = document.replace(b"content=A1>", b"content=ZZ9>")

    assert from_recording(recording, other) == in_full(other)


def test_more_may_follow_at_the_end() -> None:
    """There is a checkpoint at the end of a document, also right behind another one."""
    document = b"<html><head></head><body><p>Some text</p></body></html>\n"

    assert from_recording(recording_of(document), document + b"<p>More</p>") == document + b"<p>More</p>"


def test_unfinished_tag_at_the_end_may_not_differ() -> None:
    """A document that ends in one gets no end markup."""
    document = f"<img src={HELD}><t a='>".encode()

    assert from_recording(recording_of(document), f"<img src={HELD}><t>".encode()) is None


@pytest.mark.parametrize("length", range(8))
def test_less_than_sign_in_text_may_begin_a_tag(length: int) -> None:
    text = b"<p>" + b"1" * length + b" < <b>2</b> < <i>3</i> < 4</p>"
    document = changed(b"<p>Text</p><script", text + b"<script")
    recording = recording_of(document)
    for place in (found.end() for found in re.finditer(b"< ", text)):
        other = document.replace(text, text[: place - 1] + b"!--" + text[place:])
        assert from_recording(recording, other) in {None, in_full(other)}


@pytest.mark.parametrize("between", ["", "<script>1</script>"])
@pytest.mark.parametrize("around", ["<noframes>a word{}</noframes>", "<b>a longer word</b>{}<b>word</b>"])
@pytest.mark.parametrize("new", [b"another</scr-ipt>", b"</scr-ipt>", b"</script-x>"])
def test_end_of_a_script_in_svg_may_not_go(between: str, around: str, new: bytes) -> None:
    """The text of such a script ends at its end tag, which may be far behind the end of the SVG."""
    script = f"<svg><script>'{HELD}'</svg><p>Text</p>{between}{around}<p>Text</p>".format("</script >").encode()
    document = changed(b"<p>Text</p><script", script + b"<script")
    other = changed(b"</script >", new, document)

    assert from_recording(recording_of(document), other) in {None, in_full(other)}


def test_tag_that_was_asked_about_may_not_go() -> None:
    """The watch edits nothing there, but what it does later may depend on the tag."""
    tag = f'<img src={HELD} alt="none">'.encode()
    document = changed(b"Some text", b"Some text" + tag)
    recording = recording_of(document, WithoutEndMarkup)

    assert from_recording(recording, document.replace(tag, b"No tag")) is None
    assert from_recording(recording, document.replace(b"Some", b"Any")) == in_full(
        document.replace(b"Some", b"Any"), WithoutEndMarkup
    )


def test_several_differences_are_several_regions() -> None:
    recording = recording_of(DOCUMENT)
    document = changed(b"Some", b"Any longer", changed(b"Words", b"W", changed(b"A1B2C3", b"Z")))

    assert from_recording(recording, document) == in_full(document)


def test_same_document_needs_no_region() -> None:
    recording = recording_of(DOCUMENT)

    assert incremental.Comparison(recording, bytes(bytearray(DOCUMENT)), b"").regions() == []
    assert from_recording(recording, DOCUMENT) == in_full(DOCUMENT)


def test_long_difference_is_one_region_of_its_length() -> None:
    """The ends of both documents are compared, so that only what differs is read."""
    middle = b"".join(b"<p>Paragraph %d</p>" % number for number in range(600))
    document = changed(b"<p>Text again</p>", middle, changed(b"Some text", b"<p>The same</p>" * 3000))
    other = b"".join(b"<div>Line %d</div>" % number for number in range(900))
    recording = recording_of(document)

    regions = incremental.Comparison(recording, document.replace(middle, other), b"").regions()

    assert regions is not None
    ((first, after, begin, end),) = regions
    # No region ends in a template.
    assert end - begin == len(other) + len("\n<template><p>x</p></template>")
    assert recording.bounds[after] - recording.bounds[first] == end - begin - len(other) + len(middle)
    assert from_recording(recording, document.replace(middle, other)) == in_full(document.replace(middle, other))


class Steps:
    """Counts how often a document is compared piece by piece."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = 0
        compare = incremental.Comparison.regions

        def count(comparison: incremental.Comparison) -> list[Region] | None:
            self.count += 1
            return compare(comparison)

        monkeypatch.setattr(incremental.Comparison, "regions", count)


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> Steps:
    return Steps(monkeypatch)


#: Words in the document's head, in its text and near its end.
WORDS = (b"A1B2C3", b"Some", b"Last words")


def with_tokens(*tokens: bytes) -> bytes:
    """Return the document with other words in its head, in its text and near its end."""
    document = DOCUMENT
    for old, new in zip(WORDS, tokens, strict=False):
        document = changed(old, new, document)
    return document


def recording_with_usual_regions(*tokens: bytes) -> Recording:
    """Return a recording of the document after two documents with other words at the same places."""
    recording = recording_of(DOCUMENT)
    for letter in (b"1", b"2"):
        document = with_tokens(
            *[token if token == old else token + letter for token, old in zip(tokens, WORDS, strict=False)]
        )
        assert from_recording(recording, document) == in_full(document)
    assert recording.usual is not None
    return recording


@pytest.mark.parametrize(
    ("usual", "next_", "compared"),
    [
        ([b"Z"], [b"Y"], 2),
        ([b"Z"], [b"a-longer-token"], 2),
        ([b"Z"], [b""], 2),
        ([b"Z"], [b"A1B2C3"], 2),
        ([b"Z", b"Any", b"T"], [b"Y1", b"Many", b"End words"], 2),
        ([b"Z", b"Any"], [b"longer", b"Many"], 3),
        ([b"Z", b"Any"], [b"A1B2C3", b"Many"], 3),
        ([b"Z"], [b"Z", b"Any"], 3),
        ([b"Z"], [b"A1B2C3", b"Any"], 3),
    ],
)
def test_document_is_compared_where_others_differ(
    steps: Steps, usual: list[bytes], next_: list[bytes], compared: int
) -> None:
    recording = recording_with_usual_regions(*usual)

    assert from_recording(recording, with_tokens(*next_)) == in_full(with_tokens(*next_))
    assert steps.count == compared
    for letter in (b"1", b"2", b"3"):
        # The first one has to be compared again if a word before the last one was longer in between.
        compared = max(compared, steps.count)
        document = with_tokens(*[token + letter for token in usual])
        assert from_recording(recording, document) == in_full(document)
    assert steps.count == compared


def test_one_difference_is_not_usual(steps: Steps) -> None:
    recording = recording_of(DOCUMENT)
    for tokens in ([b"Z"], [b"A1B2C3", b"Any"], [b"Z"], [b"A1B2C3", b"Any"]):
        assert from_recording(recording, with_tokens(*tokens)) == in_full(with_tokens(*tokens))

    assert recording.usual is None
    assert steps.count == 4


@pytest.mark.parametrize("length", [100, len(DOCUMENT) - 90])
def test_document_may_end_before_a_usual_difference(steps: Steps, length: int) -> None:
    recording = recording_with_usual_regions(b"A1B2C3", b"Some", b"other")

    assert from_recording(recording, DOCUMENT[:length]) in {None, in_full(DOCUMENT[:length])}
    assert steps.count == 3


@pytest.mark.parametrize("times", [0, 3])
@pytest.mark.parametrize("token", [b'"><!--', b"'", b"><script>", b"><plaintext>", f"><img src={HELD}>".encode()])
def test_usual_difference_may_become_markup(token: bytes, times: int) -> None:
    recording = recording_with_usual_regions(b"Z")
    for _ in range(times):
        assert from_recording(recording, with_tokens(b"Y")) == in_full(with_tokens(b"Y"))

    assert from_recording(recording, with_tokens(token)) in {None, in_full(with_tokens(token))}
    assert from_recording(recording, with_tokens(b"Y")) == in_full(with_tokens(b"Y"))


@pytest.mark.parametrize("place", [b"<p>w0</p>", b"<!-- w0 -->", b"w0", b"<p title='w0'>"])
@pytest.mark.parametrize("behind", [b"", f"<img src={HELD}>".encode(), b"</body></html>"])
def test_usual_difference_beside_an_edit(steps: Steps, place: bytes, behind: bytes) -> None:
    document = f"<html><body><img src={HELD}><p>Text</p><img src={HELD}>".encode() + place + behind
    recording = recording_of(document)
    for base in (document, document.replace(b"<p>Text</p>", b"")):
        for word in (b"w1", b"w2", b"w3", b"w4", b"longer"):
            other = base.replace(b"w0", word)
            assert from_recording(recording, other) in {None, in_full(other)}

    assert (steps.count < 10) is (recording.usual is not None)


#: A word that is as long as a tag.
LONG_WORD = b"Other words, which are longer"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param(f"<script src={HELD}>".encode(), f"<script src={HELD[:-3]}.x1>".encode(), id="before the word"),
        pytest.param(f"<img src={HELD} ".encode(), f"<img src={HELD[:-3]}.x1 ".encode(), id="after the word"),
        pytest.param(LONG_WORD, f"<img src={HELD}>".encode().ljust(len(LONG_WORD)), id="the word"),
        pytest.param(b"</p><div>", b"</p><!--i", id="beside the word"),
    ],
)
def test_document_of_one_length_may_differ_elsewhere(old: bytes, new: bytes) -> None:
    recording = recording_with_usual_regions(b"A1B2C3", b"Some", LONG_WORD[:-1])
    for letter in (b"3", b"4"):
        document = with_tokens(b"A1B2C3", b"Some", LONG_WORD[:-1] + letter)
        assert from_recording(recording, document) == in_full(document)
    assert recording.usual is not None
    assert recording.usual.same_length is not None

    other = changed(old, new, with_tokens(b"A1B2C3", b"Some", LONG_WORD))
    assert len(other) == len(document)
    assert from_recording(recording, other) in {None, in_full(other)}
    # The document's end belongs to its length.
    longer = document + f"<img src={HELD}>".encode()
    assert from_recording(recording, longer) in {None, in_full(longer)}


@pytest.mark.parametrize(
    "ending", [b">xx", b"<!-", b">x<", b"></", b"></p>", f"><img src={HELD}>".encode(), b"><script>"]
)
def test_other_difference_of_one_length_is_read(regions_read: list[bytes], ending: bytes) -> None:
    template = changed(
        b"<p>Words</p>", b"<p>Words</p><b>%s</b><p title=%s>x</p>" + f"<script src={HELD}></script>".encode()
    )
    width = max(10, len(ending))
    recording = recording_of(template.replace(b"%s", b"w0".ljust(width, b"x")))
    for word in (b"w1", b"w2", b"w3", b"w4", b"w5" + ending, ending, b"w6"):
        regions_read.clear()
        document = template.replace(b"%s", word.ljust(width, b"x")[:width])
        assert from_recording(recording, document) in {None, in_full(document)}
        assert regions_read
    assert recording.usual is not None
    assert recording.usual.same_length is not None
    assert recording.usual.same_length.others


def test_texts_around_a_difference_may_not_overlap() -> None:
    """Without the word and one of the tags, what is before the word and what is after it would overlap."""
    tag = f"<script src={HELD}></script>".encode()
    document = changed(b"<p>Some text</p>", tag + b"<p>XY</p>" + tag)
    recording = recording_of(document)
    for word in (b"Z1", b"Z2"):
        assert from_recording(recording, document.replace(b"XY", word))
    assert recording.usual is not None

    other = document.replace(tag + b"<p>XY</p>" + tag, tag)
    assert from_recording(recording, other) in {None, in_full(other)}


def test_growing_difference_is_looked_for_again() -> None:
    usual = recording_with_usual_regions(b"Z").usual

    assert usual is not None
    assert usual.regions_in(with_tokens(b"Y" * 99), b"") is not None
    assert usual.regions_in(with_tokens(b"Y" * 999), b"") is None


def test_nonce_page_is_compared_where_others_differ(steps: Steps) -> None:
    recording = recording_of(with_nonce(FIXED), partial(CopyingNonce, FIXED), nonce=FIXED)
    for token in (b"Z", b"Y", b"X", b"W"):
        own = token + OWN[1:]
        document = changed(b"A1B2C3", token, with_nonce(own))
        assert from_recording(recording, document, own) == in_full(document, partial(CopyingNonce, own))

    assert steps.count == 2


def test_groups_are_divided_up_to_a_number(monkeypatch: pytest.MonkeyPatch, steps: Steps) -> None:
    monkeypatch.setattr(incremental, "_MAX_GROUPS", 4)
    recording = recording_with_usual_regions(b"Z")
    divided = recording.groups
    assert len(divided.texts) == 3

    for tokens in ([b"A1B2C3", b"Any"], [b"A1B2C3", b"Few"], [b"Y"]):
        assert from_recording(recording, with_tokens(*tokens)) == in_full(with_tokens(*tokens))
    assert recording.groups is divided
    assert steps.count == 4


@pytest.fixture
def regions_read(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Return a list to which each region is added that is read."""
    read: list[bytes] = []
    tree_after = region.tree_after

    def note(region: bytes, *arguments: Any) -> Any:
        read.append(region)
        return tree_after(region, *arguments)

    monkeypatch.setattr(incremental, "tree_after", note)
    return read


#: A place in a document where words differ, with "%s" for the word, and whether any word may stand there.
PLACES = [
    (b"<p>%s</p>", True),
    (b"<p>Hello %s!</p>", True),
    (b"<p title='%s'>x</p>", True),
    (b'<p class="a b" title="%s" id=c>x</p>', True),
    (b"<p id=x>A &amp; %s &lt; B</p>", True),
    (b"<textarea>%s</textarea>", True),
    (b"<p title=%s>x</p>", False),
    (b"<p %s>x</p>", False),
    (b"<p%s>x</p>", False),
    (b"<!-- %s -->", False),
    (b'<p title="a "%s" b">x</p>', False),
    (b'<p"%s">x</p>', False),
    (b'<p ="%s">x</p>', False),
    (b"<p>1 < %s</p>", False),
    (b'<img alt="%s">', False),
    (b'<link title="%s">', False),
    (b"<script>'%s'</script>", False),
    (b"<b>%s</b><i>%s</i>", False),
]


@pytest.mark.parametrize(("place", "is_word"), PLACES)
@pytest.mark.parametrize("ending", [b"", b"\xe9", b" a"])
def test_word_is_compared_without_reading(
    regions_read: list[bytes], place: bytes, ending: bytes, is_word: bool
) -> None:
    document = changed(b"<p>Words</p>", b"<p>Words</p>" + place + f"<script src={HELD}></script>".encode())
    recording = recording_of(document.replace(b"%s", b"w0" + ending))
    for number, word in enumerate((b"w1", b"w2", b"w3", b"w4", b"longer words, even: 1=2", b"")):
        regions_read.clear()
        other = document.replace(b"%s", word + ending)
        assert from_recording(recording, other) in {None, in_full(other)}
        assert number < 3 or bool(regions_read) is not is_word
    for word in (b"<", b'"', b"'", b">", b"&amp;", b"\x1b", b"\xe4", b"<script>", b"/", b"=", b"'><b>", b'"><!--'):
        other = document.replace(b"%s", word + ending)
        assert from_recording(recording, other) in {None, in_full(other)}
    at = place.index(b"%s")
    for near in (b"<!--" + place[4:], place[:-4] + b"<!--", place[: at - 1] + place[at:], place[:at] + place[at + 3 :]):
        other = document.replace(place, near).replace(b"%s", b"w5" + ending)
        assert from_recording(recording, other) in {None, in_full(other)}


def test_word_that_counts_for_the_tree_is_read() -> None:
    """Whether a frameset may follow an input element depends on its type, and whether scripts run depends on that."""
    document = f'<html><head></head><input type="w0"><frameset><script src={HELD}></script></frameset>'.encode()
    recording = recording_of(document)
    for word in (b"w1", b"w2", b"w3", b"w4", b"hidden", b"HIDDEN"):
        other = document.replace(b"w0", word)
        assert from_recording(recording, other) in {None, in_full(other)}


def test_word_beside_a_nonce_is_read() -> None:
    text = b'<b nonce="%b" title="w0">text</b>'
    document = changed(b"<p>Words</p>", text % FIXED, with_nonce(FIXED))
    recording = recording_of(document, partial(CopyingNonce, FIXED), nonce=FIXED)
    for word in (b"w1", b"w2", b"w3", b"w4"):
        other = changed(b"<p>Words</p>", (text % OWN).replace(b"w0", word), with_nonce(OWN))
        assert from_recording(recording, other, OWN) == in_full(other, partial(CopyingNonce, OWN))


def test_word_is_not_looked_for_in_a_long_region(monkeypatch: pytest.MonkeyPatch, regions_read: list[bytes]) -> None:
    for limit, count in ((1024, 1), (5, 3)):
        monkeypatch.setattr(incremental, "_LONGEST_WITH_WORD", limit)
        recording = recording_with_usual_regions(b"A1B2C3", b"Any")
        regions_read.clear()
        for token in (b"Few", b"Any", b"All"):
            document = with_tokens(b"A1B2C3", token)
            assert from_recording(recording, document) == in_full(document)
        assert len(regions_read) == count


def test_document_without_edits_is_the_object_itself() -> None:
    clean = DOCUMENT.replace(HELD.encode(), b"/own")
    document = changed(b"A1B2C3", b"Z", clean)

    assert from_recording(recording_of(clean), document) is document


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param(b"Last words", b"<!-- Some text", id="opens a comment"),
        pytest.param(b"Last words", b"<p title='Some text", id="opens an attribute value"),
        pytest.param(b"Last words", b"<textarea>", id="opens a text element"),
        pytest.param(b"Last words", b"<template>", id="opens a template"),
        pytest.param(b"Last words", b"<select>", id="opens a select"),
        pytest.param(b"Last words", b"<noscript>", id="opens a noscript element"),
        pytest.param(b"Last words", b"</body>", id="ends the body"),
        pytest.param(b"Last words", b"\x1b$B", id="contains an escape sequence"),
        pytest.param(b"Some text", f"<img src={HELD}>".encode(), id="adds a tag to ask about"),
        pytest.param(b"Some text", b"<base href=//held.example/>", id="adds a base"),
        pytest.param(f"<script src={HELD}>".encode(), b"<script src=/own>", id="removes a tag that was asked about"),
        pytest.param(f"<script src={HELD}>".encode(), f"<script async src={HELD}>".encode(), id="changes such a tag"),
        pytest.param(b"</body>", b"", id="removes the end of the body"),
        pytest.param(b"<!DOCTYPE html>", b"<!DOCTYPE HTML>", id="is before the first checkpoint"),
    ],
)
def test_difference_that_matters_is_refused(old: bytes, new: bytes) -> None:
    assert from_recording(recording_of(DOCUMENT), changed(old, new)) is None


@pytest.mark.parametrize(
    ("added", "is_refused"),
    [
        pytest.param(b"<script>x()</script>", True, id="a script"),
        pytest.param(b"<p onclick=x()>", True, id="a handler"),
        pytest.param(b"<meta http-equiv=Content-Security-Policy content=x>", True, id="a policy"),
        pytest.param(b"<meta name=token content=x>", False, id="another meta element"),
        pytest.param(b"<meta name=token content='on time'>", False, id="the word on"),
    ],
)
def test_what_may_be_the_first_script_is_refused(added: bytes, is_refused: bool) -> None:
    recording = recording_of(DOCUMENT, ForFirstScript)
    before, after = changed(b"<title>Shop", added + b"<title>Other"), changed(b"<p>Words", added + b"<p>W")

    assert (from_recording(recording, before) is None) is is_refused
    assert from_recording(recording, before) in {None, in_full(before, ForFirstScript)}
    assert from_recording(recording, after) == in_full(after, ForFirstScript)


#: A tag that may be another one: the prefilter does not look closer.
DOUBTFUL = '<img src=/1.png alt="<b>">'
WRITES = "<script>document.write('<script src={}><\\/script>')</script>"


@pytest.mark.parametrize(
    ("added", "is_refused"),
    [
        pytest.param(DOUBTFUL, False, id="a tag in a tag"),
        pytest.param(WRITES.format("/1.js"), False, id="writes a script"),
        pytest.param(f"<script>{WRITES[:30]}<!--</script>", False, id="in a comment"),
        pytest.param(f"<textarea>{WRITES.format(HELD)}</textarea>", False, id="no tag"),
        pytest.param("<iframe srcdoc='<script>1</script>'></iframe>", True, id="a document in a tag"),
        pytest.param(WRITES.format(HELD), True, id="writes a held script"),
        pytest.param(
            WRITES.format(f"//{NEEDLE[:2]}\\u00{ord(NEEDLE[2]):02x}{NEEDLE[3:]}/1"), True, id="with an escape"
        ),
        pytest.param(
            f"<iframe srcdoc='<script src={HELD}></script>'></iframe>", True, id="a held script in a document"
        ),
        pytest.param("<script><!--<script></script>", False, id="an open script"),
        pytest.param(f"<svg><script>'<img src={HELD}>'</script></svg>", True, id="a tag in a script of SVG"),
    ],
)
def test_region_with_what_may_be_a_tag_is_read(added: str, is_refused: bool) -> None:
    document = changed(b"<p>Some text", added.encode() + b"<p>Some text")
    out = from_recording(recording_of(DOCUMENT), document)

    assert out == (None if is_refused else in_full(document))


@pytest.mark.parametrize("opening", ["<!--", '<b title="', "<title>", "<svg>", "</"])
def test_region_that_leaves_something_open_is_refused(opening: str) -> None:
    """What follows has a held tag, which is not one any more."""
    old = b"<p>Text</p><script"
    document = changed(old, DOUBTFUL.encode() + opening.encode() + old)

    assert from_recording(recording_of(DOCUMENT), document) in {None, in_full(document)}


@pytest.mark.parametrize("opening", ["<svg><script>", "<SVG><SCRIPT>", "<svg><b/><script a>"])
def test_script_of_svg_may_end_behind_the_region(opening: str) -> None:
    """A `p` ends the SVG, but not the text of the script, which is held for what follows."""
    document = changed(b"<p>More text", f"<p>Inner</p><![CDATA[{HELD}]]></script><p>More text".encode())
    other = changed(b"<p>Inner", f"{opening}<p>Inner".encode(), document)

    assert b"data-held=''" in in_full(other)
    assert from_recording(recording_of(document), other) in {None, in_full(other)}


def test_region_that_cannot_be_read_is_refused() -> None:
    nested = "<script>1</script>"
    for _ in range(9):
        nested = "<iframe srcdoc='" + nested.replace("&", "&amp;").replace("'", "&#39;") + "'></iframe>"

    assert from_recording(recording_of(DOCUMENT), changed(b"<p>Some text", nested.encode() + b"<p>Some text")) is None


def test_doubt_about_foreign_content_is_refused() -> None:
    title = f"<div>Doubt</div><title><img src={HELD}></title>".encode()
    document = changed(b"<p>End</p>", title + b"<p>End</p>")
    recording = recording_of(document)

    assert from_recording(recording, changed(b"Doubt", b"No", document)) is not None
    assert from_recording(recording, changed(b"Doubt", b"<svg></a>", document)) is None


class CountingBytes(bytes):
    """Bytes that count the searches in them."""

    searches = 0

    def find(self, *arguments: object) -> int:
        """Count the search, and search."""
        self.searches += 1
        return super().find(*arguments)  # type: ignore[arg-type]


def test_searches_of_a_document_are_limited() -> None:
    rows = [b"<p>%03d</p>" % number + b"<i>word</i>" * 20 for number in range(200)]
    recording = recording_of(b"<html><body>" + b"".join(rows))
    other = CountingBytes(b"<html><body>" + b"".join(row.replace(b"<p>", b"<p >") for row in rows))

    assert from_recording(recording, other) is None
    assert 30 < other.searches <= 40


def test_addresses_behind_a_base_are_refused() -> None:
    based = changed(b"<title>Shop", b"<base href=//held.example/><title>Shop")
    recording = recording_of(based)

    assert from_recording(recording, changed(b"Some text", b"Other text", based)) is not None
    assert from_recording(recording, changed(b"Some text", b"<img src=x>", based)) is None


def test_end_of_the_document_may_differ() -> None:
    clean = DOCUMENT.replace(HELD.encode(), b"/own")
    recording = recording_of(clean)
    for end in (b"</html>\n<!-- 12 ms -->", b"", b"</html", b"</html><!--", b"</html><"):
        document = changed(b"</html>", end, clean)

        assert from_recording(recording, document) in {None, document}
    assert from_recording(recording, clean + b"<!-- 12 ms -->") is not None
    assert from_recording(recording, clean + b"<!-- 12 ms") is None


def test_end_markup_stays_at_the_end() -> None:
    bare = DOCUMENT.replace(b"</body>\n</html>", b"")
    recording = recording_of(bare)
    document = changed(b"A1B2C3", b"Z", bare) + b"<p>More</p>"

    assert from_recording(recording, document) == in_full(document)
    assert in_full(document).endswith(Holding.tail_text)


FIXED, OWN = b"Zfixednonce00000", b"4nother+nonce/=="


def with_nonce(nonce: bytes) -> bytes:
    """Return a document with a nonce in tags that are edited, and in others."""
    held = b'<script nonce="%b" src=%b></script>' % (nonce, HELD.encode())
    return DOCUMENT.replace(b"<style>", b"<style nonce=%b>" % nonce).replace(b"<p>Text again", held + b"<p>Text again")


def test_nonce_of_the_document_is_in_its_edits() -> None:
    recording = recording_of(with_nonce(FIXED), partial(CopyingNonce, FIXED), nonce=FIXED)
    for token in (b"A1B2C3", b"Z"):
        document = changed(b"A1B2C3", token, with_nonce(OWN))

        out = from_recording(recording, document, OWN)

        assert out == in_full(document, partial(CopyingNonce, OWN))
        assert out is not None
        assert out.count(OWN) == 3


@pytest.mark.parametrize("old", [b"Shop", b"/i.png", b"class=x", b"Some text", b"Text again", b"Last words", b"End"])
def test_difference_near_a_nonce_is_a_region(old: bytes) -> None:
    recording = recording_of(with_nonce(FIXED), partial(CopyingNonce, FIXED), nonce=FIXED)
    document = changed(old, old + b"-other", with_nonce(OWN))

    assert from_recording(recording, document, OWN) == in_full(document, partial(CopyingNonce, OWN))


def test_nonce_that_a_tag_lacks_is_a_difference() -> None:
    recording = recording_of(with_nonce(FIXED), partial(CopyingNonce, FIXED), nonce=FIXED)
    held, plain = with_nonce(OWN).split(b'<script nonce="%b"' % OWN), with_nonce(OWN).split(b"<style nonce=%b>" % OWN)
    without = b"<style>".join(plain)

    assert from_recording(recording, b'<script nonce="other"'.join(held), OWN) is None
    assert from_recording(recording, without, OWN) in {None, in_full(without, partial(CopyingNonce, OWN))}


def test_edits_without_a_checkpoint_between_are_one() -> None:
    """Other edits may move apart, so they are not."""
    tag = b'<script nonce="%b" src=%b></script>' % (OWN, HELD.encode())
    document = b"<p>Text</p>" + tag + b"<p>Text</p>" + tag + b"<p>Text</p>"
    recording = recording_of(document, partial(CopyingNonce, OWN))
    edits = recording._moved_edits([], b"")

    # The copied nonce with the renamed attribute, twice, and the end markup.
    assert [edit.start for edit in edits] == [document.find(tag), document.rfind(tag), len(document)]
    apart = document.replace(b"Text</p>" + tag, b"Words</p>" + tag)
    assert from_recording(recording, apart) == in_full(apart, partial(CopyingNonce, OWN))


def test_encoding_of_a_longer_document_is_looked_for() -> None:
    document = b"<html><head><title>Shop</title></head><body><p>Words</p><p>More</p>"
    longer = document + b"<meta charset=shift_jis><p>More</p>"

    assert from_recording(recording_of(document, charset=None), longer) is None
    assert from_recording(recording_of(document), longer) == longer


def test_declared_charset_needs_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    recording = recording_of(DOCUMENT)
    monkeypatch.setattr(incremental, "_encoding", None)
    document = changed(b"<meta charset=utf-8>", b"<meta charset=shift_jis>")

    assert from_recording(recording, document) == in_full(document)
    assert from_recording(recording, b"\xff\xfe" + DOCUMENT) is None
    assert from_recording(recording, b"\xef\xbb\xbf" + DOCUMENT) is None


def test_another_encoding_is_refused() -> None:
    declared = changed(b"<meta charset=utf-8>", b"<meta name=x content=Y><meta charset=utf-8>")
    recording = recording_of(declared, charset=None)
    near, far = (
        changed(b"content=Y", b"content=Z", declared),
        changed(b"content=Y", b"content=" + b"Z" * 1100, declared),
    )
    other = changed(b"content=Y", b"content=Y charset=shift_jis", declared)

    assert from_recording(recording, near) == in_full(near, charset=None)
    assert from_recording(recording, far) is None
    assert from_recording(recording, other) is None


@pytest.mark.parametrize(
    ("document", "options"),
    [
        pytest.param(DOCUMENT.decode().encode("utf-16"), {}, id="UTF-16"),
        pytest.param(DOCUMENT, {"xml": True}, id="XML"),
        pytest.param(DOCUMENT + b"\x1b$B", {"charset": None}, id="perhaps ISO-2022-JP"),
    ],
)
def test_some_documents_are_not_recorded(document: bytes, options: dict[str, object]) -> None:
    plain = HTMLRewriter(Holding(), **options).rewrite(document)  # type: ignore[arg-type]

    assert HTMLRewriter(Holding(), **options).rewrite_and_record(document) == (plain, None)  # type: ignore[arg-type]


def test_document_with_a_bail_out_is_not_recorded() -> None:
    nested = f"<img src={HELD}>"
    for _ in range(9):
        nested = "<iframe srcdoc='" + nested.replace("&", "&amp;").replace("'", "&#39;") + "'></iframe>"
    rewriter = HTMLRewriter(Holding())

    assert rewriter.rewrite_and_record(DOCUMENT + nested.encode())[1] is None
    assert rewriter.bail_outs == 1


def test_size_is_what_a_recording_takes() -> None:
    tracemalloc.start()
    try:
        recording = recording_of(DOCUMENT.replace(b"Some text", b"<p>word</p>" * 20_000))
        # The reader is referenced by its own parts.
        gc.collect()
        taken = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()

    assert 0.5 * taken < recording.size < 2 * taken


def test_size_covers_what_is_kept_of_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each difference divides what is recorded, and is kept with its places."""
    monkeypatch.undo()
    numbers = range(15)
    rows = b"".join(b"<p>word %%%d%%</p>" % number + b"<p>word</p>" * 20 for number in numbers)
    template = changed(b"<p>Words</p>", rows)

    def document(turn: int) -> bytes:
        made = template
        for number in numbers:
            made = made.replace(b"%%%d%%" % number, b"w%02d-%d" % (number, turn))
        return made

    documents = [document(turn) for turn in range(5)]

    def filled_recording() -> Recording:
        recording = recording_of(documents[0])
        for other in documents:
            assert from_recording(recording, other) == in_full(other)
        gc.collect()
        return recording

    # The first time, caches of the whole process are filled too.
    filled_recording()
    tracemalloc.start()
    try:
        recording = filled_recording()
        taken = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()

    assert recording.usual is not None
    assert recording.usual.same_length is not None
    assert len(recording.groups.texts) == 2 * len(numbers) + 1
    assert 0.9 * taken < recording.size < 2 * taken
