"""Compares the environments that sam and samlocal give to the functions of the same projects.

Forty generated templates, of what sam resolves rightly, must give the same to the last variable. In the
projects of `tests/projects`, which go further, each difference must have one of the reasons below.
Prints what was compared, and exits with 1 where a difference has no reason.

    python -m tests.benchmarks.same_environment PATH_TO_SAM [--show]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import yaml

from samlocal.cloudformation.project import open_project
from samlocal.env_vars.resolver import resolve_environment
from tests.benchmarks.generated_templates import generate

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PROJECTS: Final = Path(__file__).parents[1] / "projects"
ASKING: Final = Path(__file__).with_name("environment_of_sam.py")
GENERATED: Final = 40

# What sam sets for every function and gets wrong, or fills with credentials that aren't compared.
NOT_COMPARED: Final = frozenset(
    {
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_LAMBDA_FUNCTION_NAME",  # sam: the logical id, also where `FunctionName` is set
        "AWS_LAMBDA_LOG_GROUP_NAME",  # sam: without its leading slash
    }
)

Environments = dict[str, dict[str, str]]


@dataclass(frozen=True, kw_only=True)
class Job:
    """One template, as both programs are to read it."""

    name: str
    template: Path
    overrides: Mapping[str, str]
    region: str

    def as_json(self) -> dict[str, object]:
        return {
            "template": str(self.template),
            "overrides": dict(self.overrides),
            "region": self.region,
        }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("sam", type=Path, help="the path of the sam command")
    parser.add_argument("--show", action="store_true", help="show every difference")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        generated = list(_generated(Path(directory)))
        same, unequal = _compare_exactly(generated, _ask_sam(arguments.sam, generated))
    print(f"generated templates: {same} of {len(generated)} give the same environment")
    for line in unequal:
        print(f"  {line}")
    projects = list(_projects())
    reasons, unexplained, lines = _compare_with_reasons(projects, _ask_sam(arguments.sam, projects))
    print(f"\nprojects: {len(projects)}")
    for reason, count in reasons.most_common():
        print(f"{count:5}  {reason}")
    for line in (*(lines if arguments.show else ()), *unexplained):
        print(f"  {line}")
    print("no difference without a reason" if not unexplained else "differences without a reason")
    return 1 if unequal or unexplained else 0


def _generated(directory: Path) -> Iterator[Job]:
    for seed in range(GENERATED):
        template, overrides = generate(seed)
        path = directory / str(seed) / "template.yaml"
        path.parent.mkdir()
        path.write_text(template)
        yield Job(name=f"generated {seed}", template=path, overrides=overrides, region="us-east-1")


def _projects() -> Iterator[Job]:
    for path in sorted(PROJECTS.rglob("expected.yaml")):
        expected = yaml.safe_load(path.read_text())
        names = (expected.get("template"), "template.yaml", "template.json")
        template = next(
            path.parent / name for name in names if name and (path.parent / name).exists()
        )
        if template.is_dir():
            template = template / "RatingsStack.template.json"
        yield Job(
            name=path.parent.name,
            template=template,
            overrides=expected.get("overrides", {}),
            region=expected.get("region", "us-east-1"),
        )


def _ask_sam(sam: Path, jobs: list[Job]) -> list[dict[str, object]]:
    python = sam.resolve().with_name("python")
    answer = subprocess.run(
        [python, ASKING],
        input=json.dumps([job.as_json() for job in jobs]),
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": "/usr/bin:/bin", "SAM_CLI_TELEMETRY": "0", "AWS_DEFAULT_REGION": "us-east-1"},
    )
    found: list[dict[str, object]] = json.loads(answer.stdout)
    return found


def _ours(job: Job) -> Environments:
    project = open_project(job.template, parameter_overrides=job.overrides, region=job.region)
    environments: Environments = {}
    for entry in project.functions:
        function = project.resolve(entry)
        environments[entry.full_path] = resolve_environment(function, shell={}).as_dict()
    return environments


def _compare_exactly(jobs: list[Job], answers: list[dict[str, object]]) -> tuple[int, list[str]]:
    unequal: list[str] = []
    same = 0
    for job, theirs in zip(jobs, answers, strict=True):
        differences = list(_differences(_ours(job), theirs))
        same += not differences
        unequal += [f"{job.name}: {difference}" for difference in differences]
    return same, unequal


def _differences(ours: Environments, theirs: dict[str, object]) -> Iterator[str]:
    if set(ours) != set(theirs):
        yield f"functions: {sorted(ours)} and {sorted(theirs)}"
        return
    for path, environment in theirs.items():
        if not isinstance(environment, dict):
            yield f"{path}: {environment}"
            continue
        for name, value in environment.items():
            if name not in NOT_COMPARED and ours[path].get(name) != value:
                yield f"{path}.{name}: {ours[path].get(name)!r} and {value!r}"


def _compare_with_reasons(
    jobs: list[Job], answers: list[dict[str, object]]
) -> tuple[Counter[str], list[str], list[str]]:
    reasons: Counter[str] = Counter()
    unexplained: list[str] = []
    lines: list[str] = []
    for job, theirs in zip(jobs, answers, strict=True):
        if "error" in theirs:
            reasons["projects that sam can't read"] += 1
            continue
        ours = _ours(job)
        for path in {*ours, *theirs} - (set(ours) & set(theirs)):
            reasons[_why_only_one(path, ours)] += 1
        for path in sorted(set(ours) & set(theirs)):
            environment = theirs[path]
            assert isinstance(environment, dict)
            for name, value in environment.items():
                if name in NOT_COMPARED:
                    continue
                mine = ours[path].get(name)
                reason = "the same" if mine == value else explain(name, mine, value)
                line = f"{job.name} {path}.{name}: {mine!r}, sam {value!r}"
                if reason is None:
                    unexplained.append(line)
                else:
                    reasons[f"variables: {reason}"] += 1
                    if mine != value:
                        lines.append(f"{line}: {reason}")
    return reasons, unexplained, lines


def _why_only_one(path: str, ours: Environments) -> str:
    if path in ours:
        return "functions that sam leaves out, such as those whose code is in S3"
    return "functions that sam lists although their condition doesn't hold"


def explain(name: str, ours: str | None, theirs: str | None) -> str | None:
    """Return why a variable differs from sam's; None if there is no reason."""
    if name.startswith("Fn::"):
        return "a loop or an include, which sam takes for a variable"
    if not theirs:
        known = "sam has nothing" if ours else "sam has an empty one, and here it is left out,"
        return f"{known} for what has to be resolved"
    if "{{resolve:" in theirs:
        return "sam leaves a dynamic reference as it is"
    return next((why for why, holds in _reasons(ours or "", theirs) if holds), None)


def _reasons(ours: str, theirs: str) -> Iterator[tuple[str, bool]]:
    """Yield the reasons for different names, and whether each may be the one."""
    as_arn = "arn:aws:lambda:" in theirs and ":function:" in theirs
    yield "sam takes an SSM parameter's name for its value", theirs.startswith("/") and not ours
    yield "sam gives everything the ARN of a function", as_arn and ours.startswith("arn:")
    yield "sam doesn't resolve attributes in Fn::Sub", "$" in theirs and "." in theirs
    yield "sam writes Python's True", theirs.replace("True", "true") == ours
    yield "sam takes China for another partition", (ours, theirs) == ("aws-cn", "aws")
    is_name = not ours and "TableName" in theirs
    yield "sam takes the name of a parameter without value for its value", is_name
    is_logical_id = theirs.isalnum() and theirs[0].isupper()
    yield "Ref is what the template calls a resource", is_logical_id and bool(ours)
    yield "Ref is known only after deployment", is_logical_id and not ours


if __name__ == "__main__":
    sys.exit(main())
