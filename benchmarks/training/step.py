# torch's stubs leave some types open; the benchmark is a script beside the project.
# pyright: basic
"""One measurement in a process of its own: training steps of one model, printed as JSON.

    python step.py vslmc|hf gpt2|llama fp32|bf16 kept|default FOLDER STEPS

FOLDER holds the generated packages. `kept` keeps freed memory in the process (glibc's mallopt).
"""

from __future__ import annotations

import ctypes
import importlib.util
import json
import sys
import time
from pathlib import Path
from typing import Any

M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_THRESHOLD = -1, -2, -3
BATCH, CONTEXT = 4, 256


def keep_memory() -> None:
    """What the generated train.py does on a CPU with glibc."""
    libc = ctypes.CDLL(None)
    for option in (M_MMAP_THRESHOLD, M_TRIM_THRESHOLD, M_TOP_PAD):
        assert libc.mallopt(option, 1 << 30) == 1


def load_generated(folder: Path, name: str) -> Any:
    """The generated model, by the path of its file."""
    spec = importlib.util.spec_from_file_location("model", folder / name / "model.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["model"] = module
    spec.loader.exec_module(module)
    return module.Model()


def load_peer(name: str) -> Any:
    """The same shape in transformers."""
    import transformers as hf

    if name == "gpt2":
        config = hf.GPT2Config(
            vocab_size=50257, n_positions=256, n_embd=384, n_layer=6, n_head=6,
            resid_pdrop=0.0, embd_pdrop=0.0, attn_pdrop=0.0,
        )  # fmt: skip
        return hf.GPT2LMHeadModel(config)
    config = hf.LlamaConfig(
        vocab_size=32000, hidden_size=384, intermediate_size=1024, num_hidden_layers=6,
        num_attention_heads=6, max_position_embeddings=256, rms_norm_eps=1e-5,
    )  # fmt: skip
    return hf.LlamaForCausalLM(config)


def peak_memory() -> int:
    """Largest resident memory so far, in bytes."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) * 1024
    raise RuntimeError("no VmHWM")


def main() -> None:
    side, name, precision, policy, folder, steps = sys.argv[1:]
    if policy == "kept":
        keep_memory()
    import torch

    torch.manual_seed(0)
    model = load_generated(Path(folder), name) if side == "vslmc" else load_peer(name)
    parameters = sum(p.numel() for p in model.parameters())
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, fused=True)
    vocab = 50257 if name == "gpt2" else 32000
    tokens = torch.randint(vocab, (BATCH, CONTEXT + 1))
    before, times, loss = peak_memory(), list[float](), torch.zeros(())
    for _ in range(int(steps) + 2):
        start = time.process_time()
        with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16"):
            if side == "vslmc":
                loss = model.loss(tokens[:, :-1], tokens[:, 1:])
            else:
                loss = model(input_ids=tokens[:, :-1], labels=tokens[:, :-1]).loss
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
        "loss": float(loss),
        "parameters": parameters,
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
