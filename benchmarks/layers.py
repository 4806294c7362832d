# torch's stubs leave some types open; the benchmark is a script beside the project.
# pyright: basic
"""The layers of experts that the benchmarks compare, ours and others' of the same shape.

transformers comes with the `test` extra. PEER-pytorch is measured where it can be imported:

    pip install --no-deps --target FOLDER PEER-pytorch
    PYTHONPATH=FOLDER python -m benchmarks.experts_retrieval

Every measurement is a process of its own with one thread, `python -m benchmarks.layers SIDE SIZE POLICY`, and
prints JSON: the median CPU milliseconds of forward and backward (`ms`), which also sum for a norm what is
left in factors, and of the optimizer after them (`step`), in MiB the peak over what parameters and input take
(`extra`: activations and all gradients), how many parameters there are, and the sum of the squared output.
The rows are the same in every step. With the policy `alive` it prints how many MiB tensors take at one time,
at most, in one such step (`alive`): what an allocator without holes would need, and the same in every process.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import accumulate
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.peers import forget_peak, keep_memory, peak_memory
from vslmc.render.trained import render_lazy

TOKENS, WIDTH, STEPS = 2048, 256, 5
SPEC = """
block base {{ norm = rmsnorm, mixer = none, ffn = {ffn} }}
model bench {{ vocab = 256, context = {tokens}, width = {width}, layers {{ base }} }}
"""
PEER = "peer(experts = {size}**2, heads = 4, top_k = 16, key_dim = 128, {form})"
CDMOE = (
    "cdmoe(experts = {size}**2, heads = 1, top_k = 64, key_dim = 64, {form}, "
    "shared = swiglu(hidden = 64))"
)
RETRIEVAL = (
    "peer(experts = {size}**2, heads = 1, top_k = 64, key_dim = 64, query_norm = none, "
    "gradients = sparse)"
)
MOE = "moe(experts = {size}, top_k = 2, balance = none, expert = swiglu(hidden = 32){more})"
OURS = {
    "peer/sparse": PEER.replace("{form}", "gradients = sparse"),
    "peer/factored": PEER.replace("{form}", "gradients = factored"),
    "peer/dense": PEER.replace("{form}", "kernel = fused"),
    "peer/gather": PEER.replace("{form}", "kernel = gather"),
    "cdmoe/sparse": CDMOE.replace("{form}", "gradients = sparse"),
    "cdmoe/factored": CDMOE.replace("{form}", "gradients = factored"),
    "cdmoe/dense": CDMOE.replace("{form}", "kernel = fused"),
    "cdmoe/gather": CDMOE.replace("{form}", "kernel = gather"),
    "retrieval": RETRIEVAL,
    "moe": MOE.replace("{more}", ""),
    "moe+shared": MOE.replace("{more}", ", shared = 2"),
}
Result = dict[str, float]


def generated(side: str, size: int) -> Any:
    """The generated layer; its rows are the single-neuron experts, `size` a factor."""
    from vslmc.driver.compile import Request, compile_one
    from vslmc.render.model import render_model

    text = SPEC.format(ffn=OURS[side].format(size=size), tokens=TOKENS, width=WIDTH)
    made = compile_one(Request(Path("bench.vslm"), text=text))
    assert made.value is not None, made.diagnostics
    module: Any = type(sys)("bench")
    module.__file__ = __file__
    sys.modules["bench"] = module
    exec(render_model(made.value), vars(module))
    return module.Model().layers[0].ffn


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


def mixtral(size: int) -> Any:
    """transformers' mixture, by its grouped products."""
    from transformers import MixtralConfig
    from transformers.models.mixtral.modeling_mixtral import MixtralSparseMoeBlock

    config = MixtralConfig(
        hidden_size=WIDTH, intermediate_size=32, num_local_experts=size,
        num_experts_per_tok=2,
    )  # fmt: skip
    config._experts_implementation = "grouped_mm"
    return MixtralSparseMoeBlock(config)


THEIRS: dict[str, Callable[[int], Any]] = {
    "doge": doge,
    "peer_pytorch": peer_pytorch,
    "mixtral": mixtral,
}


def fill_mixture(side: str, block: Any) -> None:
    """The same weights in our mixture and transformers'."""
    import torch

    theirs = side == "mixtral"
    experts = block.experts if theirs else block
    router = block.gate if theirs else block.router
    torch.manual_seed(1)
    with torch.no_grad():
        router.weight.normal_(std=0.1)
        count = len(router.weight)
        gate, up = (torch.randn(count, 32, WIDTH) * 0.05 for _ in range(2))
        down = torch.randn(count, WIDTH, 32) * 0.05
        if theirs:
            experts.gate_up_proj.copy_(torch.cat((gate, up), dim=1))
            experts.down_proj.copy_(down)
        else:
            experts.gate_up.copy_(torch.cat((gate, up), dim=1))
            experts.down.copy_(down)


LAZY = """
from __future__ import annotations
from collections.abc import Iterator
from typing import Any
import torch
import torch.distributed as dist
from torch import Tensor, nn
"""


def make_optimizer(layer: Any, side: str) -> Any:
    """What the generated train.py has for this layer."""
    import torch

    form = side.partition("/")[2]
    if form not in ("sparse", "factored"):
        return torch.optim.AdamW(layer.parameters(), fused=True)
    names = dict(vars(sys.modules["bench"]))
    exec(LAZY + render_lazy({form}), names)
    return names["LazyAdamW"](layer.parameters(), fused=True)


def make(side: str, size: int) -> Any:
    """The layer of a side."""
    return generated(side, size) if side in OURS else THEIRS[side](size)


def take_passes(layer: Any, x: Any, slope: Any) -> Any:
    """Forward and backward; slopes that are left in factors are summed too, for a norm."""
    import torch

    y = layer(x)
    y = y[0] if isinstance(y, tuple) else y
    y.backward(slope)
    for parameter in layer.parameters():
        if hasattr(parameter.grad, "sum_up"):
            torch.linalg.vector_norm(parameter.grad)
    return y


def work(side: str, size: int, policy: str) -> Result:
    """One measurement, in this process; `policy` is what becomes of freed memory:
    `kept` or `default`, and `kept+step` takes optimizer steps, on new rows each."""
    import torch

    if policy != "default":
        keep_memory()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    layer = make(side, size)
    if side in ("moe", "mixtral"):
        fill_mixture(side, layer)
    torch.manual_seed(2)
    x = torch.randn(1, TOKENS, WIDTH, requires_grad=True)
    slope = torch.randn(1, TOKENS, WIDTH)
    stepping = policy.endswith("+step")
    optimizer = make_optimizer(layer, side) if stepping else None
    before, y = 0, x
    passes, steps = list[float](), list[float]()
    for number in range(2 + STEPS):
        for parameter in (*layer.parameters(), x):
            parameter.grad = None
        if number == 1:  # the libraries have taken what they keep
            forget_peak()
            before = peak_memory()
        if stepping:
            x = torch.randn(1, TOKENS, WIDTH, requires_grad=True)
        start = time.process_time()
        y = take_passes(layer, x, slope)
        middle = time.process_time()
        if optimizer is not None:
            optimizer.step()
        passes.append(1e3 * (middle - start))
        steps.append(1e3 * (time.process_time() - middle))
    extra = peak_memory() - before
    return {
        "ms": median(passes[2:]),
        "step": median(steps[2:]),
        "extra": extra / 2**20,
        "parameters": sum(p.numel() for p in layer.parameters()),
        "sum": float(y.detach().double().square().sum()),
    }


def count_alive(side: str, size: int) -> Result:
    """The most that the tensors of a step take at one time, over parameters and input."""
    import torch
    from torch.profiler import ProfilerActivity, profile

    torch.set_num_threads(1)
    torch.manual_seed(0)
    layer = make(side, size)
    x = torch.randn(1, TOKENS, WIDTH, requires_grad=True)
    slope = torch.randn(1, TOKENS, WIDTH)

    take_passes(layer, x, slope)  # the libraries take what they keep
    for parameter in (*layer.parameters(), x):
        parameter.grad = None
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiler:
        take_passes(layer, x, slope)
    recorded = profiler.profiler
    assert recorded is not None and recorded.kineto_results is not None
    events = recorded.kineto_results.events()
    sizes = sorted(
        (e.start_ns(), e.nbytes())  # pyright: ignore[reportAttributeAccessIssue]
        for e in events
        if e.name() == "[memory]"
    )
    totals = accumulate(size for _, size in sizes)
    return {"alive": max(totals) / 2**20}


def measure(side: str, size: int, policy: str) -> Result:
    """The same in a process of its own."""
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.layers"]
    output = subprocess.run(
        [*command, side, str(size), policy],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    return json.loads(output.stdout.splitlines()[-1])


def compare(sides: list[tuple[str, int, str]], rounds: int) -> list[Result]:
    """The sides in turns; of each figure the median over the rounds."""
    found: list[list[Result]] = [[] for _ in sides]
    for _ in range(rounds):
        for side, results in zip(sides, found, strict=True):
            results.append(measure(*side))
    return [{key: median(r[key] for r in rs) for key in rs[0]} for rs in found]


if __name__ == "__main__":
    chosen, rows, kept = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    result = count_alive(chosen, rows) if kept == "alive" else work(chosen, rows, kept)
    print(json.dumps(result))
