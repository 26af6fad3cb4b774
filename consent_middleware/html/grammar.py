r"""The WHATWG HTML tokenizer as named byte patterns, each with the number of the section that it implements.

The patterns and the lists of element names are those of the HTML standard's chapter 13.2
(https://html.spec.whatwg.org/multipage/parsing.html). All patterns are verbose and work on bytes. Every quantifier that
could give bytes back is possessive (`*+`), so that a pattern reads each byte a bounded number of times. A construct
that is not finished within `endpos` does not match at all, so the tokenizer knows that it has to wait. `\s` is never
used: in bytes it includes `\v`, which is not HTML whitespace.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from consent_middleware.patterns import trie_pattern


def name(*words: bytes | str) -> str:
    """Return a pattern that matches one of the ASCII `words` in any letter case, up to where a tag name ends.

    The lookahead keeps `b` from matching in `<base>`.
    """
    return trie_pattern(w.decode("ascii") if isinstance(w, bytes) else w for w in words) + rf"(?={NAME_END})"


# 13.2.5 "ASCII whitespace". CR counts, because 13.2.3.5 makes it LF before tokenizing.
SPACE: Final = r"[\t\n\f\r\x20]"
NAME_END: Final = r"[\t\n\f\r\x20/>]"

# 13.2.5.8 Tag name state: after a letter, everything up to whitespace, "/" or ">".
TAG_NAME: Final = r"[a-zA-Z][^\t\n\f\r\x20/>]*+"

# 13.2.5.32 Before attribute name, .33 Attribute name: an initial "=" is part of the name.
ATTRIBUTE_NAME: Final = r"[^\t\n\f\r\x20/>][^\t\n\f\r\x20/>=]*+"

# 13.2.5.35 Before attribute value, .36 double-quoted, .37 single-quoted, .38 unquoted; "=" before ">" has no value.
ATTRIBUTE_VALUE: Final = r"""(?: "[^"]*+" | '[^']*+' | [^\t\n\f\r\x20>"'][^\t\n\f\r\x20>]*+ | (?=>) )"""

# 13.2.5.32 to .40. A "=" after a name must have a value: with an unclosed quote the tag is unfinished, not shorter.
ATTRIBUTES: Final = rf"""
(?:
  [\t\n\f\r\x20/]*+ {ATTRIBUTE_NAME}
  (?: {SPACE}*+ = {SPACE}*+ {ATTRIBUTE_VALUE} | (?! {SPACE}*+ = ) )
)*+
[\t\n\f\r\x20/]*+"""

# 13.2.5.43 to .51: the dashes of "<!--" close the comment only as "<!-->" and "<!--->".
COMMENT: Final = r"<!-- (?: -?> | [^-]*+ (?: - (?! -!?> ) [^-]*+ )*+ --!?> )"

# 13.2.5.41 Bogus comment, .42 Markup declaration open, .53 to .68 DOCTYPE, .7 End tag open: all of them end at the
# first ">", even inside the quotes of a DOCTYPE. The pattern begins after "<".
DECLARATION: Final = r"! (?! -- ) [^>]*+ > | \? [^>]*+ > | / [^a-zA-Z>] [^>]*+ > | />"


def pattern(source: str) -> re.Pattern[bytes]:
    """Return a verbose pattern compiled for bytes."""
    return re.compile(source.encode("ascii"), re.VERBOSE)


START_TAG: Final = pattern(rf"< ({TAG_NAME}) {ATTRIBUTES} >")
END_TAG: Final = pattern(rf"</ ({TAG_NAME}) {ATTRIBUTES} >")
ATTRIBUTE: Final = pattern(
    rf"""
    [\t\n\f\r\x20/]*+ ({ATTRIBUTE_NAME})
    (?: {SPACE}*+ = {SPACE}*+ (?: "([^"]*+)" | '([^']*+)' | ([^\t\n\f\r\x20>"'][^\t\n\f\r\x20>]*+) | (?=>) ) )?+
    """
)
TAG_OPENING: Final = pattern(r"<(/?+) ([^\t\n\f\r\x20/>]*+)")
TAG_NAME_SPAN: Final = pattern(rf"< (?:{TAG_NAME}|[^\t\n\f\r\x20/>]++)")
# 13.2.6.4.7: characters after which a frameset is refused.
VISIBLE: Final = re.compile(rb"[^\t\n\f\r\x20\x00]")
# What may begin the end of raw text, a comment or a CDATA section, or another state of a script.
MAY_END: Final = re.compile(rb"(?:<(?:/?[a-zA-Z]*+|!-?)|--?!?|\]\]?)\Z")
# XML 1.0, 3.1: a start tag, an end tag or an empty-element tag. Values are quoted and contain no "<".
XML_NAME: Final = r"""[^\t\n\f\r\x20<>/="'!?&]++"""
XML_PREFIX: Final = r"""[^\t\n\f\r\x20<>/="'!?&:]++"""
XML_REST: Final = r"""(?: [^<>"']++ | "[^<"]*+" | '[^<']*+' )*+"""
XML_TAG: Final = pattern(rf"<(/?+) ({XML_NAME}) {XML_REST} >")
# A "<" without a tag is an error in XML. It is skipped, and the bytes after it are read.
XML_NO_TAG: Final = pattern(
    rf"""< (?: [\t\n\f\r\x20<>="'&] | / [\t\n\f\r\x20<>/="'!?&] | /?+ {XML_NAME} {XML_REST} ["']?+ [^<"']*+ < )"""
)
CDATA: Final = r"<!\[CDATA\[ [^\]]*+ (?: \] (?! \]> ) [^\]]*+ )*+ \]\]>"
# A bogus comment in foreign content ends at the first ">" (13.2.5.41). XML has processing instructions (XML 1.0, 2.6).
_BOGUS = r"< (?: \? | ! (?! -- | \[CDATA\[ ) | / (?! [a-zA-Z] ) ) [^>]*+ >"
_INSTRUCTION = r"<\? [^?]*+ (?: \? (?! > ) [^?]*+ )*+ \?>"
_SCRIPT = name("script")
_XML_SCRIPT = rf"(?: {XML_PREFIX} : )?+ script {NAME_END}"
# 13.2.6.5: a script of SVG or XML contains markup, and "</script>" in a comment, a CDATA section or an attribute does
# not end it. The pattern stops at a nested script, so that many unclosed scripts are not each read to the end.
SVG_SCRIPT: Final = pattern(
    rf"[^<]*+ (?: (?: {COMMENT} | {CDATA} | {_BOGUS} | < /?+ (?! {_SCRIPT} ) {TAG_NAME} {ATTRIBUTES} >"
    rf" | < (?! [a-zA-Z!?/] ) ) [^<]*+ )*+ (?= < /?+ {_SCRIPT} )"
)
XML_SCRIPT: Final = pattern(
    rf"[^<]*+ (?: (?: {COMMENT} | {CDATA} | {_INSTRUCTION} | < /?+ (?! {_XML_SCRIPT} ) {XML_NAME} {XML_REST} >"
    rf" | < (?! /?+ {_XML_SCRIPT} | !-- | !\[CDATA\[ | \? ) ) [^<]*+ )*+ (?= < /?+ {_XML_SCRIPT} )"
)
# The markup in such a script, and markup that is unfinished.
SVG_IN_SCRIPT: Final = pattern(
    rf"{COMMENT} | <!\[CDATA\[ (?P<data> [^\]]*+ (?: \] (?! \]> ) [^\]]*+ )*+ ) \]\]> | {_BOGUS}"
    rf" | < (?P<end> /?+ ) (?P<name> {TAG_NAME} ) {ATTRIBUTES} > | (?P<unfinished> < [a-zA-Z!?/] )"
)
XML_IN_SCRIPT: Final = pattern(
    rf"{COMMENT} | <!\[CDATA\[ (?P<data> [^\]]*+ (?: \] (?! \]> ) [^\]]*+ )*+ ) \]\]> | {_INSTRUCTION}"
    rf" | < (?P<end> /?+ ) (?P<name> {XML_NAME} ) {XML_REST} >"
    rf" | (?P<unfinished> <!-- | <!\[CDATA\[ | <\? | < /?+ {_XML_SCRIPT} )"
)
UNFINISHED_OPENING: Final = re.compile(rb"<[a-zA-Z]*\Z")
# 13.2.5.41, .45 and .69: the ends of a comment, a bogus comment and a CDATA section whose beginning was read before.
COMMENT_END: Final = re.compile(rb"--!?>")
ABRUPT_COMMENT: Final = re.compile(rb"<!---?>")
DECLARATION_END: Final = re.compile(rb">")
CDATA_END: Final = re.compile(rb"\]\]>")

# 13.2.5.4 and 13.2.5.15 to .31: what changes the state inside a script, for each state. "<!-->" is both events.
SCRIPT_EVENT: Final = (
    pattern(rf"</{name('script')} | <!--"),
    pattern(rf"</?{name('script')} | -->"),
    pattern(rf"</{name('script')} | -->"),
)

# 13.2.6.2, 13.2.6.4.4, .7: the HTML elements whose content is text for the tokenizer.
RAW_TEXT: Final = frozenset(
    {b"iframe", b"noembed", b"noframes", b"noscript", b"script", b"style", b"textarea", b"title", b"xmp"}
)
# 13.2.6.4.7: with "plaintext", whose text never ends.
TEXT_CONTENT: Final = RAW_TEXT | {b"plaintext"}
RAW_END: Final = {word: pattern(rf"</{name(word)}") for word in RAW_TEXT}

# 13.1.2: elements without content.
VOID: Final = frozenset(
    b"area base basefont bgsound br col embed frame hr image img input keygen link meta param source track wbr".split()
)
# 13.2.6.5: start tags that break out of foreign content.
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
# 13.2.4.2: the parts of a table. Foreign content does not bound the scope of their end tags.
TABLE_PARTS: Final = frozenset(b"caption table tbody td tfoot th thead tr".split())
# 13.2.4.3: elements that a browser reopens after another end tag has closed them.
FORMATTING: Final = frozenset(b"a b big code em font i nobr s small strike strong tt u".split())
HEADINGS: Final = frozenset({b"h1", b"h2", b"h3", b"h4", b"h5", b"h6"})
# 13.2.6.4.7: start tags that may close an open element of the same group.
CLOSE_EACH_OTHER: Final = (
    HEADINGS,
    frozenset({b"dd", b"dt"}),
    frozenset({b"optgroup", b"option"}),
    frozenset({b"rb", b"rp", b"rt", b"rtc"}),
    *(frozenset({word}) for word in (b"a", b"button", b"li", b"nobr")),
)
# 13.2.6.4.17: start tags in a template that do not yet decide its insertion mode.
OF_HEAD: Final = frozenset(b"base basefont bgsound link meta noframes script style template title".split())
# 13.2.6.4.7: start tags that are ignored outside a table, and in any body.
TABLE_STARTS: Final = (TABLE_PARTS - {b"table"}) | {b"col", b"colgroup"}
IGNORED_IN_BODY: Final = frozenset({b"body", b"frame", b"head", b"html"})
# Chapter 4: elements of HTML that are not special and have end tags.
PHRASING: Final = frozenset(
    b"a abbr audio b bdi bdo big canvas cite code data datalist del dfn dialog em font i ins kbd label legend map mark "
    b"meter nobr optgroup option output picture progress q rb rp rt rtc ruby s samp slot small span strike strong sub "
    b"sup time tt u var video".split()
)
# Elements that may be open around foreign content and whose end tags close the elements inside (13.2.6.4.7, "any other
# end tag" and the rules before it).
CLOSES_FOREIGN: Final = (SPECIAL | PHRASING) - RAW_TEXT - VOID - {b"body", b"html", b"head"}
# Elements that are never open around others, or whose end tags close nothing.
CLOSES_NOTHING: Final = (RAW_TEXT | VOID | {b"body", b"html", b"head", b"image"}) - {b"noscript"}
# 4.13.2: names with a hyphen that belong to SVG and MathML.
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
# 13.2.4.2 and 13.2.6.5: MathML text integration points and HTML integration points, by their lower-cased names.
MATHML_TEXT: Final = frozenset({b"mi", b"mo", b"mn", b"ms", b"mtext"})
MATHML_BOUNDS: Final = MATHML_TEXT | {b"annotation-xml"}
SVG_INTEGRATION: Final = frozenset({b"foreignobject", b"desc", b"title"})
# The end tags of all integration points. They are ignored if none is open.
INTEGRATION_POINT_ENDS: Final = b"".join(b"</%b>" % word for word in sorted(MATHML_TEXT | SVG_INTEGRATION))
# Start tags after which HTML and foreign content are read differently.
READ_DIFFERENTLY: Final = RAW_TEXT | MATHML_BOUNDS | SVG_INTEGRATION | {b"math", b"plaintext", b"select", b"template"}
# HTML inside foreign content: start tags whose effect depends on the elements around that, or on the modes of a table.
DEPENDS_ON_PAGE: Final = TABLE_STARTS | {b"form", b"frameset", b"select", b"table"}

# -- Runs that change nothing ----------------------------------------------------------------------------------------
#
# These patterns read many constructs in one match: everything up to the next one that the tokenizer has to follow.
# Every alternative is a whole construct, so that a run ends before an unfinished one.

# A tag in which every "=" is after a name and before a quote. ATTRIBUTES matches the same; this is faster, because it
# reads a value in one step.
QUOTED_ONLY: Final = r"""
(?: [^"'>=]*+ (?<! [\t\n\f\r\x20/"'] ) = (?: "[^"]*+" | '[^']*+' ) )*+ [^"'>=]*+ >"""

# Most attributes are a space, a name and a value in double quotes. After any number of these, ATTRIBUTES reads on,
# because an attribute may directly follow a closing quote (13.2.5.39).
PLAIN_ATTRIBUTES: Final = r"""(?: \x20 [^\t\n\f\r\x20/>="']++ =" [^"]*+ " )*+"""
# Nothing that can fail may follow this in a pattern, or it would be tried once for each alternative.
REST_OF_TAG: Final = rf"{PLAIN_ATTRIBUTES} (?: > | /> | {ATTRIBUTES} > )"

# 13.2.5.2, .3, .5, .6, .9 to .14: an element with raw text or RCDATA, from after "<" to the end of its end tag.
_RAW_ELEMENTS = {
    word: rf"""
    {name(word)} {PLAIN_ATTRIBUTES} {ATTRIBUTES} >
    [^<]*+ (?: < (?! /{name(word)} ) [^<]*+ )*+ </{name(word)} {REST_OF_TAG}"""
    for word in sorted(word.decode("ascii") for word in RAW_TEXT - {b"noscript", b"script"})
}
# The content of noscript is markup for a browser that runs no scripts. This matches only content that ends at the same
# place for both readings.
SIMPLE_ATTRIBUTES: Final = rf"""
(?: {SPACE}++ [^\t\n\f\r\x20/>="'<]++ (?: = (?: "[^"<]*+" | '[^'<]*+' | [^\t\n\f\r\x20"'<>=`]++ ) )?+ )*+
{SPACE}*+ /?+ >"""
_SIMPLE = name(*b"a b br center div em h1 h2 h3 i img input li link meta p span strong ul".split())
_FRAME_OR_STYLE = name("iframe", "style")
_RAW_ELEMENTS["noscript"] = rf"""
{name("noscript")} {PLAIN_ATTRIBUTES} {ATTRIBUTES} >
[^<]*+
(?:
  < (?: /?+ {_SIMPLE} {SIMPLE_ATTRIBUTES} | {_FRAME_OR_STYLE} {SIMPLE_ATTRIBUTES} [^<]*+ </{_FRAME_OR_STYLE} > )
  [^<]*+
)*+
</{name("noscript")} {REST_OF_TAG}"""

# 13.2.5.27 to .31 Script data double escaped: from after "<script" to after "</script", or to "-->".
_DOUBLE_ESCAPED = rf"""
<{name("script")} (?: [^<\-]++ | - (?! -> ) | < (?! /{name("script")} ) )*+ (?: </{name("script")} | (?= --> ) )"""

# 13.2.5.18 to .26 Script data escaped: from after "<!--" to after "-->", or to "</script".
_ESCAPED = rf"""
(?:
  -*+>
  | (?: [^<\-]++ | - (?! -> ) | < (?! /?{name("script")} ) | {_DOUBLE_ESCAPED} )*+
    (?: --> | (?= </{name("script")} ) )
)"""

# 13.2.5.4 Script data, .15 to .17: a script element, from after "<" to the end of its end tag.
_SCRIPT_ELEMENT = rf"""
{name("script")} {PLAIN_ATTRIBUTES} {ATTRIBUTES} >
[^<]*+ (?: < (?: !-- {_ESCAPED} | (?! /{name("script")} | !-- ) ) [^<]*+ )*+
</{name("script")} {REST_OF_TAG}"""

# 13.2.6.5: an SVG element with shapes only, as in nearly all pages. Nothing in it changes how the tokenizer reads.
_SVG_SHAPES = name(
    *b"a circle clippath defs ellipse feblend fecolormatrix fecomposite feflood fegaussianblur femerge femergenode "
    b"feoffset filter g image line lineargradient marker mask path pattern polygon polyline radialgradient rect stop "
    b"symbol text tspan use".split()
)
_SVG_TEXTS = name("title", "desc")
_SVG_ELEMENT = rf"""
{name("svg")} {PLAIN_ATTRIBUTES} {QUOTED_ONLY} (?<! /> ) [^<]*+
(?:
  < (?:
      /?+ {_SVG_SHAPES} {REST_OF_TAG}
      | {_SVG_TEXTS} {QUOTED_ONLY} (?<! /> ) [^<]*+ </{_SVG_TEXTS} >
      | {COMMENT[1:]}
    )
  [^<]*+
)*+
</{name("svg")} {REST_OF_TAG}"""

# Start tags that the tokenizer always has to follow.
_SIGNIFICANT_TAGS: Final = (
    "svg",
    "math",
    "template",
    "select",
    "plaintext",
    "base",
    *(word.decode("ascii") for word in RAW_TEXT),
)


# For each group of initials: letters of which every significant tag name contains at least one. A name with none of
# them needs no lookahead.
_DISTINGUISHING_LETTERS: Final = ("", "vcyxfh", "eo")


def _fast_alternatives(significant: Iterable[str]) -> str:
    """Return alternatives for start tags that differ from `significant` ones by their letters, without a lookahead."""
    words = tuple(significant)
    left = set("abcdefghijklmnopqrstuvwxyz")
    tags = []
    for letters in _DISTINGUISHING_LETTERS:
        initials = {c for c in left if all(set(word[1:]) & set(letters) for word in words if word[0] == c)}
        left -= initials
        first, rest = "".join(sorted(initials)), letters + letters.upper()
        end = rf"(?={NAME_END})" if letters else ""
        tags.append(rf"[{first}{first.upper()}] [^\t\n\f\r\x20/>{rest}]*+ {end} {REST_OF_TAG}")
    return " | ".join(tags)


def _run(
    text: str, start_tags: Iterable[str], end_tags: Iterable[str], elements: Iterable[str], stray: str
) -> re.Pattern[bytes]:
    """Return the pattern of a run of constructs that change nothing.

    Args:
        text: the pattern of text.
        start_tags: the names of start tags before which the run ends.
        end_tags: the names of end tags before which the run ends.
        elements: patterns of whole elements that are read even so.
        stray: an alternative for a "<" that begins nothing, or an empty string.
    """
    words, end_words = tuple(start_tags), tuple(end_tags)
    ends = "".join(sorted(set("abcdefghijklmnopqrstuvwxyz") - {word[0] for word in end_words}))
    return pattern(
        rf"""
        {text}
        (?:
          < (?:
              / [{ends}{ends.upper()}] [a-zA-Z0-9]*+ >
              | {_fast_alternatives(words)}
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

# In the body: any text, and any "<" that begins nothing.
_STRAY = "| (?= [^a-zA-Z!/?] )"
BODY_RUN: Final = _run("[^<]*+", _SIGNIFICANT_TAGS, ("body",), _ALL_ELEMENTS, _STRAY)
# In a select element: its end is significant, and all elements with text content that older browsers ignore in it.
SELECT_RUN: Final = _run("[^<]*+", _SIGNIFICANT_TAGS, ("body", "select"), (_SCRIPT_ELEMENT,), _STRAY)
# While a frameset may follow (13.2.6.4.7, "frameset-ok flag"): no visible text and no element that refuses it.
HEAD_RUN: Final = _run(
    r"[\t\n\f\r\x20\x00]*+",
    {*_SIGNIFICANT_TAGS, "frameset", *_NOT_OK},
    ("body", "br"),
    (_SCRIPT_ELEMENT, *(_RAW_ELEMENTS[word] for word in ("noscript", "style", "title"))),
    stray="",
)
# Inside an SVG element whose end has not arrived: shapes that close immediately, which leave the stack of open elements
# unchanged.
SVG_RUN: Final = pattern(
    rf"""
    [^<]*+
    (?:
      < (?:
          {_SVG_SHAPES} {PLAIN_ATTRIBUTES} {SPACE}*+ />
          | path {PLAIN_ATTRIBUTES} {SPACE}*+ > [^<]*+ </path>
          | use {PLAIN_ATTRIBUTES} {SPACE}*+ > [^<]*+ </use>
          | {COMMENT[1:]}
        )
      [^<]*+
    )*+"""
)
# XML has no raw text: everything up to a tag that `XMLTokenizer` follows or the reader needs.
_XML_SIGNIFICANT_TAGS = "base body script template svg math foreignObject annotation-xml".replace(" ", "|")
XML_RUN: Final = pattern(
    rf"""
    (?:
      [^<]++
      | < (?! /?+ (?: {XML_PREFIX} : )? (?: {_XML_SIGNIFICANT_TAGS} ) {NAME_END} ) /?+ {XML_NAME} {XML_REST} >
      | <!-- [^\-]*+ (?: - (?! -> ) [^\-]*+ )*+ -->
      | <\? [^?]*+ (?: \? (?! > ) [^?]*+ )*+ \?>
      | <!\[CDATA\[ [^\]]*+ (?: \] (?! \]> ) [^\]]*+ )*+ \]\]>
    )*+"""
)

# -- A tag too long to buffer ----------------------------------------------------------------------------------------
#
# 13.2.5.32 to .40 as a table: for each state the bytes that keep it, and the next state for each other byte, with b""
# for any byte not listed. The byte that changes the state is read with it, except the ">" that ends the tag.
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
