"""What `train.py` and `log.py` say of single parameters: measures, decay, gradients of chosen rows."""

from __future__ import annotations

from collections.abc import Iterator

from vslmc.plan.nodes import Moe, Plan, Retrieval
from vslmc.plan.tensors import list_lookups, stored_ffns
from vslmc.record import record
from vslmc.render.engine import render, template_folder
from vslmc.render.escape import py_str
from vslmc.render.layout import lay_out_dict, lay_out_tuple
from vslmc.render.words import Words


def list_experts(plan: Plan) -> dict[str, Moe | Retrieval]:
    """The layers with experts of their own, by their names as modules of the model."""
    ffns = stored_ffns(plan)
    return {name: ffn for name, ffn in ffns if isinstance(ffn, Moe | Retrieval)}


_MEASURES = {
    "MIXTURE": '("usage", "unevenness", "entropy", "dropped")',
    "ROWS": '("usage", "unevenness")',
}


def measure_lines(plan: Plan) -> Iterator[str]:
    """Lines that say what is measured of each layer with experts."""
    kinds = {
        layer: "MIXTURE" if isinstance(ffn, Moe) else "ROWS"
        for layer, ffn in list_experts(plan).items()
    }
    for name, text in _MEASURES.items():
        if name in kinds.values():
            yield f"{name} = {text}"
    entries = tuple(f"{py_str(layer)}: {name}" for layer, name in kinds.items())
    yield from lay_out_dict("MEASURES", entries) if kinds else ()


def decay_lines(plan: Plan) -> Words:
    """A loop over parameters, and whether each decays: all of two dimensions, but biases of
    experts and weights of norms over each head, where the model has them."""
    deep = [t for t in plan.tensors if len(t.shape) >= 2]
    tests = ["parameter.ndim >= 2"]
    if any(t.name.endswith("bias") for t in deep):
        tests.append('not name.endswith("bias")')
    if any("norm" in t.name for t in deep):
        tests.append('"norm" not in name')
    pairs = "name, parameter in model.named_parameters()"
    loop = pairs if tests[1:] else "parameter in model.parameters()"
    frozen = any(ffn.frozen for ffn in list_lookups(plan))
    skip = ("        if not parameter.requires_grad:", "            continue")
    test = f"        is_matrix = {' and '.join(tests)}"
    return (f"    for {loop}:", *(skip if frozen else ()), test)


def keeps_more(plan: Plan) -> bool:
    """Whether the model has buffers that training moves."""
    norms = any(ffn.query_norm == "batchnorm" for ffn in list_lookups(plan))
    return norms or any(not tensor.trained for tensor in plan.tensors)


def table_lines(names: Words) -> Words:
    """Lines that name the tables with gradients of chosen rows, given as literals."""
    if not names:
        return ()
    comment = "# Tables with gradients of the chosen rows, which alone a step updates."
    return (comment, *lay_out_tuple("TABLES", names))


def share_function(gradients: set[str]) -> str:
    """The function that exchanges gradients of chosen rows."""
    if gradients >= {"sparse", "factored"}:
        return "share_slope"
    return "share_factors" if "factored" in gradients else "share_rows"


@record
class RowsView:
    """The view of `rows.jinja`."""

    factored: bool
    """Whether some gradients are left in their factors."""


def render_lazy(gradients: set[str]) -> str:
    """What updates and exchanges chosen rows alone; nothing if all gradients are dense."""
    if gradients <= {"dense"}:
        return ""
    wanted = {
        "lazy": True,
        "share_rows": "sparse" in gradients,
        "share_factors": "factored" in gradients,
        "share_slope": gradients >= {"sparse", "factored"},
    }
    parts = [render("train/rows.jinja", RowsView("factored" in gradients))]
    for name in (name for name, is_wanted in wanted.items() if is_wanted):
        path = template_folder() / "train" / f"{name}.py"
        parts.append(path.read_text(encoding="utf-8"))
    return "\n\n\n".join(part.strip() for part in parts)
