"""Options in groups, a file a group, and the headings under which the help shows them."""

from typing import Final

PROJECT: Final = "Project and account"
FUNCTION: Final = "Function and event"
ENVIRONMENT: Final = "Environment"
CODE: Final = "Code and layers"
CONTAINER: Final = "Container"
LIMITS: Final = "Limits and isolation"
DEBUGGING: Final = "Debugging"
OUTPUT: Final = "Output and exit code"
NO_EFFECT: Final = "Options of sam without effect"
GENERAL: Final = "General"
