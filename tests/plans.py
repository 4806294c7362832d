"""Complete plans made by hand, for tests of what reads plans."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Literal

from vslmc.plan.kv import place_states
from vslmc.plan.nodes import (
    AdamW,
    Attention,
    BuiltinText,
    DeepSpeed,
    Embedding,
    Ffn,
    Glu,
    Head,
    InitRule,
    Kernel,
    KernelName,
    KvState,
    Layer,
    Lora,
    Loss,
    Mlp,
    Moe,
    Norm,
    Plan,
    Resize,
    ResizeKind,
    Retrieval,
    Rope,
    Router,
    Schedule,
    Softmax,
    Stack,
    SwitchBalance,
    Training,
    TransformerXl,
)
from vslmc.plan.tensors import list_tensors
from vslmc.source import Origin, Source, Span

SPEC = Source("specs/hand.vslm", "block base { }\nblock wide { }\n")
ORIGIN = Origin(Span(SPEC, 0, 5))
CONTEXT = 64
RMS = 1e-5


def rms(width: int, eps: float = RMS) -> Norm:
    return Norm("rmsnorm", width, eps)


def attention(
    heads: int = 4,
    kv_heads: int | None = None,
    head_dim: int = 16,
    window: int | None = None,
    theta: float | None = 10000.0,
    qk_norm: Norm | None = None,
    bias: bool = False,
    dropout: float = 0.0,
    kernels: tuple[KernelName, ...] = ("sdpa",),
    context: int = CONTEXT,
) -> Attention:
    kv_heads = kv_heads or heads
    return Attention(
        heads=heads,
        kv_heads=kv_heads,
        head_dim=head_dim,
        window=window,
        position=None if theta is None else Rope(theta),
        qk_norm=qk_norm,
        bias=bias,
        out_bias=bias,
        dropout=dropout,
        kv="own",
        kernel=Kernel("auto", kernels),
        state=KvState(
            window or context,
            2 * kv_heads * head_dim,
            "all" if window is None else "window",
        ),
    )


def layer(
    width: int = 64,
    mixer: Attention | None = None,
    ffn: Ffn | None = None,
    norm: Norm | None = None,
    owner: int | None = None,
    dropout: float = 0.0,
    block: str = "base",
) -> Layer:
    """A layer without its place: `stack` numbers it."""
    norm = norm or rms(width)
    own = -1 if owner is None else owner
    parts = (norm, mixer, ffn, dropout)
    return Layer(0, own, own, own, width, None, *parts, block, ORIGIN)


def stack(
    layers: Iterable[Layer], resize: ResizeKind = "carry", context: int = CONTEXT
) -> tuple[Stack, int, int]:
    """The decoder with its resizes; the widths of the embedding and of the head."""
    rows = list(layers)
    widest = max(row.width for row in rows)
    first = widest if resize == "carry" else rows[0].width
    at, placed, modules = first, list[Layer](), dict[tuple[int, int], int]()
    fresh = 0
    for index, row in enumerate(rows):
        owner = row.owner if row.owner >= 0 else fresh
        fresh = max(fresh, owner + 1)
        change = _resize(resize, at, row.width, modules)
        mixer_owner = row.mixer_owner if row.mixer_owner >= 0 else owner
        ffn_owner = row.ffn_owner if row.ffn_owner >= 0 else owner
        owners = {"owner": owner, "mixer_owner": mixer_owner, "ffn_owner": ffn_owner}
        placed.append(replace(row, index=index, resize=change, **owners))
        at = row.width
    placed = list(place_states(tuple(placed), context))
    last = widest if resize == "carry" else at
    leave = _resize(resize, at, last, modules)
    return Stack("decoder", tuple(placed), leave), first, last


def _resize(
    kind: ResizeKind, before: int, after: int, modules: dict[tuple[int, int], int]
) -> Resize | None:
    if before == after:
        return None
    own = kind == "project" or (kind == "learned" and after > before)
    # One map for each pair of widths.
    module = modules.setdefault((before, after), len(modules)) if own else None
    return Resize(kind, before, after, module)


def training() -> Training:
    return Training(
        data=BuiltinText("python_reference"),
        tokenizer="byte",
        validation=0.1,
        steps=10,
        batch=4 * CONTEXT,
        micro_batch=4,
        optimizer=AdamW(1e-3, (0.9, 0.95), 1e-8, 0.1),
        schedule=Schedule("cosine", 2, 0.1),
        clip=1.0,
        precision="fp32",
        seed=0,
        device="auto",
        log_every=1,
        evaluate_every=5,
        evaluate_batches=1,
        checkpoint_every=5,
        deepspeed=DeepSpeed(1, 1, 1),
        origin=ORIGIN,
    )


def plan(
    name: str,
    layers: Sequence[Layer],
    resize: ResizeKind = "carry",
    vocab: int = 97,
    context: int = CONTEXT,
    tied: bool = False,
    positions: bool = False,
    dropout: float = 0.0,
    norm: Norm | None = None,
    rule: InitRule | None = None,
) -> Plan:
    decoder, first, last = stack(layers, resize, context)
    embedding = Embedding(first, positions, dropout, ORIGIN)
    head = Head(last, norm or rms(last), tied, ORIGIN)
    rule = rule or InitRule(0.02, True)
    tensors = list_tensors(embedding, (decoder,), head, vocab, context, rule)
    return Plan(
        name=name,
        spec=SPEC.name,
        vocab=vocab,
        context=context,
        embedding=embedding,
        stacks=(decoder,),
        head=head,
        losses=(Loss("next_token"),),
        init=rule,
        tensors=tensors,
        training=training(),
        origin=ORIGIN,
    )


# --- whole plans -----------------------------------------------------------------------


def llama() -> Plan:
    block = layer(64, attention(4, 2), Glu(128, "silu", False))
    return plan("llama", [block] * 3)


def gpt2() -> Plan:
    norm = Norm("layernorm", 64, 1e-5, bias=True)
    mixer = attention(4, theta=None, bias=True)
    block = layer(64, mixer, Mlp(256, "gelu_tanh", True), norm)
    return plan("gpt2", [block] * 2, tied=True, positions=True, norm=norm)


def widths(kind: ResizeKind, sizes: Sequence[int] = (32, 64, 32)) -> Plan:
    rows = [
        layer(
            size,
            attention(size // 16, window=8 if size < max(sizes) else None),
            Glu(2 * size, "silu", False),
            block="base" if size < max(sizes) else "wide",
        )
        for size in sizes
        for _ in range(2)
    ]
    return plan(f"widths_{kind}", rows, kind)


def far_apart() -> Plan:
    """Transformer-XL's sinusoids of distances for layers of two widths."""
    rows = [
        layer(
            size,
            replace(attention(2, theta=None), position=TransformerXl()),
            Mlp(32, "gelu", False),
        )
        for size in (32, 64)
    ]
    return plan("far_apart", rows)


def moe() -> Plan:
    expert = Glu(32, "silu", False)
    mixture = Moe(
        Router(4, 2, Softmax(), True, balance=SwitchBalance(0.01)),
        expert,
        Glu(32, "silu", False),
    )
    dense = layer(64, attention(), Glu(128, "silu", False))
    ffns = (
        mixture,
        replace(mixture, triton="rest"),
        replace(mixture, triton="first"),
        replace(mixture, scattermoe=True),
    )
    return plan("moe", [dense, *(replace(dense, ffn=each) for each in ffns)])


def odd_moe() -> Plan:
    """Sizes that no grouped GEMM takes, biases, no balance loss."""
    mixture = Moe(Router(3, 1, Softmax(), False), Mlp(20, "relu2", True), None)
    fast = replace(mixture, triton="rest")
    rows = [layer(36, attention(3, head_dim=12), each) for each in (mixture, fast)]
    return plan("odd_moe", rows)


def retrieval() -> Plan:
    """Experts of one neuron, a memory, experts beside a dense FFN; both kernels."""
    base = layer(48, attention(3), Glu(96, "silu", False))
    peer = Retrieval(
        size=9,
        heads=2,
        top_k=5,
        key_dim=16,
        query_norm="layernorm",
        scores="softmax",
        shared_keys=True,
        activation="gelu",
        gated=False,
        shared=None,
        kernel="fused",
    )
    plain = replace(peer, gated=True, kernel="gather", scores="sigmoid")
    memory = replace(
        peer, activation=None, shared_keys=False, query_norm=None, triton="first"
    )
    beside = replace(memory, activation="silu", shared=Glu(64, "silu", False))
    ffns = (peer, plain, memory, beside)
    return plan("retrieval", [replace(base, ffn=ffn) for ffn in ffns])


def chosen_rows(*gradients: Literal["sparse", "factored"]) -> Plan:
    """Tables with gradients of the chosen rows alone, by Triton too."""
    first = retrieval().decoder.layers[0]
    assert isinstance(first.ffn, Retrieval)
    made = [replace(first.ffn, gradients=each) for each in gradients]
    ffns = [*made, *(replace(ffn, triton="first") for ffn in made)]
    name = "_and_".join(gradients)
    return plan(f"{name}_rows", [replace(first, ffn=ffn) for ffn in ffns])


def looped() -> Plan:
    block = layer(64, attention(4, 2), Glu(128, "silu", False))
    order = [0, 1, 0, 1, 0, 1, 2]
    return plan("looped", [replace(block, owner=owner) for owner in order])


def windows() -> Plan:
    """Windows of several sizes, a full layer between, two rope bases."""
    sizes = (4, 4, 4, None) * 2
    rows = [
        layer(
            64,
            attention(4, 2, window=w, theta=1e4 if w else 1e6),
            Glu(96, "gelu", False),
        )
        for w in sizes
    ]
    return plan("windows", rows)


def narrow_windows() -> Plan:
    """Windows alone: two layers of 4 tokens see 7."""
    row = layer(64, attention(4, window=4, theta=None), Mlp(128, "relu", False))
    return plan("narrow_windows", [row] * 2)


def kernels() -> Plan:
    """Every kernel, full and windowed, with declared fallbacks."""
    lists: tuple[tuple[KernelName, ...], ...] = (
        ("eager",),
        ("sdpa",),
        ("flex", "sdpa"),
        ("flash", "sdpa"),
        ("flash", "flex", "sdpa"),
    )
    rows = [
        layer(64, attention(4, 2, window=w, kernels=names), Mlp(64, "gelu", False))
        for names in lists
        for w in (None, 16)
    ]
    return plan("kernels", rows)


def mixed() -> Plan:
    """Layers without mixer, without FFN, dropout everywhere, norms of queries and keys."""
    norm = Norm("layernorm", 64, 1e-6)
    rows = [
        layer(64, attention(2, 1, 24, qk_norm=rms(24, 1e-6), dropout=0.1), None, norm),
        layer(64, None, Mlp(64, "tanh", True), rms(64, 1e-6), dropout=0.2),
        layer(64, attention(4, 4, 16, bias=True), Glu(64, "sigmoid", True), norm),
    ]
    return plan("mixed", rows, dropout=0.1, rule=InitRule(0.05, False))


def previous_kv(full: bool = False) -> Plan:
    """Keys of the layer before, through windows of three sizes, all of them or two of them."""
    sizes = (8, None if full else 4, 16, 8)
    rows = [
        layer(64, attention(4, 2, window=w, qk_norm=rms(16)), Mlp(64, "gelu", False))
        for w in sizes
    ]
    took = [
        replace(a, mixer=a.mixer and replace(a.mixer, kv="from_previous")) for a in rows
    ]
    name = "previous_kv_full" if full else "previous_kv"
    return plan(name, [rows[0], *took[1:], rows[3]])


def shared_parts() -> Plan:
    """An FFN of all layers, a mixer of every two; the last ones have none."""
    row = layer(64, attention(4, 2), Mlp(64, "gelu", False))
    rows = [replace(row, mixer_owner=i - i % 2, ffn_owner=0) for i in range(5)]
    lean = layer(64, None, Mlp(64, "gelu", False))
    return plan("shared_parts", [*rows, replace(lean, ffn_owner=0), lean])


def shared_in_loop() -> Plan:
    """Two layers of one mixer, applied twice, with a layer between that has none."""
    row = layer(64, attention(4, 2), Mlp(64, "gelu", False))
    lean = layer(64, None, Mlp(32, "gelu", False))
    loop = [
        replace(row, owner=0),
        replace(lean, owner=1),
        replace(row, owner=2, mixer_owner=0),
    ]
    return plan("shared_in_loop", loop * 2)


def relaxed() -> Plan:
    """A loop of two layers whose passes have differences of rank 2, and a layer before it."""
    low = Lora(2, 3)
    first = layer(64, attention(4, 2), Glu(96, "silu", False), owner=0)
    one = layer(64, replace(attention(4, 2), lora=low), Glu(96, "silu", False, low))
    two = layer(64, replace(attention(4, 2), lora=low), Mlp(64, "gelu", True, low))
    rows = [
        replace(row, owner=owner, turn=turn)
        for turn in range(3)
        for owner, row in ((1, one), (2, two))
    ]
    return plan("relaxed", [first, *rows])


def no_mixer() -> Plan:
    """FFNs alone, over learned positions."""
    return plan("no_mixer", [layer(32, None, Mlp(64, "relu", False))], positions=True)


def shared_widths(kind: ResizeKind) -> Plan:
    """A loop over two widths."""
    one = layer(32, attention(2), Mlp(64, "relu", False))
    two = layer(48, attention(3), Mlp(96, "relu", False))
    rows = [replace(x, owner=i) for _ in range(3) for i, x in enumerate((one, two))]
    return plan(f"shared_{kind}", rows, kind)


KINDS: tuple[ResizeKind, ...] = ("carry", "pad", "learned", "project")


def all_plans() -> list[Plan]:
    """Every plan of this file."""
    return [
        llama(),
        gpt2(),
        moe(),
        odd_moe(),
        retrieval(),
        chosen_rows("sparse"),
        chosen_rows("factored"),
        chosen_rows("sparse", "factored"),
        looped(),
        windows(),
        narrow_windows(),
        kernels(),
        mixed(),
        previous_kv(),
        shared_parts(),
        shared_in_loop(),
        relaxed(),
        previous_kv(full=True),
        no_mixer(),
        far_apart(),
        *(widths(kind) for kind in KINDS),
        *(
            replace(widths(kind, (64, 32, 64)), name=f"hourglass_{kind}")
            for kind in KINDS
        ),
        *(shared_widths(kind) for kind in KINDS),
    ]
