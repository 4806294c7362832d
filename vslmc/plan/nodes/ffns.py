"""Feed-forward parts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from vslmc.plan.nodes.parts import Lora
from vslmc.plan.python import PythonFfn
from vslmc.record import record

Activation = Literal[
    "relu",
    "gelu",
    "gelu_tanh",
    "quick_gelu",
    "silu",
    "relu2",
    "leaky_relu",
    "sigmoid",
    "tanh",
    "xielu",
]


@record
class Mlp:
    """down(activation(up(x)))."""

    hidden: int
    activation: Activation
    bias: bool
    lora: Lora | None = None


@record
class Glu:
    """down(activation(gate(x)) * up(x)) (Shazeer 2020, Eq. 5 and 6)."""

    hidden: int
    activation: Activation
    bias: bool
    lora: Lora | None = None
    unit_offset: bool = False
    """Whether one is added to up(x)."""
    clamp: float | None = None
    """Bound of gate(x) from above, and of up(x) from both sides."""


@record
class Softmax:
    """Scores are a softmax over all experts."""


@record
class Sigmoid:
    """Scores are sigmoids, one for each expert (DeepSeek-V3, Eq. 15)."""


@record
class Sinkhorn:
    """Weights are a softmax; training chooses by shares that use all experts alike."""

    rounds: int
    """Rounds of dividing by the sums of the experts, then by those of the tokens."""


@record
class SparseMixer:
    """Experts come one after the other, each from those near the best (Liu et al. 2024)."""

    jitter: float
    """An expert is near if it is less than twice this share below the best score, the share
    being that of the best or of its own size, whichever is larger."""


@record
class ExpertChoice:
    """Each expert takes ceil(top_k * tokens / experts) tokens of a sequence (Zhou et al. 2022)."""


RouterKind = Softmax | Sigmoid | Sinkhorn | SparseMixer | ExpertChoice


@record
class SwitchBalance:
    """A loss, weight * E * sum_e f_e * P_e (Fedus et al. 2021, Eq. 4), where f_e is the share of
    the tokens' choices that fall on e, and P_e the mean of its share of the scores."""

    weight: float


@record
class LossFree:
    """A correction of the scores by which experts are chosen (Wang et al. 2024)."""

    rate: float
    """What is added for an expert below the mean load after a step, and taken above it."""


@record
class Groups:
    """Experts are chosen from the best of some equal groups."""

    count: int
    keep: int
    best: int
    """How many of its best scores are added to rank a group."""


@record
class Router:
    """Which experts a token goes to, and with which weights."""

    experts: int
    top_k: int
    kind: RouterKind
    normalise: bool
    """Whether the chosen weights are divided by their sum."""
    scale: float = 1.0
    """Factor of the weights."""
    bias: bool = False
    """Of the logits."""
    balance: SwitchBalance | LossFree | None = None
    z_loss: float = 0.0
    """Coefficient of mean(logsumexp(logits)^2)."""
    groups: Groups | None = None
    capacity: float | None = None
    """In training an expert takes ceil(capacity * top_k * tokens / experts) of a sequence at
    most, the earlier ones; None drops nothing."""

    @property
    def adds_loss(self) -> bool:
        """Whether it adds to the loss, in training."""
        return isinstance(self.balance, SwitchBalance) or self.z_loss > 0

    @property
    def weighs_alone(self) -> bool:
        """Whether the weights follow from the logits of the chosen experts alone."""
        apart = isinstance(self.kind, Sigmoid)
        alike = isinstance(self.kind, Softmax) and self.normalise
        return (apart or alike) and not self.adds_loss


@record
class Pool:
    """Rows that compete for a head's choice."""

    prefix: str
    """What the names of its keys and tables begin with."""
    size: int
    """Keys of each part that it brings."""
    rows: int
    frozen: bool = False
    """Whether keys and rows are not trained."""


@record
class Retrieval:
    """Product keys choose `top_k` of `size` ** `factors` rows for each head (Lample et al. 2019).

    With an activation a row is an expert of one hidden neuron (He 2024, Eq. 1 to 8), without
    one its value is added as it is.
    """

    size: int
    """Keys of each part of a query."""
    heads: int
    top_k: int
    key_dim: int
    """Width of a query, all parts together."""
    query_norm: Literal["batchnorm", "layernorm"] | None
    """`batchnorm` over the tokens, with running statistics when not training; `layernorm` over each head."""
    scores: Literal["softmax", "sigmoid"]
    """What becomes of the scores that a head chose."""
    shared_keys: bool
    """Whether all heads have the same keys."""
    activation: Activation | None
    """Of an expert; None if rows are values alone."""
    gated: bool
    """Whether an expert is activation(gate . x) * (up . x)."""
    shared: Mlp | Glu | None
    """A dense FFN beside them."""
    kernel: Literal["fused", "gather"]
    """What runs everywhere."""
    factors: int = 2
    """Parts of a query, each with keys of its own."""
    gradients: Literal["dense", "sparse", "factored"] = "dense"
    """Of the tables. The latter two hold the chosen rows alone, and the optimizer updates no others; `factored` ones are
    not summed before it reads them, and need the kernel `fused`."""
    old: int | None = None
    """Keys of each part before the layer grew. A head then chooses `top_k` of the rows of old keys
    alone, and as many of all others, each with weights of their own."""
    frozen: bool = False
    """Whether the old keys and their rows are not trained."""
    triton: Literal["first"] | None = None
    """Whether Triton's kernels go before it, where they run."""

    @property
    def rows(self) -> int:
        """All rows."""
        return self.size**self.factors

    @property
    def tables(self) -> tuple[str, ...]:
        """Tables of (rows, width), in order; of a grown layer those of its old rows."""
        if self.activation is None:
            return ("down",)
        return ("gate", "up", "down") if self.gated else ("up", "down")

    @property
    def pools(self) -> tuple[Pool, ...]:
        """The rows that compete: all, or the old and the new ones."""
        if self.old is None:
            return (Pool("", self.size, self.rows),)
        before = self.old**self.factors
        return (
            Pool("", self.old, before, self.frozen),
            Pool("new_", self.size - self.old, self.rows - before),
        )

    @property
    def trained_tables(self) -> Iterator[str]:
        """Names of the tables that are trained."""
        for pool in self.pools:
            if not pool.frozen:
                yield from (f"{pool.prefix}{table}" for table in self.tables)


@record
class Moe:
    """A mixture: the experts that the router chooses, weighted, and a shared one."""

    router: Router
    expert: Mlp | Glu
    shared: Mlp | Glu | None
    """Always-on FFN added to the mixture."""
    shared_gate: bool = False
    """Whether it is scaled by the sigmoid of a linear map of the token to one number."""
    kernel: Literal["grouped", "loop"] = "grouped"
    """How the experts run everywhere."""
    triton: Literal["first", "rest"] | None = None
    """Whether Triton's kernels go before it, where they run; `rest` leaves to torch what it has a
    grouped GEMM for."""
    scattermoe: bool = False
    """Whether ScatterMoE's product goes before it, where it is installed and can run."""

    @property
    def experts(self) -> int:
        """How many there are."""
        return self.router.experts

    @property
    def top_k(self) -> int:
        """How many a token takes, on average under expert choice."""
        return self.router.top_k


Ffn = Mlp | Glu | Moe | Retrieval | PythonFfn
