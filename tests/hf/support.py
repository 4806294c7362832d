"""Models of transformers, saved; and what is built from their import, loaded."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportMissingTypeStubs=false

from __future__ import annotations

import importlib.util
import json
import sys
import warnings
from itertools import count
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor

from tests.hf.zoo import Case
from vslmc.cli.app import run_cli

_numbers = count()


def make_model(case: Case, seed: int = 0) -> Any:
    """A random model, no norm or bias of which is ones or zeros."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from transformers import AutoConfig, AutoModelForCausalLM

        torch.manual_seed(seed)
        config = AutoConfig.for_model(case.type, **case.fields)
        model = AutoModelForCausalLM.from_config(config, attn_implementation="eager")
    perturb(model)
    return model.float().eval()


def perturb(model: Any) -> None:
    """Weights large enough that every part of the model matters."""
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.12)
        for name, buffer in model.named_buffers():
            if name.endswith("e_score_correction_bias"):
                buffer.add_(torch.randn_like(buffer) * 0.12)


def save(model: Any, case: Case, folder: Path) -> None:
    """The model as a folder of Hugging Face."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.save_pretrained(folder)
    path = folder / "config.json"
    config = json.loads(path.read_text())
    path.write_text(json.dumps({**config, **case.written}, indent=2))


def import_folder(folder: Path) -> Any:
    """The generated model of an import, with its weights."""
    spec, weights = folder / "spec.vslm", folder / "converted.safetensors"
    code = run_cli(["import", str(folder), "-o", str(spec), "--weights", str(weights)])
    assert code == 0
    return build(spec, weights)


def build(spec: Path, weights: Path) -> Any:
    """The model that is built from a spec, with converted weights: all of them, no others."""
    assert run_cli(["build", str(spec), "-o", str(spec.parent / "built")]) == 0
    (package,) = (spec.parent / "built").iterdir()
    model = load_module(package / "model.py").Model()
    model.load_state_dict(load_file(weights), strict=True)
    return model.eval()


def load_module(path: Path) -> Any:
    """A generated module, under a name of its own."""
    name = f"imported_{next(_numbers)}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def tokens_of(case: Case) -> Tensor:
    """Two sequences."""
    generator = torch.Generator().manual_seed(1)
    return torch.randint(3, 300, (2, case.length), generator=generator)


def reference(model: Any, tokens: Tensor) -> Tensor:
    """Logits of transformers."""
    with torch.no_grad():
        return model(tokens, use_cache=False).logits


def error(found: Tensor, wanted: Tensor) -> float:
    """The largest difference over the largest logit."""
    return float((found - wanted).abs().max() / wanted.abs().max())


def decode(model: Any, tokens: Tensor, first: int) -> Tensor:
    """Logits by a cache: the first tokens at once, the others one by one."""
    cache = model.make_cache(*tokens.shape)
    rows = [model(tokens[:, :first], cache=cache)]
    for place in range(first, tokens.size(1)):
        rows.append(model(tokens[:, place : place + 1], cache=cache))
    return torch.cat(rows, dim=1)
