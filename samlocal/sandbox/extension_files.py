"""Where a sandbox has its external extensions, and what they do not get.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-extensions-api.html
"""

from __future__ import annotations

from typing import Final

EXTENSIONS_FOLDER: Final = "/opt/extensions"
# Lambda starts no extension if this file exists.
EXTENSIONS_SWITCH: Final = "/opt/disable-extensions-jwigqn8j"

# Variables of the runtime that extensions do not get, besides all that begin with `_`:
# https://docs.aws.amazon.com/lambda/latest/dg/runtimes-extensions-api.html#runtimes-extensions-registration-api-a
VARIABLES_OF_RUNTIME: Final = (
    "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_LOG_GROUP_NAME",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_XRAY_CONTEXT_MISSING",
    "AWS_XRAY_DAEMON_ADDRESS",
    "LAMBDA_RUNTIME_DIR",
    "LAMBDA_TASK_ROOT",
)
