"""What may be written at a place, found in texts that do not parse."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.lsp.support import open_marked

FILE = """param core = 64
block base {{
    mixer = attention(heads = 4, position = rope)
    ffn = swiglu
}}
recipe quick {{ train {{ steps = 10 }} }}
model tiny {{
    vocab = 256
    layers {{
        door: 2 * base
        {items}
    }}
    {model}
}}
variant slim of tiny {{ {variant} }}
{last}
"""


def labels(folder: Path, **holes: str) -> list[str]:
    """Completions at the mark in one hole of the file."""
    given = {"items": "", "model": "", "variant": "", "last": "", **holes}
    return open_marked(folder, FILE.format(**given)).labels()


def test_a_file_takes_declarations(tmp_path: Path) -> None:
    found = labels(tmp_path, last="|")
    assert found == [
        "import",
        "param",
        "block",
        "model",
        "variant",
        "recipe",
        "edition",
    ]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("block wide extends |", ["base"]),
        ("variant x of |", ["tiny", "slim"]),
        ("recipe long extends |", ["quick"]),
        ("block wide |", ["extends"]),
    ],
)
def test_heads_take_names(text: str, wanted: list[str], tmp_path: Path) -> None:
    assert labels(tmp_path, last=text) == wanted


def test_a_section_takes_its_keys_that_are_free(tmp_path: Path) -> None:
    found = labels(tmp_path, model="|")
    assert {"context", "width", "resize", "embedding", "head", "recipe"} <= set(found)
    assert "vocab" not in found
    assert "heads" not in found


@pytest.mark.parametrize(
    ("text", "wanted", "unwanted"),
    [
        ("resize = |", "pad", "width"),
        ("resize = ca|rry", "carry", "width"),
        ("recipe = |", "quick", "base"),
        ("width = |", "core", "base"),
        ("width = round_to(|", "core", "carry"),
        ("embedding { |", "tie", "vocab"),
        ("embedding { tie = |", "true", "width"),
        ("embedding.|", "position", "vocab"),
        ("layers[3].|", "mixer", "vocab"),
        ("layers[0..1].mixer.|", "kv_heads", "theta"),
        ("init = normal(|", "residual", "vocab"),
        ("init = |", "gpt2", "swiglu"),
    ],
)
def test_values_by_their_key(
    text: str, wanted: str, unwanted: str, tmp_path: Path
) -> None:
    found = labels(tmp_path, model=text)
    assert wanted in found
    assert unwanted not in found


@pytest.mark.parametrize(
    ("text", "wanted", "unwanted"),
    [
        ("|", "base", "quick"),
        ("|", "loop", "base.mixer"),
        ("3 * |", "base", "loop"),
        ("use |", "door", "base"),
        ("2 * base { |", "mixer", "vocab"),
        ("2 * base { mixer.|", "window", "hidden"),
        ("2 * base { ffn.|", "hidden", "experts"),
        ("2 * base { ffn = moe(expert = |", "geglu", "attention"),
        ("2 * base { mixer.window = |", "full", "rmsnorm"),
        ("2 * base { mixer.window = cycle(|", "full", "rmsnorm"),
        ("loop 2 { |", "base", "vocab"),
    ],
)
def test_items_of_the_stack(
    text: str, wanted: str, unwanted: str, tmp_path: Path
) -> None:
    found = labels(tmp_path, items=text)
    assert wanted in found
    assert unwanted not in found


def test_a_variant_takes_parameters_and_keys(tmp_path: Path) -> None:
    found = labels(tmp_path, variant="|")
    assert {"core", "width", "layers"} <= set(found)


@pytest.mark.parametrize("text", ["# wi|", 'import "li|', "x = 1 # wi|"])
def test_comments_and_texts_are_left_alone(text: str, tmp_path: Path) -> None:
    assert labels(tmp_path, last=text) == []


def test_offers_tell_what_they_are(tmp_path: Path) -> None:
    text = "block b {\n    mixer = attention(|\n}\n"
    offers = {offer.label: offer for offer in open_marked(tmp_path, text).offers()}
    assert offers["heads"].rank < offers["window"].rank  # what must be said comes first
    assert offers["window"].detail == "`full`, or a whole number, at least 1"
    assert "all tokens before it" in offers["window"].doc
    assert offers["kv_heads"].snippet == "kv_heads = $0"
