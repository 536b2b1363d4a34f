"""Events and contexts, from options, files and the standard input."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.differential.service import Parts, Service

if TYPE_CHECKING:
    from collections.abc import Mapping

_HELLO: Final = ("--function", "hello")
_FALSY: Final = '`0`, `false`, `null` and `""` as event'
_OVERLAID: Final = "`--context`"
_DIGITS: Final = "numbers in events"
_FILES: Final = {
    "event.json": '{"from": "json", "list": [1, {"a": null}]}\n',
    "event.yml": "from: yaml\nlist: [1, two, 0x10]\nwhen: 12:30\n",
    "event.js": "module.exports = { from: 'js', sum: 1 + 1 };\n",
    "event.txt": '{"from": "txt"}',
    "plain.txt": "plain text\n",
    "cycle.json": '{"a": {"b": 1}, "c": {"$ref": "$[\\"a\\"]"}}\n',
    "broken.json": '{"a": ',
    "context.json": '{"tier": "from file"}\n',
}
_CONTEXT: Final = """\
def look(event, context):
    return {"event": event, "tier": getattr(context, "tier", None), "more": getattr(context, "more", None)}
"""
_REMAINING: Final = """\
def look(event, context):
    return {"long": context.get_remaining_time_in_millis() > 60_000}
"""


def _event(
    name: str,
    *arguments: str,
    language: str = "python",
    stdin: str = "",
    differences: Mapping[str, str] | None = None,
) -> Service:
    return Service(
        name=f"event-{name}",
        files=Parts(language=language, files=_FILES).all_files(),
        arguments=(*_HELLO, *arguments),
        stdin=stdin,
        differences=differences or {},
    )


def _context(
    name: str, *arguments: str, code: str = _CONTEXT, differences: Mapping[str, str] | None = None
) -> Service:
    return Service(
        name=f"context-{name}",
        files=Parts(files={**_FILES, "handler.py": code}).all_files(),
        arguments=(*_HELLO, *arguments),
        differences=differences or {},
    )


def _broken(name: str, *arguments: str) -> Service:
    files = Parts(files=_FILES).all_files()
    return Service(name=name, files=files, arguments=(*_HELLO, *arguments), ends_both_in_error=True)


SERVICES: Final = (
    _event("json", "--data", '{"a": [1, "x", null, true, {"ü": "é"}]}'),
    _event("list", "-d", "[1, 2]", language="node"),
    _event("text", "--data", "hello world"),
    _event("text-like-json", "--data", "{a: 1}", language="node"),
    _event("number", "-d", "7"),
    _event("negative-number", "-d", "-5", language="node"),
    _event("raw", "--data", '{"a": 1}', "--raw"),
    _event("quoted-text", "--data", '"quoted"'),
    _event("false", "--data", "false", differences={"result.event": _FALSY}),
    _event("zero", "--data", "0", differences={"result.event": _FALSY}),
    _event(
        "large-number", "--data", "[12345678901234567890]", differences={"result.event": _DIGITS}
    ),
    _event("none-python"),
    _event("none-node", language="node", differences={"result.event": "no event"}),
    _event("path-json", "--path", "event.json"),
    _event("path-json-raw", "--path", "event.json", "--raw"),
    _event("path-yaml", "-p", "event.yml"),
    _event("path-js", "-p", "event.js", language="node"),
    _event("path-text-that-is-json", "-p", "event.txt"),
    _event("path-text", "-p", "plain.txt"),
    _event(
        "path-cycle",
        "-p",
        "cycle.json",
        differences={"result.event": '`{"$ref": …}` in a file with an event'},
    ),
    _event("stdin", stdin='{"from": "stdin"}\n'),
    _event("stdin-text", stdin="  spaces around  \n", language="node"),
    _event("data-over-stdin", "--data", '{"from": "data"}', stdin='{"from": "stdin"}'),
    _event("path-over-stdin", "--path", "event.json", stdin='{"from": "stdin"}'),
    _event(
        "path-and-data",
        *("--data", '{"from": "data"}', "--path", "event.json"),
        differences={"result.event": "`--path` and `--data`"},
    ),
    _broken("path-missing", "--path", "nowhere.json"),
    _broken("path-broken", "--path", "broken.json"),
    _broken("data-without-value", "--data"),
    _broken("unknown-option", "--dataa", "{}"),
    _context(
        "members",
        *("--data", "{}", "--context", '{"tier": "given", "more": [1]}'),
        differences={"result.tier": _OVERLAID, "result.more": _OVERLAID},
    ),
    _context(
        "path",
        "--data",
        "{}",
        "--contextPath",
        "context.json",
        differences={"result.tier": _OVERLAID},
    ),
    _context(
        "path-over-text",
        "--data",
        "{}",
        "--context",
        '{"tier": "text"}',
        "-x",
        "context.json",
        differences={"result.tier": _OVERLAID},
    ),
    _context("timeout", "--data", "{}", "--context", '{"timeout": 120}', code=_REMAINING),
)
