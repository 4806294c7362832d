"""The lines of a model for its two ends: embedding and head, logits and loss."""

from __future__ import annotations

from collections.abc import Iterator

from vslmc.plan.nodes import Embedding, Plan
from vslmc.render.escape import py_num
from vslmc.render.further import further_tables
from vslmc.render.layout import WIDTH, Call, lay_out, lay_out_at
from vslmc.render.parts import activate, norm_text
from vslmc.render.passing import names_of, table_parameters
from vslmc.render.signatures import hidden_call
from vslmc.render.structure import Structure
from vslmc.render.words import Words


def embedding_parts(embedding: Embedding, tied: bool = False) -> Iterator[str]:
    """Lines that make the embedding, without tokens of its own where those are `tied`."""
    width = embedding.width
    if not tied:
        yield f"self.embedding = nn.Embedding(VOCAB, {width})"
    if embedding.learned_positions:
        yield f"self.position = nn.Embedding(CONTEXT, {width})"
    if embedding.types:
        yield f"self.types = nn.Embedding({embedding.types}, {width})"
    if embedding.norm is not None:
        norm = norm_text(embedding.norm, str(width), embedding.norm.eps)
        yield f"self.embedding_norm = {norm}"
    if embedding.dropout > 0:
        yield f"self.dropout = nn.Dropout({py_num(embedding.dropout)})"


def entry_lines(embedding: Embedding) -> Iterator[str]:
    """What becomes of the sum of tokens and positions before the first layer."""
    if embedding.types:
        yield "if types is None:"
        yield "    types = torch.zeros_like(tokens)"
        yield "x = x + self.types(types)"
    if embedding.norm is not None:
        yield "x = self.embedding_norm(x)"
    if embedding.dropout > 0:
        yield "x = self.dropout(x)"


def embed_text(plan: Plan, tokens: str) -> str:
    """The vectors of tokens."""
    scale = plan.embedding.scale
    factor = "" if scale == 1.0 else f"{py_num(scale)} * "
    return f"{factor}self.embedding({tokens})"


def head_parts(plan: Plan) -> Iterator[str]:
    """Lines that make the head."""
    head, width = plan.head, plan.head.width
    if head.transform is not None:
        yield f"self.transform = nn.Linear({width}, {width})"
    if head.norm is not None:
        yield f"self.norm = {norm_text(head.norm, str(width), head.norm.eps)}"
    if not head.tied:
        bias = "" if head.bias else ", bias=False"
        yield f"self.head = nn.Linear({width}, VOCAB{bias})"
    elif head.bias:
        yield "self.head_bias = nn.Parameter(torch.zeros(VOCAB))"


def final_lines(plan: Plan) -> Iterator[str]:
    """What becomes of the stream before the projection, all but the norm."""
    transform = plan.head.transform
    if transform is not None:
        yield f"x = {activate(transform.activation, 'self.transform(x)')}"


def norm_of(plan: Plan, x: str = "x") -> str:
    """The final norm of x, if there is one."""
    return f"self.norm({x})" if plan.head.norm else x


def weight_text(plan: Plan) -> str:
    """The matrix of the projection."""
    return "self.embedding.weight" if plan.head.tied else "self.head.weight"


def projects_plainly(plan: Plan) -> bool:
    """Whether logits are one product, with at most a bias."""
    return plan.head.scale == 1.0 and plan.head.softcap is None


def logits_call(plan: Plan, hidden: str) -> Call:
    """The logits of what `_hidden` gives."""
    if not projects_plainly(plan):
        return Call("self._logits", (hidden,))
    return _product(plan, hidden)


def _product(plan: Plan, hidden: str) -> Call:
    if not plan.head.tied:
        return Call("self.head", (hidden,))
    bias = ("self.head_bias",) if plan.head.bias else ()
    return Call("F.linear", (hidden, "self.embedding.weight", *bias))


def logits_method(plan: Plan) -> Iterator[str]:
    """`_logits`, where the product is not all, and the line behind it."""
    if projects_plainly(plan):
        return
    yield "    def _logits(self, x: Tensor) -> Tensor:"
    yield '        """Logits (B, T, V) of the normalised stream."""'
    yield from (f"        {line}" for line in logits_lines(plan))
    yield ""


def logits_lines(plan: Plan) -> Iterator[str]:
    """The body of `_logits`."""
    head = plan.head
    x = "x" if head.scale == 1.0 else f"{py_num(head.scale)} * x"
    # The factor is of the logits, a bias among them.
    scaled = head.scale != 1.0 and head.bias
    product = f"{py_num(head.scale)} * {_product(plan, 'x')}"
    product = product if scaled else str(_product(plan, x))
    if head.softcap is None:
        yield f"return {product}"
        return
    cap = py_num(head.softcap)
    yield f"x = {product}"
    yield f"return {cap} * torch.tanh(x / {cap})"


# --- the loss ------------------------------------------------------------------------------


def loss_arguments(plan: Plan) -> Words:
    """What the loss of a head takes beside the stream, its weight and the targets."""
    head, found = plan.head, list[str]()
    if head.bias:
        bias = "self.head_bias" if head.tied else "self.head.bias"
        scaled = head.scale != 1.0
        found.append(f"{py_num(head.scale)} * {bias}" if scaled else bias)
    if head.softcap is not None:
        found.append(py_num(head.softcap))
    return tuple(found)


def head_loss(plan: Plan, x: str, targets: str) -> Call:
    """The loss of a normed stream."""
    scale = plan.head.scale
    x = x if scale == 1.0 else f"{py_num(scale)} * {x}"
    return Call("head_loss", (x, weight_text(plan), targets, *loss_arguments(plan)))


def loss_lines(plan: Plan, structure: Structure) -> Iterator[str]:
    """The body of `loss`."""
    mtp = plan.head.mtp
    name = "_stream" if mtp else "_hidden"
    if structure.losses:
        yield "losses = Losses()"
    hidden = hidden_call(plan, structure, "tokens", name, loss=True)
    yield from lay_out_at(hidden, 8, "x = ")
    factor = plan.losses[0].weight if plan.losses else 1.0
    before = "" if factor == 1.0 else f"{py_num(factor)} * "
    x, targets = norm_of(plan) if mtp else "x", "targets"
    if not plan.generates:
        yield "wanted = targets >= 0  # the head works for these alone"
        yield "x, targets = x[wanted][None], targets[wanted][None]"
    call = head_loss(plan, x, targets)
    if mtp is None:
        yield from _returned(call, before, structure)
        return
    yield from lay_out_at(call, 8, before=f"loss = {before}")
    yield from _further_lines(plan, structure)


def _returned(call: Call, before: str, structure: Structure) -> Iterator[str]:
    if not structure.losses:
        yield from lay_out_at(call, 8, before=f"return {before}")
        return
    start = f"start={before}{call}"
    yield from lay_out_at(Call("sum", ("losses.terms", start)), 8, before="return ")


def _further_lines(plan: Plan, structure: Structure) -> Iterator[str]:
    """Further tokens, each from the stream before and the token between."""
    mtp = plan.head.mtp
    assert mtp is not None
    yield "if not self.training:"
    yield "    return loss"
    yield "for ahead, further in enumerate(self.mtp, start=1):"
    yield "    if tokens.size(1) <= ahead:"
    yield "        break"
    yield "    known = targets[:, ahead - 1 : -1].clamp(min=0)  # -100 has no vector"
    yield from (f"    {line}" for line in further_tables(plan, structure))
    tables = names_of(table_parameters(structure))
    losses = ("losses",) if structure.balanced else ()
    arguments = ("x[:, :-1]", embed_text(plan, "known"), *tables, *losses)
    yield from (
        f"    {line}" for line in lay_out_at(Call("further", arguments), 12, "x = ")
    )
    normed = "further.norm(x)" if plan.head.norm else "x"
    call = head_loss(plan, normed, "targets[:, ahead:]")
    weight = py_num(mtp.weight / mtp.depth)
    before = f"loss = loss + {weight} * "
    yield from (f"    {line}" for line in lay_out_at(call, 12, before=before))
    if structure.losses:
        yield "return sum(losses.terms, start=loss)"
    else:
        yield "return loss"


def last_logits(plan: Plan, structure: Structure) -> Words:
    """Lines that make the logits of the newest token, while generating."""
    call = hidden_call(plan, structure, "new")
    if len(f"{call}[:, -1],") + 16 > WIDTH:
        logits = logits_call(plan, "x[:, -1]")
        return (f"{' ' * 12}x = {call}", *lay_out(logits, 12, before="logits = "))
    return lay_out(logits_call(plan, f"{call}[:, -1]"), 12, before="logits = ")
