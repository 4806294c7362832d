"""Parameters and sizes: each evaluated when another one, or the end of the list, needs it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from vslmc.diagnostics.catalogue import names as faults
from vslmc.resolve.evaluate import Fault, evaluate
from vslmc.resolve.scope import Findings, Scope
from vslmc.spec.values import Misfit, Value
from vslmc.syntax import nodes as s


def resolve_params(exprs: Mapping[str, s.Expr], findings: Findings) -> Scope:
    """A scope with all parameters; those with faults, all reported, are unknown in it."""
    return resolve_names(exprs, Scope({}, findings), lambda _, value: value)


def resolve_names(
    exprs: Mapping[str, s.Expr], scope: Scope, accept: Callable[[str, Value], Value]
) -> Scope:
    """The scope with names that may need one another; those with faults are unknown in it.

    `accept` makes of a value what the name takes, or raises `Misfit`, which is for the
    caller to report.
    """
    resolution = _Names(exprs, scope, accept)
    for name in exprs:
        resolution.visit(name)
    unknown = scope.unknown | resolution.unknown
    return replace(scope, variables=resolution.values, unknown=unknown)


class _Names:
    """Depth first, so that they may stand in any order."""

    def __init__(
        self,
        exprs: Mapping[str, s.Expr],
        scope: Scope,
        accept: Callable[[str, Value], Value],
    ) -> None:
        self.exprs = exprs
        self.scope = scope
        self.findings = scope.findings
        self.accept = accept
        self.values = dict(scope.variables)
        self.seen: set[str] = set()
        self.open: set[str] = set()
        self.unknown = set(exprs)

    def visit(self, name: str) -> None:
        # With a stack of its own: a long chain must not exhaust Python's.
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
        """The names that one needs; it counts as seen and open from now on."""
        self.seen.add(name)
        self.open.add(name)
        found = names_in(self.exprs[name])
        # A name that is known outside means what it means there.
        outer = self.scope.variables
        needed = [n for n in found if n.text in self.exprs and n.text not in outer]
        return iter(needed)

    def evaluate(self, name: str) -> None:
        unknown = (
            self.unknown
            if not self.scope.unknown
            else self.unknown | self.scope.unknown
        )
        scope = replace(self.scope, variables=self.values, unknown=unknown)
        try:
            self.values[name] = self.accept(name, evaluate(self.exprs[name], scope))
            self.unknown.remove(name)
        except Fault as fault:
            self.findings.add(fault.diagnostic)
        except Misfit:
            pass


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
