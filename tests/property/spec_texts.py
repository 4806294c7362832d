"""Random specs as text: valid by construction, over the whole vocabulary that can be built."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, composite

NORMS = [
    "rmsnorm",
    "rmsnorm(eps = 1e-6)",
    "layernorm",
    "layernorm(bias = false)",
    "none",
]
KEYS_BEFORE = "mixer.kv = from_previous, mixer.shift_tokens = 0"
ACTIVATIONS = [
    "relu",
    "gelu",
    "gelu_tanh",
    "quick_gelu",
    "silu",
    "relu2",
    "leaky_relu",
    "sigmoid",
    "tanh",
]
POSITIONS = [
    "none",
    "rope",
    "rope(theta = 500)",
    "rope(fraction = 1/2, interleaved = true)",
    "rope(scaling = linear(2))",
    "rope(scaling = yarn(2))",
    "rope(scaling = llama3(2, original = 4))",
    "xpos",
    "alibi",
    "alibi(heads = 1)",
    "t5_bias(buckets = 8, distance = 16)",
    "transformer_xl",
]
FORMS = [
    "placement = post",
    "placement = sandwich",
    "placement = peri",
    "placement = output",
    "parallel = true",
    "parallel = true, parallel_norms = 2",
    "residual = scaled(branch = 1/2)",
    "residual = learned",
    "residual = learned(on = branch)",
]


ONE_SIDED = ("xpos", "transformer_xl")
"""Positions that look back only."""


@composite
def attentions(draw: DrawFn, both_sides: bool = False) -> str:
    """An attention whose heads fit widths that are multiples of 8.

    Nothing that looks back only where its tokens see both sides.
    """
    heads = draw(st.sampled_from([1, 2, 4]))
    kv_heads = draw(st.sampled_from([n for n in (1, 2, 4) if heads % n == 0]))
    arguments = [
        f"heads = {heads}",
        f"head_dim = {draw(st.sampled_from([4, 8, 16]))}",
    ]
    if draw(st.booleans()):
        arguments.append(f"kv_heads = {kv_heads}")
    optional = {
        "position": [p for p in POSITIONS if not both_sides or p not in ONE_SIDED],
        "qk_norm": NORMS,
        "scale": ["auto", "1", "1/8"],
        "softcap": ["none", "30"],
        "sink": ["none", "learned", "plus_one"],
        "dynamic_mask": ["none"] if both_sides else ["none", "2", "20"],
        "gate": ["none", "elementwise", "headwise"],
        "shift_tokens": ["0"] if both_sides else ["0", "1"],
        "out_bias": ["true", "false"],
        "bias": ["true", "false"],
        "dropout": ["0", "5%"],
        "kernel": ["auto", "eager"],
    }
    windows = ["full", "1", "2", "3", "5", "cycle(2, full)", "cycle(1, 4, 7)"]
    patterns = ["full", "strided(2)", "dilated(window = 2, dilation = 3)", "chunked(4)"]
    choices = ["", "window"] if both_sides else ["", "window", "pattern"]
    seen = draw(st.sampled_from(choices))
    if seen:
        found = windows if seen == "window" else patterns
        arguments.append(f"{seen} = {draw(st.sampled_from(found))}")
    for key, values in optional.items():
        if draw(st.booleans()):
            arguments.append(f"{key} = {draw(st.sampled_from(values))}")
    return f"attention({', '.join(arguments)})"


@composite
def dense_ffns(draw: DrawFn) -> str:
    """A dense FFN."""
    hidden = draw(
        st.sampled_from(
            ["8", "2 * width", "round_to(8/3 * width, 4)", "ramp(4, 12, multiple = 4)"]
        )
    )
    bias = draw(st.sampled_from(["true", "false"]))
    if draw(st.booleans()):
        activation = draw(st.sampled_from(ACTIVATIONS))
        return f"mlp(hidden = {hidden}, activation = {activation}, bias = {bias})"
    return f"{draw(st.sampled_from(['swiglu', 'geglu', 'reglu', 'glu']))}(hidden = {hidden}, bias = {bias})"


@composite
def retrievals(draw: DrawFn) -> str:
    """Rows that product keys choose."""
    name = draw(st.sampled_from(["peer", "pkm", "cdmoe"]))
    factors = draw(st.sampled_from([2, 2, 3]))
    # Of 16 keys for each chosen one slopes take another way.
    many = factors == 2 and draw(st.booleans())
    size = draw(st.sampled_from([16, 33]) if many else st.integers(1, 4))
    old = draw(st.none() | st.integers(1, size - 1)) if size > 1 else None
    rows = size**factors
    most = rows if old is None else min(old**factors, rows - old**factors)
    kernel = draw(st.sampled_from(["auto", "fused", "gather", "triton"]))
    gradients = ["dense", "sparse", *(["factored"] if kernel != "gather" else [])]
    keys = [
        f"{'memories' if name == 'pkm' else 'experts'} = {size}**{factors}",
        f"heads = {draw(st.integers(1, 2))}",
        f"top_k = {1 if many else draw(st.integers(1, most))}",
        f"grow_from = {'none' if old is None else f'{old}**{factors}'}",
        f"key_dim = {draw(st.sampled_from([1, 4]))} * {factors}",
        f"factors = {factors}",
        f"query_norm = {draw(st.sampled_from(['batchnorm', 'layernorm', 'none']))}",
        f"share_keys = {draw(st.sampled_from(['true', 'false']))}",
        f"kernel = {kernel}",
        f"gradients = {draw(st.sampled_from(gradients))}",
    ]
    if old is not None:
        keys.append(f"freeze = {draw(st.sampled_from(['none', 'old']))}")
    if name == "peer":
        keys.append(f"glu = {draw(st.sampled_from(['true', 'false']))}")
    if name == "cdmoe":
        keys.append(f"shared = {draw(dense_ffns())}")
    return f"{name}({', '.join(keys)})"


@composite
def ffns(draw: DrawFn) -> str:
    """Any FFN."""
    if draw(st.integers(0, 2)):
        return draw(dense_ffns())
    if draw(st.integers(0, 2)) == 0:
        return draw(retrievals())
    return draw(mixtures())


ROUTERS = [
    ("softmax", True),
    ("sigmoid", True),
    ("sinkhorn(rounds = 2)", False),
    ("sparsemixer", False),
]
"""Routers, and whether they rank experts by scores."""
BALANCES = ["none", "switch", "switch(weight = 0.1)"]


@composite
def mixtures(draw: DrawFn) -> str:
    """A mixture of experts."""
    experts = draw(st.sampled_from([1, 2, 3, 4]))
    keys = {
        "experts": str(experts),
        "top_k": str(draw(st.integers(1, experts))),
        "shared": draw(st.sampled_from(["0", "0", "1", "2"])),
        "normalise": draw(st.sampled_from(["true", "false"])),
        "expert": draw(dense_ffns()),
    }
    router, ranks = draw(st.sampled_from(ROUTERS))
    optional = {
        "router": router,
        "balance": draw(st.sampled_from(BALANCES + ["loss_free"] * ranks)),
        "scale": "2.5",
        "bias": "true",
        "z_loss": "1e-3",
        "capacity": "1.25",
        "kernel": draw(
            st.sampled_from(["auto", "loop", "grouped", "triton", "scattermoe"])
        ),
    }
    for key in draw(st.sets(st.sampled_from(sorted(optional)))):
        keys[key] = optional[key]
    if "router" not in keys and keys.get("balance") == "loss_free":
        keys["balance"] = "none"
    return f"moe({', '.join(f'{key} = {value}' for key, value in keys.items())})"


def has_experts(text: str) -> bool:
    """Whether some FFN is not dense: low-rank differences are for dense ones."""
    return any(f"{name}(" in text for name in ("moe", "peer", "pkm"))


@composite
def overrides(draw: DrawFn) -> str:
    """The body of an item, or nothing."""
    lines: list[str] = []
    if draw(st.booleans()):
        lines.append(
            f"width = {draw(st.sampled_from(['8', '16', '24', 'core', 'cycle(8, 16)']))}"
        )
    if draw(st.integers(0, 3)) == 0:
        lines.append(f"ffn = {draw(ffns())}")
    if draw(st.integers(0, 3)) == 0:
        lines.append(f"norm = {draw(st.sampled_from(NORMS))}")
    if draw(st.integers(0, 3)) == 0:
        lines.append("dropout = 10%")
    separator = draw(st.sampled_from([", ", "\n"]))
    return f" {{ {separator.join(lines)} }}" if lines else ""


@composite
def stack_items(draw: DrawFn, attentive: list[bool], experts: list[int]) -> str:
    """The items of `layers { }`: few layers, loops, labels and uses."""
    items: list[str] = []
    labels = 0
    for _ in range(draw(st.integers(1, 3))):
        number = draw(st.integers(0, len(attentive) - 1))
        block = f"b{number}"
        item = f"{draw(st.integers(1, 2))} * {block}{draw(overrides())}"
        shape = draw(st.sampled_from(["plain", "plain", "loop", "label"]))
        if shape == "loop":
            each = draw(st.sampled_from(["", "", " each"]))
            item = f"loop {draw(st.integers(1, 3))}{each} {{ {item} }}"
            if not has_experts(item) and number not in experts and draw(st.booleans()):
                item += f" with lora(rank = {draw(st.integers(1, 2))})"
        elif shape == "label":
            item = f"part{labels}: {item}"
            labels += 1
        items.append(item)
        if attentive[number] and draw(st.integers(0, 3)) == 0:
            items.append(f"{draw(st.integers(1, 2))} * {block} {{ {KEYS_BEFORE} }}")
    if labels and draw(st.booleans()):
        items.append(f"use part{draw(st.integers(0, labels - 1))}")
    return "\n        ".join(items)


@composite
def shares(draw: DrawFn) -> str:
    """Equal layers at the start of the stack, and entries that share their parts."""
    part = draw(st.sampled_from(["ffn", "mixer"]))
    every = draw(st.sampled_from(["", " every 2", " every 3"]))
    return f"share {part} in layers[0..{draw(st.integers(1, 2))}]{every}"


@composite
def spec_texts(draw: DrawFn) -> str:
    """A whole file with one model `m`, tiny enough to run."""
    blocks = draw(st.integers(1, 2))
    lines = ["edition = 2026", f"param core = {draw(st.sampled_from([8, 16, 32]))}"]
    attentive: list[bool] = []
    experts: list[int] = []
    for number in range(blocks):
        # Parallel branches ask for parts and a residual that a child may not have.
        heir = number and "parallel" not in lines[-1] and draw(st.booleans())
        parent = " extends b0" if heir else ""
        body = [
            f"norm = {draw(st.sampled_from(NORMS))}",
            f"mixer = {draw(attentions())}",
        ]
        attentive.append(draw(st.integers(0, 5)) > 0)
        if not attentive[-1]:
            body[1] = "mixer = none"
        body.append(f"ffn = {draw(ffns())}")
        if draw(st.booleans()):
            # What the parent says of placement and residual would hold beside it.
            apart = heir and ("placement" in lines[-1] or "residual" in lines[-1])
            side_by_side = attentive[-1] and not apart
            forms = [f for f in FORMS if side_by_side or "parallel" not in f]
            body.append(draw(st.sampled_from(forms)))
        experts += [number] if has_experts(" ".join(body)) else []
        lines.append(f"block b{number}{parent} {{ {', '.join(body)} }}")
    resize = draw(st.sampled_from(["carry", "pad", "project", "learned"]))
    tie = "true" if resize == "carry" and draw(st.booleans()) else "false"
    position = draw(
        st.sampled_from(
            ["none", "learned", "sinusoidal", "sinusoidal(layout = interleaved)"]
        )
    )
    init = draw(
        st.sampled_from(
            [
                "normal",
                "gpt2",
                "normal(std = 0.05, residual = plain)",
                "xavier",
                "fan_in",
            ]
        )
    )
    embedding = draw(st.sampled_from(["", ", scale = 2", ", norm = layernorm"]))
    head = draw(
        st.sampled_from(
            [
                "",
                ", bias = true",
                ", scale = 1/2",
                ", softcap = 30",
                ", transform = tanh",
            ]
        )
    )
    equal = share = ""
    if draw(st.integers(0, 3)) == 0:
        equal, share = "3 * alike, ", draw(shares())
        lines.append("block alike { mixer = attention(heads = 2), ffn = mlp }")
    lines.append(f"""model m {{
    vocab = {draw(st.sampled_from([256, 300]))}, context = {draw(st.sampled_from([6, 9, 12]))}, width = 16
    resize = {resize}, init = {init}
    embedding {{ tie = {tie}, position = {position}{embedding} }}
    head {{ norm = {draw(st.sampled_from(NORMS))}{head} }}
    layers {{
        {equal}{draw(stack_items(attentive, experts))}
    }}
    {share}
}}""")

    return "\n".join(lines) + "\n"
