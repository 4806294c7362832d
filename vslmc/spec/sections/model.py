"""The sections of a model: block, embedding, head, and the model itself."""

from __future__ import annotations

from fractions import Fraction

from vslmc.spec.fields import Component, Derived, component, kind, setting
from vslmc.spec.parts import ACTIVATIONS, PROBABILITY, Ffn, Mixer, Norm
from vslmc.spec.values import Choice, Flag, Or, Part, Real, Whole


class ResidualScheme(Component):
    """How a branch is added to the stream."""


@kind("plain", "residual")
class PlainResidual(ResidualScheme):
    """x + f(x)."""


@kind("scaled", "residual")
class ScaledResidual(ResidualScheme):
    """stream * x + branch * f(x)."""

    branch: float = setting(
        Real(0.0, above=True), "factor of what is added", 1.0, "as plain"
    )
    stream: float = setting(
        Real(0.0, above=True), "factor of what it is added to", 1.0, "as plain"
    )


@kind("learned", "residual", "on")
class LearnedResidual(ResidualScheme):
    """w * x + f(x), or x + w * f(x), with a learned factor for every channel, which starts as 1."""

    on: str = setting(
        Choice(("stream", "branch")), "what w is a factor of", "stream", "as Doge"
    )


@kind("deepnorm", "residual")
class DeepNormResidual(ResidualScheme):
    """alpha * x + f(x) before a norm, and smaller starts (Wang et al. 2022, DeepNorm)."""


@component
class Block(Component):
    """One layer: x + mixer(norm(x)), then x + ffn(norm(x)), unless `placement` says otherwise."""

    width: int = setting(
        Whole(1),
        "width of the stream in this layer",
        Derived("width", lambda f, scope: Fraction(scope["width"])),
        "the model's width",
    )
    norm: Norm = setting(
        Part("norm"), "norm of each branch, mixer and FFN", "rmsnorm", "as Llama"
    )
    mixer: Mixer = setting(Part("mixer"), "what mixes tokens")
    ffn: Ffn = setting(Part("ffn"), "what works on each token")
    cross: Mixer = setting(
        Part("cross"),
        "a decoder's attention to its encoder, between mixer and FFN",
        "none",
        "only a decoder beside an encoder has it",
    )
    placement: str = setting(
        Choice(("pre", "post", "sandwich", "peri", "output")),
        "norm of a branch's input; of the sum; of input and output (`peri`: the embedding too); or of its output",
        "pre",
        "as GPT-2 and Llama",
    )
    parallel: bool = setting(
        Flag(), "mixer and FFN side by side", False, "as Llama; PaLM has them so"
    )
    parallel_norms: int = setting(
        Whole(1, 2),
        "norms of parallel branches: one for both, or one each",
        1,
        "as PaLM and GPT-J; GPT-NeoX has 2",
    )
    residual: ResidualScheme = setting(
        Part("residual"), "how a branch is added to the stream", "plain", "as all"
    )
    dropout: float = setting(
        PROBABILITY, "dropout of the branches", 0.0, "small models underfit"
    )


class AbsolutePosition(Component):
    """Positions that are added to the embedding."""


@kind("none", "absolute")
class NoAbsolute(AbsolutePosition):
    """None."""


@kind("learned", "absolute")
class LearnedAbsolute(AbsolutePosition):
    """A learned vector for each place."""


@kind("sinusoidal", "absolute")
class Sinusoidal(AbsolutePosition):
    """Sines and cosines of the place (Vaswani et al. 2017)."""

    layout: str = setting(
        Choice(("halves", "interleaved")),
        "all sines before all cosines, or in turn",
        "halves",
        "as Tensor2Tensor and Marian; the paper has them in turn",
    )


@component
class EmbeddingSection(Component):
    """The token embedding."""

    tie: bool = setting(
        Flag(),
        "whether the head uses the embedding's tensor",
        False,
        "small models gain from a head of their own",
    )
    position: AbsolutePosition = setting(
        Part("absolute"),
        "absolute positions added to the embedding",
        "none",
        "relative positions live in the mixer",
    )
    scale: float = setting(
        Real(0.0, above=True),
        "factor of the tokens' vectors",
        1.0,
        "as GPT-2; Gemma has sqrt(width)",
    )
    types: int = setting(
        Whole(0),
        "types of tokens, with a learned vector each; 0 for none",
        0,
        "only an encoder alone has them; BERT has 2",
    )
    norm: Norm | None = setting(
        Part("norm"),
        "norm of the sum of tokens and positions",
        None,
        "none, unless the first layer is `peri`: then its kind",
    )
    dropout: float = setting(
        PROBABILITY, "dropout of the embedding", 0.0, "small models underfit"
    )


@component
class EncoderSection(Component):
    """The encoder. Alone it has the model's embedding and head; these keys are for one beside a decoder."""

    tie: bool = setting(
        Flag(),
        "whether its tokens have the vectors of the decoder's embedding",
        True,
        "as the original Transformer, T5 and BART",
    )
    position: AbsolutePosition | None = setting(
        Part("absolute"),
        "absolute positions added to its tokens",
        None,
        "as the decoder's embedding; learned ones are its own",
    )
    norm: Norm | None = setting(
        Part("norm"),
        "norm of its result",
        None,
        "its last layer's kind of norm; none where that comes after the sum",
    )


class FurtherTokens(Component):
    """Whether training predicts more than the next token."""


@kind("none", "mtp")
class NoMtp(FurtherTokens):
    """The next token alone."""


@kind("mtp", "mtp", "depth")
class MtpHead(FurtherTokens):
    """Further tokens, each by one more layer, while training (DeepSeek-V3, section 2.2)."""

    depth: int = setting(Whole(1), "tokens beyond the next", 1, "as DeepSeek-V3")
    weight: float = setting(
        Real(0.0, above=True), "weight of their mean loss", 0.3, "as DeepSeek-V3"
    )


@component
class HeadSection(Component):
    """The final norm and the projection to the vocabulary."""

    norm: Norm | None = setting(
        Part("norm"),
        "the final norm",
        None,
        "the last layer's kind of norm; none where that comes after the sum",
    )
    transform: str | None = setting(
        Or("none", Choice(ACTIVATIONS)),
        "activation of one more linear map, before the final norm",
        None,
        "as GPT-2; BERT has gelu",
    )
    bias: bool = setting(
        Flag(), "bias of the projection to the vocabulary", False, "as GPT-2 and Llama"
    )
    scale: float = setting(
        Real(0.0, above=True), "factor of the logits", 1.0, "as Llama"
    )
    softcap: float | None = setting(
        Or("none", Real(0.0, above=True)),
        "logits x become softcap * tanh(x / softcap)",
        None,
        "as Llama; Gemma 2 has 30",
    )
    mtp: FurtherTokens = setting(
        Part("mtp"), "further tokens predicted while training", "none", "as Llama"
    )


class InitScheme(Component):
    """How weights start."""


@component
class AnyInit(InitScheme):
    """A scheme whose embeddings may start apart."""

    embedding: float | None = setting(
        Or("auto", Real(0.0, 10.0, above=True)),
        "standard deviation of embeddings; `auto` is the scheme's",
        None,
        "as the other matrices",
    )


@kind("normal", "init")
class NormalInit(AnyInit):
    """Normal weights of one standard deviation."""

    std: float = setting(
        Real(0.0, 10.0, above=True), "standard deviation", 0.02, "as GPT-2"
    )
    residual: str = setting(
        Choice(("scaled", "plain")),
        "whether projections into the stream are divided by sqrt(number of branches)",
        "scaled",
        "as GPT-2",
    )


@kind("xavier", "init")
class XavierInit(AnyInit):
    """Normal weights of deviation sqrt(2 / (inputs + outputs)) (Glorot & Bengio 2010)."""


@kind("fan_in", "init")
class FanInInit(AnyInit):
    """Normal weights of deviation sqrt(1 / inputs), as PaLM."""


@kind("gpt2", "init")
class Gpt2Init(InitScheme):
    """GPT-2's scheme: normal(std = 0.02, residual = scaled)."""


@component
class ModelSection(Component):
    """A model: its sizes; the stack, embedding, head and recipe are sections of it."""

    vocab: int = setting(Whole(1), "size of the vocabulary")
    context: int = setting(Whole(1), "longest sequence, in tokens")
    width: int = setting(Whole(1), "width of the stream, unless a layer says otherwise")
    resize: str = setting(
        Choice(("carry", "pad", "project", "learned")),
        "how the stream changes its width",
        "carry",
        "best measured (arXiv 2606.18246)",
    )
    init: InitScheme = setting(Part("init"), "how weights start", "normal", "as GPT-2")
