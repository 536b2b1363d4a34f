"""Variables of the sources that need nothing but the machine, and how values are put together."""

from __future__ import annotations

from typing import Final

from tests.differential.service import Parts, Service, call, environment

_SELF_TOP: Final = """\
custom:
  list: [a, b, {c: deep}]
  number: 1.50
  flag: true
  nothing: null
  empty: ''
  zero: 0
  no: false
  map: {A: one, B: 2}
  which: map
  nested: ${self:custom.chain}
  chain: ${self:custom.end}
  end: reached
"""
_WITHOUT_CREDENTIALS: Final = "`${ssm:…, 'text'}`, `${cf:…, 'text'}` without credentials"
_LAZY: Final = "a variable that has no value"


def _env(name: str, lines: str, *arguments: str, **others: str) -> Service:
    """Return a service whose function has these lines in its environment."""
    return Service(
        name=name,
        files=Parts(
            top=others.get("top", _SELF_TOP),
            provider=others.get("provider", ""),
            function=environment(lines),
        ).all_files(),
        arguments=call(*arguments),
    )


def _refused(name: str, lines: str, *arguments: str) -> Service:
    """Return a service that both programs refuse."""
    files = Parts(top=_SELF_TOP, function=environment(lines)).all_files()
    return Service(name=name, files=files, arguments=call(*arguments), ends_both_in_error=True)


SERVICES: Final = (
    _env(
        "self",
        "A: ${self:service}\nB: ${self:custom.list.0}\nC: ${self:custom.list.2.c}\nD: ${self:custom.nested}\n"
        "E: ${self:custom.map.B}\nF: ${self:provider.name}-${self:provider.runtime}\n",
    ),
    _env(
        "self-types",
        "A: ${self:custom.number}\nB: ${self:custom.flag}\nC: ${self:custom.zero}\nD: ${self:custom.no}\n"
        "E: ${self:custom.empty}\nF: x${self:custom.number}\nG: x${self:custom.flag}\n",
    ),
    Service(
        name="self-whole-environment",
        files=Parts(top=_SELF_TOP, function="environment: ${self:custom.map}\n").all_files(),
    ),
    _env(
        "nested-variables",
        "A: ${self:custom.${self:custom.which}.A}\nB: ${self:custom.${opt:none, 'map'}.B}\n"
        "C: ${self:custom.list.${self:custom.zero}}\n",
    ),
    _env(
        "fallbacks",
        'A: ${opt:none, \'text\'}\nB: ${opt:none, "q\\"uote"}\nC: ${opt:none, 1.50}\nD: ${opt:none, true}\n'
        "E: ${opt:none, null}\nF: ${self:custom.nothing, 'was null'}\nG: ${self:custom.empty, 'unused'}\n"
        "H: ${self:custom.zero, 'unused'}\nI: ${self:custom.no, 'unused'}\n"
        "J: ${opt:none, self:custom.missing, env:NONE, self:custom.end}\nK: ${opt:none, 'a}b, c'}\nL: ${opt:none, ''}\n",
    ),
    _env(
        "texts-that-are-not-variables",
        "A: ${AWS::Region}\nB: ${Foo}\nC: ${foo}\nD: '${ self:service }'\nE: '${}'\nF: ${Foo.${self:service}}\n"
        "G: $5.00\nH: a$b\nI: '{self:service}'\nJ: $$\n",
    ),
    _env(
        "escapes",
        "A: \\${self:service}\nB: 'x\\${self:service}y'\nC: '\\\\${self:service}'\nD: \\${Foo}\n",
    ),
    _env(
        "lists-in-texts",
        "A: x${self:custom.short}y\nB: ${self:custom.short.1}${self:custom.short.0}\n",
        top="custom: {short: [x, y]}\n",
    ),
    _env(
        "opt",
        "A: ${opt:stage}\nB: ${opt:region, 'none'}\nC: ${opt:function}\nD: ${opt:data, 'no data'}\nE: ${opt:verbose, 'no'}\n",
        "--stage",
        "prod",
    ),
    _env("opt-short", "A: ${opt:stage}\nB: ${opt:region}\n", "-s", "prod", "-r", "eu-west-1"),
    _env(
        "stage-and-region-of-provider",
        "A: ${sls:stage}\nB: ${aws:region}\nC: ${self:provider.stage}\nD: ${opt:stage, self:provider.stage}\n",
        provider="stage: qa\nregion: eu-central-1\n",
    ),
    _env(
        "stage-from-variables",
        "A: ${sls:stage}\nB: ${self:provider.stage}\n",
        top="custom: {stage: beta}\n",
        provider="stage: ${self:custom.stage}\n",
    ),
    _env(
        "default-stage-and-region",
        "A: ${sls:stage}\nB: ${aws:region}\nC: ${opt:stage, 'not given'}\nD: ${self:provider.stage, 'not written'}\n",
    ),
    Service(
        name="env",
        files=Parts(
            function=environment(
                "A: ${env:FROM_SHELL}\nB: ${env:EMPTY}\nC: ${env:NONE, 'default'}\nD: ${env:NUMBER}\nE: ${env:TRICKY}\n"
            )
        ).all_files(),
        shell={"FROM_SHELL": "s", "EMPTY": "", "NUMBER": "007", "TRICKY": "a=b c\nd"},
        differences={
            f"result.environment.{name}": "variables of the shell and of `.env` files"
            for name in ("FROM_SHELL", "EMPTY", "NUMBER", "TRICKY")
        },
    ),
    _env(
        "params",
        "A: ${param:one}\nB: ${param:two}\nC: ${param:three}\nD: ${param:four}\nE: ${param:five, 'fallback'}\nF: ${param:number}\n",
        "--stage",
        "prod",
        "--param",
        "one=cli",
        "--param=four=x=y",
        top=(
            "params:\n  default: {one: default, two: default, three: default, number: 1.50}\n"
            "  prod: {one: prod, two: prod}\n  dev: {three: dev}\n"
        ),
    ),
    _env(
        "params-with-variables",
        "A: ${param:url}\nB: ${param:list.1, 'none'}\nC: ${param:deep}\n",
        top=(
            "params:\n  default:\n    url: https://${sls:stage}.example.org/${self:service}\n"
            "    deep: ${self:custom.x}\ncustom:\n  x: ${param:y, 'end'}\n"
        ),
    ),
    _env(
        "str-to-bool",
        "A: ${strToBool(true)}\nB: ${strToBool(FALSE)}\nC: ${strToBool(1)}\nD: ${strToBool('0')}\nE: ${strToBool(${self:custom.flag})}\n"
        "F: ${strToBool(${opt:none, 'False'})}\n",
    ),
    _refused("str-to-bool-of-others", "A: ${strToBool(maybe)}\n"),
    _refused("missing-value", "A: ${self:custom.missing}\n"),
    _refused("unknown-source", "A: ${nope:x, 'fallback'}\n"),
    _refused(
        "circular",
        "A: ${self:functions.hello.environment.B}\nB: ${self:functions.hello.environment.A}\n",
    ),
    _refused("object-in-text", "A: x${self:custom.map}\n"),
    _refused("bare-word", "A: ${opt:none, word}\n"),
    _refused("unterminated", "A: ${self:custom.map\n"),
    Service(
        name="aws-without-credentials",
        files=Parts(function=environment("A: ${ssm:/shop/key, 'fallback'}\n")).all_files(),
        differences={"succeeds": _WITHOUT_CREDENTIALS, "result": _WITHOUT_CREDENTIALS},
    ),
    _refused("aws-without-credentials-or-fallback", "A: ${ssm:/shop/key}\n"),
    Service(
        name="missing-value-elsewhere",
        files=Parts(
            top="custom:\n  broken: ${env:NONE}\n", function=environment("A: fine\n")
        ).all_files(),
        differences={"succeeds": _LAZY, "result": _LAZY},
    ),
)
