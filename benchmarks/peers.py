# torch's stubs leave some types open; the benchmark is a script beside the project.
# pyright: basic
"""The models that the benchmarks compare, ours and others' of the same shape.

transformers comes with the `test` extra. litgpt is measured where it can be imported; it asks for
other versions of what the project pins, so it goes into a folder of its own:

    pip install --no-deps --target FOLDER litgpt lightning lightning-utilities torchmetrics \
        pytorch-lightning
    PYTHONPATH=FOLDER python -m benchmarks.training.run
"""

from __future__ import annotations

import ctypes
import importlib.util
import sys
from pathlib import Path
from typing import Any

M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_THRESHOLD = -1, -2, -3
VOCAB = {"gpt2": 50257, "llama": 32000}


def sides(model: str) -> list[str]:
    """Whom a model is compared with, ours first."""
    litgpt = model == "llama" and importlib.util.find_spec("litgpt") is not None
    return ["vslmc", "hf", "litgpt"] if litgpt else ["vslmc", "hf"]


def load(side: str, name: str, folder: Path) -> Any:
    """A model of random weights."""
    if side == "vslmc":
        return load_generated(folder, name)
    return load_hf(name) if side == "hf" else load_litgpt()


def load_generated(folder: Path, name: str) -> Any:
    """The generated model, by the path of its file."""
    spec = importlib.util.spec_from_file_location("model", folder / name / "model.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["model"] = module
    spec.loader.exec_module(module)
    return module.Model()


def load_hf(name: str) -> Any:
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


def load_litgpt() -> Any:
    """The LLaMA-like shape in litgpt."""
    from litgpt.config import Config  # pyright: ignore[reportMissingImports]
    from litgpt.model import GPT  # pyright: ignore[reportMissingImports]

    config = Config(
        name="llama", block_size=256, vocab_size=32000, padded_vocab_size=32000, n_layer=6,
        n_head=6, n_embd=384, intermediate_size=1024, rotary_percentage=1.0, norm_eps=1e-5,
        parallel_residual=False, bias=False, norm_class_name="RMSNorm",
        mlp_class_name="LLaMAMLP",
    )  # fmt: skip
    return GPT(config)


def keep_memory() -> None:
    """What the generated train.py does on a CPU with glibc."""
    libc = ctypes.CDLL(None)
    for option in (M_MMAP_THRESHOLD, M_TRIM_THRESHOLD, M_TOP_PAD):
        assert libc.mallopt(option, 1 << 30) == 1


def peak_memory() -> int:
    """Largest resident memory so far, in bytes."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) * 1024
    raise RuntimeError("no VmHWM")


def forget_peak() -> None:
    """From now on the peak counts from what is in use now (Linux and glibc)."""
    ctypes.CDLL(None).malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5")
