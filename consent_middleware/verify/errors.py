"""The errors of `verify`."""

from __future__ import annotations


class VerifyError(Exception):
    """The command cannot do what was asked.

    Args:
        number: the error's number in docs/errors.md.
        text: what is wrong.
        status: the command's exit status: 2 for wrong usage, 3 if the site could not be measured.
    """

    def __init__(self, number: str, text: str, *, status: int = 3) -> None:
        super().__init__(f"({number}) {text}")
        self.number = number
        self.status = status
