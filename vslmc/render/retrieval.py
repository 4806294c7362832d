"""The classes of parts that look rows up in tables."""

from __future__ import annotations

from collections.abc import Iterator

from vslmc.cost.describe import name_retrieval
from vslmc.plan.kernels import has_few_rows
from vslmc.plan.nodes import Moe, Pool, Retrieval
from vslmc.record import record
from vslmc.render.engine import render
from vslmc.render.layout import Call, lay_out_at, lay_out_def
from vslmc.render.parts import activate
from vslmc.render.slopes import has_few_key_slopes, has_few_slopes
from vslmc.render.structure import Structure
from vslmc.render.words import Words


@record
class RetrievalView:
    """The view of `retrieval.py.jinja`."""

    name: str
    """Class name."""
    doc: str
    """Its docstring."""
    init: str
    """Head of `__init__`."""
    router: str
    """What makes the module that chooses the rows."""
    stored: Words
    """Lines that make its own parameters."""
    norm: str
    """What makes the norm of the queries; empty if there is none."""
    query: Words
    """Lines that make the queries (N, H D)."""
    route: Words
    """Lines that choose the rows."""
    lookup: Words
    """Lines that read the chosen rows, up to the sum `y`."""
    shared: str
    """Class of the FFN beside; empty if there is none."""


def retrieval_leaves(structure: Structure) -> Iterator[str]:
    """Leaf modules that the classes stand on."""
    ffns = [f for f in structure.ffns if isinstance(f, Retrieval)]
    fused = [f for f in ffns if f.kernel == "fused"]
    routes = any(map(has_few_slopes, structure.routers))
    few = any(map(has_few_key_slopes, ffns))
    many = any(isinstance(f, Moe) and has_few_rows(f) for f in structure.ffns)
    kinds = {_slopes(f, pool) for f in fused for pool in f.pools}
    triton = {_slopes(f, pool) for f in fused for pool in f.pools if f.triton}
    by_row = bool(fused) or routes or many
    wanted = {
        "sorts": bool(ffns) or by_row,
        "largest": bool(ffns) or routes,
        "product_keys": bool(ffns),
        "key_choice": bool(ffns),
        "key_sums": not all(map(has_few_key_slopes, ffns)),
        "key_router": any(f.old is None for f in ffns),
        "grown_router": any(f.old is not None for f in ffns),
        "sorted_rows": by_row,
        "dot_pairs": by_row,
        "fused_rows": by_row,
        "dense_slopes": "Dense" in kinds or routes or few or many,
        "few_mm": many,
        "few_key_sums": few,
        "sparse_slopes": "Sparse" in kinds,
        "factored_slopes": "Factored" in kinds,
        "frozen_rows": "Frozen" in kinds,
        "triton_chosen": bool(triton),
        "triton_dense": "Dense" in triton,
        "triton_sparse": "Sparse" in triton,
        "triton_factored": "Factored" in triton,
        "triton_frozen": "Frozen" in triton,
        "gathered_rows": len(fused) < len(ffns),
    }
    yield from (leaf for leaf, is_wanted in wanted.items() if is_wanted)


def retrieval_sizes(ffn: Retrieval) -> Iterator[tuple[str, int]]:
    """Name and value of the arguments after the width."""
    yield "size", ffn.size
    if ffn.old is not None:
        yield "old", ffn.old
    yield "heads", ffn.heads
    yield "top_k", ffn.top_k
    yield "key_dim", ffn.key_dim
    if ffn.shared is not None:
        yield "shared", ffn.shared.hidden


DOCS = {
    "peer": "Experts of one neuron: each head chooses `top_k` of size ** {} by its keys.",
    "pkm": "A memory: each head chooses `top_k` of size ** {} rows by its keys.",
    "cdmoe": "A dense FFN, and beside it experts of one neuron, chosen by keys.",
}
"""By the name of the kind."""


def render_retrieval(ffn: Retrieval, name: str, structure: Structure) -> str:
    """The text of one class."""
    sizes = tuple(f"{n}: int" for n, _ in retrieval_sizes(ffn))
    view = RetrievalView(
        name=name,
        doc=DOCS[name_retrieval(ffn)].format(ffn.factors),
        init=lay_out_def("__init__", ("self", "width: int", *sizes), "", 4),
        router=_router(ffn),
        stored=tuple(_stored(ffn)),
        norm=_norm(ffn),
        query=tuple(_query(ffn)),
        route=tuple(_route(ffn)),
        lookup=tuple(_lookup(ffn)),
        shared="" if ffn.shared is None else structure.ffns[ffn.shared],
    )
    return render("model/retrieval.py.jinja", view)


def _router(ffn: Retrieval) -> str:
    weigh = {"softmax": "nn.Softmax(dim=-1)", "sigmoid": "nn.Sigmoid()"}[ffn.scores]
    sizes = "size" if ffn.old is None else "size, old"
    sums = "FewKeySums" if has_few_key_slopes(ffn) else "KeySums"
    return f"{key_router(ffn)}({sizes}, {ffn.factors}, top_k, {weigh}, {sums})"


def key_router(ffn: Retrieval) -> str:
    """The class of what chooses its rows."""
    return "KeyRouter" if ffn.old is None else "GrownRouter"


def _stored(ffn: Retrieval) -> Iterator[str]:
    """Keys and tables; those of the old rows first."""
    heads = () if ffn.shared_keys else ("heads",)
    keys, rows = ("size",), (f"size**{ffn.factors}",)
    if ffn.old is not None:
        keys = ("old", "size - old")
        rows = (f"old**{ffn.factors}", f"{rows[0]} - old**{ffn.factors}")
    for pool, size in zip(ffn.pools, keys, strict=True):
        parts = (*heads, str(ffn.factors), size, f"key_dim // {ffn.factors}")
        yield from _parameter(f"{pool.prefix}keys", parts, pool)
    for pool, count in zip(ffn.pools, rows, strict=True):
        for table in ffn.tables:
            yield from _parameter(f"{pool.prefix}{table}", (count, "width"), pool)


def _parameter(name: str, shape: Words, pool: Pool) -> Words:
    frozen = ("requires_grad=False",) if pool.frozen else ()
    call = Call("nn.Parameter", (Call("torch.empty", shape), *frozen))
    return lay_out_at(call, 8, before=f"self.{name} = ")


def _route(ffn: Retrieval) -> Iterator[str]:
    """Lines that choose the rows, in fp32; the keys of its heads are scored side by side."""
    kept = "self.keys"
    if ffn.old is not None:
        yield "keys = torch.cat((self.keys, self.new_keys), dim=-2)"
        kept = "keys"
    if ffn.shared_keys:
        view = f"view(len(rows) * self.heads, {ffn.factors}, -1).transpose(0, 1)"
        yield f"query = query.float().{view}"
        yield f"index, weight = self.router(query, {kept}.float())  # (N H, K)"
        return
    yield f"query = query.float().view(len(rows), self.heads, {ffn.factors}, -1)"
    yield "query = query.permute(2, 1, 0, 3)  # (F, H, N, D / F)"
    yield f"keys = {kept}.float().transpose(0, 1)  # (F, H, n, D / F)"
    yield "index, weight = self.router(query, keys)  # (H, N, K)"
    yield "index, weight = index.transpose(0, 1), weight.transpose(0, 1)"


def _norm(ffn: Retrieval) -> str:
    match ffn.query_norm:
        case "batchnorm":
            return "nn.BatchNorm1d(heads * key_dim)"
        case "layernorm":
            return "nn.LayerNorm(key_dim)"
        case None:
            return ""


def _query(ffn: Retrieval) -> Iterator[str]:
    made = "self.query(rows)"
    if ffn.query_norm == "batchnorm":
        made = f"self.query_norm({made})"
    yield f"query = {made}  # (N, H D)"
    if ffn.query_norm == "layernorm":
        yield "query = self.query_norm(query.unflatten(1, (self.heads, -1)))"


def _lookup(ffn: Retrieval) -> Iterator[str]:
    """What the chosen rows give."""
    if ffn.old is None:
        yield from _pool(ffn, ffn.pools[0], "index.reshape(len(rows), -1)")
        yield f"y = {_call('sum', 'weight', 'down', ffn, ffn.pools[0])}"
        return
    yield "index, new_index = index.chunk(2, dim=-1)"
    yield "weight, new_weight = weight.chunk(2, dim=-1)"
    old, new = ffn.pools
    yield from _pool(ffn, old, "index.reshape(len(rows), -1)")
    yield f"y = {_call('sum', 'weight', 'down', ffn, old)}"
    yield "new_index = new_index.reshape(len(rows), -1) - len(self.down)"
    yield from _pool(ffn, new, "new_index")
    yield f"y = y + {_call('sum', 'weight', 'down', ffn, new)}"


def _slopes(ffn: Retrieval, pool: Pool) -> str:
    """What slopes a table has, as the classes of chosen rows say it."""
    if pool.frozen:
        return "Frozen"
    return ffn.gradients.capitalize()


def _kind(ffn: Retrieval, pool: Pool) -> str:
    """The class of chosen rows."""
    return f"{'Triton' if ffn.triton else ''}{_slopes(ffn, pool)}Chosen"


def _call(verb: str, argument: str, table: str, ffn: Retrieval, pool: Pool) -> str:
    """Products with rows of a table, or their sum."""
    table = f"self.{pool.prefix}{table}"
    if ffn.kernel == "fused":
        return f"{verb}_rows({argument}, {table}, chosen)"
    sparse = ffn.gradients == "sparse" and not pool.frozen
    return f"{verb}_gathered({argument}, {table}, chosen, sparse={sparse})"


def _pool(ffn: Retrieval, pool: Pool, index: str) -> Iterator[str]:
    """Lines that name the chosen rows, and what each is multiplied by."""
    chosen = f"{_kind(ffn, pool)}({index})" if ffn.kernel == "fused" else index
    yield f"chosen = {chosen}  # (N, H K)"
    weight = f"{pool.prefix}weight"
    if ffn.activation is None:
        yield f"weight = {weight}.reshape(len(rows), -1)"
        return
    up = _call("dot", "rows", "up", ffn, pool)
    if ffn.gated:
        yield f"gate = {_call('dot', 'rows', 'gate', ffn, pool)}"
        yield f"up = {up}"
        yield f"weight = {activate(ffn.activation, 'gate')} * up * {weight}.reshape_as(up)"
    else:
        yield f"hidden = {up}"
        yield f"weight = {activate(ffn.activation, 'hidden')} * {weight}.reshape_as(hidden)"
