"""The template engine: one environment, views in, text out, and leaf modules read."""

from __future__ import annotations

import re
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed import DataclassInstance
    from jinja2 import Environment

_PACKAGE = Path(__file__).resolve().parents[1]
# A docstring of one line, then imports of one line each.
_HEADER = re.compile(r'""".*"""\n(?:\n|(?:import|from) .*\n)*')


def template_folder() -> Path:
    """`templates/` of the checkout, or the copy that the installed package carries."""
    checkout = _PACKAGE.parent
    if (checkout / "pyproject.toml").is_file() and (checkout / "templates").is_dir():
        return checkout / "templates"
    return _PACKAGE / "_templates"


def render(template_name: str, view: DataclassInstance) -> str:
    """The text of a template filled with the fields of `view`.

    `template_name` is relative to the template folder, such as `model/model.py.jinja`.
    A name that the view lacks, or one that is None, raises.
    """
    values = {field.name: getattr(view, field.name) for field in fields(view)}
    return _environment().get_template(template_name).render(values)


@cache
def read_leaf(name: str) -> str:
    """The definitions of the leaf module `leaf/<name>.py`, without docstring and imports."""
    text = (template_folder() / "leaf" / f"{name}.py").read_text(encoding="utf-8")
    header = _HEADER.match(text)
    assert header is not None, f"{name} begins with a docstring of one line"
    return text[header.end() :].strip("\n")


@cache
def _environment() -> Environment:
    # Imported here: jinja2 costs 50 ms, which `check` and `show` need not pay.
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(template_folder()),
        undefined=StrictUndefined,
        finalize=_refuse_nothing,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
    )


def _refuse_nothing(value: Any) -> Any:
    if value is None:
        raise ValueError("a template tried to print None")
    return value
