"""YAML and JSON files as data whose every value has its line and column."""
