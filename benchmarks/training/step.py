# torch's stubs leave some types open; the benchmark is a script beside the project.
# pyright: basic
"""One measurement in a process of its own: training steps of one model, printed as JSON.

    python -m benchmarks.training.step vslmc|hf|litgpt gpt2|llama fp32|bf16 kept|default FOLDER STEPS

FOLDER holds the generated packages. `kept` keeps freed memory in the process (glibc's mallopt).
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.peers import VOCAB, keep_memory, load, peak_memory

BATCH, CONTEXT = 4, 256


def loss_of(side: str, model: Any, tokens: Any) -> Any:
    """The mean loss of one batch, (B, T + 1), as each side's users compute it."""
    if side == "vslmc":
        return model.loss(tokens[:, :-1], tokens[:, 1:])
    if side == "hf":
        return model(input_ids=tokens[:, :-1], labels=tokens[:, :-1]).loss
    from litgpt.utils import (  # pyright: ignore[reportMissingImports]
        chunked_cross_entropy,
    )

    return chunked_cross_entropy(model(tokens[:, :-1]), tokens[:, 1:])


def main() -> None:
    side, name, precision, policy, folder, steps = sys.argv[1:]
    if policy == "kept":
        keep_memory()
    import torch

    torch.manual_seed(0)
    model = load(side, name, Path(folder))
    parameters = sum(p.numel() for p in model.parameters())
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, fused=True)
    tokens = torch.randint(VOCAB[name], (BATCH, CONTEXT + 1))
    before, times, loss = peak_memory(), list[float](), torch.zeros(())
    for _ in range(int(steps) + 2):
        start = time.process_time()
        with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16"):
            loss = loss_of(side, model, tokens)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        times.append(time.process_time() - start)
    times = sorted(times[2:])
    speed = BATCH * CONTEXT / times[len(times) // 2]
    result = {
        "tokens_per_second": speed,
        "peak": peak_memory(),
        "before": before,
        "loss": float(loss.detach()),
        "parameters": parameters,
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
