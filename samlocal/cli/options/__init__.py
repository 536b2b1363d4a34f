"""Options in groups: one file a group."""
