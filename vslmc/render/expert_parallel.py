"""`expert_parallel.py` of a package whose recipe spreads experts over processes."""

from __future__ import annotations

from vslmc.plan.nodes import Moe, Plan
from vslmc.record import record
from vslmc.render.engine import render
from vslmc.render.escape import py_num
from vslmc.render.layout import lay_out_import, lay_out_tuple
from vslmc.render.structure import find_structure
from vslmc.render.training import render_banner
from vslmc.render.words import Words


@record
class ExpertParallelView:
    """The view of `expert_parallel.py.jinja`."""

    banner: str
    """First line of the file."""
    model_import: Words
    """The import of the mixtures."""
    mixtures: Words
    """Lines that list their classes."""
    size: str
    """Processes that share the experts of a mixture."""


def render_expert_parallel(plan: Plan) -> str:
    """How experts are left to processes, and rows sent to them; `train.py` needs it."""
    ffns = find_structure(plan).ffns.items()
    names = tuple(sorted({name for ffn, name in ffns if isinstance(ffn, Moe)}))
    view = ExpertParallelView(
        banner=render_banner(plan),
        model_import=lay_out_import("model", tuple(sorted({"Model", *names}))),
        mixtures=lay_out_tuple("MIXTURES", names),
        size=py_num(plan.training.deepspeed.expert_parallel),
    )
    return render("train/expert_parallel.py.jinja", view)
