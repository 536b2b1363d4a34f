"""Asks sam which environment it gives to the functions of some projects, without a container.

It runs in sam's own Python: see `same_environment.py`. On stdin it takes a JSON list of
`{"template": PATH, "overrides": {…}, "region": REGION}`; on stdout it puts a JSON list of objects, each
of them environments by full path, or `{"error": TEXT}`.
"""

# mypy: ignore-errors
from __future__ import annotations

import json
import sys
import traceback

from samcli.lib.providers.sam_function_provider import SamFunctionProvider
from samcli.lib.providers.sam_stack_provider import SamLocalStackProvider
from samcli.local.lambdafn.env_vars import EnvironmentVariables


def environments(template: str, overrides: dict[str, str], region: str) -> object:
    stacks, _ = SamLocalStackProvider.get_stacks(
        template,
        parameter_overrides=overrides,
        global_parameter_overrides={"AWS::Region": region},
        language_extensions_enabled=True,
    )
    provider = SamFunctionProvider(
        stacks, use_raw_codeuri=True, ignore_code_extraction_warnings=True
    )
    found = {}
    for function in provider.get_all():
        variables = (function.environment or {}).get("Variables") or {}
        found[function.full_path] = EnvironmentVariables(
            function.name,
            function.memory or 128,
            function.timeout or 3,
            function.handler,
            variables=variables,
            shell_env_values={},
            override_values={},
            aws_creds={"region": region, "key": "key", "secret": "secret"},
        ).resolve()
    return found


def main() -> None:
    results = []
    for job in json.load(sys.stdin):
        try:
            results.append(environments(job["template"], job["overrides"], job["region"]))
        except Exception as exc:  # noqa: BLE001  # whatever sam makes of it is the answer
            traceback.print_exc(file=sys.stderr)
            results.append({"error": f"{type(exc).__name__}: {exc}"})
    json.dump(results, sys.stdout)


main()
