#!/bin/sh
# An extension that writes the zone of its environment.
extension=http://$AWS_LAMBDA_RUNTIME_API/2020-01-01/extension
metadata=http://$AWS_LAMBDA_METADATA_API/2026-01-15/metadata/execution-environment

identifier=$(curl -s -D - -o /dev/null -H "Lambda-Extension-Name: zone.sh" -d '{"events": ["SHUTDOWN"]}' "$extension/register" |
  sed -n 's/^lambda-extension-identifier: *\([^[:space:]]*\).*/\1/Ip')
echo "the zone is $(curl -s -H "Authorization: Bearer $AWS_LAMBDA_METADATA_TOKEN" "$metadata")"
curl -s -o /dev/null -H "Lambda-Extension-Identifier: $identifier" "$extension/event/next"
