"""The start values of the parameters, as rules on their names, exact for the whole table."""

from __future__ import annotations

from dataclasses import dataclass

from vslmc.plan.nodes import Plan, Tensor
from vslmc.render.escape import py_num, py_str
from vslmc.render.layout import Call, lay_out, lay_out_dict
from vslmc.render.structure import Words

# Endings of the projections into the stream; a mixture's `down` is stacked.
RESIDUAL = (".out.weight", ".down.weight", ".down")


ZEROS = ("bias", "lora_b")
"""Endings of what starts as zeros."""


@dataclass(frozen=True, slots=True)
class Start:
    """How `init_parameters` reads."""

    doc: str
    """Its docstring."""
    lines: Words
    """The body of its loop over the names and parameters."""
    constants: Words
    """What it needs at module level."""


@dataclass(frozen=True, slots=True)
class _Rules:
    """Normal matrices of `std`, those into the stream of `residual`."""

    std: float
    residual: float

    def matches(self, tensor: Tensor) -> bool:
        """Whether the rules give this tensor what the plan says."""
        if len(tensor.shape) == 1 or tensor.name.endswith(ZEROS):
            return tensor.init.scheme == _constant(tensor.name)
        std = self.residual if tensor.name.endswith(RESIDUAL) else self.std
        return tensor.init.scheme == "normal" and tensor.init.std == std


def _constant(name: str) -> str:
    """What the modules themselves give to vectors, and the rules to biases."""
    return "zeros" if name.endswith((*ZEROS, "fill")) else "ones"


def find_start(plan: Plan) -> Start:
    """Two standard deviations if they say all of the plan's table, else the table."""
    rules = _guess(plan.tensors)
    if all(rules.matches(tensor) for tensor in plan.tensors):
        return _short(rules, plan.tensors)
    return _long(plan.tensors)


def _guess(tensors: tuple[Tensor, ...]) -> _Rules:
    stds = {t.name.endswith(RESIDUAL): t.init.std for t in reversed(tensors) if t.decay}
    std = stds.get(False, 0.0)
    return _Rules(std, stds.get(True, std))


def _short(rules: _Rules, tensors: tuple[Tensor, ...]) -> Start:
    lines: list[str] = []
    zeros = [e for e in ZEROS if any(t.name.endswith(e) for t in tensors)]
    if zeros:
        endings = ", ".join(py_str(e) for e in zeros)
        ending = f"({endings})" if len(zeros) > 1 else endings
        lines += [
            f"if name.endswith({ending}):",
            "    nn.init.zeros_(parameter)",
        ]
    head = "elif" if lines else "if"
    doc = (
        f"Matrices are normal with a deviation of {py_num(rules.std)}; norms are ones."
    )
    if rules.residual != rules.std:
        used = [e for e in RESIDUAL if any(t.name.endswith(e) for t in tensors)]
        endings = ", ".join(py_str(e) for e in used)
        ending = f"({endings})" if len(used) > 1 else endings
        lines += [
            f"{head} name.endswith({ending}):",
            f"    nn.init.normal_(parameter, std={py_num(rules.residual)})",
        ]
        head = "elif"
    lines += [
        f"{head} parameter.ndim > 1:",
        f"    nn.init.normal_(parameter, std={py_num(rules.std)})",
    ]
    return Start(doc, tuple(lines), ())


def _long(tensors: tuple[Tensor, ...]) -> Start:
    deviations = tuple(f"{py_str(t.name)}: {py_num(_deviation(t))}" for t in tensors)
    means = tuple(py_str(t.name) for t in tensors if t.init.scheme == "ones")
    lines = lay_out(Call("nn.init.normal_", ("parameter", "MEAN[name]", "STD[name]")))
    ones = lay_out_dict("ONES", means) if means else ()
    start = "1.0 if name in ONES else 0.0" if means else "0.0"
    lines = (f"mean = {start}", "nn.init.normal_(parameter, mean, STD[name])")
    return Start(
        "Each parameter as the spec says, see `STD`.",
        lines,
        (*lay_out_dict("STD", deviations), *ones),
    )


def _deviation(tensor: Tensor) -> float:
    return tensor.init.std if tensor.init.scheme == "normal" else 0.0
