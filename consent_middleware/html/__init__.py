"""Reading and editing HTML as bytes: the grammar, the tokenizers, the character encodings and the rewriter."""

from __future__ import annotations
