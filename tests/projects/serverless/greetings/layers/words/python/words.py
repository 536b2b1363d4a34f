"""Words."""

GREETING = "Good day"
