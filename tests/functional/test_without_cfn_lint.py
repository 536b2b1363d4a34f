"""Only `samlocal validate` needs cfn-lint: everything else works where it can't be imported."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

_PROJECT = Path(__file__).parents[1] / "projects" / "sam-queues"

_WITHOUT_CFN_LINT = """\
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "cfnlint":
            raise ModuleNotFoundError("No module named 'cfnlint'", name=name)

sys.meta_path.insert(0, Absent())
"""

_IMPORT_ALL = """
import pkgutil
import samlocal

for module in pkgutil.walk_packages(samlocal.__path__, "samlocal."):
    if not module.name.endswith(".program"):  # it runs in a container
        __import__(module.name)
print("cfnlint" in sys.modules, "samlocal.cli.main" in sys.modules)
"""

_RUN = """
from samlocal.__main__ import run

run()
"""


def _python(program: str, *arguments: str) -> tuple[int, str, str]:
    """Run a program that cannot import cfn-lint; return exit status, stdout and stderr."""
    answer = subprocess.run(
        [sys.executable, "-c", _WITHOUT_CFN_LINT + program, *arguments],
        check=False,
        capture_output=True,
        cwd=_PROJECT,
        env=os.environ | {"NO_COLOR": "1"},
        text=True,
    )
    return answer.returncode, answer.stdout, answer.stderr


def test_every_module_can_be_imported() -> None:
    """No module of the package imports cfn-lint at import time."""
    assert _python(_IMPORT_ALL) == (0, "False True\n", "")


def test_a_function_is_prepared() -> None:
    """`local invoke` prepares a function without cfn-lint."""
    status, out, err = _python(_RUN, "local", "invoke", "--no-credentials", "--print-env")
    assert (status, err) == (0, "")
    assert "AWS_LAMBDA_FUNCTION_NAME" in out


def test_validate_needs_cfn_lint() -> None:
    """`validate` is a one-line error whose hint has the alternatives."""
    status, out, err = _python(_RUN, "validate")
    assert (status, out) == (2, "")
    assert err == (
        "Error: cfn-lint cannot be imported: No module named 'cfnlint'\n"
        "hint: `pip install cfn-lint`, or skip its rules with `--no-lint`\n"
    )


def test_validate_without_lint_works() -> None:
    """`validate --no-lint` works without cfn-lint."""
    assert _python(_RUN, "validate", "--no-lint") == (0, "", "No problems found\n")
