"""Encoders and pairs against transformers' own: the same weights give the same logits."""

# transformers and its stubs leave types open.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

import importlib.util
import itertools
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from torch import Tensor

from tests.output.pairings import ENCODERS, PAIRS, Pairing
from tests.property.compiling import compile_text
from vslmc.render.model import render_model

_numbers = itertools.count()
NEAR = 1e-5
"""Largest difference of logits over the largest logit."""


def build_there(pairing: Pairing) -> Any:
    """Their model; ones and zeros of norms and biases would hide errors."""
    torch.manual_seed(0)
    model = getattr(transformers, pairing.build)(pairing.config).eval()
    with torch.no_grad():
        for name, tensor in model.state_dict().items():
            if tensor.is_floating_point():
                wide = 0.02 if "layer_norm" in name.lower() else 0.1
                tensor.add_(torch.randn_like(tensor), alpha=wide)
    return model


def convert(pairing: Pairing, state: Mapping[str, Tensor]) -> Iterator[Any]:
    """Our tensors, by name."""
    for ours, theirs in pairing.names.items():
        parts = (theirs,) if isinstance(theirs, str) else theirs
        for kind in ("weight", "bias"):
            found = [state[f"{p}.{kind}"] for p in parts if f"{p}.{kind}" in state]
            if found:
                tensor = torch.cat(found)
                skip = pairing.skip if ours.endswith("position") else 0
                yield f"{ours}.{kind}", tensor[skip:]
    for ours, theirs in pairing.rest.items():
        yield ours, state[theirs].flatten()


def build_here(pairing: Pairing, there: Any, folder: Path) -> Any:
    """Our model with these weights: all of them, no others."""
    path = folder / "model.py"
    path.write_text(render_model(compile_text(pairing.spec, folder)), "utf-8")
    spec = importlib.util.spec_from_file_location(f"pairing_{next(_numbers)}", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    model = module.Model().eval()
    model.load_state_dict(dict(convert(pairing, there.state_dict())), strict=True)
    return model


def draw(count: int, seed: int = 1) -> Tensor:
    """Two sequences."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(3, 255, (2, count), generator=generator)


def error(found: Tensor, wanted: Tensor) -> float:
    """The largest difference over the largest logit."""
    return float((found - wanted).abs().max() / wanted.abs().max())


@pytest.mark.parametrize("name", ENCODERS)
@torch.no_grad()
def test_logits_of_an_encoder(name: str, tmp_path: Path) -> None:
    pairing = ENCODERS[name]()
    there = build_there(pairing)
    here = build_here(pairing, there, tmp_path)
    tokens = draw(24)
    assert error(here(tokens), there(tokens).logits) < NEAR
    types = draw(24, seed=2) % pairing.config.type_vocab_size
    wanted = there(tokens, token_type_ids=types).logits
    assert error(here(tokens, types=types), wanted) < NEAR
    padding = torch.zeros_like(tokens, dtype=torch.bool)
    padding[0, 15:] = True
    tokens = tokens.masked_fill(padding, pairing.config.pad_token_id)
    wanted = there(tokens, attention_mask=(~padding).long()).logits
    assert error(here(tokens, padding)[~padding], wanted[~padding]) < NEAR


@pytest.mark.parametrize("name", PAIRS)
@torch.no_grad()
def test_logits_of_a_pair(name: str, tmp_path: Path) -> None:
    pairing = PAIRS[name]()
    there = build_there(pairing)
    here = build_here(pairing, there, tmp_path)
    source, tokens = draw(24), draw(19, seed=2)
    wanted = there(source, decoder_input_ids=tokens, use_cache=False).logits
    assert error(here(tokens, source=source), wanted) < NEAR
    padding = torch.zeros_like(source, dtype=torch.bool)
    padding[0, 15:] = True
    mask = (~padding).long()
    wanted = there(source, attention_mask=mask, decoder_input_ids=tokens).logits
    found = here(tokens, source=source, source_padding=padding)
    assert error(found, wanted) < NEAR


@pytest.mark.parametrize("name", PAIRS)
@torch.no_grad()
def test_greedy_decoding_of_a_pair(name: str, tmp_path: Path) -> None:
    pairing = PAIRS[name]()
    there = build_there(pairing)
    here = build_here(pairing, there, tmp_path)
    source = draw(20, seed=3)
    # Their cache has as many layers as the encoder: it breaks where the decoder has more.
    options = {"do_sample": False, "num_beams": 1, "use_cache": False}
    wanted = there.generate(source, max_new_tokens=15, eos_token_id=None, **options)
    first = torch.full((2, 1), pairing.config.decoder_start_token_id)
    found = here.generate(first, 15, temperature=0.0, source=source)
    assert torch.equal(found, wanted)
