"""Serve the Starlette site with uvicorn: `python -m examples.starlette_app --port 8002`."""

from __future__ import annotations

import uvicorn

from examples import shop

from . import create_app


def main() -> None:
    """Serve the site until it is interrupted."""
    command = shop.parse_command_line("examples.starlette_app", port=8002, description=__doc__)
    uvicorn.run(create_app(**command.settings), host=command.host, port=command.port)


if __name__ == "__main__":
    main()
