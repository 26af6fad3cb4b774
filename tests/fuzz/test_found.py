"""Small documents found by the fuzzer, each of which once failed a property."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.needs import missing
from tests.npm import NpmError

from .parse5 import Judge
from .properties import SIZES, outcomes_of
from .soup import LOADER, Document

SCRIPT = "<script src=//js.hs-scripts.com/1.js></script>"
IMAGE = "<img src=//track.hubspot.com/1.gif>"

FOUND = {
    "a base with the vendor's address after a blocked tag": f"{SCRIPT}<base href=//js.hs-scripts.com/>",
    "a handler in a noscript": "<noscript><e onl=>",
    "an SVG script without an end": f"<svg><script>{LOADER % 1}</script>",
    "an SVG script that is closed at once": f"<svg><script/>x<script href=//js.hs-scripts.com/1.js /></svg>{IMAGE}",
    "a tag in what may be a script": "<svg></a><script><<script href=//js.hs-scripts.com/1.js></script>",
    "a tag in raw text in a select": f"<select><noframes>o{SCRIPT[:-9]}</noframes>",
    "an SVG script around another one": (
        f"<script></script><svg><script><script href=//js.hs-scripts.com/1.js></script>{LOADER % 1}</script>"
    ),
    "nested SVG scripts with the loader in the middle": (
        f"<script></script><svg><script>a<script/><script><script></script>{LOADER % 1}</script>c</script></svg>"
    ),
    "HTML scripts after an SVG script that a tag ends": (
        f"<svg><script><div><script><!--\n{LOADER % 1}\n--></script></script><p>"
    ),
    "a bogus comment in an SVG script": f"<script></script><svg><script></<script>{LOADER % 1}</script>",
    "another bogus comment in an SVG script": f"<script></script><svg><script><?</script>?>{LOADER % 1}</script>",
    "an SVG whose end is in a comment": (
        f"<script></script><svg><!--</svg>--><script><g a='</script>'/>{LOADER % 1}</script></svg>"
    ),
    "an attribute in an SVG script": f"<script></script><svg><script><g a='</script>'/>{LOADER % 1}</script>",
    "an address split by a tag in an SVG script": (
        f"<script></script><svg><script>{(LOADER % 1).replace('hs-scr', 'hs-<g>x</g>scr')}</script></svg>"
    ),
    "a tag that swallows the end of an SVG script": (
        f"<script></script><svg><script>a<b;{LOADER % 1}</script></svg>{IMAGE}"
    ),
    "two bases, the second without a valid host": (
        "<svg><foreignObject><base href=https://js.hs-scripts.com/2.js><td><base href=.%68ubspot.com><script src=s>"
    ),
    "two bases, the first without a valid host": (
        "<select><noembed><base href=.hs-scripts.com</noembed><base href=//track.hubspot.com/3.js><script src=/>"
    ),
    "a base that only some readings without scripts see": (
        f"<noscript><t</noscript>{SCRIPT}</<base href=//js.hs-scripts.com/2.js><script src=/></script><img src=x>"
    ),
    "bases that only some readings without scripts see": (
        f"<noscript><t</noscript>{SCRIPT}</<base href=/x></<base href=//js.hs-scripts.com/2.js><img src=x>"
    ),
    "a comment in an SVG script that hides its end": (
        f"<script></script><svg><script><!-- a></script>-->{LOADER % 1}</script>"
    ),
    "a slash after an uncertain name": (
        '<b><math></b><image/2="<img src=//track.hubspot.com/no>" / src=//track.hubspot.com/7>'
    ),
    "a guard in what may be an attribute": (
        '<svg></a><xmp><base href="//hs-scripts.com/</xmp><script xlink:href=//js.hs-scripts.com/6.js>'
    ),
    "a NUL in a host": "<img srcset=//\0.hs-script\ufe0fs.com>",
    "nested scripts where the start of tags is uncertain": (f"<svg></a><script><script></script>{LOADER % 1}</script>"),
    "a noscript with an incomplete end tag": "<noscript><title><img src=//js-eu1.hs-scripts.com/4.js></noscript/",
    "an element that was void once": "<svg><title><command></title><link rel=preconnect href=//js.hs-scripts.com/5.js>",
    "a hint to the base itself": "<base href=//js.hs-scripts.com/2.js><link rel=preconnect href=https:>",
    "a newline after a reference": '<img src="http:1.hs-scripts&#x2e\ncom">',
    "a newline after a reference to a slash": "<img src=&#x2f;&#x2f\nabc.track.hubspot.com/1>".replace("\n", "&#10;"),
    "a NUL in an address": "<base href=//js.hs-scripts.com/2.js><iframe src=\0ttps://js-eu1.hs-scripts.com/1.js>",
    "a tag in what may be an attribute": f'<math><mtext><form><iframe src="//js.hs-scripts.com/2.js>{IMAGE}',
    "a script in what may be an attribute": f'<select><style><script src="//js-eu1.hs-scripts.com/3.js{SCRIPT}',
    "the end of a template in a noscript": "<template><d><noscript></template><img src=//js-eu1.hs-scripts.com/1.gif>",
    "a base that browsers reject": "<base href=HTTP:&#x61c><script src=http&colon;;.hs&#45scripts.com></script>",
    "a base after an uncertain base": (
        "<math></o><base href><hr><base href=//js.hs-scripts.com/2.js><script src=s></script>"
    ),
    "an uncertain script after an uncertain noscript": (
        "<noscript><t</noscript><svg></t><script href=//js-eu1.hs-scripts.com/3.js></script>"
    ),
    "a base in what may be an attribute": (
        '<noscript><c</noscript><a b="<link rel=preconnect href=//js.hs-scripts.com/1.js>'
        '<base href="//js-eu1.hs-scripts.com/2.js"><script src=s>'
    ),
    "a bracket at the end of an uncertain page": (
        '<sript><svg a="xx"></b><iframe src="https://track.hubspot.com/1.js"></iframe><'
    ),
    "a control character in a name": f"<svg><a\x1f><script>{LOADER % 1}</script>",
    "an uncertain script with no place for a guard before it": (
        "<svg></a><script></script><script href=//track.hubspot.com/2.js>"
    ),
    "a script where the start of tags is uncertain": (
        "<select><iframe></iframe><svg><script href=//js.hs-scripts.com/6.js>"
    ),
    "an SVG script in an uncertain place": "<svg><foreignObject><td><svg><script href=//js-eu1.hs-scripts.com/1.js>",
    "a base for visitors without scripts": "<noscript><base href=//js.hs-scripts.com/2.js><img src=x></noscript>",
    "lazy addresses relative to a base": f"<base href=//js.hs-scripts.com/><img data-src=x src={IMAGE[9:-1]}>",
    "a joiner as a reference": "<img src=http:track.hubspot.co&#8203;m>",
    "nested SVG scripts without an end": "<svg><script><script href=//js.hs-scripts.com/1.js>",
}


@pytest.fixture(scope="module")
def judge() -> Iterator[Judge]:
    try:
        process = Judge()
    except NpmError as error:
        missing(str(error))
        raise
    with process:
        yield process


@pytest.mark.parametrize("source", [pytest.param(source, id=name) for name, source in FOUND.items()])
def test_document_found_by_the_fuzzer_has_no_problem(judge: Judge, source: str) -> None:
    documents = [Document(number, "", "utf-8", source.encode()) for number in range(len(SIZES))]

    assert [outcome.problems for outcome in outcomes_of(documents, judge)] == [[]] * len(documents)


def test_facade_is_missing_behind_unfinished_frame(judge: Judge) -> None:
    """Without scripts, the attribute with the document of the frame has no end, so there is no frame."""
    source = (
        "<noscript><iframe srcdoc='&lt;img src=//track.hubspot.com/2.js&gt;]></noscript>"
        '<img srcset="//track.hubspot.com/3.js 2x">'
    )

    [outcome] = outcomes_of([Document(0, "", "utf-8", source.encode())], judge)

    assert [problem[:2] for problem in outcome.problems] == [("facade", "missing")]
