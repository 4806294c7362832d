"""How well one mistake is answered: every legal spec with one token wrong, over and over.

    python -m benchmarks.mutations            # writes benchmarks/results/mutations.md
    python -m benchmarks.mutations --misses   # prints what was answered badly

A mistake counts when the compiler finds a fault; many changes are still legal. Its first
fault is on the *right line* if it is where the change was made, and *at the token* if its
caret touches what was changed or the token after it, where whoever reads from the left first
notices (for what is missing, its neighbours). A changed name of a declaration is right at its
uses, too: neither of the two is the wrong one by itself.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

from vslmc.diagnostics.model import Diagnostic
from vslmc.driver.compile import Request, check_spec
from vslmc.source import Source
from vslmc.syntax.limits import Limits
from vslmc.syntax.tokens import Tok, lex_source

ROOT = Path(__file__).resolve().parents[1]
RESULT = ROOT / "benchmarks" / "results" / "mutations.md"
SORTS = ("delete", "duplicate", "swap", "replace", "misspell")
LETTERS = "abcdefghijklmnopqrstuvwxyz_"


@dataclass(frozen=True)
class Mistake:
    """A text with one mistake, and where it is."""

    path: Path
    sort: str
    text: str
    start: int
    end: int
    """The changed characters; for what is missing, the neighbours."""
    word: str
    """What stood there."""


@dataclass(frozen=True)
class Answer:
    """How a mistake was answered."""

    mistake: Mistake
    found: Diagnostic
    line: bool
    inside: bool
    token: bool
    hint: bool
    """Whether the first suggestion is what stood there."""


def list_specs() -> list[Path]:
    """All legal specs of the repository, without bombs and the sum of a hundred ones.

    (Of that, every change is another legal sum: it would count as one mistake of the heads.)
    """
    paths = [*(ROOT / "specs").rglob("*.vslm")]
    paths += (ROOT / "tests" / "cases" / "good").rglob("spec.vslm")
    kept = [path for path in paths if path.parent.name != "numbers-long-sum"]
    return sorted(path for path in kept if path.stat().st_size < 3000)


def list_tokens(text: str) -> list[Tok]:
    """Tokens that can be seen."""
    tokens, _ = lex_source(Source("spec", text), Limits())
    return [token for token in tokens if token.text.strip() and token.end > token.start]


def make_mistakes(path: Path, random: Random, share: float) -> Iterator[Mistake]:
    """Every sort of mistake at every token, or a share of them."""
    text = path.read_text("utf-8")
    tokens = list_tokens(text)
    for index, token in enumerate(tokens):
        for sort in SORTS:
            if random.random() < share:
                made = make_mistake(sort, text, tokens, index, random)
                if made is not None:
                    new, start, end = made
                    yield Mistake(path, sort, new, start, end, token.text)


def make_mistake(
    sort: str, text: str, tokens: list[Tok], index: int, random: Random
) -> tuple[str, int, int] | None:
    """The new text and the changed place; None where the mistake cannot be made."""
    token = tokens[index]
    start, end = token.start, token.end
    after = tokens[index + 1] if index + 1 < len(tokens) else None
    match sort:
        case "delete":
            left = tokens[index - 1].start if index else 0
            right = after.end - (end - start) if after else start
            return text[:start] + text[end:], left, right
        case "duplicate":
            return f"{text[:end]} {text[start:]}", start, 2 * end - start + 1
        case "swap":
            if after is None:
                return None
            between = text[end : after.start]
            new = text[:start] + text[after.start : after.end] + between
            return new + text[start:end] + text[after.end :], start, after.end
        case "replace":
            other = random.choice(tokens).text
            return text[:start] + other + text[end:], start, start + len(other)
        case _:
            if (token.type != "NAME" and not token.type.isalpha()) or len(
                token.text
            ) < 3:
                return None
            if not token.text[0].isalpha():
                return None
            wrong = misspell(token.text, random)
            return text[:start] + wrong + text[end:], start, start + len(wrong)


def misspell(word: str, random: Random) -> str:
    """The word with one slip of the fingers; it is another word, and still a name."""
    while True:
        at = random.randrange(len(word))
        letter = random.choice(LETTERS)
        wrong = random.choice(
            (
                word[:at] + word[at + 1 :],
                word[:at] + letter + word[at:],
                word[:at] + letter + word[at + 1 :],
                word[:at] + word[at : at + 2][::-1] + word[at + 2 :],
            )
        )
        if wrong != word and wrong.isidentifier():
            return wrong


def check(path: Path, text: str) -> list[Diagnostic]:
    """Errors, the first one in the file at the front."""
    found = check_spec(Request(path, root=path.parent, text=text))
    return [diagnostic for diagnostic in found if diagnostic.is_error]


def judge(mistake: Mistake) -> Answer | None:
    """How the first fault fits the mistake; None if there is no fault."""
    found = check(mistake.path, mistake.text)
    if not found:
        return None
    first = found[0]
    places = [(mistake.start, mistake.end), *uses(mistake)]
    near = [(start, next_end(mistake.text, end)) for start, end in places]
    return Answer(
        mistake,
        first,
        any(on_line(first, mistake.text, *place) for place in places),
        any(touches(first, *place) for place in places),
        any(touches(first, *place) for place in near),
        hints(first, mistake),
    )


def next_end(text: str, end: int) -> int:
    """The end of the token after a place: there a reader from the left first notices it."""
    return min(
        (token.end for token in list_tokens(text) if token.start >= end), default=end
    )


def uses(mistake: Mistake) -> Iterator[tuple[int, int]]:
    """Where else the word stands: there it is unknown if this was its declaration."""
    for token in list_tokens(mistake.text):
        if token.text == mistake.word and token.type == "NAME":
            yield token.start, token.end


def on_line(found: Diagnostic, text: str, start: int, end: int) -> bool:
    """Whether the caret is on a line of the place."""
    if found.primary is None:
        return False
    source = Source("spec", text)
    first, last = source.position(start)[0], source.position(max(start, end - 1))[0]
    return first <= found.primary.span.line <= last


def touches(found: Diagnostic, start: int, end: int) -> bool:
    """Whether the caret touches the place."""
    span = found.primary.span if found.primary else None
    return span is not None and span.start <= end and start <= span.end


def hints(found: Diagnostic, mistake: Mistake) -> bool:
    """Whether the first word that is proposed is the right one."""
    proposed = found.fix.text if found.fix else (found.help or "").partition("`")[2]
    # At a use, the misspelt word of the declaration is the one that exists.
    wrong = mistake.text[mistake.start : mistake.end]
    return proposed.partition("`")[0] in (mistake.word, wrong)


def run(share: float) -> tuple[list[Answer], Counter[str]]:
    """All answers, and how many mistakes of each sort were made."""
    random = Random(2026)
    answers: list[Answer] = []
    made: Counter[str] = Counter()
    for path in list_specs():
        for mistake in make_mistakes(path, random, share):
            made[mistake.sort] += 1
            answer = judge(mistake)
            answers += [answer] if answer is not None else []
    return answers, made


def percent(flags: list[bool]) -> str:
    """A share in percent."""
    return f"{100 * sum(flags) / len(flags):.1f} %" if flags else "-"


def write_report(answers: list[Answer], made: Counter[str]) -> str:
    """The table of the results."""
    rows = [
        "# One mistake in a legal spec",
        "",
        f"{len(list_specs())} specs; `python -m benchmarks.mutations` makes this page.",
        "",
        "| mistake | made | found | on the right line | inside | at the token | right hint |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for sort in (*SORTS, "all"):
        of_sort = [a for a in answers if sort in (a.mistake.sort, "all")]
        count = made.total() if sort == "all" else made[sort]
        hint = percent([a.hint for a in of_sort]) if sort == "misspell" else ""
        line = percent([a.line for a in of_sort])
        inside = percent([a.inside for a in of_sort])
        token = percent([a.token for a in of_sort])
        cells = (sort, f"{count:,}", f"{len(of_sort):,}", line, inside, token, hint)
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join([*rows, "", *NOTES]) + "\n"


NOTES = [
    "*Found*: mistakes after which the spec is no longer legal. *On the right line*, *inside*, *at",
    "the token*: where the caret of the first fault stands; *inside* is the changed token (for a",
    "missing one its neighbours), *at* is that or the token after it, where whoever reads from the",
    "left first notices. *Right hint*: the first suggestion for a misspelt key, kind or name is",
    "what stood there.",
]


def main() -> None:
    """Run and write the page, or print the misses."""
    parser = argparse.ArgumentParser(
        description=__doc__.split("\n")[0] if __doc__ else ""
    )
    parser.add_argument(
        "--share", type=float, default=0.5, help="share of all mistakes"
    )
    parser.add_argument("--misses", action="store_true", help="print bad answers")
    options = parser.parse_args()
    answers, made = run(options.share)
    report = write_report(answers, made)
    print(report)
    if options.misses:
        for answer in answers:
            bad_hint = answer.mistake.sort == "misspell" and not answer.hint
            if not answer.line or not answer.token or bad_hint:
                print_miss(answer)
    else:
        RESULT.parent.mkdir(exist_ok=True)
        RESULT.write_text(report, "utf-8")


def print_miss(answer: Answer) -> None:
    """One line on a bad answer."""
    mistake, found = answer.mistake, answer.found
    around = mistake.text[max(0, mistake.start - 25) : mistake.end + 15].replace(
        "\n", "⏎"
    )
    missed = "line" if not answer.line else "token" if not answer.token else "hint"
    place = found.primary.span if found.primary else None
    caret = f"{place.line}:{place.column} `{place.text[:30]}`" if place else "nowhere"
    print(f"{missed:5} {mistake.sort:9} {mistake.word!r} in {around!r}", end=" -> ")
    print(f"{found.name}: {found.message} at {caret} ({found.help})")


if __name__ == "__main__":
    main()
