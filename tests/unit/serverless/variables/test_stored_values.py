"""Variables whose values are in AWS or in a plugin, from the file of `--resolve-file`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from samlocal.aws_account import Account
from samlocal.cloudformation.intrinsics.dynamic_references import read_given_values
from samlocal.errors import TemplateError, UnavailableValueError, VariableError
from samlocal.serverless.configuration import read_configuration
from samlocal.serverless.variables.context import VariableContext
from samlocal.serverless.variables.variables import Variables

if TYPE_CHECKING:
    from pathlib import Path

GIVEN = """\
ssm:
  /text: '{"a": 1}'
  /number: 007
  /list: [a, 5]
  /object: {user: app, port: 5432}
ssm-secure:
  /secret: '{"a": 1}'
secretsmanager:
  shop/db: {password: p@ss}
cf: {network-dev.Vpc: vpc-1}
s3: {bucket/some/key.txt: content}
aws: {accountId: 012345678901}
variables:
  vault:secret/shop: {token: t, ttl: 1.0}
  git:sha1: abcdef
  ssm(eu-west-1):/text: elsewhere
  self:custom.given: 5
  custom:thing: [1, yes]
"""


def make_variables(
    folder: Path, text: str, *, given: str | None = None, account: Account | None = None
) -> Variables:
    path = folder / "serverless.yml"
    path.write_text(
        f"service: shop\nprovider: {{name: aws, region: eu-north-1}}\ncustom:\n  value: {text}\n"
        "resources: {Outputs: {Topic: {Value: !Ref Topic}}}\n"
    )
    values = folder / "values.yaml"
    values.write_text(given or "{}")
    source = read_given_values(values) if given else None
    return Variables(read_configuration(path), VariableContext(given=source, account=account))


def value_of(variables: Variables) -> object:
    node = variables.at("custom", "value")
    return None if node is None else variables.resolve(node).plain()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("${ssm:/text}", '{"a": 1}'),
        ("${ssm:/text, 'f'}", '{"a": 1}'),
        ("${ssm:/number}", "007"),
        ("${ssm:/list}", ["a", "5"]),
        ("${ssm(raw):/list}", "a,5"),
        ("${ssm:/object}", {"user": "app", "port": 5432}),
        ("${ssm(us-east-1, raw):/object}", '{"user":"app","port":5432}'),
        ("${ssm:/secret}", {"a": 1}),
        ("${ssm(raw):/secret}", '{"a": 1}'),
        ("${ssm:/aws/reference/secretsmanager/shop/db}", {"password": "p@ss"}),
        ("${ssm(eu-west-1):/text}", "elsewhere"),
        ("${aws:ssm:/text}", '{"a": 1}'),
        ("${cf:network-${sls:stage}.Vpc}", "vpc-1"),
        ("${cf(us-west-2):network-dev.Vpc}", "vpc-1"),
        ("${cf:shop-dev.Topic}", {"Ref": "Topic"}),
        ("${s3:bucket/some/key.txt}", "content"),
        ("${aws:accountId}", "012345678901"),
        ("${aws:region}", "eu-north-1"),
        ("${vault:secret/shop}", {"token": "t", "ttl": 1}),
        ("${vault:secret/${self:service}}", {"token": "t", "ttl": 1}),
        ("${git:sha1}", "abcdef"),
        ("${self:custom.given}", 5),
        ("${custom:thing}", [1, "yes"]),
    ],
)
def test_values_of_the_file(tmp_path: Path, text: str, expected: object) -> None:
    """Any variable can be given: by its section, or as it is written under `variables`."""
    assert value_of(make_variables(tmp_path, f'"{text}"', given=GIVEN)) == expected


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        (
            "${ssm(us-east-1):/text}",
            "cannot resolve `ssm(us-east-1):/text`: its value is in AWS",
            (
                'give it in a file with --resolve-file: `ssm: {"/text": VALUE}`; or read it from AWS with '
                "--resolve-remote"
            ),
        ),
        (
            "${cf:network-dev.Vpc}",
            "cannot resolve `cf:network-dev.Vpc`: its value is in AWS",
            (
                'give it in a file with --resolve-file: `cf: {"network-dev.Vpc": VALUE}`; or read it from '
                "AWS with --resolve-remote"
            ),
        ),
        (
            "${s3:bucket/key}",
            "cannot resolve `s3:bucket/key`: its value is in AWS",
            (
                'give it in a file with --resolve-file: `s3: {"bucket/key": VALUE}`; or read it from AWS '
                "with --resolve-remote"
            ),
        ),
        (
            "${vault:secret/x}",
            "cannot resolve `vault:secret/x`: its value is in HashiCorp Vault",
            'give it in a file with --resolve-file: `variables: {"vault:secret/x": VALUE}`',
        ),
        (
            "${output:other.url}",
            (
                "cannot resolve `output:other.url`: the outputs of other services are in Serverless's "
                "account"
            ),
            'give it in a file with --resolve-file: `variables: {"output:other.url": VALUE}`',
        ),
    ],
)
def test_missing_values(tmp_path: Path, text: str, message: str, hint: str) -> None:
    """The error has the line for the file; with a fallback, that applies and is told."""
    with pytest.raises(UnavailableValueError) as caught:
        value_of(make_variables(tmp_path, f'"{text}"'))
    assert (caught.value.message, caught.value.hint) == (message, hint)
    assert str(caught.value.place).endswith("serverless.yml:4:10")
    variables = make_variables(tmp_path, f"\"{text[:-1]}, 'f'}}\"")
    assert value_of(variables) == "f"
    (diagnostic,) = variables.diagnostics
    assert diagnostic.message == f"{message}; its fallback applies"
    assert diagnostic.hint == hint


def test_a_fallback_does_not_hide_another_variables_value(tmp_path: Path) -> None:
    """Only the variable's own source lets its fallback apply, not one that its source refers to."""
    text = "\"${self:custom.other, 'f'}\"\n  other: ${ssm:/x}"
    with pytest.raises(UnavailableValueError, match=r"`ssm:/x`"):
        value_of(make_variables(tmp_path, text))


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("${aws:acountId}", "`acountId` is not a value of `aws`", "did you mean `accountId`?"),
        ("${aws:}", "the address is missing", "write `aws:region`"),
        ("${cf:stack}", "`stack` is not an output", "write `cf:stack.output`"),
        ("${s3:bucket}", "`bucket` is not an object", "write `s3:bucket/key`"),
        ("${ssm:}", "the address is missing", "write `ssm:/path`"),
        ("${git:sha}", "`sha` is not a value of `git`", "did you mean `sha1`?"),
        ("${slef:x}", "unrecognized configuration variable source `slef`", "did you mean `self`?"),
        (
            "${mine:x}",
            "unrecognized configuration variable source `mine`",
            (
                "if a plugin has it, give it in a file with --resolve-file: "
                '`variables: {"mine:x": VALUE}`'
            ),
        ),
    ],
)
def test_mistakes(tmp_path: Path, text: str, message: str, hint: str) -> None:
    """A mistake is an error, whatever the fallback."""
    with pytest.raises(VariableError, match=re.escape(message)) as caught:
        value_of(make_variables(tmp_path, f"\"{text[:-1]}, 'f'}}\""))
    assert caught.value.hint == hint


@pytest.mark.parametrize(
    ("account", "given", "expected"),
    [
        (Account(given="111111111111"), "aws: {accountId: '222222222222'}", "111111111111"),
        (Account(of_credentials="333333333333"), "aws: {accountId: 0222}", "0222"),
        (Account(of_credentials="333333333333"), None, "333333333333"),
        (None, None, "123456789012"),
    ],
)
def test_the_account(
    tmp_path: Path, account: Account | None, given: str | None, expected: str
) -> None:
    """`--account-id` comes before the file, and the file before the credentials; else it is the placeholder."""
    variables = make_variables(tmp_path, "${aws:accountId}", given=given, account=account)
    assert value_of(variables) == expected


def test_unknown_sections(tmp_path: Path) -> None:
    """A section that the file cannot have is an error with its place."""
    path = tmp_path / "values.yaml"
    path.write_text("smm: {}")
    with pytest.raises(TemplateError, match="`smm` is not a section") as caught:
        read_given_values(path)
    assert caught.value.hint == (
        "sections: ssm, ssm-secure, secretsmanager, exports, cf, s3, aws, variables"
    )
