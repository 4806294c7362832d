"""The loss of a model's head, without the logits of all tokens at once."""

from __future__ import annotations

from vslmc.plan.nodes import Plan
from vslmc.record import record
from vslmc.render.engine import read_leaf, render
from vslmc.render.layout import lay_out_def


@record
class LossView:
    """The view of `loss.py.jinja`."""

    bias: bool
    """Whether logits have a bias."""
    capped: bool
    """Whether they have a soft cap."""
    entropy: str
    """Head of `cross_entropy_`."""
    forward: str
    """Head of the function's `forward`."""
    saved: str
    """What `backward` finds beside the first two gradients."""
    gradients: str
    """What it gives beside them."""
    signature: str
    """Head of `head_loss`."""
    extra: str
    """What functions are called with after the targets."""


def render_loss(plan: Plan) -> str:
    """The plain loss is a leaf; a bias and a soft cap change it."""
    head = plan.head
    bias, capped = head.bias, head.softcap is not None
    if not bias and not capped:
        return read_leaf("loss")
    more = ("bias: Tensor",) if bias else ()
    more += ("softcap: float",) if capped else ()
    extra = "".join(f", {parameter.split(':')[0]}" for parameter in more)
    gradients = ["None", *(["bias_grad * slope"] if bias else [])]
    gradients += ["None"] if capped else []
    given = ("x: Tensor", "weight: Tensor", "targets: Tensor", *more)
    inner = ("logits: Tensor", "targets: Tensor", *more)
    view = LossView(
        bias=bias,
        capped=capped,
        entropy=lay_out_def("cross_entropy_", inner, " -> Tensor"),
        forward=lay_out_def("forward", ("ctx: Any", *given), " -> Tensor", 4),
        saved=", bias_grad" if bias else "",
        gradients=", ".join(gradients),
        signature=lay_out_def("head_loss", given, " -> Tensor"),
        extra=extra,
    )
    return render("model/loss.py.jinja", view)
