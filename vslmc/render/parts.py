"""Short texts that several classes of the generated model share."""

from __future__ import annotations

from vslmc.plan.nodes import Activation, Attention, Glu, KernelName, Mlp, Norm
from vslmc.render.escape import py_num

_ACTIVATIONS: dict[Activation, str] = {
    "relu": "F.relu({})",
    "gelu": "F.gelu({})",
    "gelu_tanh": 'F.gelu({}, approximate="tanh")',
    "silu": "F.silu({})",
    "relu2": "F.relu({}).square()",
    "sigmoid": "torch.sigmoid({})",
    "tanh": "torch.tanh({})",
}


def activate(activation: Activation, argument: str) -> str:
    """The text of an activation of `argument`."""
    return _ACTIVATIONS[activation].format(argument)


def gate_text(ffn: Mlp | Glu, gate: str, up: str) -> str:
    """What goes into the down projection."""
    if isinstance(ffn, Glu):
        return f"{activate(ffn.activation, gate)} * {up}"
    return activate(ffn.activation, up)


def norm_text(norm: Norm, width: str, eps: float | None) -> str:
    """The constructor of a norm; `eps` None takes the parameter `eps`."""
    number = "eps" if eps is None else py_num(eps)
    if norm.kind == "rmsnorm":
        return f"nn.RMSNorm({width}, eps={number})"
    bias = "" if norm.bias else ", bias=False"
    return f"nn.LayerNorm({width}, eps={number}{bias})"


def linear_name(part: Attention | Mlp | Glu) -> str:
    """The class of its linear maps."""
    return "LoraLinear" if part.lora else "nn.Linear"


def linear_arguments(part: Attention | Mlp | Glu) -> tuple[str, ...]:
    """What its linear maps are made with after their sizes."""
    low = ("rank", "passes") if part.lora else ()
    return (*low, *(() if part.bias else ("bias=False",)))


def kernel_name(kernel: KernelName, attention: Attention) -> str:
    """The function of a kernel for this attention, such as `sdpa_window_dropout`."""
    window = "_window" if attention.window is not None else ""
    dropout = "_dropout" if attention.dropout > 0 else ""
    return kernel + window + dropout


def kernel_arguments(attention: Attention, prefix: str = "") -> tuple[str, ...]:
    """What a kernel of this attention is called with."""
    window = (f"{prefix}window",) if attention.window is not None else ()
    dropout = ("dropout",) if attention.dropout > 0 else ()
    return ("q", "k", "v", *window, *dropout)
