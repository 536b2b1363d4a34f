"""The environment variables of a function; `resolver` has the precedence rules."""
