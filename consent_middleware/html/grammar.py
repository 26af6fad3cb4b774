"""The WHATWG HTML tokenizer as named byte patterns, each with the number of the section that it implements.

Knows the HTML standard's chapter 13.2 (https://html.spec.whatwg.org/multipage/parsing.html) and the lists of element
names that the chapter gives. Knows nothing about buffers, edits or what anyone looks for in a document.

All patterns are verbose and work on bytes. Every quantifier that could give bytes back is possessive (``*+``), so that
a pattern reads each byte a bounded number of times; a construct that is not finished within ``endpos`` does not match
at all, which is how the tokenizer knows that it has to wait. ``\\s`` is never used: in bytes it includes ``\\v``,
which is no HTML whitespace.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final


def name(*words: bytes | str) -> str:
    """Give a pattern that matches one of the ASCII ``words`` in any letter case, up to where a tag name ends.

    Letter classes are spelt out, because ``re.IGNORECASE`` is far slower, and words that begin alike are one
    alternative, because each that is tried takes its time. The lookahead keeps ``b`` from matching in ``<base>``.
    """
    return _spelt({(w.decode("ascii") if isinstance(w, bytes) else w).lower() for w in words}) + rf"(?={NAME_END})"


def _spelt(words: set[str]) -> str:
    """Spell words as a tree of letters; where one word begins another, the longer one is tried first."""
    spelt = []
    for c in sorted({word[0] for word in words if word}):
        letter = f"[{c}{c.upper()}]" if c.isalpha() else re.escape(c)
        spelt.append(letter + _spelt({word[1:] for word in words if word[:1] == c}))
    if "" in words:
        spelt.append("")
    return spelt[0] if len(spelt) == 1 else f"(?:{'|'.join(spelt)})"


# 13.2.5 "ASCII whitespace" as the tokenizer sees it; CR counts, since 13.2.3.5 turns it into LF before tokenizing.
SPACE: Final = r"[\t\n\f\r\x20]"
NAME_END: Final = r"[\t\n\f\r\x20/>]"

# 13.2.5.8 Tag name state: after a letter, everything up to whitespace, "/" or ">".
TAG_NAME: Final = r"[a-zA-Z][^\t\n\f\r\x20/>]*+"

# 13.2.5.32 Before attribute name, .33 Attribute name: a first "=" belongs to the name.
ATTRIBUTE_NAME: Final = r"[^\t\n\f\r\x20/>][^\t\n\f\r\x20/>=]*+"

# 13.2.5.35 Before attribute value, .36 double-quoted, .37 single-quoted, .38 unquoted; "=" before ">" has no value.
ATTRIBUTE_VALUE: Final = r"""(?: "[^"]*+" | '[^']*+' | [^\t\n\f\r\x20>"'][^\t\n\f\r\x20>]*+ | (?=>) )"""

# 13.2.5.32 to .40. A "=" that follows must be read as one: an unclosed quote makes the tag unfinished, not shorter.
ATTRIBUTES: Final = rf"""
(?:
  [\t\n\f\r\x20/]*+ {ATTRIBUTE_NAME}
  (?: {SPACE}*+ = {SPACE}*+ {ATTRIBUTE_VALUE} | (?! {SPACE}*+ = ) )
)*+
[\t\n\f\r\x20/]*+"""

# 13.2.5.43 to .51: the dashes of "<!--" close the comment only as "<!-->" and "<!--->".
COMMENT: Final = r"<!-- (?: -?> | [^-]*+ (?: - (?! -!?> ) [^-]*+ )*+ --!?> )"

# 13.2.5.41 Bogus comment, .42 Markup declaration open, .53 to .68 DOCTYPE (also within its quotes), .7 End tag open:
# all of them end at the first ">". From behind "<".
DECLARATION: Final = r"! (?! -- ) [^>]*+ > | \? [^>]*+ > | / [^a-zA-Z>] [^>]*+ > | />"


def pattern(source: str) -> re.Pattern[bytes]:
    """Compile a verbose pattern to work on bytes."""
    return re.compile(source.encode("ascii"), re.VERBOSE)


START_TAG: Final = pattern(rf"< ({TAG_NAME}) {ATTRIBUTES} >")
END_TAG: Final = pattern(rf"</ ({TAG_NAME}) {ATTRIBUTES} >")
ATTRIBUTE: Final = pattern(
    rf"""
    [\t\n\f\r\x20/]*+ ({ATTRIBUTE_NAME})
    (?: {SPACE}*+ = {SPACE}*+ (?: "([^"]*+)" | '([^']*+)' | ([^\t\n\f\r\x20>"'][^\t\n\f\r\x20>]*+) | (?=>) ) )?+
    """
)
ROOT: Final = pattern(rf"<{name('html')} {ATTRIBUTES} >")
TAG_OPENING: Final = pattern(r"<(/?+) ([^\t\n\f\r\x20/>]*+)")
TAG_NAME_SPAN: Final = pattern(rf"< (?:{TAG_NAME}|[^\t\n\f\r\x20/>]++)")
# 13.2.6.4.7: characters that refuse a frameset that comes later.
VISIBLE: Final = re.compile(rb"[^\t\n\f\r\x20\x00]")
# What can be the beginning of the end of raw text, of a comment or of a CDATA section, or of a script's other states.
MAY_END: Final = re.compile(rb"(?:<(?:/?[a-zA-Z]*+|!-?)|--?!?|\]\]?)\Z")
# XML 1.0, 3.1: a start tag, an end tag or an empty-element tag; values are quoted, and hold no "<".
XML_NAME: Final = r"""[^\t\n\f\r\x20<>/="'!?&]++"""
XML_PREFIX: Final = r"""[^\t\n\f\r\x20<>/="'!?&:]++"""
XML_REST: Final = r"""(?: [^<>"']++ | "[^<"]*+" | '[^<']*+' )*+"""
XML_TAG: Final = pattern(rf"<(/?+) ({XML_NAME}) {XML_REST} >")
# A "<" that no tag follows is an error for XML; it is passed by, and what follows is read on.
XML_NO_TAG: Final = pattern(
    rf"""< (?: [\t\n\f\r\x20<>="'&] | / [\t\n\f\r\x20<>/="'!?&] | /?+ {XML_NAME} {XML_REST} ["']?+ [^<"']*+ < )"""
)
CDATA: Final = r"<!\[CDATA\[ [^\]]*+ (?: \] (?! \]> ) [^\]]*+ )*+ \]\]>"
# In foreign content, what begins like a tag and is none ends at the first ">" (13.2.5.41); in XML it is a processing
# instruction (XML 1.0, 2.6).
_BOGUS = r"< (?: \? | ! (?! -- | \[CDATA\[ ) | / (?! [a-zA-Z] ) ) [^>]*+ >"
_INSTRUCTION = r"<\? [^?]*+ (?: \? (?! > ) [^?]*+ )*+ \?>"
_SCRIPT = name("script")
_XML_SCRIPT = rf"(?: {XML_PREFIX} : )?+ script {NAME_END}"
# 13.2.6.5: a script of SVG or of XML is no raw text: there are tags in it, and its end tag may stand in a comment, in a
# CDATA section or in an attribute. A script within is none of its text, so that many that do not end are not each read
# to the end.
SVG_SCRIPT: Final = pattern(
    rf"[^<]*+ (?: (?: {COMMENT} | {CDATA} | {_BOGUS} | < /?+ (?! {_SCRIPT} ) {TAG_NAME} {ATTRIBUTES} >"
    rf" | < (?! [a-zA-Z!?/] ) ) [^<]*+ )*+ (?= < /?+ {_SCRIPT} )"
)
XML_SCRIPT: Final = pattern(
    rf"[^<]*+ (?: (?: {COMMENT} | {CDATA} | {_INSTRUCTION} | < /?+ (?! {_XML_SCRIPT} ) {XML_NAME} {XML_REST} >"
    rf" | < (?! /?+ {_XML_SCRIPT} | !-- | !\[CDATA\[ | \? ) ) [^<]*+ )*+ (?= < /?+ {_XML_SCRIPT} )"
)
# What counts in such a script: what is none of its text, and what is not whole yet.
SVG_IN_SCRIPT: Final = pattern(
    rf"{COMMENT} | <!\[CDATA\[ (?P<data> [^\]]*+ (?: \] (?! \]> ) [^\]]*+ )*+ ) \]\]> | {_BOGUS}"
    rf" | < (?P<end> /?+ ) (?P<name> {TAG_NAME} ) {ATTRIBUTES} > | (?P<begun> < [a-zA-Z!?/] )"
)
XML_IN_SCRIPT: Final = pattern(
    rf"{COMMENT} | <!\[CDATA\[ (?P<data> [^\]]*+ (?: \] (?! \]> ) [^\]]*+ )*+ ) \]\]> | {_INSTRUCTION}"
    rf" | < (?P<end> /?+ ) (?P<name> {XML_NAME} ) {XML_REST} >"
    rf" | (?P<begun> <!-- | <!\[CDATA\[ | <\? | < /?+ {_XML_SCRIPT} )"
)
TAG_BEGUN: Final = re.compile(rb"<[a-zA-Z]*\Z")
# 13.2.5.41, .45 and .69: where a comment, a bogus comment and a CDATA section end, however much of it was read before.
COMMENT_END: Final = re.compile(rb"--!?>")
ABRUPT_COMMENT: Final = re.compile(rb"<!---?>")
DECLARATION_END: Final = re.compile(rb">")
CDATA_END: Final = re.compile(rb"\]\]>")

# 13.2.5.4 and 13.2.5.15 to .31: what changes the state inside a script. The dashes of "<!--" may be those of "-->".
SCRIPT_EVENT: Final = (
    pattern(rf"</{name('script')} | <!--"),
    pattern(rf"</?{name('script')} | -->"),
    pattern(rf"</{name('script')} | -->"),
)

# 13.2.6.2, 13.2.6.4.4, .7: the elements whose content is text for the tokenizer, in the HTML namespace.
RAW_TEXT: Final = frozenset(
    {b"iframe", b"noembed", b"noframes", b"noscript", b"script", b"style", b"textarea", b"title", b"xmp"}
)
# 13.2.6.4.7: with "plaintext", whose text never ends.
TEXT_CONTENT: Final = RAW_TEXT | {b"plaintext"}
RAW_END: Final = {word: pattern(rf"</{name(word)}") for word in RAW_TEXT}

# 13.1.2: elements that have no content.
VOID: Final = frozenset(
    b"area base basefont bgsound br col embed frame hr image img input keygen link meta param source track wbr".split()
)
# 13.2.6.5: start tags that leave foreign content.
BREAKOUT: Final = frozenset(
    b"b big blockquote body br center code dd div dl dt em embed h1 h2 h3 h4 h5 h6 head hr i img li listing menu meta "
    b"nobr ol p pre ruby s small span strong strike sub sup table tt u ul var".split()
)
# 13.2.4.2: the special elements of the HTML namespace.
SPECIAL: Final = frozenset(
    b"address applet area article aside base basefont bgsound blockquote body br button caption center col colgroup dd "
    b"details dir div dl dt embed fieldset figcaption figure footer form frame frameset h1 h2 h3 h4 h5 h6 head header "
    b"hgroup hr html iframe img input keygen li link listing main marquee menu meta nav noembed noframes noscript "
    b"object ol p param plaintext pre script search section select source style summary table tbody td template "
    b"textarea tfoot th thead title tr track ul wbr xmp".split()
)
# 13.2.4.2: what a table is made of; foreign content does not bound the scope in which their end tags look.
TABLE_PARTS: Final = frozenset(b"caption table tbody td tfoot th thead tr".split())
# 13.2.4.3: what is opened again by itself after something else has closed it.
FORMATTING: Final = frozenset(b"a b big code em font i nobr s small strike strong tt u".split())
HEADINGS: Final = frozenset({b"h1", b"h2", b"h3", b"h4", b"h5", b"h6"})
# 13.2.6.4.7: start tags that close, or may close, an open element of the same group.
CLOSE_EACH_OTHER: Final = (
    HEADINGS,
    frozenset({b"dd", b"dt"}),
    frozenset({b"optgroup", b"option"}),
    frozenset({b"rb", b"rp", b"rt", b"rtc"}),
    *(frozenset({word}) for word in (b"a", b"button", b"li", b"nobr")),
)
# 13.2.6.4.17: start tags in a template after which it is not yet decided what its content is.
OF_HEAD: Final = frozenset(b"base basefont bgsound link meta noframes script style template title".split())
# 13.2.6.4.7: start tags that mean nothing outside a table, or at all.
TABLE_STARTS: Final = (TABLE_PARTS - {b"table"}) | {b"col", b"colgroup"}
IGNORED_IN_BODY: Final = frozenset({b"body", b"frame", b"head", b"html"})
# Chapter 4: elements of HTML that are not special and have end tags.
PHRASING: Final = frozenset(
    b"a abbr audio b bdi bdo big canvas cite code data datalist del dfn dialog em font i ins kbd label legend map mark "
    b"meter nobr optgroup option output picture progress q rb rp rt rtc ruby s samp slot small span strike strong sub "
    b"sup time tt u var video".split()
)
# Elements that may well be open around foreign content and whose end tags close what is open inside (13.2.6.4.7, "any
# other end tag" and the ones before it).
CLOSES_FOREIGN: Final = (SPECIAL | PHRASING) - RAW_TEXT - VOID - {b"body", b"html", b"head"}
# Elements that are never open around anything, or whose end tags close nothing.
CLOSES_NOTHING: Final = (RAW_TEXT | VOID | {b"body", b"html", b"head", b"image"}) - {b"noscript"}
# 4.13.2: names with a hyphen that are SVG's and MathML's.
NO_CUSTOM_ELEMENT: Final = frozenset(
    b"annotation-xml color-profile font-face font-face-src font-face-uri font-face-format font-face-name "
    b"missing-glyph".split()
)
# 13.2.6.4.7: start tags after which a frameset is refused.
FRAMESET_NOT_OK: Final = frozenset(
    b"applet area body br button dd dt embed hr iframe image img input keygen li listing marquee object plaintext pre "
    b"select table template textarea wbr xmp".split()
)
# 13.2.6.4.7: start tags that close an open "p".
CLOSES_P: Final = frozenset(
    b"address article aside blockquote center details dialog dir div dl fieldset figcaption figure footer header "
    b"hgroup main menu nav ol p search section summary ul h1 h2 h3 h4 h5 h6 pre listing form li dd dt plaintext table "
    b"hr xmp".split()
)
# 13.2.4.2 and 13.2.6.5: MathML text and HTML integration points, by their lower-cased names.
MATHML_TEXT: Final = frozenset({b"mi", b"mo", b"mn", b"ms", b"mtext"})
MATHML_BOUNDS: Final = MATHML_TEXT | {b"annotation-xml"}
SVG_INTEGRATION: Final = frozenset({b"foreignobject", b"desc", b"title"})
# End tags of these that mean nothing where none is open.
LEAVING: Final = b"".join(b"</%b>" % word for word in sorted(MATHML_TEXT | SVG_INTEGRATION))
# Start tags from which on HTML and foreign content are read differently.
PARTS_READINGS: Final = RAW_TEXT | MATHML_BOUNDS | SVG_INTEGRATION | {b"math", b"plaintext", b"select", b"template"}
# HTML inside of foreign content: start tags whose effect depends on what is open around that, or on a table's modes.
DEPENDS_ON_PAGE: Final = TABLE_STARTS | {b"form", b"frameset", b"select", b"table"}

# -- Runs that change nothing ----------------------------------------------------------------------------------------
#
# What follows reads many constructs in one match: everything from here to the next construct that the tokenizer has to
# look at itself. Every alternative is a whole construct, so that the run ends where one begins that is not finished.

# The usual tag: every "=" stands behind a name and before a quote. What it matches, ATTRIBUTES matches too; it is here
# because it reads a value in one step.
QUOTED_ONLY: Final = r"""
(?: [^"'>=]*+ (?<! [\t\n\f\r\x20/"'] ) = (?: "[^"]*+" | '[^']*+' ) )*+ [^"'>=]*+ >"""

# What follows a tag's name. The usual attribute is one space, a name and a value in double quotes; behind any number of
# those ATTRIBUTES reads on, because an attribute may follow a closing quote at once (13.2.5.39).
USUAL_ATTRIBUTES: Final = r"""(?: \x20 [^\t\n\f\r\x20/>="']++ =" [^"]*+ " )*+"""
# It has alternatives, so nothing that can fail may follow it, or what follows would be read once for each.
REST_OF_TAG: Final = rf"{USUAL_ATTRIBUTES} (?: > | /> | {ATTRIBUTES} > )"

# 13.2.5.2, .3, .5, .6, .9 to .14: an element with raw text or RCDATA, from behind "<" to the end of its end tag.
_RAW_ELEMENTS = {
    word: rf"""
    {name(word)} {USUAL_ATTRIBUTES} {ATTRIBUTES} >
    [^<]*+ (?: < (?! /{name(word)} ) [^<]*+ )*+ </{name(word)} {REST_OF_TAG}"""
    for word in sorted(word.decode("ascii") for word in RAW_TEXT - {b"noscript", b"script"})
}
# What stands in noscript is markup for a browser that runs no scripts: here it ends for both at the same place.
_SIMPLE_ATTRIBUTES = rf"""
(?: {SPACE}++ [^\t\n\f\r\x20/>="'<]++ (?: = (?: "[^"<]*+" | '[^'<]*+' | [^\t\n\f\r\x20"'<>=`]++ ) )?+ )*+
{SPACE}*+ /?+ >"""
_SIMPLE = name(*b"a b br center div em h1 h2 h3 i img input li link meta p span strong ul".split())
_FRAME_OR_STYLE = name("iframe", "style")
_RAW_ELEMENTS["noscript"] = rf"""
{name("noscript")} {USUAL_ATTRIBUTES} {ATTRIBUTES} >
[^<]*+
(?:
  < (?: /?+ {_SIMPLE} {_SIMPLE_ATTRIBUTES} | {_FRAME_OR_STYLE} {_SIMPLE_ATTRIBUTES} [^<]*+ </{_FRAME_OR_STYLE} > )
  [^<]*+
)*+
</{name("noscript")} {REST_OF_TAG}"""

# 13.2.5.27 to .31 Script data double escaped: from behind "<script" to behind "</script", or to "-->".
_DOUBLE_ESCAPED = rf"""
<{name("script")} (?: [^<\-]++ | - (?! -> ) | < (?! /{name("script")} ) )*+ (?: </{name("script")} | (?= --> ) )"""

# 13.2.5.18 to .26 Script data escaped: from behind "<!--" to behind "-->", or to "</script".
_ESCAPED = rf"""
(?:
  -*+>
  | (?: [^<\-]++ | - (?! -> ) | < (?! /?{name("script")} ) | {_DOUBLE_ESCAPED} )*+
    (?: --> | (?= </{name("script")} ) )
)"""

# 13.2.5.4 Script data, .15 to .17: a script element, from behind "<" to the end of its end tag.
_SCRIPT_ELEMENT = rf"""
{name("script")} {USUAL_ATTRIBUTES} {ATTRIBUTES} >
[^<]*+ (?: < (?: !-- {_ESCAPED} | (?! /{name("script")} | !-- ) ) [^<]*+ )*+
</{name("script")} {REST_OF_TAG}"""

# 13.2.6.5: an SVG element with nothing in it that changes how the tokenizer reads: drawings, as nearly all are.
_DRAWING = name(
    *b"a circle clippath defs ellipse feblend fecolormatrix fecomposite feflood fegaussianblur femerge femergenode "
    b"feoffset filter g image line lineargradient marker mask path pattern polygon polyline radialgradient rect stop "
    b"symbol text tspan use".split()
)
_SVG_WORDS = name("title", "desc")
_SVG_ELEMENT = rf"""
{name("svg")} {USUAL_ATTRIBUTES} {QUOTED_ONLY} (?<! /> ) [^<]*+
(?:
  < (?:
      /?+ {_DRAWING} {REST_OF_TAG}
      | {_SVG_WORDS} {QUOTED_ONLY} (?<! /> ) [^<]*+ </{_SVG_WORDS} >
      | {COMMENT[1:]}
    )
  [^<]*+
)*+
</{name("svg")} {REST_OF_TAG}"""

# Start tags that the tokenizer always looks at itself.
_STOPS: Final = ("svg", "math", "template", "select", "plaintext", "base", *(word.decode("ascii") for word in RAW_TEXT))


# Letters of which every tag that is a stop has one, by the groups of first letters for which that is so; most tags that
# are no stop have none of them behind their first letter.
_TELLING: Final = ("", "vcyxfh", "eo")


def _usual(stops: Iterable[str]) -> str:
    """Give alternatives for the start tags that are told from ``stops`` by their letters alone, without a lookahead."""
    words = tuple(stops)
    left = set("abcdefghijklmnopqrstuvwxyz")
    tags = []
    for telling in _TELLING:
        told = {c for c in left if all(set(word[1:]) & set(telling) for word in words if word[0] == c)}
        left -= told
        first, rest = "".join(sorted(told)), telling + telling.upper()
        end = rf"(?={NAME_END})" if telling else ""
        tags.append(rf"[{first}{first.upper()}] [^\t\n\f\r\x20/>{rest}]*+ {end} {REST_OF_TAG}")
    return " | ".join(tags)


def _run(
    text: str, stops: Iterable[str], end_stops: Iterable[str], elements: Iterable[str], stray: str
) -> re.Pattern[bytes]:
    """Compile the run of constructs that change nothing.

    These are ``text``, a ``stray`` "<", whole ``elements``, and tags that are no stop.
    """
    words, end_words = tuple(stops), tuple(end_stops)
    ends = "".join(sorted(set("abcdefghijklmnopqrstuvwxyz") - {word[0] for word in end_words}))
    return pattern(
        rf"""
        {text}
        (?:
          < (?:
              / [{ends}{ends.upper()}] [a-zA-Z0-9]*+ >
              | {_usual(words)}
              | / (?! {name(*end_words)} ) {TAG_NAME} {REST_OF_TAG}
              | {" | ".join(elements)}
              | (?! {name(*words)} ) {TAG_NAME} {REST_OF_TAG}
              | {COMMENT[1:]}
              | {DECLARATION}
              {stray}
            )
          {text}
        )*+"""
    )


_ALL_ELEMENTS = (_SCRIPT_ELEMENT, _SVG_ELEMENT, *_RAW_ELEMENTS.values())
_NOT_OK = tuple(word.decode("ascii") for word in FRAMESET_NOT_OK)

# In the body: any text, any "<" that begins nothing.
_STRAY = "| (?= [^a-zA-Z!/?] )"
BODY_RUN: Final = _run("[^<]*+", _STOPS, ("body",), _ALL_ELEMENTS, _STRAY)
# In a select element: where it ends, and what older browsers ignore inside (see Tokenizer).
SELECT_RUN: Final = _run("[^<]*+", _STOPS, ("body", "select"), (_SCRIPT_ELEMENT,), _STRAY)
# As long as a frameset may come (13.2.6.4.7, "frameset-ok flag"): no visible text and no element that refuses it.
HEAD_RUN: Final = _run(
    r"[\t\n\f\r\x20\x00]*+",
    {*_STOPS, "frameset", *_NOT_OK},
    ("body", "br"),
    (_SCRIPT_ELEMENT, *(_RAW_ELEMENTS[word] for word in ("noscript", "style", "title"))),
    stray="",
)
# Inside an SVG element of which not all has come: drawings that are closed at once, so that what is open stays so.
DRAWING_RUN: Final = pattern(
    rf"""
    [^<]*+
    (?:
      < (?:
          {_DRAWING} {USUAL_ATTRIBUTES} {SPACE}*+ />
          | path {USUAL_ATTRIBUTES} {SPACE}*+ > [^<]*+ </path>
          | use {USUAL_ATTRIBUTES} {SPACE}*+ > [^<]*+ </use>
          | {COMMENT[1:]}
        )
      [^<]*+
    )*+"""
)
# XML has no raw text: everything up to a tag of an element that Tokenizer follows, or that the rewriter looks at.
_XML_STOPS = "base body script template svg math foreignObject annotation-xml".replace(" ", "|")
XML_RUN: Final = pattern(
    rf"""
    (?:
      [^<]++
      | < (?! /?+ (?: {XML_PREFIX} : )? (?: {_XML_STOPS} ) {NAME_END} ) /?+ {XML_NAME} {XML_REST} >
      | <!-- [^\-]*+ (?: - (?! -> ) [^\-]*+ )*+ -->
      | <\? [^?]*+ (?: \? (?! > ) [^?]*+ )*+ \?>
      | <!\[CDATA\[ [^\]]*+ (?: \] (?! \]> ) [^\]]*+ )*+ \]\]>
    )*+"""
)

# -- A tag too long to hold ------------------------------------------------------------------------------------------
#
# 13.2.5.32 to .40 as a table: in each state, the bytes that leave it as it is, then what each other byte leads to.
# b"" stands for any other byte. The byte that leads on is read with it, except the ">" that ends the tag.
TAG_STATES: Final[dict[str, tuple[re.Pattern[bytes], dict[bytes, str]]]] = {
    "tag name": (pattern(r"[^\t\n\f\r\x20/>]*+"), {b">": "end", b"": "before name"}),
    "before name": (pattern(r"[\t\n\f\r\x20/]*+"), {b">": "end", b"": "name"}),
    "name": (
        pattern(r"[^\t\n\f\r\x20/>=]*+"),
        {b"/": "before name", b">": "end", b"=": "before value", b"": "after name"},
    ),
    "after name": (
        pattern(rf"{SPACE}*+"),
        {b"/": "before name", b">": "end", b"=": "before value", b"": "name"},
    ),
    "before value": (pattern(rf"{SPACE}*+"), {b'"': "double", b"'": "single", b">": "end", b"": "unquoted"}),
    "double": (pattern(r'[^"]*+'), {b'"': "before name"}),
    "single": (pattern(r"[^']*+"), {b"'": "before name"}),
    "unquoted": (pattern(r"[^\t\n\f\r\x20>]*+"), {b">": "end", b"": "before name"}),
}
