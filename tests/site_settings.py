"""The settings of made-up sites, for commands that are given their names."""

from __future__ import annotations

from consent_middleware import Policy

POLICY = Policy(contact_url="/c", consent_cookie="ours", path="/privacy")
OPT_OUT = Policy(contact_url="/c", regime="opt-out")
BANNER = Policy(contact_url="/c", banner="hubspot")
