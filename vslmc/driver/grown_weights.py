"""Weights with new rows and keys. Imports torch, and that only when it is called."""

# The stubs of torch leave some types open.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportMissingTypeStubs=false

from __future__ import annotations

from pathlib import Path

from vslmc.diagnostics.catalogue import hf as faults
from vslmc.diagnostics.model import Diagnostic
from vslmc.plan.nodes import Tensor

INSTALL = "install them: `pip install 'vslmc[train]'`"


def write_grown(
    source: Path, fresh: tuple[Tensor, ...], seed: int, draft: Path
) -> tuple[Diagnostic, ...]:
    """The tensors of `source`, and `fresh` ones behind them. Fault: `weights-not-read`.

    Raises OSError.
    """
    path = source.as_posix()
    try:
        import torch
        from safetensors import SafetensorError
        from safetensors.torch import load_file, save_file
    except ImportError as error:
        return (
            faults.weights_not_read(path, f"{error.name} is not installed", INSTALL),
        )
    try:
        weights = load_file(source)
    except SafetensorError as error:
        return (faults.weights_not_read(path, str(error)[:200]),)
    generator = torch.Generator().manual_seed(seed)
    for tensor in fresh:
        value = torch.zeros(tensor.shape)
        # What new rows give is zero, until training changes it.
        if not tensor.name.endswith(".new_down"):
            value.normal_(0.0, tensor.init.std, generator=generator)
        weights[tensor.name] = value
    save_file(weights, draft, metadata={"format": "pt"})
    return ()
