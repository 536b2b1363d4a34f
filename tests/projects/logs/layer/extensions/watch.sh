#!/bin/sh
# Writes a line, in pieces, about each event.
api="http://$AWS_LAMBDA_RUNTIME_API/2020-01-01/extension"
id=$(curl -s -D - -o /dev/null -H 'Lambda-Extension-Name: watch.sh' -d '{"events":["INVOKE","SHUTDOWN"]}' "$api/register" |
  sed -n 's/^Lambda-Extension-Identifier: *\([^[:space:]]*\).*/\1/ip')
echo registered
while :; do
  event=$(curl -s -H "Lambda-Extension-Identifier: $id" "$api/event/next")
  printf 'got '
  printf '%s\n' "$event" | sed 's/.*"eventType": *"\([A-Z]*\)".*/\1/'
  case $event in *SHUTDOWN*) printf bye; exit ;; esac
done
