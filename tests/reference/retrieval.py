"""Rows that product keys choose, one token and one head at a time, each row scored in full."""

# The stubs of torch leave some types open.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import torch
from torch import Tensor

from tests.reference.parts import State, activate, norm
from vslmc.plan.nodes import Glu, Mlp, Norm, Retrieval

Dense = Callable[[Mlp | Glu, State, str, Tensor], Tensor]


def look_up(ffn: Retrieval, state: State, name: str, x: Tensor, dense: Dense) -> Tensor:
    """The best rows of each head; of a grown layer the best old ones, and the best new ones."""
    query = state[f"{name}.query.weight"] @ x
    if ffn.query_norm == "batchnorm":
        query = query - state[f"{name}.query_norm.running_mean"]
        query = query / (state[f"{name}.query_norm.running_var"] + 1e-5).sqrt()
        query = query * state[f"{name}.query_norm.weight"]
        query = query + state[f"{name}.query_norm.bias"]
    out = torch.zeros_like(x)
    for head in range(ffn.heads):
        own = query[head * ffn.key_dim : (head + 1) * ffn.key_dim]
        if ffn.query_norm == "layernorm":
            kind = Norm("layernorm", ffn.key_dim, 1e-5, True)
            own = norm(kind, state, f"{name}.query_norm", own)
        for prefix, sums in score(ffn, state, name, own, head).items():
            order = sorted(range(len(sums)), key=lambda row: -float(sums[row]))
            best = order[: ffn.top_k]
            chosen = torch.stack([sums[row] for row in best])
            softmax = ffn.scores == "softmax"
            weights = chosen.softmax(dim=0) if softmax else torch.sigmoid(chosen)
            for row, weight in zip(best, weights, strict=True):
                out = out + weight * read(ffn, state, f"{name}.{prefix}", x, row)
    shared = ffn.shared
    return out if shared is None else out + dense(shared, state, f"{name}.shared", x)


def score(
    ffn: Retrieval, state: State, name: str, query: Tensor, head: int
) -> dict[str, list[Tensor]]:
    """The scores of all rows in order, under what the names of their tables begin with."""
    keys = state[f"{name}.keys"]
    if ffn.old is not None:
        keys = torch.cat((keys, state[f"{name}.new_keys"]), dim=-2)
    keys = keys if ffn.shared_keys else keys[head]
    parts = query.split(ffn.key_dim // ffn.factors)
    scores = [key @ part for key, part in zip(keys, parts, strict=True)]
    found: dict[str, list[Tensor]] = {}
    for each in product(range(ffn.size), repeat=ffn.factors):
        is_new = ffn.old is not None and any(key >= ffn.old for key in each)
        own = [own[key] for own, key in zip(scores, each, strict=True)]
        found.setdefault("new_" if is_new else "", []).append(torch.stack(own).sum())
    return found


def read(ffn: Retrieval, state: State, name: str, x: Tensor, row: int) -> Tensor:
    """What one row gives: its value, times its neuron if it is an expert."""
    value = state[f"{name}down"][row]
    if ffn.activation is None:
        return value
    up = state[f"{name}up"][row] @ x
    if not ffn.gated:
        return activate(ffn.activation, up) * value
    return activate(ffn.activation, state[f"{name}gate"][row] @ x) * up * value
