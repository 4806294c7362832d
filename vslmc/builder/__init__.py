"""The language in Python: a spec as objects, with loops, functions and completion.

    base = Block("base", mixer=attention(heads=width // 64), ffn=swiglu())
    tiny = Model("tiny", vocab=256, context=128, width=128, layers=[2 * base])
    print(Spec(base, tiny, edition=2026).text())

All names of `__all__` are those of `vslmc` too. `docs/python.md` is the guide.
"""

from vslmc.builder import kinds, sections
from vslmc.builder.entries import (
    Allow,
    Import,
    Label,
    Loop,
    Repeat,
    Share,
    Use,
    label,
    loop,
    share,
    use,
)
from vslmc.builder.kinds import *  # noqa: F403
from vslmc.builder.sections import *  # noqa: F403
from vslmc.builder.spec import Spec, SpecError, parse
from vslmc.builder.values import (
    DEFAULT,
    Default,
    Input,
    Numeric,
    Param,
    Term,
    Text,
    Value,
    number,
)
from vslmc.builder.words import (
    ceil,
    context,
    cycle,
    depth,
    floor,
    geometric,
    i,
    layer,
    max_,
    min_,
    n,
    parameters,
    pick,
    ramp,
    round_down,
    round_to,
    round_up,
    sqrt,
    vocab,
    width,
)

__all__: list[str] = [
    "DEFAULT",
    "Allow",
    "Default",
    "Import",
    "Input",
    "Label",
    "Loop",
    "Numeric",
    "Param",
    "Repeat",
    "Share",
    "Spec",
    "SpecError",
    "Term",
    "Text",
    "Use",
    "Value",
    "ceil",
    "context",
    "cycle",
    "depth",
    "floor",
    "geometric",
    "i",
    "label",
    "layer",
    "loop",
    "max_",
    "min_",
    "n",
    "number",
    "parameters",
    "parse",
    "pick",
    "ramp",
    "round_down",
    "round_to",
    "round_up",
    "share",
    "sqrt",
    "use",
    "vocab",
    "width",
]
__all__ += kinds.__all__
__all__ += sections.__all__
