"""Parameters: each evaluated when another one, or the end of the list, needs it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from vslmc.diagnostics.catalogue import names as faults
from vslmc.resolve.evaluate import Fault, evaluate
from vslmc.resolve.scope import Findings, Scope
from vslmc.spec.values import Value
from vslmc.syntax import nodes as s


def resolve_params(exprs: Mapping[str, s.Expr], findings: Findings) -> Scope:
    """A scope with all parameters; those with faults, all reported, are unknown in it."""
    resolution = _Params(exprs, findings)
    for name in exprs:
        resolution.visit(name)
    unknown = frozenset(exprs) - set(resolution.values)
    return Scope(resolution.values, findings, unknown=unknown)


class _Params:
    """Depth first, so that parameters may stand in any order."""

    def __init__(self, exprs: Mapping[str, s.Expr], findings: Findings) -> None:
        self.exprs = exprs
        self.findings = findings
        self.values: dict[str, Value] = {}
        self.seen: set[str] = set()
        self.open: set[str] = set()

    def visit(self, name: str) -> None:
        # With a stack of its own: a long chain of parameters must not exhaust Python's.
        stack = [(name, self.uses(name))] if name not in self.seen else []
        while stack:
            name, uses = stack[-1]
            use = next(uses, None)
            if use is None:
                stack.pop()
                self.open.remove(name)
                self.evaluate(name)
            elif use.text in self.open:
                self.findings.add(faults.param_cycle(use.span, use.text))
            elif use.text not in self.seen:
                stack.append((use.text, self.uses(use.text)))

    def uses(self, name: str) -> Iterator[s.Name]:
        """The parameters that one needs; it counts as seen and open from now on."""
        self.seen.add(name)
        self.open.add(name)
        found = names_in(self.exprs[name])
        return iter([use for use in found if use.text in self.exprs])

    def evaluate(self, name: str) -> None:
        unknown = frozenset(self.exprs) - set(self.values)
        scope = Scope(self.values, self.findings, unknown=unknown)
        try:
            self.values[name] = evaluate(self.exprs[name], scope)
        except Fault as fault:
            self.findings.add(fault.diagnostic)


def names_in(expr: s.Expr) -> list[s.Name]:
    """All names that an expression reads, in the order of writing."""
    found: list[s.Name] = []
    stack: list[s.Expr] = [expr]
    while stack:
        match stack.pop():
            case s.Name() as name:
                found.append(name)
            case s.Unary(operand=operand):
                stack.append(operand)
            case s.Binary(left=left, right=right):
                stack += [right, left]
            case s.Call(arguments=arguments):
                stack += [argument.value for argument in reversed(arguments)]
            case s.Sequence(items=items):
                stack += reversed(items)
            case _:
                pass
    return found
