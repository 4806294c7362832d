"""vslmc: a compiler for (very small) language models."""

__version__ = "0.1.0"
