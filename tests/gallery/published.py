"""How many parameters the models of the gallery have.

Sizes are those of the source. Counts with more digits than it prints were made at these sizes by
other means: with the classes of Hugging Face, by CoreNet's rules, by the formulas of the papers.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import floor


@dataclass(frozen=True, slots=True)
class Published:
    """A count as it is published."""

    count: str
    """All digits (`116,534,784`), or some of them with a unit (`7.50B`)."""
    source: str
    """Who has the sizes."""
    beyond: int = 0
    """What ours has more, for a reason that the spec tells."""

    def agrees(self, parameters: int) -> bool:
        """Whether a count has these digits; some sources round, others cut."""
        counted = parameters - self.beyond
        unit = {"M": 6, "B": 9}.get(self.count[-1])
        if unit is None:
            return f"{counted:,}" == self.count
        digits = len(self.count[:-1].partition(".")[2])
        steps = counted / 10 ** (unit - digits)
        wanted = round(float(self.count[:-1]) * 10**digits)
        return wanted in (round(steps), floor(steps))


BERT = "Devlin et al. 2018, section 3, with a pooler for the head"
TRANSFORMER = "Vaswani et al. 2017, Table 3"
GPT_1 = "Radford et al. 2018, section 4.1"
GPT_2 = "Radford et al. 2019, Table 2"
GPT_3 = "Brown et al. 2020, Table 2.1"
J_1 = "Lieber et al. 2021, Table 1"
GOPHER = "Rae et al. 2021, Table 1"
PALM = "Chowdhery et al. 2022, Table 1"
LLAMA = "Touvron et al. 2023, Table 2"
OPENELM = "Mehta et al. 2024, section 2"
MOBILE = "Liu et al. 2024, Table 9"

PUBLISHED: dict[str, Published] = {
    "andromeda": Published("2.46B", "its code, July 2023"),
    "bert": Published("109,482,240", BERT, 2 * 768 + 30_522),
    "bert-large": Published("335,141,888", BERT, 2 * 1024 + 30_522),
    "chinchilla": Published("70.06B", "Hoffmann et al. 2022, Table 4"),
    "gopher": Published("279.7B", GOPHER),
    "gopher-m44": Published("44M", GOPHER),
    "gopher-m117": Published("117M", GOPHER),
    "gopher-m417": Published("417M", GOPHER),
    "gopher-b1_4": Published("1.4B", GOPHER),
    "gopher-b7_1": Published("7.1B", GOPHER),
    "gpt1": Published("116,534,784", GPT_1),
    "gpt2": Published("124,439,808", GPT_2),
    "gpt2-medium": Published("354,823,168", GPT_2),
    "gpt2-large": Published("774,030,080", GPT_2),
    "gpt2-xl": Published("1,557,611,200", GPT_2),
    "gpt3": Published("125,226,240", GPT_3),
    "gpt3-medium": Published("355,871,744", GPT_3),
    "gpt3-large": Published("760,300,032", GPT_3),
    "gpt3-xl": Published("1,315,723,264", GPT_3),
    "gpt3-b2_7": Published("2,651,553,280", GPT_3),
    "gpt3-b6_7": Published("6,658,404,352", GPT_3),
    "gpt3-b13": Published("12,853,386,240", GPT_3),
    "gpt3-b175": Published("174,604,259,328", GPT_3),
    "jurassic1": Published("7.50B", J_1),
    "jurassic1-jumbo": Published("177.9B", J_1),
    "llama": Published("6,738,415,616", LLAMA),
    "llama-b13": Published("13,015,864,320", LLAMA),
    "llama-b33": Published("32,528,943,616", LLAMA),
    "llama-b65": Published("65,285,660,672", LLAMA),
    "mobilellm_ls": Published("124.6M", MOBILE),
    "mobilellm_ls-m350": Published("345.3M", MOBILE),
    "mt_nlg": Published("529.6B", "Smith et al. 2022"),
    "openelm": Published("271.53M", OPENELM),
    "openelm-m450": Published("457.18M", OPENELM),
    "openelm-b1_1": Published("1079.89M", OPENELM),
    "openelm-b3": Published("3036.65M", OPENELM),
    "palm": Published("8,632,012,800", PALM),
    "palm-b62": Published("62,495,662,080", PALM),
    "palm-b540": Published("540,356,474,880", PALM),
    "transformer": Published("63,045,632", TRANSFORMER),
    "transformer-big": Published("214,171,648", TRANSFORMER),
}
"""By the name of the package."""
