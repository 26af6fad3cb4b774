"""Serve the Flask site on a development server: `python -m examples.flask_app --port 8001`."""

from __future__ import annotations

from werkzeug.serving import run_simple

from examples import shop

from . import create_app


def main() -> None:
    """Serve the site until it is interrupted."""
    command = shop.parse_command_line("examples.flask_app", port=8001, description=__doc__)
    run_simple(command.host, command.port, create_app(**command.settings), threaded=True)


if __name__ == "__main__":
    main()
