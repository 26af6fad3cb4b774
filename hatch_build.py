"""Makes the description for package indexes from the README, when a distribution is built.

On a code host the README links to files beside it and shows a picture of them. An index has no such files. So a link to
a file becomes the name of the file, and the picture is left out. Hatchling calls `DescriptionHook` (see
`tool.hatch.metadata.hooks.custom` in pyproject.toml).
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

_PICTURE = re.compile(r"!\[[^\]]*\]\((?!https?:)[^)]*\)\n+")
_LINK = re.compile(r"\[([^\]]*)\]\((?!https?:|#)([^)]*)\)")


def description(readme: str) -> str:
    """Return the README without pictures and links that lead to files beside it."""
    return _LINK.sub(r"\1 (`\2`)", _PICTURE.sub("", readme))


class DescriptionHook(MetadataHookInterface):
    """Sets the field `readme` of the project's metadata."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Add the description to `metadata`."""
        text = (Path(self.root) / "README.md").read_text("utf-8")
        metadata["readme"] = {"content-type": "text/markdown", "text": description(text)}
