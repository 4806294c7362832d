"""`model.py` of the generated package: sections, each from its own view."""

from __future__ import annotations

import re
from collections.abc import Iterator

from vslmc.cost.marks import mark_plan
from vslmc.plan.nodes import Alibi, Attention, Mixer, Mla, Plan
from vslmc.record import record
from vslmc.render.attention import render_attentions
from vslmc.render.attention_steps import rotation, slopes_leaf
from vslmc.render.blocks import render_blocks, render_table
from vslmc.render.cross import render_crosses
from vslmc.render.encoder import render_encoder
from vslmc.render.engine import read_leaf, render
from vslmc.render.escape import py_comment
from vslmc.render.ffns import render_ffns
from vslmc.render.further import render_further
from vslmc.render.initial import find_start
from vslmc.render.kernels import render_kernels
from vslmc.render.kernels.triton import find_uses
from vslmc.render.latent import render_latents
from vslmc.render.layout import lay_out_import
from vslmc.render.loss import render_loss
from vslmc.render.order import stack_constants
from vslmc.render.parts import norm_leaf
from vslmc.render.passing import slot_type
from vslmc.render.python import list_parts, load_lines
from vslmc.render.stack import chooses_kernels, model_view
from vslmc.render.structure import Structure, find_structures
from vslmc.render.tables import list_leaves, long_constants
from vslmc.render.walk import prefix_of
from vslmc.render.words import Words

SLOT_LEAVES = {
    "all": "kv_slot",
    "recent": "recent_slot",
    "window": "window_slot",
    "latent": "latent_slot",
}


@record
class HeaderView:
    """The view of `header.py.jinja`."""

    spec: str
    """Name of the spec."""
    doc: str
    """Module docstring."""
    imports: Words
    """Import lines."""
    constants: Words
    """Lines of the module's constants."""


@record
class CacheView:
    """The view of `cache.py.jinja`."""

    slot: str
    """Type of a slot; empty if no layer needs one."""
    crosses: bool
    """Whether layers look at an encoder."""


def render_model(plan: Plan) -> str:
    """The text of `model.py`, in its final form; raises ValueError for mixed resizes."""
    structures = find_structures(plan)
    body = [section.strip("\n") for section in _sections(plan, structures)]
    text = "\n\n\n".join(body) + "\n"
    constants = _constants(plan, structures)
    header = HeaderView(
        spec=py_comment(plan.spec),
        doc=_doc(plan),
        imports=tuple(_imports("\n".join((*constants, text)))),
        constants=constants,
    )
    return render("model/header.py.jinja", header) + "\n\n" + text


def _sections(plan: Plan, structures: tuple[Structure, ...]) -> Iterator[str]:
    structure = structures[-1]
    parts, triton = list_parts(plan), find_uses(plan).any
    if parts or triton:
        yield read_leaf("beside")
    if parts:
        yield "\n".join(load_lines(parts))
    if triton:
        yield read_leaf("triton_runs")
    leaves = (leaf for each in structures for leaf in _leaves(plan, each))
    for leaf in dict.fromkeys(leaves):
        yield read_leaf(leaf)
    yield from render_kernels(structure.kernels, structure.grouped)
    for kind in structure.slots:
        yield read_leaf(SLOT_LEAVES[kind])
    if structure.recomputes:
        yield read_leaf("recomputed")
    if structure.crosses:
        yield read_leaf("memory_slot")
    if plan.generates:
        view = CacheView(_kept(structure), bool(structure.crosses))
        yield render("model/cache.py.jinja", view)
    if structure.passes_kv:
        yield read_leaf("kv_limited" if structure.limited else "kv")
    if any(each.adapted for each in structures):
        yield read_leaf("lora_linear")
    for each in structures:
        yield from render_attentions(each)
    yield from render_latents(structure)
    yield from render_crosses(structure)
    if structure.losses:
        yield read_leaf("losses")
    yield from render_ffns(structure, [x for each in structures for x in each.layers])
    for each in structures:
        yield from render_blocks(each)
    yield from _resize(plan)
    for each in structures:
        yield render_table(each)
    yield from render_further(plan, structure)
    yield from render_encoder(plan, structures[0])
    yield render_loss(plan)
    if plan.generates:
        yield read_leaf("sample")
    yield render("model/model.py.jinja", model_view(plan, structures))


def _leaves(plan: Plan, structure: Structure) -> Iterator[str]:
    """What layers and model stand on, in the order in which it is read."""
    yield from list_leaves(plan, structure)
    yield from _rotations(structure)
    yield from dict.fromkeys(leaf for leaf in _norm_leaves(plan) if leaf)
    attentions = list(structure.attentions)
    if any(a.qk_over == "each" and a.qk_norm for a in attentions):
        yield "each_norm"
    if any(a.shift for a in attentions):
        yield "shift_tokens"
    slopes = {
        slopes_leaf(a.position) for a in attentions if isinstance(a.position, Alibi)
    }
    yield from sorted(slopes)


def _rotations(structure: Structure) -> Iterator[str]:
    """The functions that turn heads."""
    names = {rotation(m) for m in structure.mixers} - {None}
    if any(name in names for name in ("rotate", "rotate_part")):
        yield "rotate"
    if any(name in names for name in ("rotate_pairs", "rotate_part_pairs")):
        yield "rotate_pairs"
    yield from (n for n in ("rotate_part", "rotate_part_pairs") if n in names)


def _norm_leaves(plan: Plan) -> Iterator[str | None]:
    for layer in (layer for stack in plan.stacks for layer in stack.layers):
        mixer = layer.mixer
        yield layer.norm and norm_leaf(layer.norm)
        for part in (mixer, layer.cross):
            if isinstance(part, Attention):
                yield part.qk_norm and norm_leaf(part.qk_norm)
        if isinstance(mixer, Mla):
            yield norm_leaf(mixer.norm)
    source = plan.source
    ends = (source.embedding.norm, source.norm) if source else ()
    for norm in (plan.embedding.norm, plan.head.norm, *ends):
        yield norm and norm_leaf(norm)


def _kept(structure: Structure) -> str:
    """The type of what a cache keeps for each layer; empty if none keeps anything."""
    everywhere = all(keeps(layer.mixer) for layer in structure.layers)
    none = () if everywhere or not structure.mixes else ("None",)
    return " | ".join((slot_type(structure), *none))


def keeps(mixer: Mixer | None) -> bool:
    """Whether a mixer keeps something while decoding."""
    if isinstance(mixer, Attention | Mla):
        return mixer.state is not None
    return mixer is not None


def _resize(plan: Plan) -> Iterator[str]:
    found = [layer.resize for stack in plan.stacks for layer in stack.layers]
    found += [stack.exit for stack in plan.stacks]
    kinds = {resize.kind for resize in found if resize is not None}
    if len(kinds) > 1:
        raise ValueError(f"several kinds of resize in one model: {sorted(kinds)}")
    leaves = {"carry": "carry", "pad": "pad", "learned": "fill"}
    for kind in kinds & leaves.keys():
        yield read_leaf(leaves[kind])


def _doc(plan: Plan) -> str:
    counts = [len(stack.layers) for stack in plan.stacks]
    said = ["1 layer" if count == 1 else f"{count} layers" for count in counts]
    layers = said[0]
    if plan.source is not None:
        layers = f"an encoder of {said[0]}, a decoder of {said[1]}"
    elif not plan.generates:
        layers = f"an encoder of {said[0]}"
    mark = mark_plan(plan).parameters
    return f"{plan.name}: {layers}, {plan.parameters:,}{mark} parameters."


def _constants(plan: Plan, structures: tuple[Structure, ...]) -> Words:
    return (
        f"VOCAB = {plan.vocab}",
        f"CONTEXT = {plan.context}",
        *(("logger = logging.getLogger(__name__)",) if chooses_kernels(plan) else ()),
        *(
            line
            for each in structures
            for line in stack_constants(each.stack, prefix_of(each))
        ),
        *(line for each in structures for line in long_constants(each)),
        *find_start(plan).constants,
    )


# Each import with what shows in a text that needs it.
STANDARD = (
    ("import functools", "functools."),
    ("import importlib.util", "importlib.util."),
    ("import logging", "logging."),
    ("import math", "math."),
    ("import os", "os.environ"),
    ("import sys", "sys.modules"),
    ("import warnings", "warnings."),
    ("from collections.abc import", "Iterator["),
    ("from contextlib import suppress", "suppress("),
    ("from dataclasses import dataclass", "@dataclass"),
    ("from pathlib import Path", "Path(__file__)"),
    ("from typing import", "Any"),
)
TORCH = (
    ("import torch", "torch."),
    ("import torch.nn.functional as F", "F."),
    ("from torch import Tensor, nn", "nn."),
)
NAMES = {
    "from collections.abc import": ("Callable[", "Iterator[", "Sequence["),
    "from typing import": ("Any", "Self:"),
}
"""Of imports of several names, what shows in a text that needs one of these."""
FLEX = ("AuxRequest", "BlockMask", "create_block_mask", "flex_attention")


def _imports(text: str) -> Iterator[str]:
    # Comments carry names of the spec, such as a block `Any` of `math.vslm`, literals its texts.
    text = re.sub(r'"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)*\'', "", text)
    text = re.sub(r"(^| )# .*", "", text, flags=re.MULTILINE)
    for line, sign in STANDARD:
        if sign in text:
            names = [name for name in NAMES.get(line, ()) if name in text]
            yield f"{line} {', '.join(name.rstrip('[:') for name in names)}".rstrip()
    yield ""
    yield from (line for line, sign in TORCH if sign in text)
    flex = tuple(n for n in FLEX if re.search(rf"(?<!\.)\b{n}\b", text))
    if flex:
        module = "torch.nn.attention.flex_attention"
        yield from lay_out_import(module, flex)
