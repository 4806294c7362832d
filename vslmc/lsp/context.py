"""What stands around a place: found from the tokens before it, so that broken text will do."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import field

from vslmc.lsp.keys import find_setting
from vslmc.lsp.script import Spot
from vslmc.record import record
from vslmc.source import Source
from vslmc.spec.fields import KINDS, Kind, Setting, settings_of
from vslmc.spec.vocabulary import FUNCTIONS, slot_of
from vslmc.syntax.limits import Limits
from vslmc.syntax.tokens import SCANNER, Tok, lex_source

TAIL = re.compile(r"[A-Za-z_0-9]*\Z")
HEAD = re.compile(r"[A-Za-z_0-9]*")


@record
class Section:
    """Inside braces: `file`, a declaration, a section, `layers`, or an `item` of them."""

    name: str
    owner: str = ""
    """Name of the declaration around it."""
    block: str = ""
    """Name of the block whose bindings these are, where it is known."""


@record
class Arguments:
    """Between the parentheses of a kind of component."""

    kind: Kind


@record
class Value:
    """Inside an expression; `setting` is the key that it is for, if that is known."""

    setting: Setting | None


Scope = Section | Arguments | Value


@record(frozen=False)
class _Frame:
    """An open bracket."""

    bracket: str
    head: list[Tok]
    """Tokens of the entry before the bracket."""
    entry: list[Tok] = field(default_factory=list[Tok])
    """Tokens since the last separator."""
    bound: list[str] = field(default_factory=list[str])
    """Keys of the entries before."""

    def separate(self) -> None:
        """Begin the next entry."""
        if any(token.type == "EQUAL" for token in self.entry):
            self.bound.append(self.entry[0].text)
        self.entry = []


@record
class Context:
    """What stands around the word at a place."""

    scope: Scope
    around: tuple[Scope, ...]
    """All scopes, the outermost first."""
    entry: tuple[Tok, ...]
    """Tokens of the entry before the word."""
    bound: frozenset[str]
    """Keys that other entries of the scope have bound before."""
    word: str
    """The whole word at the place; empty between words."""
    start: int
    """Offset of the word's first character."""

    @property
    def path(self) -> tuple[str, ...]:
        """Names of the entry before `=`, or all of them."""
        return path_of(self.entry)

    @property
    def after_equal(self) -> bool:
        """Whether the word belongs to a value."""
        return any(token.type == "EQUAL" for token in self.entry)

    @property
    def section(self) -> Section:
        """The innermost braces."""
        braces = [scope for scope in self.around if isinstance(scope, Section)]
        return braces[-1]


def context_at(spot: Spot, limits: Limits) -> Context | None:
    """What stands around a place; None inside a comment or a text."""
    text = spot.chunk.text
    start = TAIL.search(text, 0, spot.offset)
    begin = start.start() if start else spot.offset
    if in_words(text, begin):
        return None
    tokens, _ = lex_source(Source("", text[:begin]), limits)
    frames = [_Frame("", [])]
    for token in tokens:
        if token.text or token.type == "SEP":
            if token.start >= begin:
                break
            _step(frames, token)
    around: list[Scope] = [Section("file")]
    for frame in frames[1:]:
        around.append(enter(around[-1], frame.bracket, frame.head))
    word = HEAD.match(text, begin)
    last = frames[-1]
    return Context(
        around[-1],
        tuple(around),
        tuple(last.entry),
        frozenset(last.bound),
        word.group() if word else "",
        begin,
    )


def in_words(text: str, offset: int) -> bool:
    """Whether a place is inside a comment or a text in quotes."""
    line = text.rfind("\n", 0, offset) + 1
    for match in SCANNER.finditer(text, line):
        if match.end() < offset or match.start() >= offset:
            if match.start() >= offset:
                return False
            continue
        if match.lastgroup == "comment":
            return True
        whole = match.group()
        closed = len(whole) > 1 and whole.endswith('"') and match.end() == offset
        return match.lastgroup == "string" and not closed
    return False


def _step(frames: list[_Frame], token: Tok) -> None:
    last = frames[-1]
    match token.type:
        case "LBRACE" | "LPAR" | "LSQB":
            frames.append(_Frame(token.text, list(last.entry)))
        case "RBRACE" | "RPAR" | "RSQB":
            if len(frames) > 1:
                frames.pop()
            frames[-1].entry.append(token)
        case "SEP" | "COMMA":
            last.separate()
        case _:
            last.entry.append(token)


def enter(scope: Scope, bracket: str, head: list[Tok]) -> Scope:
    """The scope that a bracket opens."""
    if bracket == "{":
        return enter_braces(scope, head)
    setting = setting_of(scope, head)
    callee = head[-1].text if head and head[-1].type == "NAME" else ""
    if bracket == "[" or not callee or callee in FUNCTIONS:
        return Value(setting)
    slot = slot_of(setting) if setting else None
    slots = [slot] if slot else list(KINDS)
    for name in slots:
        if callee in KINDS.get(name, {}):
            return Arguments(KINDS[name][callee])
    return Value(setting)


def enter_braces(scope: Scope, head: list[Tok]) -> Section:
    """The section that a brace opens."""
    unknown = Section("unknown")
    if not isinstance(scope, Section) or not head:
        return unknown
    words = [token.text for token in head]
    match scope.name, words[0]:
        case "file", "block":
            return Section("block", words[1], words[1]) if words[1:] else unknown
        case "file", "model" | "variant" | "recipe" | "ablate" | "sweep":
            return Section(words[0], words[1]) if words[1:] else unknown
        case "model" | "variant" | "encoder", "layers":
            return Section("layers", scope.owner)
        case "model" | "variant", "embedding" | "head" | "encoder":
            return Section(words[0], scope.owner)
        case "recipe", "train" | "deepspeed":
            return Section(words[0], scope.owner)
        case "ablate", "without":
            return Section("variant", scope.owner)
        case "layers", _:
            if "loop" in words[:3]:
                return Section("layers", scope.owner)
            return Section("item", scope.owner, words[-1])
        case _:
            return unknown


def setting_of(scope: Scope, entry: list[Tok]) -> Setting | None:
    """The key whose value an unfinished entry is giving."""
    equal = [index for index, token in enumerate(entry) if token.type == "EQUAL"]
    match scope:
        case Value():
            return scope.setting
        case Arguments():
            settings = settings_of(scope.kind.cls)
            if equal:
                return settings.get(entry[0].text)
            first = scope.kind.positional[:1]
            return settings[first[0]] if first else None
        case Section():
            if not equal:
                return None
            return find_setting(scope.name, path_of(entry))


def path_of(entry: Iterable[Tok]) -> tuple[str, ...]:
    """Names of an entry before its `=`, or all of them; indices are left out."""
    names: list[str] = []
    for token in entry:
        if token.type == "EQUAL":
            break
        if token.type not in ("DOT", "RSQB"):
            names.append(token.text)
    return tuple(names)
