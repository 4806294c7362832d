"""Comparison of two nodes, field by field."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any, cast

from vslmc.cost.describe import (
    describe_argument,
    describe_ffn,
    describe_mixer,
    describe_node,
    describe_norm,
    name_mixer,
)
from vslmc.cost.describe_mixer import describe_pattern, describe_position
from vslmc.diff.nodes import Change, Value
from vslmc.plan.nodes import (
    Alibi,
    Attention,
    BuiltinText,
    Chunked,
    Dilated,
    ExpertChoice,
    Glu,
    Groups,
    Kernel,
    Layer,
    Lora,
    LossFree,
    Mla,
    Mlp,
    Moe,
    Norm,
    Retrieval,
    Rope,
    Sigmoid,
    Sinkhorn,
    Softmax,
    SparseMixer,
    Strided,
    SwitchBalance,
    T5Bias,
    TextFile,
    TransformerXl,
    Xpos,
)
from vslmc.plan.python import Argument, PythonFfn, PythonMixer

PLACES = frozenset(
    {"origin", "index", "owner", "mixer_owner", "ffn_owner", "turn", "block"}
)
"""Fields that say where a thing stands or how it is called, not what it is."""

DERIVED: dict[type, frozenset[str]] = {
    Norm: frozenset({"width"}),
    Attention: frozenset({"state"}),
    Mla: frozenset({"state"}),
    Kernel: frozenset({"candidates"}),
    Layer: frozenset({"resize"}),
}
"""Fields that follow from others, which are compared."""


def compare_nodes(a: Any, b: Any, path: str = "") -> Iterator[Change]:
    """Changes between two values of one field; a component of another kind is one change."""
    if is_dataclass(a) and type(a) is type(b):
        left_out = PLACES | DERIVED.get(type(a), frozenset())
        for name in (field.name for field in fields(a) if field.name not in left_out):
            inner = f"{path}.{name}" if path else name
            yield from compare_nodes(getattr(a, name), getattr(b, name), inner)
    elif a != b:
        yield Change(path, value_of(a), value_of(b))


def value_of(value: Any) -> Value:
    """A value for a `Change`: components in words, the rest as it is."""
    match value:
        case Norm():
            return describe_norm(value)
        case Mlp() | Glu() | Moe() | Retrieval() | PythonFfn():
            return describe_ffn(value)
        case Softmax() | Sigmoid() | Sinkhorn() | SparseMixer() | ExpertChoice():
            return describe_node(value)
        case SwitchBalance() | LossFree() | Groups():
            return describe_node(value)
        case PythonMixer():
            return name_mixer(value)
        case Argument():
            return describe_argument(value)
        case Attention() | Mla():
            words = describe_mixer(value)
            keys = ", previous keys" if words.get("keys") else ""
            name = type(value).__name__.lower()
            return (
                f"{name} {words['heads']}, kv {words['kv']}{keys}, "
                f"window {words['window']}"
            )
        case Lora():
            return f"lora(rank = {value.rank}) in {value.passes} passes"
        case Rope() | Xpos() | Alibi() | T5Bias() | TransformerXl():
            return describe_position(value)
        case Strided() | Dilated() | Chunked():
            return describe_pattern(value)
        case BuiltinText():
            return f"builtin({value.name})"
        case TextFile():
            return f"text({value.path})"
        case tuple():
            items = cast("tuple[Any, ...]", value)
            return f"({', '.join(str(value_of(item)) for item in items)})"
        case _:
            return value if isinstance(value, str | int | float | None) else str(value)
