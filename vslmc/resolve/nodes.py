"""The resolved model: one entry per applied layer, every value known."""

from __future__ import annotations

from typing import Literal

from vslmc.record import record
from vslmc.resolve.scope import Scope
from vslmc.resolve.sets import NO_SETS, Sets
from vslmc.source import Source, Span
from vslmc.spec.nodes import EMPTY, ModelDecl, Tree
from vslmc.spec.parts import LoraAdapter
from vslmc.spec.sections import (
    Block,
    DeepSpeedSection,
    EmbeddingSection,
    EncoderSection,
    HeadSection,
    ModelSection,
    RecipeSection,
    TrainSection,
)

Role = Literal["decoder", "encoder"]


@record
class AppliedLayer:
    """One application of a written layer."""

    index: int
    """Place in the order of application."""
    written: int
    """Which written layer: the place in the order of writing."""
    site: int
    """0 where it is written; else the number of the `use` that applies it again."""
    mixer_owner: int
    """The written layer whose mixer's weights it uses; `written` unless shared."""
    ffn_owner: int
    """The same for its FFN."""
    block: Block
    name: str
    """Name of the block it is made of."""
    span: Span
    """The item of `layers { }` that writes it."""
    tree: Tree = EMPTY
    """Its bindings, all overrides among them."""
    lora: LoraAdapter | None = None
    """What makes the passes of its loop differ."""
    passes: int = 1
    """How many passes that loop has."""
    turn: int | None = None
    """Which of them this is."""


@record
class RecipeSource:
    """A recipe before its values are known: `parameters` is counted on the plan first."""

    tree: Tree
    scope: Scope
    place: Span
    """The recipe's name, or the model's where there is no recipe."""
    named: bool
    """Whether the model names a recipe."""


@record
class ResolvedRecipe:
    """A recipe with every value known."""

    recipe: RecipeSection
    train: TrainSection
    deepspeed: DeepSpeedSection
    place: Span


@record
class ResolvedModel:
    """A model with every value known; its recipe waits for the count of parameters."""

    name: str
    source: Source
    section: ModelSection
    embedding: EmbeddingSection
    head: HeadSection
    layers: tuple[AppliedLayer, ...]
    """Of the stack that makes the logits."""
    recipe: RecipeSource
    span: Span
    """The name in the declaration of the model or variant."""
    partial: bool = False
    """Whether layers were left out for their faults: then it can be verified, not lowered."""
    chain: tuple[ModelDecl, ...] = ()
    """The declaration that it comes from and its ancestors, the oldest first."""
    sets: Sets = NO_SETS
    """What the command line has set."""
    role: Role = "decoder"
    """Of `layers`: an encoder where it stands alone."""
    encoder: EncoderSection | None = None
    """Keys of the encoder, if there is one."""
    encoder_layers: tuple[AppliedLayer, ...] = ()
    """Layers of the encoder beside a decoder."""

    @property
    def stacks(self) -> tuple[tuple[Role, tuple[AppliedLayer, ...]], ...]:
        """All layers by their stack, in the order of application."""
        main = (self.role, self.layers)
        before = self.encoder_layers
        return (("encoder", before), main) if before else (main,)
