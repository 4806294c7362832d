"""Templates give shape only: no logic in them, and exactly the names of their views."""

from __future__ import annotations

import importlib
import pkgutil
import re
from dataclasses import fields
from functools import cache
from typing import Any

import pytest
from jinja2 import Environment, meta, nodes

import vslmc.render
from vslmc.render.engine import template_folder

FOLDER = template_folder()
TEMPLATES = sorted(
    str(path.relative_to(FOLDER)) for path in FOLDER.rglob("*.jinja") if path.is_file()
)
FORBIDDEN = (
    nodes.Compare,
    nodes.BinExpr,
    nodes.UnaryExpr,
    nodes.CondExpr,
    nodes.Filter,
    nodes.Test,
    nodes.Getitem,
)


def parse(name: str) -> nodes.Template:
    text = (FOLDER / name).read_text(encoding="utf-8")
    return Environment().parse(text, name, name)


@cache
def views() -> dict[str, set[str]]:
    """Field names of each view, by the template that its docstring names."""
    found: dict[str, set[str]] = {}
    for module in pkgutil.walk_packages(vslmc.render.__path__, "vslmc.render."):
        for value in vars(importlib.import_module(module.name)).values():
            named = re.search(
                r"The view of `(\S+)`", getattr(value, "__doc__", "") or ""
            )
            if isinstance(value, type) and named:
                view: Any = value
                found[named[1]] = {field.name for field in fields(view)}
    return found


@pytest.mark.parametrize("name", TEMPLATES)
def test_templates_hold_no_logic(name: str) -> None:
    tree = parse(name)
    logic = [
        f"{name}:{node.lineno} {type(node).__name__}"
        for node in tree.find_all(FORBIDDEN)
    ]
    # A macro of the folder may be called; a method may not.
    logic += [
        f"{name}:{call.lineno} call"
        for call in tree.find_all(nodes.Call)
        if not isinstance(call.node, nodes.Name)
    ]
    assert logic == []


@pytest.mark.parametrize("name", TEMPLATES)
def test_templates_are_short(name: str) -> None:
    assert len((FOLDER / name).read_text(encoding="utf-8").splitlines()) <= 150


def names_used(name: str) -> set[str]:
    """What a template takes from its view, with all that it includes."""
    tree = parse(name)
    used = meta.find_undeclared_variables(tree)
    for part in meta.find_referenced_templates(tree):
        assert part is not None
        used |= names_used(part)
    return used


VIEWED = [t for t in TEMPLATES if t.split("/")[1] in views()]


@pytest.mark.parametrize("name", VIEWED)
def test_templates_use_exactly_the_fields_of_their_view(name: str) -> None:
    assert names_used(name) == views()[name.split("/")[1]]


def test_every_template_has_a_view_or_is_included() -> None:
    own = {name for name in TEMPLATES if name.startswith(("model/", "check/"))}
    included = {p for t in own for p in meta.find_referenced_templates(parse(t))}
    assert own - set(VIEWED) - included == set()
