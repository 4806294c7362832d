"""Layers and stacks, and the two ends of a model."""

from __future__ import annotations

from typing import Literal

from vslmc.plan.nodes.ffns import Activation, Ffn
from vslmc.plan.nodes.mixers import Attention, Mixer
from vslmc.plan.nodes.parts import Norm
from vslmc.record import record
from vslmc.source import Origin

ResizeKind = Literal["carry", "pad", "learned", "project"]
Placement = Literal["pre", "post", "sandwich", "output"]


@record
class Resize:
    """A change of the stream's width between two layers."""

    kind: ResizeKind
    before: int
    after: int
    module: int | None
    """R of `resizes.R` for project (both ways) and learned (when widening); shared by equal R."""


@record
class Residual:
    """x becomes stream * x + branch * f(x), one of the two perhaps by learned channels."""

    stream: float = 1.0
    branch: float = 1.0
    learned: Literal["stream", "branch"] | None = None
    """Which of the two has a learned factor for every channel, which starts as ones."""
    gain: float = 1.0
    """Factor of the start of values, output projections and FFNs (DeepNorm's beta)."""


@record
class Form:
    """How the branches of a layer, its mixer, cross-attention and FFN, are put together."""

    placement: Placement = "pre"
    """Norm of a branch's input; of the stream after it is added; of input and output; or of
    its output (OLMo 2)."""
    parallel: Literal["own", "shared"] | None = None
    """Mixer and FFN side by side, each with a norm of its own, or one for both."""
    residual: Residual = Residual()


@record
class Layer:
    """One applied layer. Layers with the same `owner` are one module applied again.

    x = x + dropout(mixer(norm_1(x))); x = x + dropout(ffn(norm_2(x))), each part if present;
    between them the cross-attention of a decoder; other forms as `form` says.
    """

    index: int
    """Place in the order of application, from 0: `layers[index]`."""
    owner: int
    """J of `layers.J`: the written layer whose weights it uses."""
    mixer_owner: int
    """J of the layer whose mixer it uses; `owner` unless `share mixer` says otherwise."""
    ffn_owner: int
    """J of the layer whose FFN it uses; `owner` unless `share ffn` says otherwise."""
    width: int
    resize: Resize | None
    """Applied to the stream before this layer, if the width changes here."""
    norm: Norm | None
    """Norm of the branches (each has weights of its own)."""
    mixer: Mixer | None
    ffn: Ffn | None
    dropout: float
    """Dropout of the branches before they are added to the stream."""
    block: str
    """Name of the spec's block that it is made of."""
    origin: Origin
    turn: int | None = None
    """Which pass of a loop with `lora` this is, from 0; None outside of such loops."""
    cross: Attention | None = None
    """Attention to the encoder's result, between mixer and FFN."""
    form: Form = Form()

    @property
    def content(self) -> tuple[object, ...]:
        """All that makes a layer but its place and its weights."""
        branches = (self.mixer, self.cross, self.ffn)
        return (self.width, self.norm, *branches, self.dropout, self.form)


Role = Literal["decoder", "encoder"]


@record
class Stack:
    """A sequence of layers with one role."""

    role: Role
    """A decoder's tokens see those before them, an encoder's all."""
    layers: tuple[Layer, ...]
    exit: Resize | None
    """Applied after the last layer, if what follows has another width."""


@record
class Embedding:
    """Token embedding times `scale`, plus absolute positions and types, then a norm."""

    width: int
    learned_positions: bool
    dropout: float
    origin: Origin
    sinusoids: Literal["halves", "interleaved"] | None = None
    """Fixed positions (Vaswani et al. 2017, section 3.5): sines before cosines, or in turn."""
    scale: float = 1.0
    norm: Norm | None = None
    types: int = 0
    """Types of tokens, each with a learned vector (BERT's segments); 0: they have none."""


@record
class EncoderEnds:
    """What the encoder beside a decoder reads, and how its result ends."""

    embedding: Embedding
    tied: bool
    """Whether its tokens have the vectors of the decoder's embedding."""
    norm: Norm | None
    """Norm of the result."""
    width: int
    """Width of the result, which the decoder's cross-attention looks at."""


@record
class Transform:
    """activation(W x + b) before the final norm (BERT's head)."""

    activation: Activation


@record
class Mtp:
    """Further tokens predicted while training (DeepSeek-V3, section 2.2)."""

    depth: int
    """How many tokens beyond the next one, each with a layer of its own, as the last one."""
    weight: float
    """Of their mean loss."""


@record
class Head:
    """Final norm and projection to the vocabulary."""

    width: int
    norm: Norm | None
    tied: bool
    """Whether the projection is the embedding's tensor."""
    origin: Origin
    bias: bool = False
    scale: float = 1.0
    """What logits are multiplied by."""
    softcap: float | None = None
    """Logits x become softcap * tanh(x / softcap), after scale and bias."""
    transform: Transform | None = None
    mtp: Mtp | None = None


@record
class Masking:
    """Some tokens of each sequence hidden, to be told from the others (BERT, section 3.1)."""

    rate: float
    """Share of the tokens that are to be told."""
    places: int
    """How many of a sequence those are."""
    mask: float
    """Share of these that the mask token replaces."""
    random: float
    """Share of these that a random token replaces; the rest stay as they are."""


@record
class Spans:
    """Runs of tokens left out of the source, each for one sentinel (T5, section 3.1.4).

    The source has `window - noise + spans` tokens; the target tells what each sentinel stands
    for, and ends with one more, so that the decoder reads `noise + spans` tokens.
    """

    rate: float
    """Share of the tokens that are left out."""
    mean_length: float
    """Tokens of a run, on average."""
    window: int
    """Tokens of the text that one source is made from."""
    noise: int
    """How many of them are left out."""
    spans: int
    """In how many runs."""


@record
class Loss:
    """One term of the training loss. More kinds will follow; their weighted sum is the loss."""

    kind: Literal["next_token", "masked", "span_corruption"]
    weight: float = 1.0
    corruption: Masking | Spans | None = None
    """What is done to a text before the model reads it."""
