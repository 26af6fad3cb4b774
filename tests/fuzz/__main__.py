"""Run the fuzzer: `python -m tests.fuzz --minutes 10`.

It generates documents, rewrites them whole and in chunks, and lets parse5 judge the output with scripts and without.
Problems are reduced to small documents, grouped by kind and printed, and Chromium can judge each kind. A run prints its
seed: the same seed, number of jobs and sources give the same documents.
"""

from __future__ import annotations

import argparse
import multiprocessing
import queue
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tests.npm import NpmError

from . import chromium
from .kinds import LIMITS, Difference, kinds, smallest
from .parse5 import Judge
from .properties import LONG, Outcome, examined, outcomes_of, receive, send
from .soup import CORPUS, Document, Soup, pages

BATCH = 64
#: Seconds between two progress lines.
PROGRESS = 60
#: The most documents with one sort of problem that each job reduces.
SMALL = 40


class Order(NamedTuple):
    """The work of one job: its share of the numbers from the seed on, until the time or the count is reached."""

    seed: int
    job: int
    jobs: int
    seconds: float
    documents: int
    corpus: Path
    small: int


class Report(NamedTuple):
    """The results of a job since its last report."""

    counts: Counter[str]
    differences: list[Difference]


def batches(order: Order) -> Iterator[list[Document]]:
    """Yield the documents of a job in batches."""
    real = pages(order.corpus)
    stop = time.monotonic() + order.seconds
    for done in range(0, order.documents, BATCH):
        if time.monotonic() >= stop:
            return
        first = order.seed + order.job + done * order.jobs
        count = min(BATCH, order.documents - done)
        yield [Soup(first + number * order.jobs, real).document() for number in range(count)]


def work(order: Order, reports: multiprocessing.Queue[Report | None]) -> None:
    """Do one job: rewrite a batch while parse5 judges the one before."""
    seen: Counter[tuple[str, str]] = Counter()
    with Judge() as judge, Judge() as second:
        before: list[Outcome] = []
        for documents in batches(order):
            outcomes = [examined(document) for document in documents]
            if before:
                receive(before, judge)
                reports.put(_reported(before, seen, second, order.small))
            send(outcomes, judge)
            before = outcomes
        if before:
            receive(before, judge)
            reports.put(_reported(before, seen, second, order.small))
    reports.put(None)


def _reported(outcomes: list[Outcome], seen: Counter[tuple[str, str]], judge: Judge, small: int) -> Report:
    counts: Counter[str] = Counter()
    differences = []
    for outcome in outcomes:
        counts[f"maker {outcome.document.maker}"] += 1
        counts[f"pieces {outcome.size}"] += 1
        counts["documents with blocked tags"] += bool(outcome.blocked)
        counts["documents not in UTF-8"] += outcome.document.encoding != "utf-8"
        for problem in {problem[:2]: problem for problem in outcome.problems}.values():
            counts[f"problem {problem.property} {problem.sort}"] += 1
            seen[problem[:2]] += 1
            if seen[problem[:2]] <= small and len(outcome.document.source) <= LONG:
                differences.append(smallest(outcome, problem, judge))
            elif seen[problem[:2]] <= small:
                differences.append(Difference(problem, outcome.document, outcome.document.number))
    return Report(counts, differences)


def run(seed: int, jobs: int, minutes: float, documents: int, corpus: Path, small: int = SMALL) -> Report:
    """Run all jobs. Return the sum of their reports."""
    reports: multiprocessing.Queue[Report | None] = multiprocessing.Queue()
    orders = [Order(seed, job, jobs, minutes * 60, -(-documents // jobs), corpus, small) for job in range(jobs)]
    workers = [multiprocessing.Process(target=work, args=(order, reports)) for order in orders]
    for worker in workers:
        worker.start()
    counts: Counter[str] = Counter()
    differences: list[Difference] = []
    left = len(workers)
    begun = reported = time.monotonic()
    while left:
        if (now := time.monotonic()) >= reported + PROGRESS:
            reported = now
            print_line(
                f"  after {now - begun:.0f} s: {_tried(counts)} documents, problems: {_named(counts, 'problem ')}"
            )
        try:
            report = reports.get(timeout=5)
        except queue.Empty:
            if not any(worker.is_alive() for worker in workers):
                raise RuntimeError("a job has ended without its report") from None
            continue
        if report is None:
            left -= 1
            continue
        counts.update(report.counts)
        differences += report.differences
    for worker in workers:
        worker.join()
    return Report(counts, differences)


def one(number: int, corpus: Path) -> int:
    """Print one document, its rewritten form and its problems. Return the exit status."""
    with Judge() as judge:
        outcome = outcomes_of([Soup(number, pages(corpus)).document()], judge)[0]
        print_line(f"{outcome.document}\n{outcome.output!r}")
        for problem in outcome.problems:
            print_line(str(problem))
            print_line(f"  smallest: {smallest(outcome, problem, judge).text!r}")
    return 1 if outcome.problems else 0


def print_line(text: str) -> None:
    """Print a line immediately."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _tried(counts: Counter[str]) -> int:
    """Return the number of documents tried."""
    return sum(count for name, count in counts.items() if name.startswith("maker "))


def _named(counts: Counter[str], start: str) -> str:
    """Return the counts whose names have this start, as text."""
    found = sorted((name.removeprefix(start), count) for name, count in counts.items() if name.startswith(start))
    return ", ".join(f"{name} {count}" for name, count in found) or "none"


def summary(report: Report, seconds: float) -> None:
    """Print the number of documents and of problems by sort."""
    tried = _tried(report.counts)
    print_line(f"parse5: {tried} documents in {seconds:.0f} s ({tried / max(seconds, 1):.0f}/s)")
    for title, start in (
        ("by maker", "maker "),
        ("whole, and in chunks of", "pieces "),
        ("problems", "problem "),
    ):
        print_line(f"  {title}: {_named(report.counts, start)}")
    for name in ("documents with blocked tags", "documents not in UTF-8"):
        print_line(f"  {name}: {report.counts[name]}")


def main() -> int:
    """Run until the time is over. Return the exit status."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--minutes", type=float, default=1.0)
    options.add_argument("--documents", type=int, default=1 << 40, help="stop after this many")
    options.add_argument("--seed", type=int, default=int(time.time()) * 1000)
    options.add_argument("--jobs", type=int, default=2)
    options.add_argument("--pages", type=Path, default=CORPUS, help="a folder with real pages")
    options.add_argument("--small", type=int, default=SMALL, help="how many problems of a sort each job reduces")
    options.add_argument("--show", type=int, default=50, help="how many kinds to print")
    options.add_argument("--chromium", action="store_true", help="let Chromium judge each kind")
    options.add_argument("--one", type=int, help="make only this document, and print everything about it")
    chosen = options.parse_args()
    if chosen.one is not None:
        return one(chosen.one, chosen.pages)
    print_line(f"seed {chosen.seed}, {chosen.jobs} jobs, {len(pages(chosen.pages))} real pages")
    begun = time.monotonic()
    report = run(chosen.seed, chosen.jobs, chosen.minutes, chosen.documents, chosen.pages, chosen.small)
    summary(report, time.monotonic() - begun)
    known = Counter(difference.limit for difference in report.differences)
    for name, count in sorted((name, count) for name, count in known.items() if name):
        print_line(f"  {count} reduced with a known reason: {name}: {LIMITS[name].reason}")
    found = kinds([difference for difference in report.differences if difference.limit is None])
    asked = chromium.asks([differences[0] for _, differences in found]) if chosen.chromium and found else {}
    for kind, differences in found[: chosen.show]:
        first = differences[0]
        verdict = asked.get(first.document)
        print_line(
            f"{len(differences)} x {kind!r}\n    {first.text!r} number {first.number}: {first.problem.detail[:300]}"
        )
        if verdict is not None:
            print_line(f"    Chromium asks: {verdict}")
    print_line(f"{sum(len(differences) for _, differences in found)} differences left, of {len(found)} kinds")
    return 1 if found else 0


if __name__ == "__main__":
    try:
        raise SystemExit(main())
    except NpmError as error:
        raise SystemExit(str(error)) from None
