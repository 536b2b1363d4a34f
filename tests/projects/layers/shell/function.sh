handler() {
  printf '"%s runs %s"' "$0" "$_HANDLER"
}
