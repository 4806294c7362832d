"""Short texts that ask for very much, and the diagnostic that each of them ends in."""

from __future__ import annotations

BLOCK = "block base { mixer = attention(heads = 4), ffn = mlp }\n"
MANY = 100_000


def model(layers: str = "3 * base", width: str = "32", more: str = "") -> str:
    """A file with one block and one model."""
    keys = f"vocab = 256, context = 64, width = {width}, {more}"
    return f"{BLOCK}model m {{ {keys} layers {{ {layers} }} }}\n"


def lines(form: str, count: int) -> str:
    """`form` for each number, `{0}` and the one before it, `{1}`."""
    return "\n".join(form.format(i, i - 1) for i in range(1, count)) + "\n"


TINY = model()

BOMBS: dict[str, tuple[str, str]] = {
    "a billion layers": ("too-many-layers", model("1_000_000_000 * base")),
    "loops": ("too-many-layers", model("loop 1000 { loop 1000 { 1000 * base } }")),
    "loops in loops": (
        "too-many-layers",
        model("loop 9 { " * 60 + "base" + " }" * 60),
    ),
    "doubling uses": (
        "too-many-layers",
        model("a0: base\n" + lines("a{0}: loop 2 {{ use a{1} }}", 60)),
    ),
    "braces": ("nested-too-deeply", "{" * MANY),
    "parentheses": ("nested-too-deeply", model(width="(" * MANY + "1" + ")" * MANY)),
    "brackets": ("nested-too-deeply", model(width="[" * MANY + "]" * MANY)),
    "closing braces": ("too-many-faults", "}" * MANY),
    "signs": ("too-deep", model(width="- " * 60_000 + "1")),
    "powers": ("too-deep", model(width="1 ** " * 40_000 + "1")),
    "sums": ("too-deep", model(width="1 + " * 40_000 + "1")),
    "products": ("too-deep", model("1 * " * 40_000 + "base")),
    "labels": ("too-deep", model("a: " * 40_000 + "base")),
    "path": ("too-deep", model(more="a." * 10_000 + "b = 1,")),
    "path below a component": (
        "too-deep",
        model(more="layers[*].mixer" + ".x" * 10_000 + " = 1,"),
    ),
    "too many terms": ("too-many-tokens", model(width="1 + " * 90_000 + "1")),
    "empty lines": ("too-many-tokens", "\n" * 190_000),
    "megabytes": ("source-too-large", "#" * 2_000_000),
    "digits": ("number-too-long", model(width="1" * 1_000_000)),
    "exponent": ("number-too-long", model(width="1e" + "9" * 1_000_000)),
    "unit": ("unknown-unit", model(width="1" + "k" * 1_000_000)),
    "name": ("name-too-long", "block " + "a" * 1_000_000 + " { }"),
    "text": ("file-not-read", 'import "' + "a" * 1_000_000 + '"\n' + TINY),
    "escapes": ("too-many-faults", 'import "' + "\\q" * 400_000 + '"\n' + TINY),
    "quotes": ("too-many-faults", '"\n' * 400_000),
    "letters of no name": ("too-many-faults", "é " * 400_000),
    "unknown keys": ("too-many-faults", model(more=lines("k{0} = 1", 15_000))),
    "doubled keys": ("too-many-faults", model(more="width = 3," * 20_000)),
    "faults of values": (
        "too-many-faults",
        lines("block b{0} {{ mixer = attention(hads = 1), ffn = mlp }}", 3000)
        + model("\n".join(f"b{number}" for number in range(1, 3000))),
    ),
    "powers of numbers": ("number-out-of-range", model(width="9 ** 9 ** 9 ** 9")),
    "squares of params": (
        "number-out-of-range",
        "param p0 = 2\n" + lines("param p{0} = p{1} * p{1}", 60) + model(width="p59"),
    ),
    "fractions": (
        "number-out-of-range",
        "param p0 = 1/3\n" + lines("param p{0} = p{1} * p{1} + 1/7", 60) + TINY,
    ),
    "experts": (
        "too-many-experts",
        TINY.replace("= mlp", "= moe(experts = 10 ** 12)"),
    ),
    "experts of all layers": (
        "too-many-experts",
        model("10_000 * base").replace("= mlp", "= moe(experts = 101)"),
    ),
    "parameters": ("too-many-parameters", model(width="10 ** 9")),
    "heads": (
        "kv-heads-must-divide",
        TINY.replace("heads = 4", "heads = 2 ** 63 - 1, kv_heads = 2, head_dim = 2"),
    ),
    "lists": (
        "too-much-work",
        model("10_000 * base { ffn = mlp(hidden = cycle(" + "32, " * 40_000 + "32)) }"),
    ),
    "least of a list": (
        "too-much-work",
        model("10_000 * base { ffn.hidden = i + min(" + "32, " * 40_000 + "32) }"),
    ),
    "variants of variants": (
        "too-much-work",
        f"{TINY}variant v0 of m {{ }}\n"
        + lines("variant v{0} of v{1} {{ width = {0} * 32 }}", 3000),
    ),
    "models of many layers": (
        "too-much-work",
        model("10_000 * base") + lines("model n{0} extends m {{ }}", 2000),
    ),
    "blocks of blocks": (
        "too-much-work",
        "block b0 { mixer = attention(heads = 4), ffn = mlp }\n"
        + lines("block b{0} extends b{1} {{ ffn.hidden = 8 }}", 3000)
        + model("\n".join(f"b{number}" for number in range(3000))),
    ),
    "params that need one another": (
        "unknown-name",
        "param p0 = nothing\n" + lines("param p{0} = p{1} + 1", 5000) + TINY,
    ),
}
"""By name: the diagnostic, and the text."""
