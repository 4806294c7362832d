"""Classes of the user's own in the generated model: what loads them, and what makes them."""

from __future__ import annotations

from collections.abc import Iterator

from vslmc.plan.nodes import Plan
from vslmc.plan.python import Argument, PythonMixer, PythonPart, list_python
from vslmc.render.escape import py_num, py_str
from vslmc.render.layout import Call, lay_out, lay_out_comprehension


def list_parts(plan: Plan) -> list[PythonPart]:
    """The parts of the user's own, in the order of their modules."""
    return [placed.part for placed in list_python(plan.stacks).values()]


def load_lines(parts: list[PythonPart]) -> Iterator[str]:
    """A line for each file, which loads it."""
    for file in dict.fromkeys(part.file for part in parts):
        call = Call("load_beside", (py_str(file.removesuffix(".py")),))
        yield from lay_out(call, before=f"{module_name(file)} = ")


def module_name(file: str) -> str:
    """What a file is called in the model; nothing else there begins so."""
    return f"python_{file.removesuffix('.py')}"


def class_name(part: PythonPart) -> str:
    """`python_my_ffn.MyFFN`."""
    return f"{module_name(part.file)}.{part.name}"


def python_call(part: PythonPart, width: int) -> Call:
    """What makes a part; a mixer is wrapped in what keeps its inputs while decoding."""
    given = (f"{each.name}={write_value(each)}" for each in part.arguments)
    call = Call(class_name(part), (str(width), *given))
    return Call("Recomputed", (call,)) if isinstance(part, PythonMixer) else call


def write_value(argument: Argument) -> str:
    """The literal of an argument."""
    match argument.value:
        case bool() | None:
            return str(argument.value)
        case str():
            return py_str(argument.value)
        case _:
            return py_num(argument.value)


def own_lines(parts: list[PythonPart]) -> Iterator[str]:
    """Lines of `init_parameters` that find the parameters which have begun by themselves."""
    names = tuple(dict.fromkeys(map(class_name, parts)))
    classes = Call("", names) if names[1:] else names[0]
    test = Call("isinstance", ("m", classes))
    yield from lay_out_comprehension("python", "m", "for m in self.modules()", test, 8)
    yield "own = {parameter for m in python for parameter in m.parameters()}"
