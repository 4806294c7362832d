"""What runs the experts of which layers, and why other kernels do not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from vslmc.cost.rows import write_ranges
from vslmc.plan.kernels import find_odd_size, has_few_rows
from vslmc.plan.nodes import Moe, Retrieval, Stack
from vslmc.plan.tensors import path_of

TRITON = "triton on CUDA, where it is installed"
SCATTERMOE = "scattermoe for bf16 and fp16 on CUDA, where it is installed"


def describe_expert_choices(stacks: Sequence[Stack]) -> Iterator[str]:
    """One text for each distinct choice, with the layers that make it."""
    groups: dict[str, dict[str, list[int]]] = {}
    reason = find_gemm_fault(stacks)
    for stack in stacks:
        for layer in stack.layers:
            if isinstance(layer.ffn, Moe | Retrieval):
                text = describe_choice(layer.ffn, reason)
                name = f"{path_of(stack)}layers"
                groups.setdefault(text, {}).setdefault(name, []).append(layer.index)
    for text, where in groups.items():
        words = (f"{name}[{write_ranges(found)}]" for name, found in where.items())
        which = f"{', '.join(words)}: " if len(groups) > 1 else ""
        yield which + text


def describe_choice(ffn: Moe | Retrieval, reason: str | None) -> str:
    """`triton on CUDA, where it is installed, else grouped`; `reason` is against one GEMM."""
    first = [TRITON] if ffn.triton else []
    if ffn.kernel != "grouped":
        return ", else ".join([*first, ffn.kernel])
    if ffn.triton == "rest" and reason is None:
        first = ["grouped for bf16 on Hopper and Blackwell", *first]
    if ffn.scattermoe:
        first = [SCATTERMOE]
    if has_few_rows(ffn):
        first.append("row by row on a CPU where experts take few tokens")
    text = ", else ".join([*first, "grouped"])
    return text if reason is None else f"{text}; {reason}"


def find_gemm_fault(stacks: Sequence[Stack]) -> str | None:
    """Why the products of grouped experts are no grouped GEMM of torch; None if they are.

    One function of the model makes all of them, so one odd layer speaks for all.
    """
    for stack in stacks:
        for layer in stack.layers:
            if size := find_odd_size(layer):
                where = f"{path_of(stack)}layers[{layer.index}]"
                limit = "it takes multiples of 8"
                return f"no grouped GEMM of torch: {limit}, {where} has {size}"
    return None
