"""flash-attn 3 and 4, if they are installed."""

from contextlib import suppress

from templates.leaf.flash_import import FLASH

with suppress(ImportError):
    from flash_attn_interface import flash_attn_func as flash_3  # pyright: ignore

    FLASH[3] = flash_3
with suppress(ImportError):
    from flash_attn.cute import flash_attn_func as flash_4  # pyright: ignore

    FLASH[4] = flash_4
