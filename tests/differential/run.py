"""Compares samlocal with the Serverless Framework 3: results and environments of the same services.

Every difference must be one that the guide lists, and every one that is listed for a service must occur.
Exits with 1 otherwise, and with 0 and a line where npm is not installed.

    python -m tests.differential.run [-k PART_OF_A_NAME] [--sandbox process|docker] [--show]
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.differential.answers import Answer, ask_samlocal, ask_serverless
from tests.differential.differences import (
    EVERYWHERE,
    IN_CONTAINERS,
    differences,
    documented_rows,
    sort_out,
)
from tests.differential.framework import find_serverless
from tests.differential.services import ALL

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.differential.service import Service


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """What was found for one service."""

    service: Service
    theirs: Answer
    ours: Answer
    found: list[str]

    def faults(self) -> Iterator[str]:
        listed = self.service.differences
        unexplained, used, _ = sort_out(self.found, listed)
        yield from unexplained
        for path in sorted(set(listed) - used):
            yield f"{path}: the programs agree, so `{listed[path]}` is not a difference here"
        if self.service.ends_both_in_error and self.theirs.compared["succeeds"]:
            yield "it does not end in an error"
        if self._ends_in_an_error_unexpectedly():
            yield "both programs refuse it"

    def _ends_in_an_error_unexpectedly(self) -> bool:
        if self.service.ends_both_in_error or "succeeds" in self.service.differences:
            return False
        return not self.theirs.compared["succeeds"] and "error" not in self.theirs.compared


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("-k", default="", metavar="NAME", help="services with this in their name")
    parser.add_argument("--sandbox", choices=("process", "docker"), default="process")
    parser.add_argument("--show", action="store_true", help="show all that both programs wrote")
    chosen = parser.parse_args()
    serverless = find_serverless()
    if not serverless:
        print("npm is not installed: nothing is compared with serverless")
        return 0
    services = [each for each in ALL if chosen.k in each.name]
    with tempfile.TemporaryDirectory() as folder:
        comparisons = compare(services, serverless, Path(folder), chosen.sandbox)
    faulty = print_faults(comparisons, show=chosen.show)
    wrong = list(wrong_lists(comparisons, chosen.sandbox)) if services == list(ALL) else []
    print(*wrong, sep="\n", end="\n" if wrong else "")
    with_differences = sum(bool(each.service.differences) for each in comparisons)
    print(
        f"{len(comparisons)} services: {len(comparisons) - with_differences - faulty} equal to serverless, "
        f"{with_differences} with documented differences, {faulty} with others"
    )
    return 1 if faulty or wrong else 0


def compare(
    services: list[Service], serverless: Path, folder: Path, sandbox: str
) -> list[Comparison]:
    """Ask both programs about all services, each in a folder of its own."""
    home = folder / "home"
    home.mkdir()

    def compare_one(service: Service) -> Comparison:
        directories = folder / "theirs" / service.name, folder / "ours" / service.name
        for each in directories:
            service.write(each)
        theirs = ask_serverless(serverless, service, directories[0])
        ours = ask_samlocal(service, directories[1], sandbox=sandbox, home=home)
        found = list(differences(theirs.compared, ours.compared))
        if service.ends_both_in_error:
            found = [each for each in found if each.startswith("succeeds")]
        return Comparison(service=service, theirs=theirs, ours=ours, found=found)

    with ThreadPoolExecutor(os.cpu_count()) as workers:
        return list(workers.map(compare_one, services))


def print_faults(comparisons: list[Comparison], *, show: bool) -> int:
    """Print what is wrong, and return the number of services with faults."""
    faulty = 0
    for each in comparisons:
        faults = list(each.faults())
        faulty += bool(faults)
        for line in faults:
            print(f"{each.service.name}: {line}")
        if show:
            print(f"--- {each.service.name}: serverless\n{each.theirs.output}")
            print(f"--- {each.service.name}: samlocal\n{each.ours.output}")
    return faulty


def wrong_lists(comparisons: list[Comparison], sandbox: str) -> Iterator[str]:
    """Yield what is listed for all services and occurs nowhere, and rows that the guide does not have."""
    occurring: set[str] = set()
    rows = {*EVERYWHERE.values(), *IN_CONTAINERS.values()}
    for each in comparisons:
        occurring |= sort_out(each.found, each.service.differences)[2]
        rows |= set(each.service.differences.values())
    expected = EVERYWHERE if sandbox == "process" else EVERYWHERE | IN_CONTAINERS
    for path in expected:
        if path not in occurring:
            yield f"{path}: no service differs there"
    for row in sorted(rows - documented_rows()):
        yield f"the guide has no row `{row}` below `Differences`"


if __name__ == "__main__":
    sys.exit(main())
