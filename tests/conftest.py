"""Settings of all tests: an example of a property test may take any time, and a failure is named at once."""

from __future__ import annotations

import pytest
from hypothesis import settings

settings.register_profile("untimed", deadline=None)
settings.register_profile("quick", deadline=None, max_examples=25)
settings.register_profile("thorough", deadline=None, max_examples=1000)
settings.load_profile("untimed")


class FailureNames:
    """Print the name of each test that fails at once: a run that is ended from outside prints no summary."""

    def __init__(self, terminal: pytest.TerminalReporter) -> None:
        self._terminal = terminal

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Print the name of a failed test."""
        if report.failed:
            self._terminal.write_line(f" {report.nodeid} failed ({report.when})")


@pytest.hookimpl(trylast=True)  # after the reporter is made
def pytest_configure(config: pytest.Config) -> None:
    """Add the names of failures to the report, in the process that prints it."""
    terminal = config.pluginmanager.get_plugin("terminalreporter")
    if terminal is not None:
        config.pluginmanager.register(FailureNames(terminal))
