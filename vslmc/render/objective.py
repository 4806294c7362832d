"""What the objective changes in the scripts: constants, batches, and what is said of them."""

from __future__ import annotations

from collections.abc import Iterator

from vslmc.plan.nodes import Masking, Plan, Spans
from vslmc.record import record
from vslmc.render.escape import py_num
from vslmc.render.words import Words


@record
class ObjectiveText:
    """Pieces of `data.py` and `train.py` that depend on the objective."""

    masked: bool
    """Whether tokens are hidden."""
    spans: bool
    """Whether runs of tokens are left out."""
    constants: Words
    """Lines of `data.py` behind the vocabulary."""
    shown: Words
    """Lines that choose what stands for hidden tokens."""
    room: str
    """How many tokens a tokenizer may have."""
    taken: str
    """Why it may not have all of the vocabulary."""
    window: str
    """How many tokens of the text a sequence is made from."""
    window_words: str
    """The same in a message."""
    names: str
    """What the model's loss takes."""
    parameters: str
    """The same as parameters."""


def find_objective(plan: Plan) -> ObjectiveText:
    """The pieces for a plan's objective."""
    corruption = plan.losses[0].corruption if plan.losses else None
    sourced = plan.source is not None
    names = ("tokens", "targets", *(("source",) if sourced else ()))
    room, taken, window = "VOCAB", "", "CONTEXT"
    words = "the context of {CONTEXT}"
    if isinstance(corruption, Masking):
        room, taken = "MASK", ", the last for masks"
    if isinstance(corruption, Spans):
        room, taken = "VOCAB - SPANS - 1", ", the last {SPANS + 1} for sentinels"
        window, words = "WINDOW", "a window of {WINDOW}"
    return ObjectiveText(
        masked=isinstance(corruption, Masking),
        spans=isinstance(corruption, Spans),
        constants=tuple(_constants(corruption)),
        shown=tuple(_shown(corruption)) if isinstance(corruption, Masking) else (),
        room=room,
        taken=taken,
        window=window,
        window_words=words,
        names=", ".join(names),
        parameters=", ".join(f"{name}: Tensor" for name in names),
    )


def _constants(corruption: Masking | Spans | None) -> Iterator[str]:
    match corruption:
        case Masking():
            yield "MASK = VOCAB - 1  # what stands for a hidden token"
            yield f"PLACES = {corruption.places}  # tokens of a sequence that are to be told"
            if 0 < corruption.mask < 1:
                yield f"MASKED = {py_num(corruption.mask)}  # share of these that MASK replaces"
            if 0 < corruption.random < 1 - corruption.mask:
                share = py_num(corruption.random)
                yield f"RANDOM = {share}  # share of these that a random token replaces"
        case Spans():
            yield f"WINDOW = {corruption.window}  # tokens of the text for one sequence"
            yield f"NOISE = {corruption.noise}  # how many of them are left out"
            yield f"SPANS = {corruption.spans}  # in how many runs"
        case None:
            pass


def _shown(masking: Masking) -> Iterator[str]:
    """MASK, random tokens, and the tokens themselves, as far as their shares are not 0."""
    mask, random = masking.mask, masking.random
    if mask == 1:
        yield "shown = torch.full_like(told, MASK)"
        return
    kept = mask + random < 1
    if mask or kept:
        yield "dice = torch.rand(places.shape, generator=generator)"
    if random:
        yield "other = torch.randint(MASK, places.shape, generator=generator)"
    rest = "told"
    if random:
        bound = "MASKED + RANDOM" if mask else "RANDOM"
        rest = f"torch.where(dice < {bound}, other, told)" if kept else "other"
    if not mask:
        yield f"shown = {rest}"
    elif len(rest) > len("other"):
        yield f"shown = {rest}"
        yield "shown = torch.where(dice < MASKED, MASK, shown)"
    else:
        yield f"shown = torch.where(dice < MASKED, MASK, {rest})"
