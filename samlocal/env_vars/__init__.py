"""The environment variables that a function sees; `resolver` says by which rules."""
