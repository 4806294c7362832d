"""`model.py` of the generated package: sections, each from its own view."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from vslmc.cost.marks import mark_plan
from vslmc.plan.nodes import Alibi, Attention, Mixer, Mla, Plan
from vslmc.render.attention import render_attentions
from vslmc.render.attention_steps import rotation, slopes_leaf
from vslmc.render.blocks import render_blocks, render_table
from vslmc.render.engine import read_leaf, render
from vslmc.render.escape import py_comment
from vslmc.render.ffns import render_ffns
from vslmc.render.further import render_further
from vslmc.render.initial import find_start
from vslmc.render.kernels import render_kernels
from vslmc.render.latent import render_latents
from vslmc.render.layout import lay_out_import
from vslmc.render.loss import render_loss
from vslmc.render.order import stack_constants
from vslmc.render.parts import norm_leaf
from vslmc.render.passing import slot_type
from vslmc.render.python import list_parts, load_lines
from vslmc.render.stack import chooses_kernels, model_view
from vslmc.render.structure import Structure, find_structure
from vslmc.render.tables import list_leaves, long_constants
from vslmc.render.words import Words

SLOT_LEAVES = {
    "all": "kv_slot",
    "recent": "recent_slot",
    "window": "window_slot",
    "latent": "latent_slot",
}


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class CacheView:
    """The view of `cache.py.jinja`."""

    slot: str
    """Type of a slot; empty if no layer needs one."""


def render_model(plan: Plan) -> str:
    """The text of `model.py`, in its final form; raises ValueError for mixed resizes."""
    structure = find_structure(plan)
    body = [section.strip("\n") for section in _sections(plan, structure)]
    text = "\n\n\n".join(body) + "\n"
    constants = _constants(plan, structure)
    header = HeaderView(
        spec=py_comment(plan.spec),
        doc=_doc(plan),
        imports=tuple(_imports("\n".join((*constants, text)))),
        constants=constants,
    )
    return render("model/header.py.jinja", header) + "\n\n" + text


def _sections(plan: Plan, structure: Structure) -> Iterator[str]:
    if parts := list_parts(plan):
        yield read_leaf("beside")
        yield "\n".join(load_lines(parts))
    for leaf in _leaves(plan, structure):
        yield read_leaf(leaf)
    yield from render_kernels(structure.kernels, structure.grouped)
    for kind in structure.slots:
        yield read_leaf(SLOT_LEAVES[kind])
    if structure.recomputes:
        yield read_leaf("recomputed")
    yield render("model/cache.py.jinja", CacheView(_kept(structure)))
    if structure.passes_kv:
        yield read_leaf("kv_limited" if structure.limited else "kv")
    if structure.adapted:
        yield read_leaf("lora_linear")
    yield from render_attentions(structure)
    yield from render_latents(structure)
    if structure.balanced:
        yield read_leaf("losses")
    yield from render_ffns(structure)
    yield from render_blocks(plan, structure)
    yield from _resize(plan)
    yield render_table(plan, structure)
    yield from render_further(plan, structure)
    yield render_loss(plan)
    yield read_leaf("sample")
    yield render("model/model.py.jinja", model_view(plan, structure))


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
    for layer in plan.decoder.layers:
        mixer = layer.mixer
        yield layer.norm and norm_leaf(layer.norm)
        if isinstance(mixer, Attention):
            yield mixer.qk_norm and norm_leaf(mixer.qk_norm)
        if isinstance(mixer, Mla):
            yield norm_leaf(mixer.norm)
    for norm in (plan.embedding.norm, plan.head.norm):
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
    kinds = {layer.resize.kind for layer in plan.decoder.layers if layer.resize}
    kinds |= {plan.decoder.exit.kind} if plan.decoder.exit else set()
    if len(kinds) > 1:
        raise ValueError(f"several kinds of resize in one model: {sorted(kinds)}")
    leaves = {"carry": "carry", "pad": "pad", "learned": "fill"}
    for kind in kinds & leaves.keys():
        yield read_leaf(leaves[kind])


def _doc(plan: Plan) -> str:
    layers = plan.decoder.layers
    count = "1 layer" if len(layers) == 1 else f"{len(layers)} layers"
    mark = mark_plan(plan).parameters
    return f"{plan.name}: {count}, {plan.parameters:,}{mark} parameters."


def _constants(plan: Plan, structure: Structure) -> Words:
    return (
        f"VOCAB = {plan.vocab}",
        f"CONTEXT = {plan.context}",
        *(("logger = logging.getLogger(__name__)",) if chooses_kernels(plan) else ()),
        *stack_constants(plan),
        *long_constants(structure),
        *find_start(plan).constants,
    )


# Each import with what shows in a text that needs it.
STANDARD = (
    ("import functools", "functools."),
    ("import importlib.util", "importlib.util."),
    ("import logging", "logging."),
    ("import math", "math."),
    ("import sys", "sys.modules"),
    ("import warnings", "warnings."),
    ("from collections.abc import Iterator, Sequence", "Sequence["),
    ("from collections.abc import Iterator", "Iterator["),
    ("from contextlib import suppress", "suppress("),
    ("from dataclasses import dataclass", "@dataclass"),
    ("from pathlib import Path", "Path(__file__)"),
    ("from typing import Any", "Any"),
)
TORCH = (
    ("import torch", "torch."),
    ("import torch.nn.functional as F", "F."),
    ("from torch import Tensor, nn", "nn."),
)
FLEX = ("AuxRequest", "BlockMask", "create_block_mask", "flex_attention")


def _imports(text: str) -> Iterator[str]:
    # Comments carry names of the spec, such as a block `Any` of `math.vslm`, literals its texts.
    text = re.sub(r'"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)*\'', "", text)
    text = re.sub(r"(^| )# .*", "", text, flags=re.MULTILINE)
    standard = [line for line, sign in STANDARD if sign in text]
    yield from (line for line in standard if f"{line}, Sequence" not in standard)
    yield ""
    yield from (line for line, sign in TORCH if sign in text)
    names = tuple(n for n in FLEX if re.search(rf"(?<!\.)\b{n}\b", text))
    if names:
        module = "torch.nn.attention.flex_attention"
        yield from lay_out_import(module, names)
