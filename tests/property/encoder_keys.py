"""Keys of encoders, pairs and their objectives, each with two texts that must differ in effect."""

from __future__ import annotations

ALONE = """block base {{
    mixer = attention(heads = 4)
    ffn = mlp(hidden = 8)
}}
model m {{
    vocab = 300, context = 64, width = 32
    embedding {{ {embedding} }}
    encoder {{ layers {{ 2 * base }} }}
    recipe = r
}}
recipe r {{ {recipe} }}
"""
PAIR = """block read {{
    mixer = attention(heads = 4)
    ffn = mlp(hidden = 8)
}}
block write extends read {{
    cross = attention({cross})
}}
model m {{
    vocab = 300, context = 64, width = 32
    encoder {{ {encoder}
        layers {{ read }} }}
    layers {{ write, write {{ {layer} }} }}
    recipe = r
}}
recipe r {{ {recipe} }}
"""

Line = tuple[str, str, str]


def cross(after: str) -> Line:
    """An argument of the attention to the encoder beside the usual ones."""
    return ("pair.cross", "heads = 4", f"heads = 4, {after}")


def masked(before: str, after: str) -> Line:
    """Two objectives of an encoder."""
    return ("alone.recipe", f"objective = {before}", f"objective = {after}")


def spans(before: str, after: str) -> Line:
    """Two objectives of a pair."""
    return ("pair.recipe", f"objective = {before}", f"objective = {after}")


ENCODER_KEYS: dict[str, Line] = {
    "embedding.types": ("alone.embedding", "", "types = 2"),
    "recipe.objective": ("alone.recipe", "", "objective = masked(30%)"),
    "masked.rate": masked("masked", "masked(30%)"),
    "masked.mask": masked("masked", "masked(mask = 50%)"),
    "masked.random": masked("masked", "masked(random = 20%)"),
    "span_corruption.rate": spans("span_corruption", "span_corruption(30%)"),
    "span_corruption.mean_length": spans(
        "span_corruption", "span_corruption(mean_length = 2)"
    ),
    "encoder.tie": ("pair.encoder", "", "tie = false"),
    "encoder.position": ("pair.encoder", "", "position = learned"),
    "encoder.norm": ("pair.encoder", "", "norm = none"),
    "block.cross": ("pair.layer", "", "cross = none"),
    "cross.heads": ("pair.cross", "heads = 4", "heads = 2"),
    "cross.kv_heads": cross("kv_heads = 2"),
    "cross.head_dim": cross("head_dim = 4"),
    "cross.qk_norm": cross("qk_norm = rmsnorm"),
    "cross.scale": cross("scale = 1"),
    "cross.bias": cross("bias = true"),
    "cross.out_bias": cross("out_bias = true"),
    "cross.dropout": cross("dropout = 10%"),
    "cross.kernel": cross("kernel = eager"),
}


def encoder_texts(key: str) -> tuple[str, str]:
    """Two specs that differ in the key alone."""
    slot, before, after = ENCODER_KEYS[key]
    base, _, name = slot.partition(".")
    text = PAIR if base == "pair" else ALONE
    slots = dict.fromkeys(("embedding", "recipe", "encoder", "layer"), "")
    usual = {**slots, "cross": "heads = 4"}
    one, other = ({**usual, name: value} for value in (before, after))
    return text.format(**one), text.format(**other)
