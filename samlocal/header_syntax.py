"""What HTTP allows in headers: https://www.rfc-editor.org/rfc/rfc9110.html#section-5."""

from __future__ import annotations

import re
from typing import Final

# https://www.rfc-editor.org/rfc/rfc9110.html#section-5.6.2
HEADER_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
NOT_IN_HEADER_VALUES: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
