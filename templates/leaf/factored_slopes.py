"""Slopes of tables that are left in their factors."""

from collections.abc import Iterator
from typing import Any, Self

import torch
from torch import Tensor

from templates.leaf.fused_rows import Chosen

CPU_SLOPES = 2**17  # numbers of a factored slope that are summed at one time
GPU_SLOPES = 2**24
UNSCALE = torch.ops.aten._amp_foreach_non_finite_check_and_unscale_.default


class FactoredSlope(Tensor):
    """A slope of a table (R, C) that is not summed: of each row, the sum of `weight` (N, K)
    times `x` (N, C) where `index` (N, K) chose it.

    PyTorch adds such gradients up, scales them, and takes their norm. All else is an error.
    """

    __torch_function__: Any = torch._C._disabled_torch_function_impl
    kind: type[Chosen]
    index: Tensor
    weight: Tensor
    x: Tensor

    def __new__(
        cls, kind: type[Chosen], index: Tensor, weight: Tensor, x: Tensor, rows: int
    ) -> Self:
        size = (rows, x.size(1))
        slope = Tensor._make_wrapper_subclass(cls, size, dtype=x.dtype, device=x.device)
        slope.kind, slope.index, slope.weight, slope.x = kind, index, weight, x
        return slope

    @classmethod
    def __torch_dispatch__(
        cls, func: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        """What PyTorch does to gradients."""
        slope, *others = (*args, *(kwargs or {}).values())
        if func is UNSCALE:
            return unscale(slope, *others)
        match str(func), others:
            case "aten.detach.default", []:
                return slope.copy()
            case "aten.add.Tensor", [FactoredSlope() as other]:
                return slope.copy().add_factors(other)
            case "aten.add_.Tensor", [FactoredSlope() as other]:
                return slope.add_factors(other)
            case "aten.mul_.Tensor", [factor]:
                return slope.scale(factor)
            case "aten.linalg_vector_norm.default", [] | [2]:
                return slope.measure()
            case _:
                raise NotImplementedError(f"{func} of factors that LazyAdamW sums")

    def copy(self) -> "FactoredSlope":
        """The same factors."""
        return FactoredSlope(self.kind, self.index, self.weight, self.x, self.size(0))

    def add_factors(self, other: "FactoredSlope") -> "FactoredSlope":
        """Take those of another slope too."""
        self.index = torch.cat((self.index, other.index))
        self.weight = torch.cat((self.weight, other.weight))
        self.x = torch.cat((self.x, other.x))
        return self

    def scale(self, factor: Tensor | float) -> "FactoredSlope":
        """Multiply all rows; the tensors of the graph stay as they are."""
        self.weight = self.weight * factor
        return self

    def measure(self) -> Tensor:
        """The norm of all rows."""
        norms = [torch.linalg.vector_norm(slope) for _, slope in self.sum_up()]
        return torch.linalg.vector_norm(torch.stack(norms))

    def sum_up(self) -> Iterator[tuple[Tensor, Tensor]]:
        """The rows (S,) that were chosen, in order, and their slopes (S, C), in pieces."""
        chosen = self.kind(self.index)
        row, count = chosen.row.unique_consecutive(return_counts=True)
        size = (CPU_SLOPES if self.is_cpu else GPU_SLOPES) // self.size(1) + 1
        stop = count.cumsum(0)
        stops = [*stop[size - 1 : -1 : size].tolist(), len(chosen.row)]
        pieces = zip(row.split(size), (stop - count).split(size), stops, strict=True)
        first = 0
        for rows, start, last in pieces:
            places = chosen.row[first:last], chosen.order[first:last]
            some = self.kind(self.index, *places)
            yield rows.long(), some.add_up(self.weight, self.x, start - first)
            first = last


def unscale(slopes: list[Tensor], overflow: Tensor, scale: Tensor) -> None:
    """Scale gradients as `GradScaler` does, which looks for overflow; some are in their factors."""
    summed: list[Tensor] = []
    for slope in slopes:
        if isinstance(slope, FactoredSlope):
            slope.scale(scale)
            for factor in (slope.weight, slope.x):
                overflow.masked_fill_(~factor.isfinite().all(), 1.0)
        else:
            summed.append(slope)
    if summed:
        UNSCALE(summed, overflow, scale)


class FactoredChosen(Chosen):
    """Chosen rows of a table whose slope is left in its factors."""

    @torch.compiler.disable
    def collect(self, weight: Tensor, x: Tensor, rows: int) -> Tensor:
        """For each row, the sum of weight (N, K) times x (N, C) where it was chosen: (R, C)."""
        factors = self.index, weight.detach(), x.detach()
        return FactoredSlope(type(self), *factors, rows)
