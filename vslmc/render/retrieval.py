"""The classes of parts that look rows up in tables."""

from __future__ import annotations

from collections.abc import Iterator

from vslmc.cost.describe import name_retrieval
from vslmc.plan.nodes import Retrieval
from vslmc.record import record
from vslmc.render.engine import render
from vslmc.render.layout import lay_out_def
from vslmc.render.parts import activate
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
    factors: str
    """Parts of a key."""
    keys: str
    """Sizes of the keys before those of a part."""
    tables: Words
    """Names of the tables."""
    norm: str
    """What makes the norm of the queries; empty if there is none."""
    query: Words
    """Lines that make the queries (N, H D)."""
    product: str
    """The product of queries and keys, in the words of einsum."""
    choose: Words
    """Lines that name the chosen rows, and what a row is multiplied by."""
    total: str
    """The sum of the chosen rows."""
    shared: str
    """Class of the FFN beside; empty if there is none."""


def retrieval_leaves(structure: Structure) -> Iterator[str]:
    """Leaf modules that the classes stand on."""
    lookups = [f for f in structure.ffns if isinstance(f, Retrieval)]
    kernels = {f.kernel for f in lookups}
    if kernels:
        yield "product_keys"
    if "fused" in kernels:
        yield "fused_rows"
    for sparse, leaf in ((False, "dense_slopes"), (True, "sparse_slopes")):
        if any(f.kernel == "fused" and f.sparse == sparse for f in lookups):
            yield leaf
    if "gather" in kernels:
        yield "gathered_rows"


def retrieval_sizes(ffn: Retrieval) -> Iterator[tuple[str, int]]:
    """Name and value of the arguments after the width."""
    yield "size", ffn.size
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
        factors=str(ffn.factors),
        keys=f"{'' if ffn.shared_keys else 'heads, '}{ffn.factors}",
        tables=ffn.tables,
        norm=_norm(ffn),
        query=tuple(_query(ffn)),
        product=f"nhpd,{'' if ffn.shared_keys else 'h'}pkd->pnhk",
        choose=tuple(_choose(ffn)),
        total=_call("sum", "weight", "down", ffn),
        shared="" if ffn.shared is None else structure.ffns[ffn.shared],
    )
    return render("model/retrieval.py.jinja", view)


def _router(ffn: Retrieval) -> str:
    weigh = {"softmax": "nn.Softmax(dim=-1)", "sigmoid": "nn.Sigmoid()"}[ffn.scores]
    return f"KeyRouter(size, {ffn.factors}, top_k, {weigh})"


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


def _call(verb: str, argument: str, table: str, ffn: Retrieval) -> str:
    """Products with rows of a table, or their sum."""
    if ffn.kernel == "fused":
        return f"{verb}_rows({argument}, self.{table}, chosen)"
    return f"{verb}_gathered({argument}, self.{table}, chosen, sparse={ffn.sparse})"


def _choose(ffn: Retrieval) -> Iterator[str]:
    index = "index.flatten(1)"
    kind = "SparseChosen" if ffn.sparse else "DenseChosen"
    chosen = f"{kind}({index})" if ffn.kernel == "fused" else index
    yield f"chosen = {chosen}  # (N, H K)"
    if ffn.activation is None:
        return
    up = _call("dot", "rows", "up", ffn)
    if ffn.gated:
        yield f"gate = {_call('dot', 'rows', 'gate', ffn)}"
        yield f"hidden = {activate(ffn.activation, 'gate')} * {up}"
        yield "weight = hidden * weight"
    else:
        yield f"hidden = {up}"
        yield f"weight = {activate(ffn.activation, 'hidden')} * weight"
