"""From documents to a spec: declarations, their keys checked, duplicates refused."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import field, replace

from vslmc.diagnostics.bounded import Bounded, Overflow
from vslmc.diagnostics.catalogue import names as faults
from vslmc.diagnostics.catalogue.syntax import too_many_faults
from vslmc.diagnostics.model import Diagnostic, echoes
from vslmc.diagnostics.suggest import is_slip
from vslmc.outcome import Outcome
from vslmc.record import record
from vslmc.source import Source
from vslmc.spec import nodes as n
from vslmc.spec.allow import Allow, bind_allows, is_allow
from vslmc.spec.reserved import is_reserved
from vslmc.spec.stack import bind_items, bind_share
from vslmc.spec.tree import TreeBuilder, describe_entry, head_span
from vslmc.spec.unused import find_unused
from vslmc.syntax import nodes as s
from vslmc.syntax.limits import Limits

SECTION_SORTS = ("block", "recipe", "model", "variant")


def bind_documents(
    documents: Collection[s.Document],
    main: Source,
    found: Sequence[Diagnostic] = (),
    limits: Limits | None = None,
) -> Outcome[n.Spec]:
    """One spec from the file `main` and all that it imports, in the order of reading.

    `found` is what was found while reading; it stands before the faults of binding.
    """
    limit = len(found) + (limits or Limits()).faults
    binder = _Binder(main, Bounded(found, limit))
    try:
        for document in documents:
            for entry in document.entries:
                binder.bind(entry, document.source)
        binder.allows = bind_allows(documents, binder.faults)
    except Overflow:
        last = binder.faults[-1].primary
        many = too_many_faults(last.span if last else None, limit)
        reported = (*binder.faults, many)
        return Outcome(binder.spec(reported), reported)
    reported = drop_echoes(found, binder.faults[len(found) :])
    spec = binder.spec(tuple(reported))
    if not any(fault.is_error for fault in reported):
        reported += find_unused(spec)
    return Outcome(spec, tuple(reported))


def drop_echoes(
    found: Sequence[Diagnostic], later: Iterable[Diagnostic]
) -> list[Diagnostic]:
    """Both, without what is said of a place that the syntax has a fault at already."""
    places = [fault.primary.span for fault in found if fault.primary]
    kept = [
        fault
        for fault in later
        if fault.primary is None or not echoes(fault.primary.span, places)
    ]
    return [*found, *kept]


class _Binder:
    """Collects the declarations of all files."""

    def __init__(self, main: Source, found: Bounded) -> None:
        self.main = main
        self.faults = found
        self.params: dict[str, s.Param] = {}
        self.blocks: dict[str, n.BlockDecl] = {}
        self.recipes: dict[str, n.RecipeDecl] = {}
        self.models: dict[str, n.ModelDecl] = {}
        self.own_models: list[str] = []
        self.own_variants: list[str] = []
        self.edition: s.Binding | None = None
        self.allows: tuple[Allow, ...] = ()

    def spec(self, reported: tuple[Diagnostic, ...]) -> n.Spec:
        return n.Spec(
            self.main,
            self.params,
            self.blocks,
            self.recipes,
            self.models,
            tuple(self.own_models),
            tuple(self.own_variants),
            reported,
            self.allows,
        )

    def bind(self, entry: s.Entry, source: Source) -> None:
        match entry:
            case s.Import():
                pass  # read by the loader
            case s.Item() if is_allow(entry):
                pass  # bound after everything else
            case s.Param():
                if self.name("param", entry.name, self.params.get(entry.name.text)):
                    self.params[entry.name.text] = entry
            case s.Declaration(keyword="block"):
                if self.name("block", entry.name, self.blocks.get(entry.name.text)):
                    tree = self.section("block", entry.body)
                    self.blocks[entry.name.text] = n.BlockDecl(
                        entry.name, entry.parent, tree
                    )
            case s.Declaration(keyword="recipe"):
                if self.name("recipe", entry.name, self.recipes.get(entry.name.text)):
                    tree = self.section("recipe", entry.body)
                    self.recipes[entry.name.text] = n.RecipeDecl(
                        entry.name, entry.parent, tree
                    )
            case s.Declaration():
                if self.name("model", entry.name, self.models.get(entry.name.text)):
                    self.model(entry, source)
            case s.Experiment():
                self.refuse(entry)
            case s.Binding() if str(entry.path) == "edition":
                self.bind_edition(entry)
            case _:
                what, help = describe_entry(entry), propose_declaration(entry)
                where = "outside of every declaration"
                self.faults.append(
                    faults.misplaced_entry(head_span(entry), what, where, help)
                )

    def refuse(self, entry: s.Experiment) -> None:
        span = head_span(entry)
        self.faults.append(faults.not_supported_yet(span, span.text))

    def name(
        self,
        sort: str,
        name: s.Name,
        first: s.Param | n.BlockDecl | n.RecipeDecl | n.ModelDecl | None,
    ) -> bool:
        """Whether `name` may be declared; says why if not."""
        if is_reserved(sort, name.text):
            # It counts as declared, so that its uses are not faults as well.
            self.faults.append(faults.reserved_name(name.span, sort, name.text))
        if first is not None:
            earlier = first.name.span
            self.faults.append(
                faults.duplicate_declaration(name.span, earlier, sort, name.text)
            )
            return False
        return True

    def bind_edition(self, entry: s.Binding) -> None:
        value = entry.value
        if not isinstance(value, s.Number) or value.value != 2026:
            self.faults.append(faults.unknown_edition(value.span, value.span.text))

    def section(self, name: str, body: s.Body) -> n.Tree:
        builder = TreeBuilder(name, self.faults)
        for entry in body.entries:
            builder.add(entry)
        return builder.tree(body.span)

    def model(self, entry: s.Declaration, source: Source) -> None:
        builder = TreeBuilder("model", self.faults, variant=entry.keyword == "variant")
        stacks = _Stacks(self.faults)
        for item in stacks.take(entry.body.entries, "decoder"):
            if is_section(item, "encoder"):
                assert isinstance(item, s.Item) and item.body is not None
                # Its own stack is bound apart, its keys with those of the model.
                rest = tuple(stacks.take(item.body.entries, "encoder"))
                item = replace(item, body=replace(item.body, entries=rest))
            builder.add(item)
        declared = n.ModelDecl(
            entry.name,
            entry.parent,
            entry.keyword == "variant",
            builder.tree(entry.body.span),
            stacks.found,
            builder.overrides(),
            tuple(stacks.shares),
            builder.params,
            entry.span,
        )
        self.models[entry.name.text] = declared
        if source is self.main:
            own = self.own_variants if declared.variant else self.own_models
            own.append(entry.name.text)


@record(frozen=False)
class _Stacks:
    """The stacks of one model, and what their layers share."""

    faults: Bounded
    found: dict[n.Role, n.StackDecl] = field(default_factory=dict[n.Role, n.StackDecl])
    shares: list[n.Sharing] = field(default_factory=list[n.Sharing])

    def take(self, entries: Sequence[s.Entry], role: n.Role) -> Iterator[s.Entry]:
        """Bind `layers { }` and `share`; all other entries are handed on."""
        for entry in entries:
            if is_section(entry, "layers"):
                assert isinstance(entry, s.Item) and entry.body is not None
                place = entry.head.span
                if role in self.found:
                    first = self.found[role].span
                    self.faults.append(faults.duplicate_key(place, first, "layers"))
                items = bind_items(entry.body, self.faults)
                self.found[role] = n.StackDecl(items, place)
            elif isinstance(entry, s.Share):
                share = bind_share(entry, self.faults, role)
                self.shares += [] if share is None else [share]
            else:
                yield entry


def propose_declaration(entry: s.Entry) -> str:
    """How an entry outside of every declaration may have been meant."""
    match entry:
        case s.Item(head=s.Name(text=word), body=s.Body()) if word in SECTION_SORTS:
            form = "NAME of MODEL" if word == "variant" else "NAME"
            return f"write `{word} {form} {{ ... }}`"
        case s.Binding(path=path) if is_slip(str(path), "edition"):
            return "did you mean `edition`?"
        case s.Binding(path=path) if len(path.parts) == 1:
            return (
                f"write `param {path} = ...` for a parameter, or move it into a model"
            )
        case s.Share():
            return "move it into the model, behind its `layers { }`"
        case _:
            return "a file has `import`, `param`, `block`, `model`, `variant`, `recipe`"


def is_section(entry: s.Entry, name: str) -> bool:
    """Whether the entry is `name { ... }`."""
    return (
        isinstance(entry, s.Item)
        and entry.body is not None
        and isinstance(entry.head, s.Name)
        and entry.head.text == name
    )
