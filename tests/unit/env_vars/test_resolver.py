from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from samlocal.credentials import Credentials
from samlocal.diagnostics import Diagnostic
from samlocal.env_vars.env_file import EnvFile, GivenVariable, Section
from samlocal.env_vars.resolver import find_unknown_sections, identifiers, resolve_environment
from samlocal.errors import Place, UsageError
from samlocal.function import EnvironmentVariable, Function, FunctionEntry, InlineCode

TEMPLATE = Place(Path("template.yaml"), 14, 9)
FILE = Place(Path("env.json"), 3, 5)

RATINGS = Function(
    logical_id="Ratings",
    full_path="Stack/Ratings",
    name="prod-ratings",
    function_name="prod-ratings",
    function_id="RatingsConstruct",
    code=InlineCode(source="", place=TEMPLATE),
    place=TEMPLATE,
    environment={
        "STAGE": EnvironmentVariable(value="prod", place=TEMPLATE),
        "TABLE": EnvironmentVariable(value=None, place=TEMPLATE),
    },
)

ENTRY = FunctionEntry(
    logical_id="Ratings",
    full_path="Stack/Ratings",
    function_name="prod-ratings",
    function_id="RatingsConstruct",
    place=TEMPLATE,
)


def given(**variables: str) -> dict[str, GivenVariable]:
    return {name: GivenVariable(value=value, place=FILE) for name, value in variables.items()}


def env_file(parameters: dict[str, str] | None = None, **sections: dict[str, str]) -> EnvFile:
    return EnvFile(
        path=FILE.path,
        parameters=given(**(parameters or {})),
        sections={n: Section(variables=given(**v), place=FILE) for n, v in sections.items()},
    )


def messages(diagnostics: tuple[Diagnostic, ...]) -> str:
    return "\n".join(diagnostic.message for diagnostic in diagnostics)


def test_the_template_is_the_lowest_of_a_users_sources() -> None:
    """A variable that no other source sets has the template's value and place."""
    variable = resolve_environment(RATINGS, shell={}).variables["STAGE"]
    assert (variable.value, str(variable.origin)) == ("prod", "template.yaml:14:9")


def test_an_unresolved_value_omits_the_variable() -> None:
    """A variable is not set to the empty string where the template's value is unknown."""
    assert "TABLE" not in resolve_environment(RATINGS, shell={}).variables


def test_an_unknown_value_can_be_given_by_the_shell() -> None:
    """A variable with an unknown value stays declared, so the shell may set it without a diagnostic."""
    environment = resolve_environment(RATINGS, shell={"TABLE": "local"})
    assert environment.as_dict()["TABLE"] == "local"
    assert environment.diagnostics == ()


def test_a_shell_that_overrides_the_template_is_reported() -> None:
    """A shell variable overrides the template as in sam; a diagnostic names it and the remedy."""
    environment = resolve_environment(RATINGS, shell={"STAGE": "mine", "OTHER": "x"})
    assert environment.as_dict()["STAGE"] == "mine"
    assert "OTHER" not in environment.variables
    [diagnostic] = environment.diagnostics
    assert diagnostic.message == "`STAGE` comes from your shell, which overrides the template"
    assert diagnostic.hint == "`--no-shell-env` keeps the template's values"


@pytest.mark.parametrize(
    "shell", [pytest.param(None, id="off"), pytest.param({"STAGE": "prod"}, id="same value")]
)
def test_a_shell_that_changes_nothing_is_not_reported(shell: dict[str, str] | None) -> None:
    """A shell that is not read, or agrees with the template, causes no diagnostic."""
    environment = resolve_environment(RATINGS, shell=shell)
    assert environment.as_dict()["STAGE"] == "prod"
    assert environment.diagnostics == ()


def test_the_shell_overrides_nothing_where_the_template_gives_nothing() -> None:
    """A default of Lambda's is not a value of the template's: only the others are named."""
    declared = {name: EnvironmentVariable(value=None, place=TEMPLATE) for name in ("TZ", "TABLE")}
    function = replace(RATINGS, environment={**declared, **RATINGS.environment})
    environment = resolve_environment(
        function, shell={"TZ": "x", "TABLE": "x", "STAGE": "mine"}, env_files=[]
    )
    [diagnostic] = environment.diagnostics
    assert diagnostic.message.startswith("`STAGE` comes from your shell")
    assert diagnostic.place == TEMPLATE


def test_a_higher_source_silences_the_diagnostic_about_the_shell() -> None:
    """A variable set with `--env` causes no diagnostic about the shell."""
    environment = resolve_environment(
        RATINGS, shell={"STAGE": "mine"}, command_line={"STAGE": "cli"}
    )
    assert environment.as_dict()["STAGE"] == "cli"
    assert environment.diagnostics == ()


def test_parameters_reach_declared_variables_only() -> None:
    """`Parameters` overrides declared variables; a diagnostic names the others and the remedies."""
    environment = resolve_environment(
        RATINGS, shell=None, env_files=[env_file({"STAGE": "dev", "EXTRA": "1", "MORE": "2"})]
    )
    assert environment.as_dict()["STAGE"] == "dev"
    assert "EXTRA" not in environment.variables
    [diagnostic] = environment.diagnostics
    assert diagnostic.message == (
        "`EXTRA`, `MORE` do not reach `prod-ratings`: its template declares no such variable"
    )
    assert diagnostic.place == FILE
    assert diagnostic.hint == (
        "add it to the section `Ratings` of a JSON env file, pass `--env EXTRA=…`, "
        "or declare it in the template"
    )


def test_parameters_that_another_source_sets_are_not_reported() -> None:
    """An undeclared name in `Parameters` is not reported if a section or `--env` sets it too."""
    environment = resolve_environment(
        RATINGS,
        shell=None,
        env_files=[env_file({"A1": "1", "B1": "1"}, Ratings={"A1": "2"})],
        command_line={"B1": "3"},
    )
    assert environment.as_dict()["A1"] == "2"
    assert environment.as_dict()["B1"] == "3"
    assert environment.diagnostics == ()


def test_a_section_reaches_the_function_undeclared() -> None:
    """A section's variables reach the function even if the template does not declare them."""
    environment = resolve_environment(
        RATINGS,
        shell=None,
        env_files=[env_file({"STAGE": "dev"}, Ratings={"STAGE": "x", "NEW": "y"})],
    )
    assert environment.as_dict()["STAGE"] == "x"
    assert environment.as_dict()["NEW"] == "y"
    assert environment.diagnostics == ()


@pytest.mark.parametrize(
    ("names", "used"),
    [
        pytest.param(["Stack/Ratings"], "Stack/Ratings", id="full path"),
        pytest.param(["Stack/Ratings", "prod-ratings"], "prod-ratings", id="function name"),
        pytest.param(["prod-ratings", "RatingsConstruct"], "RatingsConstruct", id="function id"),
        pytest.param(["RatingsConstruct", "Ratings"], "Ratings", id="logical id"),
    ],
)
def test_the_section_with_the_highest_precedence_applies(names: list[str], used: str) -> None:
    """One of several sections of a function applies; diagnostics name the others."""
    file = env_file(**{name: {"WHICH": name} for name in names})
    environment = resolve_environment(RATINGS, shell=None, env_files=[file])
    assert environment.as_dict()["WHICH"] == used
    assert [diagnostic.message for diagnostic in environment.diagnostics] == [
        f"the section `{name}` does not apply: `{used}` names the same function"
        for name in names
        if name != used
    ]


def test_an_empty_section_hides_no_other() -> None:
    """The first section that is not empty applies, as in sam; an empty one causes no diagnostic."""
    file = env_file(**{"Ratings": {}, "prod-ratings": {"STAGE": "other"}, "Stack/Ratings": {}})
    environment = resolve_environment(RATINGS, shell=None, env_files=[file])
    assert environment.as_dict()["STAGE"] == "other"
    assert environment.diagnostics == ()


def test_sections_of_other_functions_are_ignored() -> None:
    """A section of another function neither applies nor causes a diagnostic."""
    environment = resolve_environment(
        RATINGS, shell=None, env_files=[env_file(Details={"STAGE": "other"})]
    )
    assert environment.as_dict()["STAGE"] == "prod"
    assert environment.diagnostics == ()


def test_later_files_win_but_sections_win_over_parameters() -> None:
    """All `Parameters` apply in the order of the files, then all sections in that order."""
    first = env_file({"STAGE": "p1"}, Ratings={"STAGE": "s1", "ONLY": "s1"})
    second = env_file({"STAGE": "p2"})
    third = env_file({}, **{"prod-ratings": {"ONLY": "s3"}})
    seen = resolve_environment(RATINGS, shell=None, env_files=[first, second, third]).as_dict()
    assert (seen["STAGE"], seen["ONLY"]) == ("s1", "s3")


def test_identifiers_of_a_plain_function() -> None:
    """A function in the root stack without further names has one identifier."""
    plain = replace(RATINGS, full_path="Ratings", function_id=None, function_name=None)
    assert identifiers(plain) == ("Ratings",)


def test_overridden_sources_are_kept() -> None:
    """A variable has all sources that it overrides, the lowest first."""
    variable = resolve_environment(
        RATINGS,
        shell={"STAGE": "mine"},
        env_files=[env_file({"STAGE": "dev"})],
        command_line={"STAGE": "cli"},
    ).variables["STAGE"]
    assert str(variable.origin) == "--env"
    assert [str(o) for o in variable.overridden] == ["template.yaml:14:9", "shell", "env.json:3:5"]


@pytest.mark.parametrize("name", ["AWS_EXECUTION_ENV", "AWS_LAMBDA_RUNTIME_API", "_HANDLER"])
def test_reserved_names_in_files_are_refused_in_lambdas_words(name: str) -> None:
    """A reserved name in the template or a file keeps Lambda's value; a diagnostic quotes Lambda."""
    function = replace(
        RATINGS, environment={name: EnvironmentVariable(value="template", place=TEMPLATE)}
    )
    environment = resolve_environment(
        function,
        shell={name: "shell"},
        env_files=[env_file({name: "parameters"}, Ratings={name: "section"})],
    )
    values = {"template", "shell", "parameters", "section"}
    assert environment.as_dict().get(name) not in values
    [diagnostic] = environment.diagnostics
    assert diagnostic.message.endswith(f"Reserved keys used in this request: {name}")
    assert diagnostic.place == FILE
    assert diagnostic.hint


@pytest.mark.parametrize("source", ["template", "parameters", "section"])
def test_a_reserved_name_in_one_place_is_reported(source: str) -> None:
    """Each place where Lambda would refuse a reserved name is reported alone."""
    declared = {"_HANDLER": EnvironmentVariable(value="x", place=TEMPLATE)}
    files = {
        "parameters": [env_file({"_HANDLER": "x"})],
        "section": [env_file(Ratings={"_HANDLER": "x"})],
    }
    function = replace(RATINGS, environment=declared if source == "template" else {})
    environment = resolve_environment(function, shell=None, env_files=files.get(source, ()))
    [diagnostic] = environment.diagnostics
    assert diagnostic.message.endswith("used in this request: _HANDLER")
    assert diagnostic.place == (TEMPLATE if source == "template" else FILE)
    assert diagnostic.hint == "the template's `Handler` sets it"


def test_a_reserved_name_on_the_command_line_is_wrong_usage() -> None:
    """`--env _HANDLER=…` is refused with Lambda's message and what sets it."""
    with pytest.raises(UsageError, match=r"used in this request: _HANDLER$") as caught:
        resolve_environment(RATINGS, shell=None, command_line={"_HANDLER": "x", "OK": "y"})
    assert caught.value.hint == "the template's `Handler` sets it"


@pytest.mark.parametrize(
    "name",
    [
        *("AWS_REGION", "AWS_DEFAULT_REGION"),
        *("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"),
    ],
)
def test_sections_may_set_region_and_credentials(name: str) -> None:
    """A section and `--env` may set the credentials and the Region, for local AWS emulators."""
    files = [env_file({name: "parameters"}, Ratings={name: "section"})]
    of_section = resolve_environment(RATINGS, shell=None, env_files=files)
    of_option = resolve_environment(
        RATINGS, shell=None, env_files=files, command_line={name: "option"}
    )
    assert (of_section.as_dict()[name], of_option.as_dict()[name]) == ("section", "option")
    assert of_section.diagnostics == of_option.diagnostics == ()


def test_region_and_credentials_are_reserved_elsewhere() -> None:
    """The template and `Parameters` may not set them; a diagnostic names what may."""
    files = [env_file({"AWS_REGION": "parameters"})]
    environment = resolve_environment(RATINGS, shell=None, env_files=files)
    assert environment.as_dict()["AWS_REGION"] == "us-east-1"
    [diagnostic] = environment.diagnostics
    assert diagnostic.hint == (
        "`--region` sets it; `--env AWS_REGION=…` and the env file's section `Ratings` override it"
    )


def test_another_key_does_not_get_the_token_of_the_first() -> None:
    """AWS refuses a key with the session token of another one."""
    mine = Credentials(
        access_key_id="A", secret_access_key="B", session_token="C", origin="profile me"
    )
    keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    environment = resolve_environment(RATINGS, shell=None, credentials=mine, command_line=keys)
    assert "AWS_SESSION_TOKEN" not in environment.variables
    token = {"AWS_SESSION_TOKEN": "D"}
    environment = resolve_environment(
        RATINGS, shell=None, credentials=mine, command_line=keys | token
    )
    assert environment.as_dict()["AWS_SESSION_TOKEN"] == "D"


def test_a_containers_key_does_not_get_the_token_of_another() -> None:
    """Credentials for the container replace all of the others, and their account."""
    mine = Credentials(
        access_key_id="A",
        secret_access_key="B",
        session_token="C",
        account_id="111122223333",
        origin="profile me",
    )
    environment = resolve_environment(
        RATINGS,
        shell=None,
        credentials=mine,
        container_file=env_file({"AWS_ACCESS_KEY_ID": "test"}),
    )
    assert {"AWS_SESSION_TOKEN", "AWS_ACCOUNT_ID"}.isdisjoint(environment.variables)


def test_unreserved_names_of_lambda_can_be_changed() -> None:
    """`TZ` and sam's own variables are defaults, which every source overrides."""
    seen = resolve_environment(
        RATINGS, shell=None, command_line={"TZ": "Asia/Tokyo", "AWS_SAM_LOCAL": "false"}
    ).as_dict()
    assert (seen["TZ"], seen["AWS_SAM_LOCAL"]) == ("Asia/Tokyo", "false")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param("", "x", id="no name"),
        pytest.param("A=B", "x", id="equals sign"),
        pytest.param("A\0B", "x", id="NUL in the name"),
        pytest.param("AB", "x\0y", id="NUL in the value"),
    ],
)
def test_an_invalid_variable_is_skipped(name: str, value: str) -> None:
    """An invalid variable name or value in the template is skipped, with a diagnostic."""
    function = replace(
        RATINGS, environment={name: EnvironmentVariable(value=value, place=TEMPLATE)}
    )
    environment = resolve_environment(function, shell=None)
    assert name not in environment.variables
    assert "not a valid environment variable name or value" in messages(environment.diagnostics)


def test_names_that_lambda_refuses_work_and_are_reported() -> None:
    """A name that Lambda refuses reaches a local function, with a diagnostic."""
    environment = resolve_environment(
        RATINGS, shell=None, command_line={"X": "1", "my-var": "2", "FINE_1": "3"}
    )
    assert environment.as_dict()["my-var"] == "2"
    [diagnostic] = environment.diagnostics
    assert diagnostic.message == "Lambda would refuse the names `X`, `my-var`"


@pytest.mark.parametrize(
    ("length", "is_too_long"),
    [
        pytest.param(4096 - 23, False, id="4096 bytes"),
        pytest.param(4096 - 22, True, id="4097 bytes"),
    ],
)
def test_more_than_4_kb_is_reported(length: int, *, is_too_long: bool) -> None:
    """Variables of more than 4,096 bytes, measured as JSON as in Lambda, cause a diagnostic."""
    function = replace(RATINGS, environment={})
    environment = resolve_environment(
        function, shell=None, command_line={"LONG": "x" * length, "ÜÜ": "é"}
    )
    said = messages(environment.diagnostics)
    assert ("exceeded the 4KB limit" in said, "4,097 bytes" in said) == (is_too_long, is_too_long)


def test_text_that_is_not_unicode_is_measured() -> None:
    """A byte of the shell that is not UTF-8 is one character of the variables' size."""
    environment = resolve_environment(RATINGS, shell={"STAGE": "\udcff" * 5000})
    assert "exceeded the 4KB limit: 5,0" in messages(environment.diagnostics)


def test_lambdas_own_variables_do_not_count() -> None:
    """Variables that Lambda sets, whatever their value, and the container's do not count towards the 4 KB."""
    function = replace(RATINGS, name="x" * 5000, environment={})
    token = {"AWS_SESSION_TOKEN": "x" * 5000}
    container = env_file({"X": "x" * 5000})
    environment = resolve_environment(
        function, shell=None, command_line=token, container_file=container
    )
    assert environment.diagnostics == ()


def test_diagnostics_of_env_files_are_passed_on() -> None:
    """An environment includes the diagnostics of the env files."""
    diagnostic = Diagnostic(message="`A` is given twice: the later value applies", place=FILE)
    file = EnvFile(path=FILE.path, diagnostics=(diagnostic,))
    assert resolve_environment(RATINGS, shell=None, env_files=[file]).diagnostics == (diagnostic,)
    assert resolve_environment(RATINGS, shell=None, container_file=file).diagnostics == (
        diagnostic,
    )


def test_a_value_that_the_template_refers_to_has_its_sources() -> None:
    """The origin of a variable names the parameters that the template's value comes from."""
    stage = EnvironmentVariable(value="prod", place=TEMPLATE, sources=("--parameter-overrides",))
    environment = resolve_environment(replace(RATINGS, environment={"STAGE": stage}), shell=None)
    assert environment.variables["STAGE"].origin.via == ("--parameter-overrides",)


def test_an_environment_does_not_show_values_in_its_repr() -> None:
    """A debug log of an environment, an env file or its variables shows no value."""
    file = env_file({}, Ratings={"DB_PASSWORD": "hunter2"})
    environment = resolve_environment(RATINGS, shell=None, env_files=[file])
    assert "hunter2" not in repr(environment) + repr(file)
    assert environment.as_dict()["DB_PASSWORD"] == "hunter2"
    assert environment.variables["DB_PASSWORD"].secret


def test_sections_of_other_templates_are_reported() -> None:
    """A section that may be misspelt has a suggestion; one diagnostic names all other unknown sections."""
    file = env_file({"A": "1"}, Ratngs={}, Ratings={}, **{"Stack/Ratings": {}}, Zzz={}, Payments={})
    first, second = find_unknown_sections([file], [ENTRY])
    assert str(first.place) == "env.json:3:5"
    assert (
        first.message == "`Ratngs` is not a function of this template: its variables have no effect"
    )
    assert first.hint == "did you mean `Ratings`?"
    assert second.message == (
        "`Zzz`, `Payments` are not functions of this template: variables for them have no effect"
    )
    assert second.hint is None


def test_a_section_that_does_not_apply_is_reported() -> None:
    """A section named after a construct path does not apply, although the path identifies a function."""
    entry = replace(ENTRY, construct_path="Stack/Api/Ratings")
    [diagnostic] = find_unknown_sections([env_file(**{"Stack/Api/Ratings": {}})], [entry])
    assert diagnostic.hint == "did you mean `Stack/Ratings`?"


SERVERLESS = replace(
    RATINGS,
    framework="serverless",
    environment={
        **RATINGS.environment,
        "IS_LOCAL": EnvironmentVariable(value="of the project", place=TEMPLATE),
        "AWS_LAMBDA_FUNCTION_NAME": EnvironmentVariable(value="other", place=TEMPLATE),
    },
)


def test_a_serverless_project_overrides_the_shell() -> None:
    """The shell reaches no function of a Serverless project, not even with values that are missing."""
    environment = resolve_environment(SERVERLESS, shell={"STAGE": "shell", "TABLE": "t", "X": "y"})
    assert environment.as_dict()["STAGE"] == "prod"
    assert {"TABLE", "X"}.isdisjoint(environment.variables)
    assert "shell" not in messages(environment.diagnostics)


def test_a_serverless_function_knows_that_it_is_local() -> None:
    """`IS_LOCAL` overrides the project, and sam's marker is not there."""
    variables = resolve_environment(SERVERLESS, shell={"IS_LOCAL": "shell"}).variables
    assert (variables["IS_LOCAL"].value, variables["SAMLOCAL"].value) == ("true", "true")
    assert str(variables["IS_LOCAL"].origin) == "Serverless"
    assert [str(each) for each in variables["IS_LOCAL"].overridden] == ["template.yaml:14:9"]
    assert "AWS_SAM_LOCAL" not in variables
    assert "IS_LOCAL" not in resolve_environment(RATINGS, shell={}).variables


def test_variables_of_a_serverless_command_override_all() -> None:
    """`--env` sets any name over all others; env files are between it and the project."""
    environment = resolve_environment(
        SERVERLESS,
        shell={},
        env_files=[
            env_file({"STAGE": "file", "NEW": "1"}, Ratings={"TABLE": "file", "AA": "file"})
        ],
        command_line={
            "IS_LOCAL": "",
            "AA": "mine",
            "AWS_LAMBDA_FUNCTION_NAME": "mine",
            "AWS_EXECUTION_ENV": "mine",
        },
    )
    values = environment.as_dict()
    assert {name: values[name] for name in ("STAGE", "TABLE", "AA", "IS_LOCAL")} == {
        "STAGE": "file",
        "TABLE": "file",
        "AA": "mine",
        "IS_LOCAL": "",
    }
    assert values["AWS_LAMBDA_FUNCTION_NAME"] == values["AWS_EXECUTION_ENV"] == "mine"
    assert "NEW" not in values


def test_reserved_names_of_a_serverless_project() -> None:
    """AWS refuses reserved names in the project, so they do not apply; the runtime's own cannot be set at all."""
    environment = resolve_environment(SERVERLESS, shell={})
    assert environment.as_dict()["AWS_LAMBDA_FUNCTION_NAME"] == "prod-ratings"
    assert "AWS_LAMBDA_FUNCTION_NAME" in messages(environment.diagnostics)
    with pytest.raises(UsageError, match="_HANDLER"):
        resolve_environment(SERVERLESS, shell={}, command_line={"_HANDLER": "app.main"})
