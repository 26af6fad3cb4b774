"""Looking ahead from the start tag of a script for its text."""

from __future__ import annotations

from . import grammar
from .script_text import foreign_text, next_escape_state, scripts_within
from .token_reader import TokenReader


class ScriptLookAhead:
    """Find the text of a script while its content arrives.

    The search in a script of HTML resumes where the last one stopped. A script of SVG or XML with others nested in it
    is read together with all of them, so that each byte is read once however many scripts there are. Offsets that
    outlive one call count from the beginning of the document.
    """

    def __init__(self, tokens: TokenReader) -> None:
        self._tokens = tokens
        # How far after the "<" of the start tag to resume, and in which state.
        self._resume_at = 0
        self._resume_escape = 0
        # How many bytes all searches for this end have read.
        self._bytes_read = 0
        # The texts of nested scripts by the offset of their content, and up to where these were read.
        self._nested_texts: dict[int, bytes] = {}
        self._nested_end = 0
        # Up to where the searches for an end have looked.
        self._searched_end = 0

    def reset(self) -> None:
        """Forget how far the search for one script's end had come."""
        self._resume_at = self._resume_escape = self._bytes_read = 0

    def is_done(self, pos: int) -> bool:
        """Return whether no text that was returned, or is still needed, reaches over an offset of the source."""
        return max(self._nested_end, self._searched_end) <= self._tokens.offset + pos

    def text(self, limit: int) -> bytes | None:
        """Return the text of the script whose start tag was just read.

        If more bytes are needed, the start tag is put back, and the tokenizer's `is_waiting` is set.

        Args:
            limit: how many bytes tag and content may have together.

        Returns:
            The text. None if the element is not read as a script, if it is longer than the limit, or if the input ends
            first, because a browser then does not run the script.
        """
        tokens = self._tokens
        text = None
        is_raw = tokens.raw_construct == b"script"
        begin = tokens.offset + tokens.pos
        if not is_raw and begin < self._nested_end:
            text = self._nested_texts.pop(begin, None)
        elif (is_raw or tokens.has_foreign_content()) and tokens.dual_element is None:
            end = self._find_raw_end() if is_raw else self._find_foreign_end()
            # Whether it is an end tag depends on the bytes up to its ">".
            stop = tokens.source.find(b">", end) if end >= 0 else -1
            self._searched_end = max(self._searched_end, tokens.offset + (stop if stop >= 0 else len(tokens.source)))
            length = len(tokens.source) - tokens.start
            if end < 0 and not tokens.at_eof and length <= limit + len("</script"):
                self._nested_end = 0
                self._bytes_read += length
                tokens.put_back(bytes_read=self._bytes_read, due_at=limit + len("</script>"))
                return None
            if 0 <= end <= tokens.start + limit:
                text = tokens.source[tokens.pos : end]
                if not is_raw:
                    text = foreign_text(text, xml=tokens.xml)
        self.reset()
        return text

    def _find_raw_end(self) -> int:
        """Return the offset of the end tag of a script of HTML, or -1 if it has not arrived."""
        source, start = self._tokens.source, self._tokens.start
        at, escape = max(self._tokens.pos, start + self._resume_at), self._resume_escape
        while found := grammar.SCRIPT_EVENT[escape].search(source, at):
            if (after := next_escape_state(found, escape)) is None:
                return found.start()
            at, escape = after
        self._resume_at = max(at, len(source) - len("</script>")) - start
        self._resume_escape = escape
        return -1

    def _find_foreign_end(self) -> int:
        """Return the offset of the end tag of a script of SVG or XML, or -1 if it has not arrived."""
        tokens = self._tokens
        source, begin, xml = tokens.source, tokens.pos, tokens.xml
        is_empty = xml and source[begin - 2] == 0x2F
        found = None if is_empty else (grammar.XML_SCRIPT if xml else grammar.SVG_SCRIPT).match(source, begin)
        if not found:
            return -1
        if source[found.end() + 1] == 0x2F:
            return found.end()
        texts, end = scripts_within(source, begin, len(source), xml=xml)
        self._nested_texts = {tokens.offset + at: text for at, text in texts.items() if at != begin}
        # Of scripts that do not end soon, those in the second half are read once more, with the bytes that follow them.
        stop = end if end >= 0 else len(source) if tokens.at_eof else (begin + len(source)) // 2
        self._nested_end = tokens.offset + stop
        return end
