"""The laws of parts that look rows up in tables."""

from __future__ import annotations

from collections.abc import Iterator

from vslmc.plan.nodes import Retrieval


def verify_retrieval(ffn: Retrieval) -> Iterator[str]:
    """Numbers that fit one another; gates and FFNs beside only where there are experts."""
    for name in ("size", "heads", "factors"):
        number = getattr(ffn, name)
        if number < 1:
            yield f"{name}: {number} is not positive"
    if not 1 <= ffn.top_k <= ffn.rows:
        yield f"top_k: {ffn.top_k} of {ffn.rows} rows"
    if ffn.old is not None and not 1 <= ffn.old < ffn.size:
        yield f"old: {ffn.old} of {ffn.size} keys"
    elif any(ffn.top_k > pool.rows for pool in ffn.pools):
        yield f"top_k: {ffn.top_k} of the old rows, and of the new ones"
    if ffn.frozen and ffn.old is None:
        yield "frozen: nothing is old"
    if ffn.factors == 1:
        yield "factors: one part is no product"
    elif ffn.key_dim < 1 or ffn.key_dim % max(1, ffn.factors):
        yield f"key_dim: {ffn.key_dim} has no {ffn.factors} parts"
    if ffn.activation is None and (ffn.gated or ffn.shared is not None):
        yield "activation: values alone have no gate, and nothing beside them"
    if ffn.shared is not None and ffn.shared.hidden < 1:
        yield f"shared.hidden: {ffn.shared.hidden} is not positive"
    if ffn.triton and ffn.kernel != "fused":
        yield f"triton: before a kernel other than fused, {ffn.kernel}"
    if ffn.gradients == "factored" and ffn.kernel != "fused":
        yield f"gradients: the kernel {ffn.kernel} leaves none in their factors"
    if ffn.activation == "xielu":
        yield "activation: xielu has parameters of its own"
