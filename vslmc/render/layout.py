"""Lines of Python as black lays them out: one line, one indented line, or one each."""

from __future__ import annotations

from vslmc.record import record

WIDTH = 88
STEP = 4


@record
class Call:
    """A call whose arguments may be calls themselves."""

    name: str
    """What is called, with anything that stands before it."""
    arguments: tuple[str | Call, ...]
    """Finished text, or calls."""

    def __str__(self) -> str:
        return f"{self.name}({', '.join(map(str, self.arguments))})"


def lay_out(
    call: Call, indent: int = 0, before: str = "", after: str = ""
) -> tuple[str, ...]:
    """Lines of `before` + call + `after`, all indented by `indent`."""
    margin = " " * indent
    line = f"{margin}{before}{call}{after}"
    if len(line) <= WIDTH:
        return (line,)
    inner = margin + " " * STEP + ", ".join(map(str, call.arguments))
    first, last = f"{margin}{before}{call.name}(", f"{margin}){after}"
    if len(inner) <= WIDTH:
        return (first, inner, last)
    return (first, *_one_each(call, indent + STEP), last)


def lay_out_at(
    call: Call, indent: int, before: str = "", after: str = ""
) -> tuple[str, ...]:
    """The same lines without the margin, for a template that indents by `indent`."""
    return tuple(line[indent:] for line in lay_out(call, indent, before, after))


def _one_each(call: Call, indent: int) -> tuple[str, ...]:
    lines: list[str] = []
    for argument in call.arguments:
        if isinstance(argument, Call):
            lines += lay_out(argument, indent, after=",")
        else:
            lines.append(f"{' ' * indent}{argument},")
    return tuple(lines)


def lay_out_def(
    name: str, parameters: tuple[str, ...], returns: str, indent: int = 0
) -> str:
    """The head of a function."""
    call = Call(name, parameters)
    return "\n".join(lay_out(call, indent, before="def ", after=f"{returns}:"))


def lay_out_dict(name: str, entries: tuple[str, ...]) -> tuple[str, ...]:
    """The lines of `name = {entries}`."""
    line = f"{name} = {{{', '.join(entries)}}}"
    if len(line) <= WIDTH:
        return (line,)
    return (f"{name} = {{", *(f"    {entry}," for entry in entries), "}")


def lay_out_import(module: str, names: tuple[str, ...]) -> tuple[str, ...]:
    """The lines of `from module import names`."""
    line = f"from {module} import {', '.join(names)}"
    if len(line) <= WIDTH:
        return (line,)
    return (f"from {module} import (", *(f"    {name}," for name in names), ")")


def lay_out_tuple(name: str, items: tuple[str, ...]) -> tuple[str, ...]:
    """The lines of `name = (items)`."""
    text = f"{name} = ({', '.join(items)}{',' if len(items) == 1 else ''})"
    if len(text) <= WIDTH:
        return (text,)
    return (f"{name} = (", *(f"    {item}," for item in items), ")")


def lay_out_sum(name: str, terms: tuple[str, ...], sign: str = "+") -> tuple[str, ...]:
    """The lines of `name = terms[0] + terms[1] + ...`, or of another sign."""
    joined = f" {sign} ".join(terms)
    line = f"{name} = {joined}"
    if len(line) <= WIDTH:
        return (line,)
    inner = f"    {joined}"
    if len(inner) <= WIDTH:
        return (f"{name} = (", inner, ")")
    rest = (f"    {sign} {term}" for term in terms[1:])
    return (f"{name} = (", f"    {terms[0]}", *rest, ")")


def lay_out_comprehension(
    name: str, element: str, loop: str, test: Call, indent: int
) -> tuple[str, ...]:
    """The lines of `name = [element loop if test]`, meant for `indent` columns."""
    line = f"{name} = [{element} {loop} if {test}]"
    if len(line) + indent <= WIDTH:
        return (line,)
    inner = f"    {element} {loop} if {test}"
    if len(inner) + indent <= WIDTH:
        return (f"{name} = [", inner, "]")
    tested = lay_out(test, indent + STEP, before="if ")
    each = (f"    {element}", f"    {loop}", *(text[indent:] for text in tested))
    return (f"{name} = [", *each, "]")
