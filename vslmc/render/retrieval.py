"""The classes of parts that look rows up in tables."""

from __future__ import annotations

from collections.abc import Iterator

from vslmc.cost.describe import name_retrieval
from vslmc.plan.nodes import Retrieval
from vslmc.record import record
from vslmc.render.engine import render
from vslmc.render.layout import lay_out_def
from vslmc.render.parts import activate
from vslmc.render.routers import has_few_slopes
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
    keys: str
    """Sizes of the keys before those of a half."""
    tables: Words
    """Names of the tables."""
    norm: str
    """What makes the norm of the queries; empty if there is none."""
    query: Words
    """Lines that make the queries (N, H, 2, D / 2)."""
    product: str
    """The product of queries and keys, in the words of einsum."""
    weigh: str
    """What the scores become."""
    choose: Words
    """Lines that name the chosen rows, and what a row is multiplied by."""
    total: str
    """The function that adds the rows up."""
    shared: str
    """Class of the FFN beside; empty if there is none."""


def retrieval_leaves(structure: Structure) -> Iterator[str]:
    """Leaf modules that the classes stand on."""
    kernels = {f.kernel for f in structure.ffns if isinstance(f, Retrieval)}
    if kernels:
        yield "product_keys"
    if "fused" in kernels or any(map(has_few_slopes, structure.routers)):
        yield "fused_rows"
        yield "dense_slopes"
    if any(isinstance(f, Retrieval) and f.triton for f in structure.ffns):
        yield "triton_chosen"
        yield "triton_dense"
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
    "peer": "Experts of one neuron: each head chooses `top_k` of size ** 2 by its keys.",
    "pkm": "A memory: each head chooses `top_k` of size ** 2 rows by its keys.",
    "cdmoe": "A dense FFN, and beside it experts of one neuron, chosen by keys.",
}
"""By the name of the kind."""


def render_retrieval(ffn: Retrieval, name: str, structure: Structure) -> str:
    """The text of one class."""
    sizes = tuple(f"{n}: int" for n, _ in retrieval_sizes(ffn))
    view = RetrievalView(
        name=name,
        doc=DOCS[name_retrieval(ffn)],
        init=lay_out_def("__init__", ("self", "width: int", *sizes), "", 4),
        keys="2" if ffn.shared_keys else "heads, 2",
        tables=ffn.tables,
        norm=_norm(ffn),
        query=tuple(_query(ffn)),
        product=f"nhpd,{'' if ffn.shared_keys else 'h'}pkd->pnhk",
        weigh={"softmax": "score.softmax(dim=-1)", "sigmoid": "score.sigmoid()"}[
            ffn.scores
        ],
        choose=tuple(_choose(ffn)),
        total={"fused": "sum_rows", "gather": "sum_gathered"}[ffn.kernel],
        shared="" if ffn.shared is None else structure.ffns[ffn.shared],
    )
    return render("model/retrieval.py.jinja", view)


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


def _choose(ffn: Retrieval) -> Iterator[str]:
    dot = {"fused": "dot_rows", "gather": "dot_gathered"}[ffn.kernel]
    index = "index.flatten(1)"
    kind = "TritonDenseChosen" if ffn.triton else "DenseChosen"
    chosen = f"{kind}({index})" if ffn.kernel == "fused" else index
    yield f"chosen = {chosen}  # (N, H K)"
    if ffn.activation is None:
        return
    up = f"{dot}(rows, self.up, chosen)"
    if ffn.gated:
        yield f"gate = {dot}(rows, self.gate, chosen)"
        yield f"hidden = {activate(ffn.activation, 'gate')} * {up}"
        yield "weight = hidden * weight"
    else:
        yield f"hidden = {up}"
        yield f"weight = {activate(ffn.activation, 'hidden')} * weight"
