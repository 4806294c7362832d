"""A trained model tells the same story after its import, word for word."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportMissingTypeStubs=false

from __future__ import annotations

import shutil
import warnings
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.hf.support import import_folder

PLACES = [
    parent / "shared" / "models" / "stories260k" for parent in Path(__file__).parents
]
STORIES = next((place for place in PLACES if place.is_dir()), None)
TOKENS = 200
START = 1
"""The token that every story begins with."""


def tell(model: Any) -> list[int]:
    """The likeliest tokens, one after the other, with a cache."""
    told = [START]
    cache = model.make_cache(1, TOKENS + 1)
    with torch.no_grad():
        for _ in range(TOKENS):
            logits = model(torch.tensor([told[-1:]]), cache=cache)
            told.append(int(logits[0, -1].argmax()))
    return told


@pytest.mark.skipif(STORIES is None, reason="the model is not there")
def test_a_trained_model_tells_the_same_story(tmp_path: Path) -> None:
    assert STORIES is not None
    folder = tmp_path / "stories260k"
    folder.mkdir()
    for name in ("config.json", "model.safetensors"):
        shutil.copyfile(STORIES / name, folder / name)
    ours = tell(import_folder(folder))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from tokenizers import Tokenizer
        from transformers import AutoModelForCausalLM

        theirs: Any = AutoModelForCausalLM.from_pretrained(STORIES)
        told = theirs.generate(
            torch.tensor([[START]]),
            do_sample=False,
            max_new_tokens=TOKENS,
            eos_token_id=None,
        )
        tokenizer = Tokenizer.from_file(str(STORIES / "tokenizer.json"))
    assert ours == told[0].tolist()
    story = tokenizer.decode(ours)
    print(story)
    assert "Once upon a time" in story
    assert len((folder / "spec.vslm").read_text().splitlines()) < 30
