"""Groups of options, one file each, and their headings in the help."""

from typing import Final

PROJECT: Final = "Project and account"
FUNCTION: Final = "Function and event"
SERVED: Final = "Functions"
ENDPOINT: Final = "Endpoint"
WARM: Final = "Environments and changes"
KEPT: Final = "Warm environments"
ENVIRONMENT: Final = "Environment"
CODE: Final = "Code and layers"
CONTAINER: Final = "Container"
LIMITS: Final = "Limits and isolation"
DEBUGGING: Final = "Debugging"
OUTPUT: Final = "Output and exit code"
NO_EFFECT: Final = "Options of sam without effect"
NO_EFFECT_OF_SERVERLESS: Final = "Options of Serverless without effect"
GENERAL: Final = "General"
