"""The lists of types in `docs/huggingface.md`, made from the table of families.

`python -m vslmc.hf.reference docs/huggingface.md` renews the part between the markers; a test
compares.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from vslmc.hf.families import FAMILIES, LACKING, MODULES

BEGIN = "<!-- types: made by python -m vslmc.hf.reference -->"
END = "<!-- end of the types -->"


def make_lists() -> str:
    """What can be imported, by the modules of the table; what cannot, by what it needs."""
    return "\n".join(_lines())


def _lines() -> Iterator[str]:
    yield f"### {len(FAMILIES)} types that can be imported"
    yield ""
    for module in MODULES:
        title = (module.__doc__ or "").split("\n")[0].rstrip(".")
        yield f"* {title}: {_names(family.type for family in module.TABLE)}"
    count = sum(map(len, LACKING.values()))
    yield from ("", f"### {count} types that cannot, by what they need", "")
    for feature, names in LACKING.items():
        yield f"* {feature}: {_names(names)}"


def _names(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def renew(text: str) -> str:
    """A document with the part between the markers made anew."""
    head, rest = text.split(BEGIN)
    _, tail = rest.split(END)
    return f"{head}{BEGIN}\n\n{make_lists()}\n\n{END}{tail}"


if __name__ == "__main__":
    for argument in sys.argv[1:]:
        path = Path(argument)
        path.write_text(renew(path.read_text("utf-8")), "utf-8")
