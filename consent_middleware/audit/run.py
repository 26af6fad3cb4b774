"""Audit everything that the command names: in other processes where that is faster."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

from consent_middleware.find_policy import object_named, policy_named

from .apps import ask
from .fetch import Fetcher
from .inputs import PATTERNS, files_of, read_file, split_inputs
from .pages import Auditor, PageReport
from .tree import UnreadableError

#: Fewer files are read faster in this process.
_FEW = 8

#: Called with the number of pages that are done, and of all.
Progress = Callable[[int, int], object]


class Wanted(NamedTuple):
    """What to audit.

    Attributes:
        inputs: files, folders and addresses.
        policy: the name of a policy, `module:name`, or None.
        app: the name of an app, or None.
        paths: the paths to ask the app for.
        host: the host in the requests to the app.
        patterns: the names of files that count in a folder; none for the usual ones.
        jobs: how many processes read files; 0 for one for each core, but at most 8.
        strict: whether an address that only its host tells counts.
    """

    inputs: Sequence[str] = ()
    policy: str | None = None
    app: str | None = None
    paths: Sequence[str] = ()
    host: str = "localhost"
    patterns: Sequence[str] = ()
    jobs: int = 0
    strict: bool = False


def audit(wanted: Wanted, progress: Progress) -> list[PageReport]:
    """Return a report for each page, in the order of the inputs: files, addresses, the app's paths.

    Raises:
        PolicyError: The policy or the app is not found (CM095), the policy is none (CM096), or an address cannot be
            asked (CM102).
    """
    addresses, paths = split_inputs(wanted.inputs)
    policy = policy_named(wanted.policy) if wanted.policy else None
    app = object_named(wanted.app) if wanted.app else None
    auditor = Auditor(policy, strict=wanted.strict)
    found = [files_of(path, wanted.patterns or PATTERNS) for path in paths]
    files = [file for each in found if not isinstance(each, PageReport) for file in each]
    asked = wanted.paths or (("/",) if app is not None else ())
    total = len(files) + len(addresses) + len(asked)
    reports = [each for each in found if isinstance(each, PageReport)]

    def add(report: PageReport) -> None:
        reports.append(report)
        progress(len(reports), total)

    for report in _files(files, auditor, wanted):
        add(report)
    fetcher = Fetcher()
    for address in addresses:
        try:
            add(auditor.audit(fetcher.fetch(address)))
        except UnreadableError as error:
            add(PageReport(address, str(error)))
    if app is not None:
        for answer in ask(app, asked, wanted.host):
            add(auditor.audit_answer(answer))
    return reports


def _files(files: Sequence[Path], auditor: Auditor, wanted: Wanted) -> Iterator[PageReport]:
    jobs = wanted.jobs or min(os.cpu_count() or 1, 8)
    if jobs == 1 or len(files) <= _FEW:
        for file in files:
            yield _file(auditor, file)
        return
    # Processes that are forked could inherit locks of the site's threads.
    with ProcessPoolExecutor(
        min(jobs, len(files)), get_context("spawn"), _begin, (wanted.policy, wanted.strict)
    ) as pool:
        futures = [(file, pool.submit(_in_process, file)) for file in files]
        for file, future in futures:
            try:
                yield future.result()
            except BrokenProcessPool:
                yield PageReport(file.as_posix(), "the process that read it has ended")


def _file(auditor: Auditor, file: Path) -> PageReport:
    try:
        return auditor.audit(read_file(file))
    except UnreadableError as error:
        return PageReport(file.as_posix(), str(error))


#: The auditor of a process in the pool.
_auditors: list[Auditor] = []


def _begin(policy: str | None, strict: bool) -> None:
    # The report names what matters, so the log need not.
    logging.getLogger("consent_middleware").addHandler(logging.NullHandler())
    _auditors.append(Auditor(policy_named(policy) if policy else None, strict=strict))


def _in_process(file: Path) -> PageReport:
    return _file(_auditors[0], file)
