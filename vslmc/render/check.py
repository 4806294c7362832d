"""`test_model.py` of the generated package: the laws that this very model must keep."""

from __future__ import annotations

from collections.abc import Iterator

from vslmc.plan.kv import reach_of
from vslmc.plan.nodes import Attention, ExpertChoice, Plan
from vslmc.plan.python import PythonFfn, PythonMixer
from vslmc.plan.tensors import list_lookups, table_gradients
from vslmc.record import record
from vslmc.render.check_kernels import check_kernels
from vslmc.render.ends import projects_plainly
from vslmc.render.engine import render
from vslmc.render.escape import py_comment, py_num
from vslmc.render.kernels.triton import find_uses
from vslmc.render.python import list_parts
from vslmc.render.structure import Structure, find_structures, keeps_statistics
from vslmc.render.words import Words

SHORTEST = 32  # tokens of a test sequence, if the context has as many


@record
class CheckView:
    """The view of `test_model.py.jinja`."""

    spec: str
    """Name of the spec."""
    name: str
    """Name of the package."""
    tokens: int
    """Length of the test sequences: longer than the windows."""
    applied: str
    """How often each written layer is applied, if any is more than once."""
    corrected: bool
    """Whether routers have corrections."""
    causal: bool
    """Whether no token sees a later one; experts that choose do."""
    tied: bool
    """Whether the head is the embedding."""
    hidden: str
    """Arguments of `_hidden`."""
    weighted: str
    """The loss that is expected for a plain cross-entropy."""
    limited: bool
    """Whether the windows keep some token from seeing the first."""
    reach: int
    """Tokens that a token sees at most through all layers, itself included."""
    imports: Words
    """Import lines."""
    buffers: bool
    """Whether the norm of some queries keeps statistics."""
    slopes: Words
    """Lines that check the gradient of a parameter."""
    python: bool
    """Whether there are parts of the user's own."""
    own_mixers: bool
    """Whether some of them are mixers."""
    own_ffns: bool
    """Whether some of them are FFNs."""
    encodes: bool
    """Whether it is an encoder alone."""
    changes: bool
    """Whether some law changes a token."""
    paired: bool
    """Whether it stands beside an encoder."""
    beside: str
    """How a call goes on behind its tokens."""
    drawn: str
    """The same where nothing has been drawn yet."""
    looks: bool
    """Whether an encoder's tokens see their neighbours."""
    types: bool
    """Whether its tokens are of several types."""
    padded: bool
    """Whether tokens can be padding, and some are left without it."""
    kernels: Words
    """Lines that check each kernel."""
    textbook: Words
    """Lines of the textbook form."""
    attend: str
    """Its head."""
    options: str
    """Those of the check of a kernel."""
    passed: str
    """How it hands them on."""
    heads: int
    """Query heads of the kernel check."""
    kv_heads: int
    """Key heads of the kernel check."""
    head_dim: int
    """Head size of the kernel check."""
    triton: bool
    """Whether Triton's kernels may run."""
    triton_rows: bool
    """Whether Triton's kernels may read rows of tables."""
    triton_groups: bool
    """Whether they may multiply grouped experts."""


def render_check(plan: Plan) -> str:
    """The text of `test_model.py`, in its final form."""
    structures = find_structures(plan)
    structure = structures[-1]
    reach = find_reach(plan)
    tokens = _tokens(plan, structures)
    kernels = check_kernels(structures, tokens)
    parts, uses = list_parts(plan), find_uses(plan)
    paired = plan.source is not None
    causal = plan.generates and not _compete(structure)
    view = CheckView(
        spec=py_comment(plan.spec),
        name=py_comment(plan.name),
        tokens=tokens,
        applied=_applied(plan),
        corrected=bool(structure.rebalances),
        causal=causal,
        tied=plan.head.tied and projects_plainly(plan) and not plan.head.bias,
        hidden=_hidden(plan, structure),
        weighted=_weighted(plan),
        limited=reach < tokens and not _compete(structure),
        reach=reach,
        imports=tuple(_imports(bool(kernels.lines), bool(parts))),
        slopes=tuple(_slopes(plan)),
        buffers=any(keeps_statistics(x.ffn) for s in structures for x in s.layers),
        python=bool(parts),
        own_mixers=any(isinstance(part, PythonMixer) for part in parts),
        own_ffns=any(isinstance(part, PythonFfn) for part in parts),
        encodes=not plan.generates,
        changes=causal or paired or not plan.generates,
        paired=paired,
        beside=", source=source" if paired else "",
        drawn=", source=draw_tokens()" if paired else "",
        looks=reach > 1 and tokens > 2,
        types=plan.embedding.types > 1,
        padded=_takes_padding(plan, structures, tokens),
        kernels=kernels.lines,
        textbook=kernels.textbook,
        attend=kernels.attend,
        options=kernels.options,
        passed=kernels.passed,
        heads=kernels.heads,
        kv_heads=kernels.kv_heads,
        head_dim=kernels.head_dim,
        triton=uses.any,
        triton_rows=uses.rows,
        triton_groups=uses.groups,
    )
    return render("check/test_model.py.jinja", view)


def _imports(kernels: bool, python: bool) -> Iterator[str]:
    yield from ("import importlib.util", "import io", "import json")
    yield from ("import math",) if kernels else ()
    yield from ("import sys", "from pathlib import Path", "")
    yield from ("import torch", "from torch import Tensor")
    yield "from torch.testing import assert_close"
    if python:
        yield "from torch.utils.flop_counter import FlopCounterMode"


def _hidden(plan: Plan, structure: Structure) -> str:
    """The arguments of `_hidden`, which nothing else than losses may follow."""
    beside = ", source=source" if plan.source is not None else ""
    losses = ", losses=package.Losses()" if structure.losses else ""
    if losses and plan.generates and not beside:
        nothing = "None, None" if structure.mixes else "None"
        return f"tokens, {nothing}, package.Losses()"
    return f"tokens{beside}{losses}"


def _compete(structure: Structure) -> bool:
    """Whether the tokens of a sequence compete for experts: each depends on all others."""
    return any(isinstance(router.kind, ExpertChoice) for router in structure.routers)


def _takes_padding(plan: Plan, structures: tuple[Structure, ...], tokens: int) -> bool:
    """Whether tokens, of a pair those of the source, can be padding without effect."""
    if any(_compete(structure) for structure in structures):
        return False
    if plan.source is not None:
        return tokens > 2
    structure = structures[-1]
    able = structure.mixes and not structure.recomputes
    return able and (plan.generates or tokens > 2)


def find_reach(plan: Plan) -> int:
    """Tokens that the last token sees through all layers; the context if not limited."""
    reach = 1
    for layer in plan.decoder.layers:
        mixer = layer.mixer
        if mixer is not None:
            far = reach_of(mixer) if isinstance(mixer, Attention) else None
            reach += (far or plan.context) - 1
        if isinstance(mixer, Attention):
            reach += mixer.shift
    return min(reach, plan.context)


def _tokens(plan: Plan, structures: tuple[Structure, ...]) -> int:
    """Enough to go past every window, and past the reach where that is near."""
    attentions = [a for each in structures for a in each.attentions]
    windows = [r for r in map(reach_of, attentions) if r is not None]
    wanted = max(SHORTEST, *(2 * window + 3 for window in windows), 0)
    reach = find_reach(plan)
    if reach < plan.context:
        wanted = max(wanted, reach + 3)
    return min(plan.context, wanted)


def _applied(plan: Plan) -> str:
    count: dict[int, int] = {}
    for layer in plan.decoder.layers:
        count[layer.owner] = count.get(layer.owner, 0) + 1
    if set(count.values()) == {1}:
        return ""
    return str([count[owner] for owner in sorted(count)])


def _weighted(plan: Plan) -> str:
    factor = plan.losses[0].weight if plan.losses else 1.0
    return "plain" if factor == 1.0 else f"{py_num(factor)} * plain"


def _slopes(plan: Plan) -> Iterator[str]:
    """Every parameter has a gradient, but for those that are not trained."""
    lookups = list_lookups(plan)
    slope = "parameter.grad"
    gradients = table_gradients(plan)
    if "sparse" in gradients:
        slope = "parameter.grad.to_dense()"
    if "factored" in gradients:
        slope = f"{slope}.norm()"  # all that factors tell
    if any(ffn.frozen for ffn in lookups):
        yield "if not parameter.requires_grad:"
        yield "    assert parameter.grad is None, name"
        yield "    continue"
    yield "assert parameter.grad is not None, name"
    yield f"assert {slope}.isfinite().all(), name"
