"""A model by its name: its ancestors merged, parameters and settings overridden, all resolved."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

from vslmc.diagnostics.catalogue import layers as layer_faults
from vslmc.diagnostics.catalogue import names as name_faults
from vslmc.diagnostics.catalogue import use as faults
from vslmc.outcome import Outcome
from vslmc.record import record
from vslmc.resolve.component import resolve_section
from vslmc.resolve.inherit import model_chain, recipe_chain
from vslmc.resolve.nodes import AppliedLayer, RecipeSource, ResolvedModel
from vslmc.resolve.params import resolve_names, resolve_params
from vslmc.resolve.recipe import resolve_recipe
from vslmc.resolve.scope import Exhausted, Findings, Scope
from vslmc.resolve.sets import Sets, parse_sets
from vslmc.resolve.stack import resolve_stack
from vslmc.source import Span
from vslmc.spec import nodes as n
from vslmc.spec.fields import Component, settings_of
from vslmc.spec.sections import (
    EmbeddingSection,
    EncoderSection,
    HeadSection,
    ModelSection,
)
from vslmc.spec.tree import section_keys
from vslmc.syntax.limits import Limits, Work
from vslmc.syntax.nodes import Expr, Name

SIZES = ("vocab", "context", "width")
SECTIONS = ("embedding", "encoder", "head", "recipe")
MODEL_STEPS = 2000
"""What the stages after this one take for the smallest model, in steps of evaluation."""


def resolve_model(
    spec: n.Spec,
    model: str | None = None,
    variant: str | None = None,
    sets: tuple[tuple[str, str], ...] = (),
    limits: Limits | None = None,
    done: Work | None = None,
) -> Outcome[ResolvedModel]:
    """One model of a spec: the only one, or `model`, or a `variant`; `sets` are NAME, EXPR.

    After errors the model, if there still is one, is partial: fit to be verified, so that
    all faults come in one run, and not to be lowered. Models of one run share `done`.
    """
    findings = Findings(spec.faults, limits, done)
    try:
        return _resolve(spec, (model, variant), sets, findings)
    except Exhausted as exhausted:
        return Outcome(None, (*findings.all(), exhausted.diagnostic))


def _resolve(
    spec: n.Spec,
    wanted: tuple[str | None, str | None],
    sets: tuple[tuple[str, str], ...],
    findings: Findings,
) -> Outcome[ResolvedModel]:
    model, variant = wanted
    chosen = _choose(spec, model, variant, findings)
    if chosen is None:
        return Outcome(None, findings.all())
    chain = model_chain(spec, chosen, findings)
    overrides = parse_sets(spec, sets, findings)
    if chain is None or findings.errors:
        return Outcome(None, findings.all())
    made = _Resolution(spec, chain, overrides, findings, findings.limits).run()
    if made is not None and (findings.errors or made.recipe.tree.faulty):
        made = replace(made, partial=True)
    return Outcome(made, findings.all())


def _choose(
    spec: n.Spec, model: str | None, variant: str | None, findings: Findings
) -> Name | None:
    wanted = variant or model
    place = Span(spec.source, 0, 0)
    if wanted is not None:
        of_sort = [
            name
            for name, d in spec.models.items()
            if d.variant == (variant is not None)
        ]
        if wanted not in of_sort:
            sort = "variant" if variant else "model"
            findings.add(faults.no_such_model(place, sort, wanted, of_sort))
            return None
        return spec.models[wanted].name
    if len(spec.own_models) != 1:
        make = faults.several_models if spec.own_models else faults.no_model
        findings.add(make(place, list(spec.own_models)))
        return None
    return spec.models[spec.own_models[0]].name


def package_name(chain: list[n.ModelDecl]) -> str:
    """`model`, or `model-variant` with the name of the model that it is a variant of."""
    last = chain[-1]
    if not last.variant:
        return last.name.text
    root = next(declared for declared in reversed(chain) if not declared.variant)
    return f"{root.name.text}-{last.name.text}"


@record(frozen=False)
class _Resolution:
    """One model on its way."""

    spec: n.Spec
    chain: list[n.ModelDecl]
    sets: Sets
    findings: Findings
    limits: Limits

    def run(self) -> ResolvedModel | None:
        declared = self.chain[-1]
        place = declared.name.span
        self.findings.work(MODEL_STEPS, place)
        tree = self.tree()
        section, scope = self.section(tree, self.params(), place)
        embedding = self.part(EmbeddingSection, "embedding", tree, scope, place)
        encoder = self.part(EncoderSection, "encoder", tree, scope, place)
        head = self.part(HeadSection, "head", tree, scope, place)
        roles = self.roles(tree)
        keys = tree.parts.get("encoder", n.EMPTY).key
        places = {"encoder": keys or place, "decoder": place}
        stacks = {
            role: self.layers(role, scope, places[role], tree.faulty) for role in roles
        }
        recipe = self.recipe(tree, scope, place)
        if section is None or recipe is None or None in (embedding, encoder, head):
            if recipe is not None:
                self.check_recipe(recipe)
            return None
        return ResolvedModel(
            name=package_name(self.chain),
            source=self.spec.source,
            section=section,
            embedding=embedding,
            head=head,
            layers=stacks[roles[-1]],
            recipe=recipe,
            span=place,
            chain=tuple(self.chain),
            sets=self.sets,
            role=roles[-1],
            encoder=encoder if "encoder" in roles else None,
            encoder_layers=stacks["encoder"] if len(roles) > 1 else (),
        )

    def roles(self, tree: n.Tree) -> tuple[n.Role, ...]:
        """The stacks that the model has, the last of which makes the logits."""
        written = {role for declared in self.chain for role in declared.stacks}
        if "encoder" in tree.parts:
            # It is said what the encoder is like: a fault names its lack of layers.
            written.add("encoder")
        roles: tuple[n.Role, ...] = ("encoder", "decoder")
        if "encoder" not in written:
            roles = ("decoder",)
        elif "decoder" not in written:
            roles = ("encoder",)
        self.check_roles(roles)
        return roles

    def check_roles(self, roles: tuple[n.Role, ...]) -> None:
        """Nothing is said of layers of a stack that is not there."""
        said = [*self.sets.overrides]
        for declared in self.chain:
            said += declared.overrides
            shares = (share for share in declared.shares if share.role not in roles)
            for share in shares:
                fault = layer_faults.no_such_stack(share.index.span, share.role)
                self.findings.add(fault)
        for override in said:
            if override.role not in roles:
                fault = layer_faults.no_such_stack(override.index.span, override.role)
                self.findings.add(fault)

    def check_recipe(self, source: RecipeSource) -> None:
        """Faults of a recipe whose model has no parameters to count."""
        for found in resolve_recipe(source, None).diagnostics:
            self.findings.add(found)

    def tree(self) -> n.Tree:
        tree = n.EMPTY
        for declared in self.chain:
            tree = tree.merge(declared.tree)
        return tree.merge(self.sets.tree)

    def params(self) -> Scope:
        """All parameters, each with its last override, in the order of their dependence."""
        overrides: dict[str, Expr] = {}
        for declared in self.chain:
            for name, (place, expr) in declared.params.items():
                if name not in self.spec.params:
                    known = [*self.spec.params, *section_keys("model")]
                    self.findings.add(
                        name_faults.unknown_key(place, name, "`model`", known)
                    )
                overrides[name] = expr
        declared = {name: param.value for name, param in self.spec.params.items()}
        scope = resolve_params(
            {**declared, **overrides, **self.sets.params}, self.findings
        )
        return replace(scope, files=self.spec.files)

    def section(
        self, tree: n.Tree, scope: Scope, place: Span
    ) -> tuple[ModelSection | None, Scope]:
        """The model's own keys; vocab, context and width become variables."""
        settings = settings_of(ModelSection)
        sizes = {name: tree.parts.get(name, n.EMPTY).expr for name in SIZES}
        given = {name: expr for name, expr in sizes.items() if expr is not None}
        scope = scope.without(*(sizes.keys() - given.keys()))
        scope = resolve_names(
            given,
            scope,
            lambda name, value: Fraction(settings[name].type.convert(value)),
        )
        made: Any = resolve_section(ModelSection, "model", tree, scope, place, SECTIONS)
        return made, scope

    def part(
        self, cls: type[Component], name: str, tree: n.Tree, scope: Scope, place: Span
    ) -> Any:
        bound = tree.parts.get(name, n.EMPTY)
        return resolve_section(cls, name, bound, scope, bound.key or place)

    def layers(
        self, role: n.Role, scope: Scope, place: Span, lost: bool
    ) -> tuple[AppliedLayer, ...]:
        """The applied layers of one stack."""
        items: tuple[n.StackItem, ...] = ()
        overrides: list[n.LayerOverride] = []
        shares: list[n.Sharing] = []
        for declared in self.chain:
            if role in declared.stacks:
                # A new stack: what was said of layers of the old one goes with it.
                stack = declared.stacks[role]
                items, overrides, shares = stack.items, [], []
                place = stack.span
            overrides += (o for o in declared.overrides if o.role == role)
            shares += (share for share in declared.shares if share.role == role)
        overrides += (o for o in self.sets.overrides if o.role == role)
        return resolve_stack(
            self.spec, items, overrides, shares, scope, self.limits, (place, role), lost
        )

    def recipe(self, tree: n.Tree, scope: Scope, place: Span) -> RecipeSource | None:
        bound = tree.parts.get("recipe", n.EMPTY)
        own = n.Tree(parts=bound.parts, faulty=tree.faulty)
        if bound.expr is None:
            return RecipeSource(own, scope, place, False)
        if not isinstance(bound.expr, Name):
            self.findings.add(faults.recipe_by_name(bound.expr.span))
            return None
        base = recipe_chain(self.spec, bound.expr, self.findings)
        if base is None:
            return None
        return RecipeSource(base.merge(own), scope, bound.expr.span, True)
