"""The laws of FFNs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_never

from vslmc.plan.nodes import (
    ExpertChoice,
    Ffn,
    Glu,
    LossFree,
    Mlp,
    Moe,
    Retrieval,
    Router,
    Sigmoid,
    Sinkhorn,
    Softmax,
    SparseMixer,
    SwitchBalance,
)
from vslmc.plan.python import PythonFfn
from vslmc.plan.verify_python import verify_python
from vslmc.plan.verify_retrieval import verify_retrieval


def verify_ffn(ffn: Ffn) -> Iterator[str]:
    """Every broken law of an FFN, as `field: what is wrong`."""
    match ffn:
        case Mlp() | Glu():
            yield from _dense(ffn)
        case Moe():
            yield from _moe(ffn)
        case Retrieval():
            yield from verify_retrieval(ffn)
        case PythonFfn():
            yield from verify_python(ffn)
        case _ as unreachable:
            assert_never(unreachable)


def _dense(ffn: Mlp | Glu) -> Iterator[str]:
    if ffn.hidden < 1:
        yield f"ffn.hidden: {ffn.hidden} is not positive"
    if isinstance(ffn, Glu) and ffn.clamp is not None and ffn.clamp <= 0:
        yield f"clamp: {ffn.clamp} is not positive"


def _moe(moe: Moe) -> Iterator[str]:
    yield from (f"expert.{message}" for message in verify_ffn(moe.expert))
    yield from (f"router.{message}" for message in _router(moe.router))
    if moe.shared is not None:
        yield from (f"shared.{message}" for message in verify_ffn(moe.shared))
        if type(moe.shared) is not type(moe.expert):
            yield "shared: is not of the expert's kind"
    elif moe.shared_gate:
        yield "shared_gate: there is nothing to gate"
    if moe.triton and moe.kernel != "grouped":
        yield f"triton: before a kernel that is not grouped, {moe.kernel}"
    if moe.scattermoe and (moe.kernel != "grouped" or moe.triton):
        yield f"scattermoe: before {moe.kernel}, and triton is {moe.triton}"


def _router(router: Router) -> Iterator[str]:
    if not 1 <= router.top_k <= router.experts:
        yield f"top_k: {router.top_k} of {router.experts} experts"
    if router.scale <= 0 or router.z_loss < 0:
        yield f"scale: {router.scale}, z_loss: {router.z_loss}"
    if router.capacity is not None and router.capacity <= 0:
        yield f"capacity: {router.capacity} is not positive"
    match router.balance:
        case SwitchBalance(weight=number) | LossFree(rate=number) if number <= 0:
            yield f"balance: {number} is not positive"
        case _:
            pass
    yield from _kind(router)
    if router.groups is not None:
        yield from _groups(router)


def _kind(router: Router) -> Iterator[str]:
    """What the kinds can do."""
    ranks = isinstance(router.kind, Softmax | Sigmoid)
    if isinstance(router.kind, Sinkhorn) and router.kind.rounds < 1:
        yield f"kind.rounds: {router.kind.rounds} is not positive"
    if isinstance(router.kind, SparseMixer) and router.kind.jitter <= 0:
        yield f"kind.jitter: {router.kind.jitter} is not positive"
    if not ranks and (router.groups or isinstance(router.balance, LossFree)):
        yield f"kind: {router.kind} with groups or a correction"
    if isinstance(router.kind, ExpertChoice) and (
        router.balance or router.capacity or router.normalise
    ):
        yield "kind: expert choice with a balance, a capacity or a sum of one"


def _groups(router: Router) -> Iterator[str]:
    groups = router.groups
    assert groups is not None
    if groups.count < 1 or router.experts % groups.count:
        yield f"groups: {groups.count} of {router.experts} experts"
        return
    size = router.experts // groups.count
    if not 1 <= groups.keep <= groups.count or router.top_k > groups.keep * size:
        yield f"groups.keep: {groups.keep} of {groups.count} for {router.top_k}"
    if not 1 <= groups.best <= size:
        yield f"groups.best: {groups.best} of {size}"
