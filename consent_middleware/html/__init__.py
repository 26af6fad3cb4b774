"""Reading and editing HTML as bytes: the grammar, the tokenizer, the character encodings and the rewriter.

Knows the HTML standard's parsing chapter. Knows no vendor, no consent, no HTTP and no policy.
"""

from __future__ import annotations
