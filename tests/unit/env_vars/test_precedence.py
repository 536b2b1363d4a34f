"""The precedence of sources, against a model that was written without looking at the resolver."""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType

from hypothesis import given
from hypothesis import strategies as st

from samlocal.env_vars.env_file import EnvFile, GivenVariable, Section
from samlocal.env_vars.resolver import resolve_environment
from samlocal.errors import Place
from samlocal.function import EnvironmentVariable, Function, InlineCode

PLACE = Place(Path("template.yaml"), 1, 1)
FILE_PLACE = Place(Path("env.json"), 1, 1)

NAMES = st.sampled_from(["ALPHA", "BETA", "GAMMA", "AWS_REGION", "TZ", "AWS_SAM_LOCAL"])
VALUES = st.text(alphabet="ab", max_size=3)
VARIABLES = st.dictionaries(NAMES, VALUES, max_size=4)
IDENTIFIERS = ["Logical", "Construct", "functionName", "Stack/Logical"]
SECTIONS = st.dictionaries(st.sampled_from([*IDENTIFIERS, "Other"]), VARIABLES, max_size=4)
FILES = st.lists(st.tuples(VARIABLES, SECTIONS), max_size=3)
LAMBDA = MappingProxyType({"AWS_REGION": "us-east-1", "TZ": ":UTC", "AWS_SAM_LOCAL": "true"})


def reference_model(
    template: dict[str, str | None],
    shell: dict[str, str],
    files: list[tuple[dict[str, str], dict[str, dict[str, str]]]],
    command_line: dict[str, str],
) -> dict[str, str]:
    """Apply the sources from the lowest to the highest; each overwrites the ones before it."""
    result = {name: value for name, value in template.items() if value is not None}
    result |= {name: value for name, value in shell.items() if name in template}
    for parameters, _ in files:
        result |= {name: value for name, value in parameters.items() if name in template}
    result |= {"AWS_REGION": LAMBDA["AWS_REGION"]}
    for _, sections in files:
        result |= next((sections[name] for name in IDENTIFIERS if sections.get(name)), {})
    result |= command_line
    return {**LAMBDA, **result}


def given_variables(variables: dict[str, str]) -> dict[str, GivenVariable]:
    return {name: GivenVariable(value=value, place=FILE_PLACE) for name, value in variables.items()}


@given(
    template=st.dictionaries(NAMES, st.none() | VALUES),
    shell=VARIABLES,
    files=FILES,
    command_line=VARIABLES,
)
def test_result_equals_the_reference_model(
    template: dict[str, str | None],
    shell: dict[str, str],
    files: list[tuple[dict[str, str], dict[str, dict[str, str]]]],
    command_line: dict[str, str],
) -> None:
    """For any sources, each variable has the value that the highest source gives it."""
    function = Function(
        logical_id="Logical",
        function_id="Construct",
        function_name="functionName",
        full_path="Stack/Logical",
        name="functionName",
        code=InlineCode(source="", place=PLACE),
        place=PLACE,
        environment={n: EnvironmentVariable(value=v, place=PLACE) for n, v in template.items()},
    )
    env_files = [
        EnvFile(
            path=Path("env.json"),
            parameters=given_variables(parameters),
            sections={
                name: Section(variables=given_variables(variables), place=FILE_PLACE)
                for name, variables in sections.items()
            },
        )
        for parameters, sections in files
    ]

    environment = resolve_environment(
        function, shell=shell, env_files=env_files, command_line=command_line
    )

    expected = reference_model(template, shell, files, command_line)
    seen = environment.as_dict()
    assert {name: seen.get(name) for name in expected} == expected
    assert not {"ALPHA", "BETA", "GAMMA"} & (seen.keys() - expected.keys())
