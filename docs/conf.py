"""How Sphinx builds the documentation: `make docs`. It requests nothing from the network."""

from __future__ import annotations

import re
from pathlib import Path

_VERSION = Path(__file__).parents[1] / "consent_middleware" / "version.py"

project = "consent-middleware"
author = "The consent-middleware authors"
release = version = re.findall(r'"(\d[^"]*)"', _VERSION.read_text("utf-8"))[0]

extensions = ["myst_parser"]
nitpicky = True

# Anchors as code hosts make them, so that a link to a heading works in both.
myst_heading_anchors = 4
# Quotation marks stay as they are typed, because many of them are code.
smartquotes = False

html_theme = "furo"
html_title = "consent-middleware"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sphinx = False
html_show_copyright = False
