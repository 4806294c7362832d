"""The start values of the parameters, as rules on their names, exact for the whole table."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from vslmc.plan.nodes import InitRule, Plan, Tensor
from vslmc.plan.start import Start as Deviations
from vslmc.record import record
from vslmc.render.escape import py_num, py_str
from vslmc.render.layout import Call, lay_out_at, lay_out_dict
from vslmc.render.words import Words

# Endings of the projections into the stream; a mixture's `down` is stacked.
RESIDUAL = (".out.weight", ".down.weight", ".down", ".new_down")
KEYS = (".keys", ".new_keys")
"""Ending of product keys, which start alike under every scheme."""
PAIR = ".gate_up"
"""Ending of two matrices in one stack, of which each starts by its own shape."""
ZEROS = ("bias", "lora_b")
"""Endings of what starts as zeros."""
EMBEDDINGS = (
    "embedding.weight",
    "position.weight",
    "types.weight",
    "encoder.embedding.weight",
    "encoder.position.weight",
)
"""What is looked up, by its whole name."""


@record
class Start:
    """How `init_parameters` reads."""

    doc: str
    """Its docstring."""
    lines: Words
    """The body of its loop over the names and parameters."""
    constants: Words
    """What it needs at module level."""


def find_start(plan: Plan) -> Start:
    """The rule of the plan's scheme if that says all of its table, else the table."""
    rules = _Rules(plan.init, plan.tensors)
    if all(rules.matches(tensor) for tensor in plan.tensors):
        return Start(rules.doc(), tuple(rules.lines()), ())
    return _table(plan.tensors)


def is_norm(name: str) -> bool:
    """Whether a parameter is that of a norm, which modules start themselves."""
    return "norm" in name


class _Rules:
    """Deviations by the ending of a name and the shape of a matrix."""

    def __init__(self, rule: InitRule, tensors: tuple[Tensor, ...]) -> None:
        self.rule = rule
        self.tensors = tensors
        residual = [
            t.init.std
            for t in tensors
            if t.name.endswith(RESIDUAL) and t.init.scheme == "normal"
        ]
        self.residual = residual[0] if residual and rule.scheme == "normal" else None
        if self.residual == rule.std:
            self.residual = None

    def matches(self, tensor: Tensor) -> bool:
        """Whether the rules give this tensor what the plan says."""
        init = tensor.init
        if tensor.name.endswith(ZEROS):
            return init.scheme == "zeros"
        if len(tensor.shape) == 1 or is_norm(tensor.name):
            return True  # a module's own start is the plan's
        return init.scheme == "normal" and init.tail is None and self._fits(tensor)

    def _fits(self, tensor: Tensor) -> bool:
        start = Deviations(self.rule, 1)
        name, shape, std = tensor.name, tensor.shape, tensor.init.std
        if name in EMBEDDINGS or name.removeprefix("encoder.").startswith("biases."):
            # Tables of biases start as embeddings do; rules know them by that alone.
            plain = start.embedding(*shape).std == start.matrix(*shape).std
            known = plain or name in EMBEDDINGS
            return known and std == start.embedding(*shape).std
        if name.endswith(RESIDUAL) and self.residual is not None:
            return std == self.residual
        if name.endswith(KEYS):
            return std == start.keys(shape[-1]).std
        if name.endswith(PAIR):
            shape = (shape[-2] // 2, shape[-1])
        return std == start.matrix(*shape).std

    def doc(self) -> str:
        """The scheme in a sentence."""
        match self.rule.scheme:
            case "normal":
                std = py_num(self.rule.std)
                return f"Matrices are normal with a deviation of {std}; norms are ones."
            case "xavier":
                return "Matrices are normal, as Glorot and Bengio say; norms are ones."
            case "fan_in":
                return "Matrices are normal by their inputs; norms are ones."

    def lines(self) -> Iterable[str]:
        """The cases, from the narrowest to the widest."""
        head = "if"
        for test, action in self.cases():
            yield f"{head} {test}:"
            yield from (f"    {line}" for line in lay_out_at(action, 16))
            head = "elif"

    def cases(self) -> Iterable[tuple[str, Call]]:
        """Tests on name and shape, each with what it does."""
        zeros = self._endings(ZEROS)
        if zeros:
            yield f"name.endswith({zeros})", Call("nn.init.zeros_", ("parameter",))
        apart = self._embedding_std()
        if apart is not None:
            names = [n for n in EMBEDDINGS if any(t.name == n for t in self.tensors)]
            test = f"name == {py_str(names[0])}"
            bare = tuple(dict.fromkeys(n.removeprefix("encoder.") for n in names))
            if len(bare) < len(names) or bare[-1] not in names:
                test = f"name.endswith({self._endings(bare)})"
            elif len(names) > 1:
                test = f"name in ({', '.join(map(py_str, names))})"
            yield test, _normal(py_num(apart))
        if self.residual is not None:
            endings = self._endings(RESIDUAL)
            yield f"name.endswith({endings})", _normal(py_num(self.residual))
        if any(t.name.endswith(KEYS) for t in self.tensors):
            yield f"name.endswith({self._endings(KEYS)})", _normal(
                DEVIATIONS["fan_in"](self.rule)
            )
        pairs = any(t.name.endswith(PAIR) for t in self.tensors)
        if pairs and self.rule.scheme == "xavier":
            # Of (2 H, C) the deviation of (H, C).
            std = "(4 / (parameter.size(-2) + 2 * parameter.size(-1))) ** 0.5"
            yield f"name.endswith({py_str(PAIR)})", _normal(std)
        matrix = "parameter.ndim > 1"
        if any(len(t.shape) > 1 and is_norm(t.name) for t in self.tensors):
            matrix += ' and "norm" not in name'
        yield matrix, _normal(DEVIATIONS[self.rule.scheme](self.rule))

    def _embedding_std(self) -> float | None:
        """The deviation of embeddings, where it is another than that of matrices."""
        rule = self.rule
        if rule.embedding is not None:
            return rule.embedding if rule.embedding != rule.std else None
        return 1.0 if rule.scheme == "fan_in" else None

    def _endings(self, endings: Words) -> str:
        used = [e for e in endings if any(t.name.endswith(e) for t in self.tensors)]
        text = ", ".join(map(py_str, used))
        return f"({text})" if len(used) > 1 else text


DEVIATIONS: dict[str, Callable[[InitRule], str]] = {
    "normal": lambda rule: py_num(rule.std),
    "xavier": lambda rule: "(2 / sum(parameter.shape[-2:])) ** 0.5",
    "fan_in": lambda rule: "parameter.size(-1) ** -0.5",
}
"""The deviation of a matrix, as text."""


def _normal(std: str) -> Call:
    return Call("nn.init.normal_", ("parameter", f"std={std}"))


# --- the table ----------------------------------------------------------------------------


def _table(tensors: tuple[Tensor, ...]) -> Start:
    """Every matrix by its name; what modules start themselves is left out."""
    chosen = [t for t in tensors if len(t.shape) > 1 and not is_norm(t.name)]
    deviations = [t for t in chosen if t.init.scheme == "normal"]
    tails = {t.name: t.init.tail for t in chosen if t.init.tail is not None}
    entries = tuple(f"{py_str(t.name)}: {py_num(t.init.std)}" for t in deviations)
    constants = lay_out_dict("STD", entries)
    lines = [
        'if name.endswith(("bias", "lora_b")):',
        "    nn.init.zeros_(parameter)",
        "elif name in STD:",
        "    nn.init.normal_(parameter, std=STD[name])",
    ]
    if tails:
        rows = tuple(
            f"{py_str(name)}: ({tail.rows}, {py_num(tail.std)})"
            for name, tail in tails.items()
        )
        constants = (*constants, "# Rows of values start apart.")
        constants = (*constants, *lay_out_dict("TAIL", rows))
        lines += [
            "if name in TAIL:",
            "    rows, std = TAIL[name]",
            "    nn.init.normal_(parameter[-rows:], std=std)",
        ]
    return Start(
        "Each matrix as the spec says, see `STD`; norms are ones.",
        tuple(lines),
        constants,
    )
