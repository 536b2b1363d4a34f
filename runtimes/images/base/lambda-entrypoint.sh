#!/bin/sh
# Starts the image's runtime for the handler that is its one argument.
if [ $# -ne 1 ]; then
  echo "$0: the handler is missing, the one argument" >&2
  exit 142
fi
if [ -z "$AWS_LAMBDA_RUNTIME_API" ]; then
  echo "$0: AWS_LAMBDA_RUNTIME_API is not set, and this stand-in for an official image holds no emulator" >&2
  exit 1
fi
export _HANDLER="$1"
exec "$LAMBDA_RUNTIME_DIR/bootstrap"
