handler() {
  echo "Answering $1" >&2
  printf '{"greeting": "%s", "event": %s, "function": "%s"}' "$GREETING" "$1" "$AWS_LAMBDA_FUNCTION_NAME"
}
