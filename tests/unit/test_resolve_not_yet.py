"""Everything of the language that cannot be built yet is refused by name, at its word."""

from __future__ import annotations

from pathlib import Path

import pytest

from vslmc.driver.compile import Request, compile_one
from vslmc.spec.sections import NOT_YET

SPEC = """\
block base {{
    norm  = {norm}
    mixer = {mixer}
    ffn   = {ffn}
    {block}
}}

model tiny {{
    vocab   = 256
    context = 64
    width   = 32
    {model}
    layers {{ {layers} }}
    recipe = quick
}}

recipe quick {{
    {recipe}
    train {{ {train} }}
    deepspeed {{ {deepspeed} }}
}}

{declaration}
"""
PLAIN = {
    "norm": "rmsnorm",
    "mixer": "attention(heads = 4)",
    "ffn": "mlp",
    "layers": "2 * base",
    **dict.fromkeys(
        ("block", "model", "recipe", "train", "deepspeed", "declaration"), ""
    ),
}
PLACES = {
    "mixer": ("mixer", "{word}(heads = 4)"),
    "position": ("mixer", "attention(heads = 4, position = {word})"),
    "ffn": ("ffn", "{word}(hidden = 4)"),
    "init": ("model", "init = {word}"),
    "data": ("recipe", 'data = {word}("a")'),
    "tokenizer": ("recipe", "tokenizer = {word}"),
    "kernel": ("mixer", "attention(heads = 4, kernel = {word})"),
    "attention": ("mixer", "attention(heads = 4, {word} = 1)"),
    "rope": ("mixer", "attention(heads = 4, position = rope({word} = 1))"),
    "rmsnorm": ("norm", "rmsnorm({word} = true)"),
    "adamw": ("train", "optimizer = adamw({word} = 8)"),
    "block": ("block", "{word} = 1"),
    "model": ("model", "{word} {{ layers {{ 2 * base }} }}"),
    "embedding": ("model", "embedding {{ {word} = 1 }}"),
    "head": ("model", "head {{ {word} = 1 }}"),
    "recipe": ("recipe", "{word} = next_token"),
    "train": ("train", "{word} = 1"),
    "deepspeed": ("deepspeed", "{word} = cpu"),
}
"""By the table's key: which hole of the spec shows the word, and how."""
DECLARATIONS = {
    "ablate": "ablate tiny match parameters { without norm { } }",
    "sweep": "sweep tiny { width = [32, 64] }",
}


def write_with(owner: str, word: str) -> str:
    """A spec that is right but for one word."""
    if owner == "declaration":
        return SPEC.format(**{**PLAIN, "declaration": DECLARATIONS[word]})
    hole, text = PLACES[owner]
    return SPEC.format(**{**PLAIN, hole: text.format(word=word)})


@pytest.mark.parametrize(
    ("owner", "word"),
    [(owner, word) for owner, words in NOT_YET.items() for word in sorted(words)],
)
def test_it_is_refused_at_its_word(owner: str, word: str) -> None:
    outcome = compile_one(Request(Path("a.vslm"), text=write_with(owner, word)))
    assert outcome.value is None
    (found,) = outcome.diagnostics
    assert found.name == "not-supported-yet"
    assert found.primary is not None
    assert found.primary.span.text == word


def test_the_frame_itself_is_right() -> None:
    request = Request(Path("a.vslm"), text=SPEC.format(**PLAIN))
    assert compile_one(request).ok
