# torch's stubs leave some types open; the benchmark is a script beside the project.
# pyright: basic
"""One measurement in a process of its own: greedy decoding of one model, printed as JSON.

    python -m benchmarks.decoding.step vslmc|hf|hf-static|litgpt fp32|bf16 FOLDER ROUNDS

128 tokens after a prompt of 16, batch 1. The tokens are printed too: same weights, same tokens.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.peers import VOCAB, load

PROMPT, NEW = 16, 128


def generate(side: str, model: Any, prompt: Any) -> Any:
    """Tokens (1, PROMPT + NEW), the likeliest at every step."""
    if side == "vslmc":
        return model.generate(prompt, NEW, temperature=0.0)
    if side.startswith("hf"):
        kind = {"cache_implementation": "static"} if side == "hf-static" else {}
        return model.generate(
            prompt, max_new_tokens=NEW, min_new_tokens=NEW, do_sample=False, **kind
        )
    from litgpt.generate.base import generate  # pyright: ignore[reportMissingImports]

    for block in model.transformer.h:  # its cache is made anew for every sequence
        block.attn.kv_cache = None
    model.set_kv_cache(batch_size=1, dtype=model.lm_head.weight.dtype)
    return generate(model, prompt[0], PROMPT + NEW, temperature=0.0, top_k=1)[None]


def main() -> None:
    side, precision, folder, rounds = sys.argv[1:]
    import torch

    torch.manual_seed(0)
    model = load(side.removesuffix("-static"), "llama", Path(folder))
    if precision == "bf16":
        model = model.to(torch.bfloat16)
    model.eval()
    prompt = torch.randint(VOCAB["llama"], (1, PROMPT))
    times = list[float]()
    with torch.inference_mode():
        for _ in range(int(rounds) + 1):
            start = time.perf_counter()
            tokens = generate(side, model, prompt)
            times.append(time.perf_counter() - start)
            assert tokens.shape == (1, PROMPT + NEW)
    print(json.dumps({"tokens_per_second": NEW / min(times[1:])}))


if __name__ == "__main__":
    main()
