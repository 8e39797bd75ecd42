"""Fields of OpenAI's protocol without which a request can be sent: some hosts refuse them.

They are younger than the route, or models that think do without them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

SPARE: Final[Mapping[str, str]] = {
    "prompt_cache_key": "",
    "stream_options": "",
    "prediction": "",
    "response_format": "",
    "seed": "",
    "skip_special_tokens": "",
    "top_p": "",
    "temperature": "",
    "stop": "",
    "max_tokens": "max_completion_tokens",
}
"""Each with the field that a host then takes in its place, if any."""


def refused(said: str) -> frozenset[str]:
    """Those that a host names as it refuses a request; one that has another in its place, if it says so."""
    return frozenset(name for name, instead in SPARE.items() if re.search(_sign(name, instead), said))


def _sign(name: str, instead: str) -> str:
    return rf"\b{name}\b.*\b{instead}\W+instead" if instead else rf"\b{name}\b"
