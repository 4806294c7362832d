"""Layers of single-neuron experts, beside Hugging Face's and PEER-pytorch's:
`python -m benchmarks.experts_retrieval`.

A whole layer (queries, choice, experts; with the shared FFN where there is one), forward and
backward to its input and all its parameters, in fp32: 2,048 tokens of width 256, 64 active
neurons. `fused` and `gather` are the generated layer under either kernel. Each measurement is a
process of its own with one thread; the sides take turns, and the medians over the rounds are
compared. Times are CPU time, so that others on the machine count little; memory is the peak over
what the layer's parameters, gradients and input take before the first step. Freed memory is kept
in the process on all sides, as the generated train.py keeps it.

PEER-pytorch is measured where it can be imported:

    pip install --no-deps --target FOLDER PEER-pytorch
    PYTHONPATH=FOLDER python -m benchmarks.experts_retrieval
"""

# torch's stubs leave some types open; the benchmark is a script beside the project.
# pyright: basic

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.peers import keep_memory, peak_memory
from vslmc.render.engine import template_folder

RESULTS = Path(__file__).parent / "results" / "experts_retrieval.md"
TOKENS, WIDTH, STEPS, ROUNDS = 2048, 256, 3, 3
SIZES = (32, 64, 128, 256, 1024)
DOGE_LARGEST = 256
"""It scores every expert for every token: 2**31 scores at a million."""
LAYERS = {
    "peer": "peer(experts = {size}**2, heads = 4, top_k = 16, key_dim = 128, {form})",
    "cdmoe": (
        "cdmoe(experts = {size}**2, heads = 1, top_k = 64, key_dim = 64, {form}, "
        "shared = swiglu(hidden = 64))"
    ),
}
FORMS = {
    "fused": "kernel = fused",
    "gather": "kernel = gather",
    "sparse": "gradients = sparse",
}
SPEC = """
block base {{ norm = rmsnorm, mixer = none, ffn = {ffn} }}
model bench {{ vocab = 256, context = {tokens}, width = {width}, layers {{ 1 * base }} }}
"""
Result = dict[str, float]


def generated(name: str, form: str, size: int) -> Any:
    """The generated layer."""
    from vslmc.driver.compile import Request, compile_one
    from vslmc.render.model import render_model

    ffn = LAYERS[name].format(size=size, form=FORMS[form])
    text = SPEC.format(ffn=ffn, tokens=TOKENS, width=WIDTH)
    made = compile_one(Request(Path("bench.vslm"), text=text))
    assert made.value is not None, made.diagnostics
    names: dict[str, Any] = {"__name__": "bench"}
    sys.modules["bench"] = type(sys)("bench")
    exec(render_model(made.value), names)
    return names["Model"]().layers[0].ffn


def doge(size: int) -> Any:
    """transformers' cross-domain mixture; its routing mixes tokens, which costs the same."""
    from transformers.models.doge.configuration_doge import DogeConfig
    from transformers.models.doge.modeling_doge import DogeCDMoE

    config = DogeConfig(
        hidden_size=WIDTH, intermediate_size=64, num_experts=size**2,
        num_experts_per_tok=64, is_moe=True, hidden_act="silu",
    )  # fmt: skip
    return DogeCDMoE(config)


def peer_pytorch(size: int) -> Any:
    """PEER-pytorch as the paper has it: a softmax over 16 of each of 4 heads."""
    from PEER_pytorch import PEER  # pyright: ignore[reportMissingImports]

    return PEER(
        dim=WIDTH, heads=4, num_experts=size**2, num_experts_per_head=16, dim_key=64,
        non_competing_scores=False,
    )  # fmt: skip


def make(side: str, size: int) -> Any:
    """The layer of a side."""
    if side == "doge":
        return doge(size)
    if side == "peer_pytorch":
        return peer_pytorch(size)
    name, form = side.split("/")
    return generated(name, form, size)


def make_optimizer(layer: Any, side: str) -> Any:
    """What the generated train.py has for this layer."""
    import torch

    if not side.endswith("/sparse"):
        return torch.optim.AdamW(layer.parameters(), fused=True)
    header = "from __future__ import annotations\nimport torch\nfrom torch import nn\n"
    names: dict[str, Any] = {}
    lazy = template_folder() / "train" / "lazy.py"
    exec(header + lazy.read_text("utf-8"), names)
    return names["LazyAdamW"](layer.parameters(), fused=True)


def work_steps(side: str, size: int) -> Result:
    """Median CPU milliseconds of forward and backward, and of the optimizer after them."""
    import torch

    keep_memory()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    layer = make(side, size).train()
    optimizer = make_optimizer(layer, side)
    slope = torch.randn(1, TOKENS, WIDTH)
    passes, steps = list[float](), list[float]()
    for _ in range(1 + STEPS):
        x = torch.randn(1, TOKENS, WIDTH, requires_grad=True)
        optimizer.zero_grad()
        start = time.process_time()
        layer(x).backward(slope)
        middle = time.process_time()
        optimizer.step()
        passes.append(middle - start)
        steps.append(time.process_time() - middle)
    return {"ms": 1e3 * median(passes[1:]), "step": 1e3 * median(steps[1:])}


def work(side: str, size: int) -> Result:
    """Median CPU milliseconds of a step, and peak MiB over what there was before."""
    import torch

    keep_memory()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    layer = make(side, size).train()
    x = torch.randn(1, TOKENS, WIDTH, requires_grad=True)
    slope = torch.randn(1, TOKENS, WIDTH)
    for parameter in (*layer.parameters(), x):
        parameter.grad = torch.zeros_like(parameter)
    before, times = peak_memory(), list[float]()
    for _ in range(1 + STEPS):
        for parameter in (*layer.parameters(), x):
            parameter.grad = None
        start = time.process_time()
        y = layer(x)
        y = y[0] if isinstance(y, tuple) else y
        y.backward(slope)
        times.append(time.process_time() - start)
    parameters = sum(p.numel() for p in layer.parameters())
    extra = (peak_memory() - before) / 2**20
    return {"ms": 1e3 * median(times[1:]), "extra": extra, "parameters": parameters}


def measure(side: str, size: int, *more: str) -> Result:
    """One process."""
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.experts_retrieval"]
    output = subprocess.run(
        [*command, side, str(size), *more],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    return json.loads(output.stdout.splitlines()[-1])


def sides(size: int) -> list[str]:
    """Who can run at this size."""
    found = [f"{name}/{kernel}" for name in LAYERS for kernel in ("fused", "gather")]
    if size <= DOGE_LARGEST:
        found.append("doge")
    if importlib.util.find_spec("PEER_pytorch") is not None:
        found.append("peer_pytorch")
    return found


def row(size: int) -> str:
    """The line of one number of experts."""
    results: dict[str, list[Result]] = {side: [] for side in sides(size)}
    for _ in range(ROUNDS):
        for side, found in results.items():
            found.append(measure(side, size))
    ms = {s: median(r["ms"] for r in rs) for s, rs in results.items()}
    extra = {s: median(r["extra"] for r in rs) for s, rs in results.items()}
    cells = [f"{size**2:,}"]
    cells += [f"{ms[s]:.0f} ({extra[s]:.0f})" if s in ms else "-" for s in COLUMNS]
    for name, other in RATIOS:
        mine = f"{name}/fused"
        if other not in ms:
            cells.append("-")
            continue
        cells.append(
            f"**{ms[other] / ms[mine]:.1f}** ({extra[other] / extra[mine]:.1f})"
        )
    return f"| {' | '.join(cells)} |"


def million() -> list[str]:
    """Dense and sparse gradients at 65,536 experts and at a million, the optimizer too."""
    lines = [
        "| layer | gradients | 65,536: passes | optimizer | 1,048,576: passes | optimizer "
        "| passes, ratio | whole step, ratio |",
        "|---" * 8 + "|",
    ]
    for name in LAYERS:
        for form, words in (("fused", "dense"), ("sparse", "sparse")):
            sides: list[Result] = []
            for size in (256, 1024):
                found = [
                    measure(f"{name}/{form}", size, "steps") for _ in range(ROUNDS)
                ]
                sides.append(
                    {key: median(r[key] for r in found) for key in ("ms", "step")}
                )
            small, large = sides
            cells = [f"{r[key]:.0f}" for r in sides for key in ("ms", "step")]
            passes = large["ms"] / small["ms"]
            whole = sum(large.values()) / sum(small.values())
            ends = (f"**{passes:.1f}**", f"**{whole:.1f}**")
            lines.append(f"| {' | '.join([name, words, *cells, *ends])} |")
            print(lines[-1], flush=True)
    return lines


COLUMNS = (
    "peer/fused",
    "peer/gather",
    "peer_pytorch",
    "cdmoe/fused",
    "cdmoe/gather",
    "doge",
)
RATIOS = (
    ("peer", "peer/gather"),
    ("peer", "peer_pytorch"),
    ("peer", "doge"),
    ("cdmoe", "cdmoe/gather"),
    ("cdmoe", "doge"),
)
INTRO = """# Single-neuron experts, a whole layer

`python -m benchmarks.experts_retrieval`: {tokens:,} tokens of width {width}, 64 active neurons, fp32, forward
and backward, one thread, dense gradients, freed memory kept on all sides. Milliseconds of CPU time, in
brackets the peak MiB over parameters, gradients and input; then theirs by ours, time and (memory). PEER
has 4 heads of 16, queries of 128 with batch norm; CDMoE one head of 64, queries of 64, and a shared
SwiGLU of 64. transformers' Doge has no queries, and scores every expert for every token: it was not run
at a million.
"""


MILLION = """## A million experts

`python -m benchmarks.experts_retrieval million`: the same layers with dense and with sparse gradients of the tables; milliseconds of CPU time
of forward and backward, and of the optimizer (AdamW, and the LazyAdamW of the generated train.py) after them, new tokens in each
step. Then the time at 1,048,576 experts by that at 65,536.
"""


def write_million(lines: list[str]) -> None:
    """The second part of the results, which leaves the first as it is."""
    text = RESULTS.read_text("utf-8") if RESULTS.exists() else ""
    first = text.partition(MILLION.splitlines()[0])[0].rstrip("\n")
    body = f"{MILLION}\n" + "\n".join(lines) + "\n"
    RESULTS.write_text(f"{first}\n\n{body}" if first else body, encoding="utf-8")


def main() -> None:
    if len(sys.argv) in (3, 4):
        run = work if len(sys.argv) == 3 else work_steps
        print(json.dumps(run(sys.argv[1], int(sys.argv[2]))))
        return
    if sys.argv[1:] == ["million"]:
        write_million(million())
        return
    heads = [
        "experts",
        *COLUMNS,
        *(f"{other} by {name}/fused" for name, other in RATIOS),
    ]
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for size in SIZES:
        lines.append(row(size))
        print(lines[-1], flush=True)
    intro = INTRO.format(tokens=TOKENS, width=WIDTH)
    RESULTS.write_text(intro + "\n" + "\n".join(lines) + "\n", encoding="utf-8")
    write_million(million())


if __name__ == "__main__":
    main()
