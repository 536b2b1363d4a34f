"""Where handlers are, what a function is called, and how it fails."""

from __future__ import annotations

from typing import Final

from tests.differential.service import NODE_LOOK, PYTHON_LOOK, Parts, Service, call

_LAYERS: Final = "layers"
_FALSY: Final = "`undefined`, `null`, `0`, `false` and `''` from Node.js"
_ESM: Final = "`.mjs`, top-level `await`, nested exports"
_PYTHON_CONTEXT: Final = """\
def look(event, context):
    return {"name": context.function_name, "event": event}
"""
_NODE_CONTEXT: Final = """\
exports.look = async (event, context) => ({ name: context.functionName, event });
"""
_LOCAL_MODULE: Final = """\
import os
from shared.texts import GREETING

def look(event, context):
    return {"greeting": GREETING, "event": event, "environment": dict(os.environ)}
"""


def _node(
    name: str, code: str, *arguments: str, file: str = "handler.js", **others: str
) -> Service:
    handler = others.get("handler", "handler.look")
    text = f"service: shop\nprovider: {{name: aws, runtime: nodejs20.x}}\nfunctions:\n  hello: {{handler: {handler}}}\n"
    files = {"serverless.yml": text, file: code}
    if package := others.get("package"):
        files["package.json"] = package
    return Service(name=name, files=files, arguments=call(*arguments))


def _python(name: str, code: str, *arguments: str) -> Service:
    return Service(
        name=name, files=Parts(files={"handler.py": code}).all_files(), arguments=call(*arguments)
    )


SERVICES: Final = (
    Service(
        name="python-in-folders",
        files={
            "serverless.yml": (
                "service: shop\nprovider: {name: aws, runtime: python3.11}\nfunctions:\n"
                "  hello: {handler: src/orders/app.look}\n"
            ),
            "src/orders/app.py": PYTHON_LOOK,
        },
    ),
    Service(
        name="python-local-package",
        files=Parts(
            files={"handler.py": _LOCAL_MODULE, "shared/texts.py": "GREETING = 'hallo'\n"}
        ).all_files(),
    ),
    _python("python-context", _PYTHON_CONTEXT, "--data", "{}"),
    _python(
        "python-raises",
        "def look(event, context):\n    raise ValueError(f\"bad {event['a']}\")\n",
        "--data",
        '{"a": 1}',
    ),
    _python(
        "python-unicode",
        "def look(event, context):\n    return {'t': 'ünï 🎉', 'n': None, 'l': [1, 1.5]}\n",
    ),
    _python("python-text-result", "def look(event, context):\n    return 'a \"text\"'\n"),
    _python("python-number-result", "def look(event, context):\n    return 42\n"),
    _python(
        "python-prints", "def look(event, context):\n    print('a log line')\n    return {'a': 1}\n"
    ),
    _python("python-none-result", "def look(event, context):\n    return None\n"),
    Service(
        name="python-missing-module",
        files=Parts(files={"handler.py": "import no_such_module\n"}).all_files(),
        differences={
            "error.errorType": "errors in Python, and errors that are thrown at once in Node.js",
            "error.errorMessage": "errors in Python, and errors that are thrown at once in Node.js",
        },
    ),
    _node("node-in-folders", NODE_LOOK, file="src/api/items.js", handler="src/api/items.look"),
    _node("node-context", _NODE_CONTEXT, "--data", "{}"),
    _node(
        "node-callback",
        "module.exports.look = (event, context, callback) => {\n"
        "  setTimeout(() => callback(null, { event }), 5);\n};\n",
        "--data",
        "[1]",
    ),
    _node(
        "node-esm",
        "export const look = async (event) => ({ event });\n",
        "--data",
        "1",
        package='{"type": "module"}',
    ),
    _node(
        "node-cjs",
        "exports.look = async () => ({ cjs: true });\n",
        file="handler.cjs",
        package='{"type": "module"}',
    ),
    _node(
        "node-throws",
        "class Broken extends Error { constructor(m) { super(m); this.name = 'Broken'; } }\n"
        "exports.look = async () => { throw new Broken('it broke'); };\n",
    ),
    _node(
        "node-rejects-callback", "exports.look = (e, c, done) => done(new TypeError('typed'));\n"
    ),
    _node(
        "node-console",
        "exports.look = async () => { console.log('a'); console.error('b'); return { a: 1 }; };\n",
    ),
    Service(
        name="node-null-result",
        files=Parts(
            language="node", files={"handler.js": "exports.look = async () => null;\n"}
        ).all_files(),
        differences={"result": _FALSY},
    ),
    Service(
        name="node-zero-result",
        files=Parts(
            language="node", files={"handler.js": "exports.look = async () => 0;\n"}
        ).all_files(),
        differences={"result": _FALSY},
    ),
    Service(
        name="node-json-body",
        files=Parts(
            language="node",
            files={
                "handler.js": (
                    "exports.look = async () => ({ statusCode: 200, headers: { 'Content-Type': 'application/json' },\n"
                    "  body: JSON.stringify({ ok: true }) });\n"
                )
            },
        ).all_files(),
        differences={"result.body": "a JSON `body` beside `Content-Type: application/json`"},
    ),
    _node(
        "node-json-body-lower-case",
        "exports.look = async () => ({ headers: { 'content-type': 'application/json' }, body: '{\"a\":1}' });\n",
    ),
    Service(
        name="node-top-level-await",
        files={
            "serverless.yml": Parts(language="node").all_files()["serverless.yml"],
            "handler.mjs": "const a = await 1;\nexport const look = async () => ({ a });\n",
        },
        differences={"succeeds": _ESM, "result": _ESM},
    ),
    Service(
        name="node-nested-export",
        files={
            "serverless.yml": (
                "service: shop\nprovider: {name: aws, runtime: nodejs20.x}\nfunctions:\n"
                "  hello: {handler: items.api.get}\n"
            ),
            "items.js": "exports.api = { get: async () => ({ nested: true }) };\n",
        },
        differences={
            "succeeds": _ESM,
            "result": _ESM,
        },
    ),
    Service(
        name="functions-as-list",
        files={
            "serverless.yml": (
                "service: shop\nprovider: {name: aws, runtime: python3.11}\nfunctions:\n"
                "  - hello: {handler: none.none, environment: {A: '1', B: '1'}}\n    none: null\n"
                "  - hello: {handler: handler.look, environment: {B: '2'}}\n"
            ),
            "handler.py": PYTHON_LOOK,
        },
    ),
    Service(
        name="function-names",
        files={
            "serverless.yml": (
                "service: my-shop\nprovider: {name: aws, runtime: python3.11}\nfunctions:\n"
                "  get_Items-v2: {handler: handler.look}\n"
            ),
            "handler.py": PYTHON_LOOK,
        },
        arguments=("-f", "get_Items-v2", "-s", "prod"),
    ),
    Service(
        name="function-unknown",
        files=Parts().all_files(),
        arguments=("-f", "hallo"),
        ends_both_in_error=True,
    ),
    Service(
        name="function-not-named", files=Parts().all_files(), arguments=(), ends_both_in_error=True
    ),
    Service(
        name="handler-missing",
        files={k: v for k, v in Parts().all_files().items() if k != "handler.py"},
        ends_both_in_error=True,
    ),
    Service(
        name="provider-of-others",
        files={
            **Parts().all_files(),
            "serverless.yml": Parts()
            .all_files()["serverless.yml"]
            .replace("name: aws", "name: google"),
        },
        ends_both_in_error=True,
    ),
    Service(
        name="service-without-name",
        files={
            **Parts().all_files(),
            "serverless.yml": Parts().all_files()["serverless.yml"].replace("service: shop\n", ""),
        },
        ends_both_in_error=True,
    ),
    Service(name="framework-version", files=Parts(top="frameworkVersion: '3'\n").all_files()),
    Service(
        name="plugin-missing",
        files=Parts(top="plugins: [serverless-no-such-plugin]\n").all_files(),
        differences={
            "succeeds": "a plugin that is not installed",
            "result": "a plugin that is not installed",
        },
    ),
    Service(
        name="layers",
        files=Parts(
            top="layers:\n  shared: {path: layer}\n",
            function="layers: [{Ref: SharedLambdaLayer}]\n",
            files={
                "handler.py": "import in_layer\n\ndef look(event, context):\n    return in_layer.NAME\n",
                "layer/python/in_layer.py": "NAME = 'layer'\n",
            },
        ).all_files(),
        differences={"succeeds": _LAYERS, "result": _LAYERS, "error": _LAYERS},
    ),
    Service(
        name="everything-that-shapes-nothing-here",
        files=Parts(
            provider="logRetentionInDays: 7\ntags: {a: b}\niam: {role: {statements: []}}\ntracing: {lambda: true}\n",
            function=(
                "description: says hello\ntags: {c: d}\nreservedConcurrency: 2\nevents:\n"
                "  - httpApi: 'GET /hello'\n  - schedule: rate(1 hour)\npackage: {patterns: ['!docs/**']}\n"
            ),
        ).all_files(),
    ),
)
