# ruff: noqa: RUF001 (letters that look like others are the point)
"""Texts that try to leave the place where they are put."""

from __future__ import annotations

import builtins
import keyword

CANARY = "canary"
"""The file that every payload with an effect would make."""

TOUCH = f"open('{CANARY}', 'w')"
SYSTEM = f"__import__('os').system('touch {CANARY}')"

BREAKS = ["\r", "\f", "\v", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029", "\r\n"]
"""Line ends of some reader; the line feed itself cannot stand in a text but as `\\n`."""

UNSEEN = [
    "\u202e",
    "\u2066",
    "\u2067",
    "\u2068",
    "\u2069",
    "\u200f",
    "\u200e",
    "\u061c",
    "\ufeff",
    "\u200b",
    "\u200d",
    "\u00ad",
    "\x00",
    "\x01",
    "\x07",
    "\x08",
    "\x1b",
    "\x1b[2J",
    "\x7f",
    "\x9b",
    "\ud800",
    "\udfff",
    "\ud83d",
    "\ufffe",
    "\U000e0001",
]

QUOTES = [
    "'",
    '"',
    "'''",
    '"""',
    "''",
    '""',
    "\\'",
    '\\"',
    "\\\\'",
    "`",
    "```",
    "'\"'\"'",
]

CODE = [
    *(f"{quote}; {TOUCH} #" for quote in QUOTES),
    *(f"{quote} + {SYSTEM} + {quote}" for quote in QUOTES),
    *(f"x{end}{TOUCH}" for end in BREAKS),
    *(f"x{end}{SYSTEM}{end}#" for end in BREAKS),
    *(f'"""{end}{TOUCH}{end}"""' for end in BREAKS),
    f"\\N{{DIGIT ONE}} {TOUCH}",
    "\\x27; x",
    "\\u0022; x",
    "\\" * 7,
    "ends in a backslash\\",
    f"{{{TOUCH}}}",
    f"{{{{ {TOUCH} }}}}",
    "%s %d %(x)s %%",
]

TEMPLATES = [
    "{{ 7 * 7 }}",
    "{% for x in range(9) %}x{% endfor %}",
    "{# comment #}",
    "{{ ''.__class__.__mro__ }}",
    "{{ self._TemplateReference__context }}",
    "{% raw %}",
    "{% endraw %}",
    "{% include 'model/model.py.jinja' %}",
    "{{",
    "}}",
    "{%",
    "%}",
    "${x}",
    "#{x}",
    "<%= x %>",
]

SHELL = [
    f"$(touch {CANARY})",
    f"`touch {CANARY}`",
    f"; touch {CANARY}",
    f"&& touch {CANARY}",
    f"|| touch {CANARY}",
    f"| touch {CANARY}",
    f"& touch {CANARY} &",
    f"'; touch {CANARY}; '",
    f'"; touch {CANARY}; "',
    f"x\\\ntouch {CANARY}",
    f"$'\\n'touch {CANARY}",
    f"<(touch {CANARY})",
    f"> {CANARY}",
    f">> {CANARY}",
    f"$((a[$(touch {CANARY})]))",
    "${IFS}",
    "$0",
    "!!",
    "~root",
    "*",
    "?[a-z]",
    "{a,b}",
    "-rf",
    "--help",
    "#!/bin/sh",
    "# comment",
    "#SBATCH --wrap=x",
    "<<EOF",
    "%PATH%",
    "^&",
]

MARKUP = [
    "</script>",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "-->",
    "--->",
    "---->",
    "--!>",
    "- ->",
    "<!--",
    "<!-- -->",
    "-" * 50 + ">",
    "]]>",
    "<![CDATA[",
    "&lt;script&gt;",
    "&#x3c;script&#x3e;",
    "[link](javascript:alert(1))",
    "![image](http://localhost/x)",
    "| a | b |",
    "a|b",
    "\\|",
    "# heading",
    "**bold**",
    "```\nx\n```",
    "~~~",
    "$$x$$",
    "<http://localhost>",
    "[^1]",
    "---",
    "***",
    "> quote",
    "@user",
    '" onload="x',
    "' onload='x",
]

PATHS = [
    "../../etc/passwd",
    "/etc/passwd",
    "~/.ssh/id_rsa",
    "file:///etc/passwd",
    "C:\\Windows\\x",
    "\\\\server\\share",
    "a/../../b",
    "./././x",
    "x/",
    "/",
    ".",
    "..",
    "",
    " ",
    "con",
    "CON.txt",
    "nul",
    "aux",
    "com1",
    "lpt9",
    "prn",
    "x.vslm:stream",
    "x" * 300,
    "x/" * 300,
    "é",
    "e\u0301",
    "ﬁle",
    "\u2215etc\u2215passwd",
    "０",
    "名前",
    "\U0001f600",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467",
    "x" * 100_000,
]

WORDS = [
    *keyword.kwlist,
    *keyword.softkwlist,
    *[name for name in dir(builtins) if name.islower() and "_" not in name][:40],
    *["forward", "training", "parameters", "half", "modules", "T_destination", "Model"],
    *[
        "torch",
        "nn",
        "F",
        "Tensor",
        "self",
        "math",
        "Cache",
        "Block",
        "Attention",
        "os",
    ],
    *["dist", "log", "data", "model", "train", "checkpoint", "sample", "test_model"],
    *["README", "manifest", "json", "Loss", "Losses", "Rope", "dataclass", "Any"],
    *["con", "nul", "aux", "prn", "com1", "lpt1", "CON", "Nul", "conin", "clock"],
    *["__init__", "__class__", "__import__", "__name__", "_", "__", "___", "_x", "x_"],
    *["base", "Base", "BASE", "a1", "a_1", "A1", "x" * 64, "X" * 63, "i", "n", "width"],
    *[
        "ﬁeld",
        "ｆｏｒ",
        "ᵢf",
        "ⅰ",
        "µ",
        "K",
        "ſelf",
        "е",
        "a\u0301",
        "ªb",
        "x·",
        "x\u200d",
    ],
]
"""Names: legal ones that mean something elsewhere, and some that only look legal."""

TEXTS = [
    *CODE,
    *[f"a{sign}b" for sign in UNSEEN],
    *TEMPLATES,
    *SHELL,
    *MARKUP,
    *PATHS,
    *QUOTES,
    *BREAKS,
    *UNSEEN,
    *[f"{sign}\n{TOUCH}" for sign in UNSEEN[:8]],
]


def quote(text: str) -> str:
    """The text as a literal of the language."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + escaped.replace("\n", "\\n").replace("\t", "\\t") + '"'
