"""What an outsider may write, and what it must not lead to."""

from __future__ import annotations
