"""The version of the package, for whoever has to tell one release from another.

Knows: the version.
Must not know: anything else.
"""

from __future__ import annotations

__version__ = "0.1.0"
