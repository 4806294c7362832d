"""flash-attn 2, if it is installed."""

from contextlib import suppress
from typing import Any

FLASH: dict[int, Any] = {}  # `flash_attn_func` of each version that is installed
with suppress(ImportError):
    from flash_attn import flash_attn_func as flash_2  # pyright: ignore

    FLASH[2] = flash_2
