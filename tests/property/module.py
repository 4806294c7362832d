"""Generated models as live modules, and what the laws feed them."""

# The stubs of torch leave some types open.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

import sys
import tempfile
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch import Tensor

from tests.property.assemble import build_kernel
from vslmc.plan.kernels import needs_of
from vslmc.plan.nodes import Attention, KernelName, Layer, Plan
from vslmc.render.engine import read_leaf, template_folder
from vslmc.render.kernels.triton import FILE, Uses, kernels_text
from vslmc.render.model import render_model


def load_module(text: str) -> ModuleType:
    """Execute the text of a `model.py`."""
    module = ModuleType("generated_model")
    # Dataclasses look their module up; one name suffices, as they do it once.
    sys.modules[module.__name__] = module
    if torch.cuda.is_available():
        # There a model looks for its kernels beside its own file.
        module.__file__ = str(kernels_folder() / "model.py")
    exec(compile(text, "model.py", "exec"), module.__dict__)
    return module


@cache
def kernels_folder() -> Path:
    """A folder with all of Triton's kernels."""
    folder = Path(tempfile.mkdtemp(prefix="kernels_"))
    (folder / FILE).write_text(kernels_text(Uses(True, True), "tests", "tests"))
    return folder


def build_model(plan: Plan, seed: int = 0) -> Any:
    """The generated model, initialised from `seed`, in eval mode."""
    module = load_module(render_model(plan))
    torch.manual_seed(seed)
    return module.Model().eval()


LEAF_IMPORTS = """import importlib.util
import warnings
from collections.abc import Callable, Iterator
from typing import Any, Self
import torch
import torch.nn.functional as F
from torch import Tensor, nn"""


def load_leaves(*names: str) -> ModuleType:
    """Leaves of the templates, each after those it needs, as one module."""
    return load_module("\n\n".join((LEAF_IMPORTS, *map(read_leaf, names))))


def load_leaf(name: str) -> ModuleType:
    """A leaf of the templates as a module."""
    path = template_folder() / "leaf" / f"{name}.py"
    return load_module(path.read_text(encoding="utf-8"))


def double_text(plan: Plan) -> str:
    """The same code in fp64 throughout: also where it turns to fp32 for precision."""
    text = render_model(plan)
    return text.replace(".float()", ".double()").replace("float32", "float64")


def build_double(plan: Plan, seed: int = 0) -> Any:
    """The generated model in fp64, in eval mode."""
    text = double_text(plan)
    torch.manual_seed(seed)
    return load_module(text).Model().eval().double()


def stir(model: Any, keep: float = 1.0, noise: float = 0.3, seed: int = 1) -> None:
    """Move every parameter and correction, so that no zero or one hides a mistake."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for buffer in model.buffers():
            if buffer.is_floating_point():
                buffer.add_(noise * torch.randn(buffer.shape, generator=generator))
        for parameter in model.parameters():
            moved = noise * torch.randn(parameter.shape, generator=generator)
            parameter.mul_(keep).add_(moved.to(parameter))
        for name, kept in model.named_buffers():
            if name.endswith(("running_mean", "running_var")):
                moved = torch.rand(kept.shape, generator=generator)
                kept.copy_(0.5 + moved)


def calm(model: Any) -> None:
    """The same with small numbers: layers without norms must not amplify fp32's rounding."""
    stir(model, keep=0.3, noise=0.05)


def keep_all(plan: Plan) -> Plan:
    """The same model, whose dynamic masks hide nothing: in fp32, rounding has its share in which
    keys of small numbers are the largest."""

    def change(layer: Layer) -> Layer:
        mixer = layer.mixer
        if not isinstance(mixer, Attention) or mixer.keep is None:
            return layer
        return replace(layer, mixer=replace(mixer, keep=plan.context))

    stacks = tuple(
        replace(stack, layers=tuple(map(change, stack.layers))) for stack in plan.stacks
    )
    return replace(plan, stacks=stacks)


def draw_tokens(plan: Plan, batch: int = 2, seed: int = 2) -> Tensor:
    """Tokens (B, context)."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(plan.vocab, (batch, plan.context), generator=generator)


def draw_targets(tokens: Tensor) -> Tensor:
    """The next tokens, with some left out."""
    targets = tokens.roll(-1, dims=1)
    targets[0, -1] = -100
    return targets


def with_kernel(plan: Plan, name: KernelName) -> Plan:
    """The same model with one kernel in all layers."""

    def change(layer: Layer) -> Layer:
        if not isinstance(layer.mixer, Attention):
            return layer
        # Heads are too small for compiled kernels; the plain ones take any.
        needs = replace(needs_of(layer.mixer), head_dim=16, v_dim=16)
        kernel = build_kernel(name, needs)
        return replace(layer, mixer=replace(layer.mixer, kernel=kernel))

    layers = tuple(change(layer) for layer in plan.decoder.layers)
    return replace(plan, stacks=(replace(plan.decoder, layers=layers),))


def beside(plan: Plan, batch: int = 2) -> dict[str, Tensor]:
    """What a model is called with beside its tokens."""
    if plan.source is not None:
        # A source may be shorter than what is made of it.
        source = draw_tokens(plan, batch, seed=3)
        return {"source": source[:, : max(1, plan.context - 1)]}
    if plan.embedding.types:
        generator = torch.Generator().manual_seed(4)
        shape = (batch, plan.context)
        types = torch.randint(plan.embedding.types, shape, generator=generator)
        return {"types": types}
    return {}


def whole_slope(slope: Any) -> Tensor:
    """A gradient as a table, however it is kept."""
    if hasattr(slope, "sum_up"):
        whole = slope.x.new_zeros(tuple(slope.shape))
        for row, value in slope.sum_up():
            whole.index_copy_(0, row, value)
        return whole
    return slope.to_dense()
