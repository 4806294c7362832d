"""Which kernel runs the attention of which layers, and why the others cannot."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from vslmc.checks.kernels import KERNELS, kernel_fault
from vslmc.cost.rows import write_ranges
from vslmc.plan.kernels import needs_of
from vslmc.plan.nodes import Attention, Kernel, Mixer, Mla, Stack
from vslmc.plan.tensors import path_of
from vslmc.record import record

FLASH = "flash for fp16 and bf16 on CUDA, where flash-attn is installed"
FLEX = "flex on CUDA"
FLEX_ASKED = "flex on CUDA, and elsewhere without gradients"


@record
class Choice:
    """What runs, and what cannot."""

    kernel: Kernel
    refused: tuple[tuple[str, str], ...]
    """Kernels that are not legal here, each with the reason."""

    @property
    def runs(self) -> str:
        """`flex on CUDA, else eager`."""
        words = {"flash": FLASH, "flex": FLEX}
        if self.kernel.choice == "flex":
            words["flex"] = FLEX_ASKED
        return ", else ".join(words.get(name, name) for name in self.kernel.candidates)

    @property
    def reasons(self) -> list[str]:
        """`not flash: flash-attn has no strided pattern`."""
        return [f"not {name}: {reason}" for name, reason in self.refused]


def find_choice(mixer: Attention | Mla) -> Choice:
    """What runs a mixer."""
    needs = needs_of(mixer)
    faults = ((name, kernel_fault(name, needs)) for name in KERNELS)
    refused = tuple((name, fault) for name, fault in faults if fault is not None)
    return Choice(mixer.kernel, refused)


def group_choices(stacks: Sequence[Stack]) -> dict[Choice, dict[str, list[int]]]:
    """The distinct choices, each with the layers that make it, by what they are called."""
    found: dict[Choice, dict[str, list[int]]] = {}
    for stack in stacks:
        name = f"{path_of(stack)}layers"
        for kind in ("", "cross of "):
            for layer in stack.layers:
                part = layer.cross if kind else layer.mixer
                if isinstance(part, Attention | Mla):
                    where = found.setdefault(find_choice(part), {})
                    where.setdefault(kind + name, []).append(layer.index)
    return found


def choice_to_json(part: Mixer | None) -> dict[str, str] | None:
    """By kernel that cannot run an attention, the reason; null for anything else."""
    if not isinstance(part, Attention | Mla):
        return None
    return dict(find_choice(part).refused)


def describe_choices(stacks: Sequence[Stack]) -> Iterator[str]:
    """One text for each distinct choice."""
    groups = group_choices(stacks)
    for choice, where in groups.items():
        words = (f"{name}[{write_ranges(found)}]" for name, found in where.items())
        which = f"{', '.join(words)}: " if groups.keys() > {choice} else ""
        yield "; ".join([which + choice.runs, *choice.reasons])
