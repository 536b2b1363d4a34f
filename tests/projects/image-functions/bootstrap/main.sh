#!/bin/sh
# A runtime in twelve lines, as in AWS's tutorial of custom runtimes.
API="http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation"
while true; do
    HEADERS=$(mktemp)
    EVENT=$(curl -sS -D "$HEADERS" "$API/next")
    ID=$(sed -n 's/^lambda-runtime-aws-request-id: *\([^[:space:]]*\).*$/\1/Ip' "$HEADERS")
    curl -sS -o /dev/null "$API/$ID/response" -d "{\"arguments\": \"$*\", \"directory\": \"$PWD\", \"event\": $EVENT}"
done
