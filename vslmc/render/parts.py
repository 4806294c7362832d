"""Short texts that several classes of the generated model share."""

from __future__ import annotations

from collections.abc import Iterator

from vslmc.plan.nodes import Activation, Attention, Glu, Mlp, Norm
from vslmc.render.escape import py_num

_ACTIVATIONS: dict[Activation, str] = {
    "relu": "F.relu({})",
    "gelu": "F.gelu({})",
    "gelu_tanh": 'F.gelu({}, approximate="tanh")',
    "quick_gelu": "quick_gelu({})",
    "silu": "F.silu({})",
    "relu2": "F.relu({}).square()",
    "leaky_relu": "F.leaky_relu({})",
    "sigmoid": "torch.sigmoid({})",
    "tanh": "torch.tanh({})",
    "xielu": "xielu({}, self.alpha_p, self.alpha_n)",
}
ACTIVATION_LEAVES: dict[Activation, str] = {
    "quick_gelu": "quick_gelu",
    "xielu": "xielu",
}
"""Activations that PyTorch lacks, with the leaf module that has them."""


def activate(activation: Activation, argument: str) -> str:
    """The text of an activation of `argument`."""
    return _ACTIVATIONS[activation].format(argument)


def gate_text(ffn: Mlp | Glu, gate: str, up: str) -> str:
    """What goes into the down projection."""
    if isinstance(ffn, Glu):
        up = f"(1 + {up})" if ffn.unit_offset else up
        return f"{activate(ffn.activation, gate)} * {up}"
    return activate(ffn.activation, up)


def clamp_lines(ffn: Mlp | Glu) -> Iterator[str]:
    """Lines that bound `gate` and `up`."""
    if isinstance(ffn, Glu) and ffn.clamp is not None:
        bound = py_num(ffn.clamp)
        yield f"gate, up = gate.clamp(max={bound}), up.clamp(-{bound}, {bound})"


def norm_text(norm: Norm, width: str, eps: float | None) -> str:
    """The constructor of a norm; `eps` None takes the parameter `eps`."""
    number = "eps" if eps is None else py_num(eps)
    weight = "" if norm.weight else ", elementwise_affine=False"
    if norm.kind == "l2norm":
        return f"L2Norm({width}, {number}{'' if norm.weight else ', weight=False'})"
    if norm.offset:
        return f"OffsetRMSNorm({width}, eps={number})"
    if norm.kind == "rmsnorm":
        return f"nn.RMSNorm({width}, eps={number}{weight})"
    bias = "" if norm.bias or weight else ", bias=False"
    return f"nn.LayerNorm({width}, eps={number}{bias}{weight})"


def norm_leaf(norm: Norm) -> str | None:
    """The leaf module of a norm that PyTorch lacks."""
    if norm.kind == "l2norm":
        return "l2_norm"
    return "offset_norm" if norm.offset else None


def linear_name(part: Attention | Mlp | Glu) -> str:
    """The class of its linear maps."""
    return "LoraLinear" if part.lora else "nn.Linear"


def linear_arguments(part: Attention | Mlp | Glu, bias: bool) -> tuple[str, ...]:
    """What its linear maps are made with after their sizes."""
    low = ("rank", "passes") if part.lora else ()
    return (*low, *(() if bias else ("bias=False",)))
