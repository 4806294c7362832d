"""What is said of the word at a place."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.lsp.support import open_marked

FILE = """# 😋 before the first declaration
param core = 128
block base {
    mixer = attention(heads = width // 16, position = rope(theta = 10k))
    ffn   = swiglu
}
recipe quick { train { batch = 8 * context, schedule = cosine(warmup = 5%) } }
model tiny {
    vocab = 256
    context = 64
    width = 64
    embedding { tie = true }
    layers {
        2 * base { mixer.window = cycle(16, full) }
        door: 1 * base { width = core }
        use door
    }
    recipe = quick
}
"""


@pytest.mark.parametrize(
    ("word", "wanted"),
    [
        ("heads =", ["query heads", "It has no default", "`mixer.heads = 4` in"]),
        ("heads =", ["`mixer.heads = 8` in layers 2..3 of `tiny`"]),
        ("window =", ["Default `full`: all tokens before it"]),
        ("window =", ["`mixer.window = 16` in layer 0 of `tiny`"]),
        ("window =", ["`mixer.window = full` in layer 1 of `tiny`"]),
        ("attention(", ["`mixer.head_dim = 16`", "the default: width / heads"]),
        ("10k", ["`10k` = 10_000"]),
        ("5%", ["`5%` = 0.05", "`schedule.warmup = 0.05`"]),
        ("batch =", ["`batch = 512` of `tiny`"]),
        ("core }", ["param core = 128", "`width = 128` in layers 2..3 of `tiny`"]),
        (
            "base { mixer",
            ["block base {", "layers 0..1, width 64, 53_376 parameters"],
        ),
        ("base { width", ["`tiny`: layers 2..3, width 128"]),
        ("door\n", ["door: 1 * base"]),
        ("quick\n", ["recipe quick {"]),
        ("swiglu", ["Gated FFN with SiLU", "`ffn.hidden = 192` in layers 0..1"]),
        ("embedding {", ["The token embedding", "`tie`"]),
        ("tie =", ["whether the head uses", "`tie = true` of `tiny`"]),
        ("cycle(", ["`cycle(v0, v1, ...)`"]),
        ("width // 16", ["Width of the stream"]),
        ("vocab =", ["size of the vocabulary", "`vocab = 256`"]),
    ],
)
def test_words(word: str, wanted: list[str], tmp_path: Path) -> None:
    at = FILE.index(word) + 1
    found = open_marked(tmp_path, f"{FILE[:at]}|{FILE[at:]}").hover()
    for words in wanted:
        assert words in found, found


@pytest.mark.parametrize("place", ["before the first", "\nparam"])
def test_nothing_is_said_of_comments_and_blanks(place: str, tmp_path: Path) -> None:
    at = FILE.index(place)
    assert open_marked(tmp_path, f"{FILE[:at]}|{FILE[at:]}").hover() == ""


def test_parameters_of_an_item_are_those_of_the_plan(tmp_path: Path) -> None:
    """width 64, 4 heads of 16, a hidden width of 192: two norms, four projections, three matrices."""
    count = 2 * 64 + 4 * 64 * 64 + 3 * 64 * 192
    at = FILE.index("base { mixer")
    found = open_marked(tmp_path, f"{FILE[:at]}|{FILE[at:]}").hover()
    assert f"{count:_} parameters in each layer" in found, found


PAIR = """block read { mixer = attention(heads = 4), ffn = mlp }
block write extends read { cross = attention(heads = 2) }
model tiny {
    vocab = 300
    context = 64
    width = 32
    encoder { layers { 3 * read } }
    layers { 2 * write }
}
"""


@pytest.mark.parametrize(
    ("word", "wanted"),
    [
        ("heads = 4", "`mixer.heads = 4` in layers 0..2 of `tiny.encoder`"),
        ("heads = 4", "`mixer.heads = 4` in layers 0..1 of `tiny`"),
        ("heads = 2", "`cross.heads = 2` in layers 0..1 of `tiny`"),
        ("read }", "`tiny.encoder`: layers 0..2, width 32"),
        ("write }", "`tiny`: layers 0..1, width 32"),
    ],
)
def test_both_stacks_are_told_apart(word: str, wanted: str, tmp_path: Path) -> None:
    at = PAIR.index(word) + 1
    found = open_marked(tmp_path, f"{PAIR[:at]}|{PAIR[at:]}").hover()
    assert wanted in found, found
