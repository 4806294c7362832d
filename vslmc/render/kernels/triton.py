"""Triton's kernels of experts: the file `kernels.py`, and what the model logs of them."""

from __future__ import annotations

from collections.abc import Iterator

from vslmc.cost.rows import write_ranges
from vslmc.plan.nodes import Moe, Plan, Retrieval
from vslmc.plan.tensors import path_of
from vslmc.record import record
from vslmc.render.engine import read_leaf, render
from vslmc.render.escape import py_comment, py_str
from vslmc.render.experts import suit_gemms
from vslmc.render.layout import Call, lay_out
from vslmc.render.words import Words

FILE = "kernels.py"
"""Beside `model.py`, which reads it where Triton is installed and has a device."""


@record
class KernelsView:
    """The view of `kernels.py.jinja`."""

    spec: str
    """Name of the spec."""
    name: str
    """Name of the package."""
    imports: Words
    """Import lines."""
    sections: Words
    """Kernels with the functions that start them."""


@record
class Uses:
    """What Triton's kernels may run."""

    rows: bool
    """Rows of large tables."""
    groups: bool
    """Products of experts."""

    @property
    def any(self) -> bool:
        """Whether there is anything at all."""
        return self.rows or self.groups


def find_uses(plan: Plan) -> Uses:
    """What Triton's kernels may run in some layer."""
    ffns = [layer.ffn for stack in plan.stacks for layer in stack.layers]
    asked = [f for f in ffns if isinstance(f, Moe | Retrieval) and f.triton]
    return Uses(
        rows=any(isinstance(f, Retrieval) for f in asked),
        groups=any(isinstance(f, Moe) for f in asked),
    )


def render_triton(plan: Plan) -> dict[str, str]:
    """`kernels.py` by its name, where some layer may need it."""
    uses = find_uses(plan)
    return {FILE: kernels_text(uses, plan.spec, plan.name)} if uses.any else {}


def kernels_text(uses: Uses, spec: str, name: str) -> str:
    """The text of `kernels.py` of a package `name`, with what is used."""
    leaves = ["triton_launch"]
    leaves += ["triton_rows"] if uses.rows else []
    leaves += ["triton_groups"] if uses.groups else []
    view = KernelsView(
        spec=py_comment(spec),
        name=py_comment(name),
        imports=(
            "from typing import Any",
            "",
            "import torch",
            "import triton",
            "import triton.language as tl",
            "from torch import Tensor",
        ),
        sections=tuple(map(read_leaf, leaves)),
    )
    return render("model/kernels.py.jinja", view)


def _first_of(ffn: Moe | Retrieval, even: bool) -> str | None:
    """The constant of the model that says what goes before the kernel of experts."""
    if isinstance(ffn, Moe) and ffn.scattermoe:
        return "SCATTERMOE_FIRST"
    if ffn.triton:
        return "TRITON_REST" if even and ffn.triton == "rest" else "TRITON_FIRST"
    return None


def log_lines(plan: Plan) -> Iterator[str]:
    """Lines of the model that log how experts run, one for each distinct choice."""
    groups: dict[tuple[str, str, str], list[int]] = {}
    even = suit_gemms([layer for stack in plan.stacks for layer in stack.layers])
    for stack in plan.stacks:
        for layer in stack.layers:
            ffn = layer.ffn
            if not isinstance(ffn, Moe | Retrieval):
                continue
            if first := _first_of(ffn, even):
                choice = f"experts of {path_of(stack)}layers", ffn.kernel, first
                groups.setdefault(choice, []).append(layer.index)
    for (what, kernel, first), where in groups.items():
        text = f"{what}[{write_ranges(where)}]: %s{kernel}"
        yield from lay_out(Call("logger.info", (py_str(text), first)), 8)
