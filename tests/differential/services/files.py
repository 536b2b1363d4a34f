"""Variables whose values are in files, and those of `.env` files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.differential.service import Parts, Service, call, environment

if TYPE_CHECKING:
    from collections.abc import Mapping

_DOTENV_SEEN: Final = "variables of the shell and of `.env` files"
_SCRIPT: Final = """\
module.exports = async ({ options, resolveVariable, resolveConfigurationProperty }) => ({
  stage: options.stage, fromVariable: await resolveVariable("sls:stage"),
  service: await resolveConfigurationProperty(["service"]), number: 3,
});
module.exports.late = () => Promise.resolve("late");
"""
_DOTENV: Final = """\
# a comment
PLAIN=value
export EXPORTED=yes
SPACES =  around  # comment
SINGLE='kept # $PLAIN'
DOUBLE="line\\nbreak ${PLAIN}"
EMPTY=
UNSET_BEFORE=$PLAIN-more
MULTI="one
two"
"""
_DOTENV_NAMES: Final = (
    *("PLAIN", "EXPORTED", "SPACES", "SINGLE", "DOUBLE", "EMPTY", "UNSET_BEFORE", "MULTI"),
)


def _files(name: str, lines: str, files: Mapping[str, str], *arguments: str) -> Service:
    parts = Parts(function=environment(lines), files=files)
    return Service(name=name, files=parts.all_files(), arguments=call(*arguments))


def _dotenv(
    name: str,
    lines: str,
    files: Mapping[str, str],
    *arguments: str,
    passed_on: tuple[str, ...] = (),
    shell: Mapping[str, str] | None = None,
    provider: str = "",
) -> Service:
    parts = Parts(
        top="useDotenv: true\n", provider=provider, function=environment(lines), files=files
    )
    return Service(
        name=name,
        files=parts.all_files(),
        arguments=call(*arguments),
        shell=shell or {},
        differences={f"result.environment.{each}": _DOTENV_SEEN for each in passed_on},
    )


SERVICES: Final = (
    _files(
        "file-yaml",
        "A: ${file(config/values.yml):a.b}\nB: ${file(./config/values.yml):list.1}\nC: ${file(config/values.yml):${sls:stage}.x}\n"
        "D: ${file(config/values.${sls:stage}.yml):name}\nE: ${file(config/values.yml):number}\n",
        {
            "config/values.yml": "a: {b: deep}\nlist: [x, y]\ndev: {x: of dev}\nnumber: 0x10\n",
            "config/values.dev.yml": "name: ${self:service}-${opt:stage, 'none'}\n",
        },
    ),
    _files(
        "file-json",
        "A: ${file(values.json):a.0.b}\nB: ${file(state.tfstate):outputs.url.value}\n",
        {
            "values.json": '{"a": [{"b": 1.0}]}',
            "state.tfstate": '{"outputs": {"url": {"value": "https://x"}}}',
        },
    ),
    _files(
        "file-text",
        "A: ${file(text.txt)}\nB: x${file(text.txt)}y\nC: ${file(secret.pem)}\n",
        {"text.txt": "a line\n", "secret.pem": "one\ntwo"},
    ),
    _files(
        "file-js",
        "A: ${file(values.js):stage}\nB: ${file(values.js):fromVariable}\nC: ${file(values.js):service}\nD: ${file(values.js):number}\n",
        {"values.js": _SCRIPT},
        "--stage",
        "qa",
    ),
    _files(
        "file-js-object",
        "A: ${file(values.js):name}\nB: ${file(values.js):late}\nC: ${file(values.cjs)}\n",
        {
            "values.js": "module.exports = { name: 'n', late: async () => 'called' };\n",
            "values.cjs": "module.exports = Promise.resolve('promised');\n",
        },
    ),
    _files(
        "file-missing",
        "A: ${file(nowhere.yml), 'fallback'}\nB: ${file(here.yml):none.such, 'key'}\nC: ${file(~/x.yml), 'home'}\n",
        {"here.yml": "a: 1\n"},
    ),
    _files(
        "file-outside-and-quoted",
        "A: ${file('config/a b.yml'):x}\nB: ${file(config/../config/c.yml):x}\n",
        {"config/a b.yml": "x: spaces\n", "config/c.yml": "x: dots\n"},
    ),
    Service(
        name="file-broken",
        files=Parts(
            function=environment("A: ${file(broken.yml), 'fallback'}\n"),
            files={"broken.yml": "a: [1\n"},
        ).all_files(),
        ends_both_in_error=True,
    ),
    Service(
        name="file-js-throws",
        files=Parts(
            function=environment("A: ${file(values.js):a}\n"),
            files={"values.js": "module.exports = () => { throw new Error('no vault'); };\n"},
        ).all_files(),
        ends_both_in_error=True,
    ),
    Service(
        name="file-whole-functions",
        files={
            "serverless.yml": (
                "service: shop\nprovider: ${file(provider.yml)}\nfunctions:\n"
                "  - ${file(functions/hello.yml)}\n  - ${file(functions/more.yml)}\n"
            ),
            "provider.yml": "name: aws\nruntime: python3.11\nenvironment: {P: '${self:service}'}\n",
            "functions/hello.yml": "hello:\n  handler: handler.look\n  environment: {A: '1'}\n",
            "functions/more.yml": "hello:\n  environment: {B: '2'}\nother:\n  handler: handler.other\n",
            "handler.py": Parts().all_files()["handler.py"],
        },
    ),
    _dotenv(
        "dotenv",
        "A: ${env:PLAIN}\nB: ${env:EXPORTED}\nC: ${env:SPACES}\nD: ${env:SINGLE}\nE: ${env:DOUBLE}\nF: ${env:EMPTY}\n"
        "G: ${env:UNSET_BEFORE}\nH: ${env:MULTI}\n",
        {".env": _DOTENV},
        passed_on=_DOTENV_NAMES,
    ),
    _dotenv(
        "dotenv-of-stage",
        "A: ${env:WHICH}\nB: ${env:ONLY_DEFAULT, 'not read'}\n",
        {".env": "WHICH=default\nONLY_DEFAULT=1\n", ".env.prod": "WHICH=prod\n"},
        "--stage",
        "prod",
        passed_on=("WHICH",),
    ),
    _dotenv(
        "dotenv-of-provider-stage",
        "A: ${env:WHICH}\n",
        {".env": "WHICH=default\n", ".env.qa": "WHICH=qa\n"},
        provider="stage: qa\n",
        passed_on=("WHICH",),
    ),
    _dotenv(
        "dotenv-and-shell",
        "A: ${env:WHICH}\nB: ${env:EXPANDED}\n",
        {".env": "WHICH=file\nEXPANDED=${WHICH}!\n"},
        shell={"WHICH": "shell"},
        passed_on=("WHICH", "EXPANDED"),
    ),
    Service(
        name="dotenv-not-used",
        files=Parts(
            function=environment("A: ${env:WHICH, 'not read'}\n"), files={".env": "WHICH=file\n"}
        ).all_files(),
    ),
)
