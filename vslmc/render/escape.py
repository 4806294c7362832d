"""One function for each place where a text of the spec can stand in a generated file."""

from __future__ import annotations

import keyword
import re
import shlex
from math import isfinite

_BREAKS = re.compile("[\r\n\f\v\x1c-\x1e\x85\u2028\u2029]+")
_UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
    "\ufeff\ud800-\udfff]"
)
_IDENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>()#|~!&$])")


def py_str(text: str) -> str:
    """A Python literal for `text`, pure ASCII, with the quotes that black prefers."""
    body = text.encode("unicode_escape", "backslashreplace").decode("ascii")
    quote = "'" if body.count('"') > body.count("'") else '"'
    return quote + body.replace(quote, "\\" + quote) + quote


def py_ident(name: str) -> str:
    """`name` itself, if it is an ASCII identifier that is safe to define; else ValueError."""
    legal = _IDENT.fullmatch(name) and not name.startswith("__")
    if not legal or keyword.iskeyword(name) or keyword.issoftkeyword(name):
        raise ValueError(f"not a name for Python code: {name!r}")
    return name


def py_num(value: float) -> str:
    """A Python literal for a finite number, exponents without padding (`1e-5`)."""
    if isinstance(value, bool) or not isfinite(value):
        raise ValueError(f"not a number for Python code: {value!r}")
    return re.sub(r"e([+-]?)0*(\d)", _exponent, repr(value))


def _exponent(found: re.Match[str]) -> str:
    return f"e{found[1].replace('+', '')}{found[2]}"


def py_comment(text: str) -> str:
    """`text` on one line: no line break of any kind, no control or direction sign."""
    return _UNSEEN.sub("", _BREAKS.sub(" ", text)).strip()


def md_text(text: str) -> str:
    """`text` on one line with every sign that Markdown reads escaped."""
    return _MARKDOWN.sub(r"\\\1", py_comment(text))


def html_comment(text: str) -> str:
    """`text` on one line inside an HTML comment: no two hyphens in a row, which would end it."""
    return re.sub("-(?=-)", "- ", py_comment(text))


def sh_word(text: str) -> str:
    """`text` as one word of a POSIX shell; NUL cannot stand in one: ValueError."""
    if "\x00" in text:
        raise ValueError("a shell word cannot hold NUL")
    return shlex.quote(text)
