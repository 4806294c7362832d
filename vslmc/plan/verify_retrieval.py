"""The laws of parts that look rows up in tables."""

from __future__ import annotations

from collections.abc import Iterator

from vslmc.plan.nodes import Retrieval


def verify_retrieval(ffn: Retrieval) -> Iterator[str]:
    """Numbers that fit one another; gates and FFNs beside only where there are experts."""
    for name in ("size", "heads"):
        number = getattr(ffn, name)
        if number < 1:
            yield f"{name}: {number} is not positive"
    if not 1 <= ffn.top_k <= ffn.rows:
        yield f"top_k: {ffn.top_k} of {ffn.rows} rows"
    if ffn.key_dim < 2 or ffn.key_dim % 2:
        yield f"key_dim: {ffn.key_dim} has no halves"
    if ffn.activation is None and (ffn.gated or ffn.shared is not None):
        yield "activation: values alone have no gate, and nothing beside them"
    if ffn.shared is not None and ffn.shared.hidden < 1:
        yield f"shared.hidden: {ffn.shared.hidden} is not positive"
    if ffn.triton and ffn.kernel != "fused":
        yield f"triton: before a kernel other than fused, {ffn.kernel}"
    if ffn.activation == "xielu":
        yield "activation: xielu has parameters of its own"
