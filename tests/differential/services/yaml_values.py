"""How the values of YAML 1.2 arrive in the environment."""

from __future__ import annotations

from typing import Final

from tests.differential.service import Parts, Service, environment

_TABLES: Final = {
    "booleans": "A: yes\nB: no\nC: on\nD: off\nE: y\nF: TRUE\nG: false\nH: True\nI: 'true'\n",
    "integers": (
        "A: 0123\nB: 089\nC: 012345678901\nD: 0o17\nE: 0x1F\nF: 0b101\nG: 1_000\nH: +7\nI: -0\n"
        "J: 9007199254740991\nK: '0123'\n"
    ),
    "large-integers": "A: 12345678901234567890\nB: 9007199254740993\nC: 1e21\nD: 100000000000000000000\n",
    "floats": (
        "A: 1.0\nB: 1.10\nC: 1e3\nD: 1.5e+3\nE: .5\nF: 0.0000001\nG: 3.14\nH: -2.50\nI: 1e-7\n"
    ),
    "not-numbers": "A: .inf\nB: -.INF\nC: .nan\nD: 1.2.3\nE: 12e03x\nF: 1e400\n",
    "times": "A: 12:30:45\nB: 22:22\nC: 190:20:30\n",
    "dates": "A: 2024-05-01\nB: 2024-05-01T10:00:00Z\nC: 2024-05-01 10:00:00 +02:00\nD: '2024-05-01'\n",
    "nulls": "A: ~\nB: null\nC:\nD: ''\nE: Null\nF: 'null'\nG: none\n",
    "quotes": (
        "A: '  two  '\nB: \"a\\tb\\u00e9\\n\"\nC: it's\nD: 'it''s'\nE: \"{\\\"a\\\": 1}\"\n"
        "F: ünïcode 🎉\nG: a#b\nH: a # b\nI: 'a: b'\n"
    ),
    "blocks": "A: |\n  one\n  two\nB: >-\n  one\n  two\nC: |+\n  keep\n\nD: plain\n  goes on\n",
}

_ANCHORS: Final = Parts(
    top=(
        "custom:\n  base: &base\n    A: one\n    B: two\n  more: &more {C: three, B: more}\n"
        "  text: &text shared\n"
    ),
    function="environment:\n  <<: [*base, *more]\n  A: own\n  D: *text\n",
)

SERVICES: Final = (
    *(
        Service(
            name=f"yaml-{name}",
            files=Parts(
                language=("python", "node")[number % 2], function=environment(lines)
            ).all_files(),
        )
        for number, (name, lines) in enumerate(_TABLES.items())
    ),
    Service(name="yaml-anchors-and-merges", files=_ANCHORS.all_files()),
    Service(
        name="yaml-keys-that-are-not-texts",
        files=Parts(
            top="custom: {1: one, true: yes, 2.5: half}\n",
            function=environment("A: ${self:custom.1}\nB: ${self:custom.true}\n"),
        ).all_files(),
    ),
    Service(
        name="yaml-duplicate-keys",
        files=Parts(function=environment("A: 1\nA: 2\n")).all_files(),
        ends_both_in_error=True,
    ),
    Service(
        name="yaml-tabs",
        files=Parts(function="environment:\n\tA: 1\n").all_files(),
        ends_both_in_error=True,
    ),
    Service(
        name="yaml-unknown-tag",
        files=Parts(function=environment("A: !Nope x\n")).all_files(),
        ends_both_in_error=True,
    ),
)
