"""The formats of a configuration, and which of several files is read."""

from __future__ import annotations

import json
from typing import Final

from tests.differential.service import NODE_LOOK, PYTHON_LOOK, Parts, Service, call

_CONFIGURATION: Final = {
    "service": "shop",
    "provider": {"name": "aws", "runtime": "nodejs20.x", "stage": "qa"},
    "functions": {
        "hello": {
            "handler": "handler.look",
            "environment": {"STAGE": "${sls:stage}", "NUMBER": 1.5, "FLAG": False, "TEXT": "0123"},
        }
    },
}
_JSON: Final = json.dumps(_CONFIGURATION, indent=2)
_LOOK: Final = {"handler.js": NODE_LOOK}
_TYPESCRIPT: Final = f"""\
// @ts-nocheck
interface Service {{ service: string; provider: object; functions: Record<string, object> }}
const service: Service = {_JSON};
module.exports = service;
"""
_TSCONFIG: Final = '{"compilerOptions": {"module": "commonjs", "moduleResolution": "node10"}}'
_COMPUTED: Final = """\
const names = ["A", "B"];
module.exports = {
  service: "shop",
  provider: { name: "aws", runtime: "nodejs20.x" },
  functions: {
    hello: {
      handler: "handler.look",
      environment: {
        ...Object.fromEntries(names.map((name, index) => [name, index])),
        WHEN: new Date(0), NOTHING: undefined, NULL: null, HOME_SET: String("SHELL_ONLY" in process.env),
        FOLDER_FILE: require("./settings.json").value,
      },
    },
  },
};
"""
_ESM: Final = {"package.json": '{"type": "module"}\n'}

SERVICES: Final = (
    Service(name="format-json", files={"serverless.json": _JSON, **_LOOK}),
    Service(
        name="format-yaml",
        files={
            "serverless.yaml": Parts().all_files()["serverless.yml"],
            "handler.py": PYTHON_LOOK,
        },
    ),
    Service(name="format-js", files={"serverless.js": f"module.exports = {_JSON};\n", **_LOOK}),
    Service(
        name="format-js-computed",
        files={"serverless.js": _COMPUTED, "settings.json": '{"value": "set"}', **_LOOK},
    ),
    Service(
        name="format-js-promise",
        files={"serverless.js": f"module.exports = Promise.resolve({_JSON});\n", **_LOOK},
    ),
    Service(name="format-cjs", files={"serverless.cjs": f"module.exports = {_JSON};\n", **_LOOK}),
    Service(name="format-mjs", files={"serverless.mjs": f"export default {_JSON};\n", **_LOOK}),
    Service(
        name="format-ts",
        files={"serverless.ts": _TYPESCRIPT, "tsconfig.json": _TSCONFIG, **_LOOK},
    ),
    Service(
        name="format-precedence",
        files={
            **Parts(language="node", function="environment: {FROM: yml}\n").all_files(),
            "serverless.json": _JSON,
            "serverless.js": "throw new Error('not read');\n",
        },
    ),
    Service(
        name="format-config-option",
        files={
            "other.yml": Parts(function="environment: {FROM: other}\n").all_files()[
                "serverless.yml"
            ],
            "serverless.yml": "service: [broken\n",
            "handler.py": PYTHON_LOOK,
        },
        arguments=call("--config", "other.yml"),
    ),
    Service(
        name="format-js-throws",
        files={"serverless.js": "throw new Error('no such secret');\n", **_LOOK},
        ends_both_in_error=True,
    ),
    Service(
        name="format-js-text",
        files={"serverless.js": "module.exports = 'text';\n", **_LOOK},
        ends_both_in_error=True,
    ),
    Service(
        name="format-list",
        files={"serverless.yml": "- service: shop\n", **_LOOK},
        ends_both_in_error=True,
    ),
    Service(name="format-empty", files={"serverless.yml": "", **_LOOK}, ends_both_in_error=True),
)
