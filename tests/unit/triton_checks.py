"""Triton's kernels beside the plain forms; a process of its own, as Triton is told once how it runs.

`python -m tests.unit.triton_checks cpu` under `TRITON_INTERPRET=1`, or `cuda`: a line of JSON for each
check, its name and what went wrong, or null.
"""

# Neither Triton nor the stubs of torch say what everything is.
# pyright: basic

from __future__ import annotations

import importlib.util
import json
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from tests.property.compiling import compile_text
from tests.property.module import whole_slope
from vslmc.plan.nodes import Plan
from vslmc.render.kernels.triton import render_triton
from vslmc.render.model import render_model

Check = Callable[[], None]

ROWS = ((1, 1, 1, 1), (1, 5, 7, 3), (3, 33, 9, 24), (11, 5, 40, 130), (4, 17, 2, 257))
"""Tokens, rows that each chooses, rows of the table, width; more are chosen than there are, too."""
COUNTS = ((1,), (5, 0, 3), (0, 0, 65), (64, 1, 0, 0), (0, 0))
SIZES = ((24, 40), (5, 66), (1, 1), (70, 130))
"""Inner and outer width."""

EXPERTS = """
block base {{ mixer = attention(heads = 2), ffn = swiglu }}
model both {{
    vocab = 256, context = 12, width = 20
    layers {{
        1 * base {{ ffn = peer(experts = 7**2, heads = 3, top_k = 5, key_dim = 8, glu = true, kernel = {rows}) }}
        1 * base {{ ffn = pkm(memories = 6**2, heads = 2, top_k = 4, key_dim = 8, gradients = {pkm}, kernel = {rows}) }}
        1 * base {{ ffn = cdmoe(experts = 5**2, heads = 2, top_k = 4, key_dim = 8, gradients = sparse, kernel = {rows}) }}
        1 * base {{ ffn = moe(experts = 5, kernel = {groups}, expert = swiglu(hidden = 12)) }}
        1 * base {{ ffn = moe(experts = 6, kernel = {other}, expert = mlp(hidden = 18, bias = true)) }}
    }}
}}
"""


def compile_both(**kernels: str) -> Plan:
    """The plan of every kind of experts, under these kernels."""
    return compile_text(EXPERTS.format(**kernels), Path())


def load(plan: Plan, folder: Path) -> Any:
    """The generated module of a package."""
    folder.mkdir()
    files = {"model.py": render_model(plan), **render_triton(plan)}
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    spec = importlib.util.spec_from_file_location(folder.name, folder / "model.py")
    assert spec is not None and spec.loader is not None
    made = sys.modules[folder.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


def slopes(y: Tensor, *of: Tensor) -> tuple[Tensor, ...]:
    """y, and what a loss of it gives the others."""
    loss = (
        y.float() * torch.linspace(-1, 1, y.numel(), device=y.device).view_as(y)
    ).sum()
    return (y.detach(), *torch.autograd.grad(loss, of))


def assert_near(found: Any, wanted: Any, dtype: torch.dtype) -> None:
    """Equal in fp32 but for rounding; in bf16 to two digits of the largest number."""
    for one, other in zip(found, wanted, strict=True):
        assert one.shape == other.shape and one.dtype == other.dtype
        near = 1e-5 if dtype == torch.float32 else 2e-2
        scale = max(1.0, float(other.abs().max())) if other.numel() else 1.0
        torch.testing.assert_close(
            one.float(), other.float(), rtol=0, atol=near * scale
        )


def check_rows(module: Any, device: str, dtype: torch.dtype, sizes: Any) -> None:
    """Products and sums of rows, and all slopes, beside copies of the rows."""
    tokens, chosen, rows, width = sizes
    x, weight = torch.randn(tokens, width), torch.randn(tokens, chosen)
    given = [each.to(device, dtype).requires_grad_() for each in (x, weight)]
    table = torch.randn(rows, width).to(device, dtype).requires_grad_()
    index = torch.randint((rows + 1) // 2, (tokens, chosen), device=device)
    picked = module.TritonDenseChosen(index)
    plain = [each.detach().float().requires_grad_() for each in (*given, table)]
    dots = torch.einsum("nc,nkc->nk", plain[0], plain[2][index])
    sums = torch.einsum("nk,nkc->nc", plain[1], plain[2][index])
    for y, of, wanted, same in (
        (module.dot_rows(given[0], table, picked), given[0], dots, plain[0]),
        (module.sum_rows(given[1], table, picked), given[1], sums, plain[1]),
    ):
        expected = [part.to(dtype) for part in slopes(wanted, same, plain[2])]
        assert_near(slopes(y, of, table), expected, dtype)


def check_groups(
    module: Any, device: str, dtype: torch.dtype, counts: tuple[int, ...], sizes: Any
) -> None:
    """Products of sorted rows, and all slopes, beside one product for each expert."""
    inner, outer = sizes
    x = torch.randn(sum(counts), inner).to(device, dtype).requires_grad_()
    stack = torch.randn(len(counts), outer, inner).to(device, dtype).requires_grad_()
    count = torch.tensor(counts, device=device)
    plain = [each.detach().float().requires_grad_() for each in (x, stack)]
    parts = zip(plain[0].split(counts), plain[1], strict=True)
    wanted = torch.cat([rows @ matrix.T for rows, matrix in parts])
    expected = [part.to(dtype) for part in slopes(wanted, *plain)]
    assert_near(
        slopes(module.TRITON.expert_mm(x, stack, count), x, stack), expected, dtype
    )


def check_same_again(module: Any, device: str) -> None:
    """Nothing depends on which program comes first: two runs give the same bits."""
    x, table = torch.randn(40, 24, device=device), torch.randn(9, 24, device=device)
    weight = torch.randn(40, 6, device=device)
    index = torch.randint(9, (40, 6), device=device)
    first, second = (
        module.TritonDenseChosen(index).collect(weight, x, len(table)) for _ in range(2)
    )
    assert torch.equal(first, second)


def check_model(module: Any, plain: Any, device: str) -> None:
    """A whole model in training: loss and every slope are those of the plain kernels."""
    tokens = torch.randint(256, (2, 12), device=device)
    results: list[dict[str, Tensor]] = []
    torch.manual_seed(0)
    start = plain.Model().state_dict()
    for made in (module, plain):
        model = made.Model()
        model.load_state_dict(start)
        model.to(device).train()
        loss = model.loss(tokens[:, :-1], tokens[:, 1:])
        loss.backward()
        found = {name: whole_slope(p.grad) for name, p in model.named_parameters()}
        results.append({"loss": loss.detach(), **found})
    assert results[0].keys() == results[1].keys()
    for name, wanted in results[1].items():
        near = 1e-5 * max(1.0, float(wanted.abs().max()))
        torch.testing.assert_close(
            results[0][name], wanted, rtol=0, atol=near, msg=name
        )


def check_autocast(module: Any, device: str) -> None:
    """Under autocast the products are in bf16, and the rows in the table's numbers."""
    x = torch.randn(9, 24, device=device)
    stack, count = torch.randn(2, 16, 24, device=device), torch.tensor(
        [5, 4], device=device
    )
    table, index = torch.randn(8, 24, device=device), torch.randint(
        8, (9, 3), device=device
    )
    with torch.autocast(device, torch.bfloat16):
        y = module.triton_mm(x, stack, count)
        dots = module.dot_rows(x.bfloat16(), table, module.TritonDenseChosen(index))
    assert y.dtype == torch.bfloat16 and dots.dtype == torch.float32
    wanted = torch.cat((x[:5] @ stack[0].T, x[5:] @ stack[1].T))
    torch.testing.assert_close(y.float(), wanted, rtol=3e-2, atol=0.2)


def list_checks(device: str, folder: Path) -> Iterator[tuple[str, Check]]:
    """Every check by its name."""
    module = load(
        compile_both(rows="triton", groups="triton", other="auto", pkm="factored"),
        folder / "by",
    )
    plain = load(
        compile_both(rows="gather", groups="loop", other="loop", pkm="dense"),
        folder / "plain",
    )
    assert module.TRITON is not None and not hasattr(plain, "TRITON")
    assert module.triton_runs(torch.zeros(1, device=device))
    for dtype in (torch.float32, torch.bfloat16):
        kind = str(dtype).removeprefix("torch.")
        for sizes in ROWS:
            name = f"rows-{kind}-{'-'.join(map(str, sizes))}"
            yield name, lambda d=dtype, s=sizes: check_rows(module, device, d, s)
        for counts in COUNTS:
            for sizes in SIZES[: 4 if len(counts) == 3 else 1]:
                name = f"groups-{kind}-{'-'.join(map(str, (*counts, *sizes)))}"
                yield name, lambda d=dtype, c=counts, s=sizes: check_groups(
                    module, device, d, c, s
                )
    yield "same-again", lambda: check_same_again(module, device)
    yield "autocast", lambda: check_autocast(module, device)
    yield "model", lambda: check_model(module, plain, device)


def main() -> None:
    """Run all of them on the device that the command names."""
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        for name, check in list_checks(sys.argv[1], Path(folder)):
            torch.manual_seed(0)
            wrong = None
            try:
                check()
            except Exception:
                wrong = traceback.format_exc()
            print(json.dumps([name, wrong]), flush=True)


if __name__ == "__main__":
    main()
