"""Tables and models whose exports are compared: every kind of column, every kind of model, values far from all others."""

import csv
import math
import random
from dataclasses import dataclass, field
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
# Most rows of a comparison.
ROWS = 200
# Deviations from the mean of values that are far from all others.
FAR = 1e6


@dataclass
class Case:
    """A model to train, and the rows that its forms predict."""

    name: str
    table: Path
    options: list[str]
    rows: Path
    images: bool = False
    tolerance: dict[str, float] = field(default_factory=dict)


def write(path: Path, header: list[str], rows: list[list[object]]) -> Path:
    """Writes a table; None is a missing value."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows([["" if value is None else value for value in row] for row in rows])
    return path


def far(path: Path, header: list[str], rows: list[list[object]]) -> Path:
    """Writes rows whose numbers are far from all others, one column in each row, and all columns in every fifth."""
    is_number = [all(value is None or isinstance(value, float) for value in column) for column in zip(*rows)]
    moved = []
    for index, row in enumerate(rows[:ROWS]):
        row = list(row)
        for column, numeric in enumerate(is_number):
            if numeric and (index % 5 == 0 or index % len(header) == column):
                known = [line[column] for line in rows if line[column] is not None]
                mean = sum(known) / len(known)
                deviation = math.sqrt(sum((value - mean) ** 2 for value in known) / len(known)) or 1.0
                row[column] = mean + (1 if index % 2 else -1) * FAR * deviation
        moved.append(row)
    return write(path, header, moved)


def penguins(rng: random.Random, rows: int) -> tuple[list[str], list[list[object]]]:
    """Birds with a category of rare levels, a boolean, a date, and gaps in every column."""
    header = ["bill, mm", "depth", "island", "wild", "seen", "mass", "label"]
    table: list[list[object]] = []
    for _ in range(rows):
        kind = rng.choice(["Adelie", "Gentoo", "Chinstrap"])
        island = rng.choice(["Biscoe", "Dream", "Torgersen"]) if rng.random() < 0.97 else f"Rock {rng.randrange(6)}"
        bill = rng.gauss({"Adelie": 39.0, "Gentoo": 47.0, "Chinstrap": 49.0}[kind], 2.5)
        mass = rng.gauss({"Adelie": 3700.0, "Gentoo": 5000.0, "Chinstrap": 3750.0}[kind], 400.0)
        row: list[object] = [
            round(bill, 1),
            rng.gauss(18.0, 1.5) - 3.0 * (kind == "Gentoo"),
            island,
            rng.choice(["Yes", "no", "yes", "No"]) if kind == "Adelie" else "yes",
            f"20{rng.randrange(7, 10):02}-{rng.randrange(1, 13):02}-{rng.randrange(1, 29):02}",
            round(mass, -1),
            kind,
        ]
        table.append([value if place == 6 or rng.random() < 0.9 else None for place, value in enumerate(row)])
    return header, table


def prices(rng: random.Random, rows: int, outliers: bool) -> tuple[list[str], list[list[object]]]:
    """Numbers that are never negative, some of them far from the others."""
    header = ["size", "rooms", "town", "price"]
    table: list[list[object]] = []
    for index in range(rows):
        size, rooms = rng.lognormvariate(4.3, 0.4), float(rng.randrange(1, 7))
        town = rng.choice(["north", "south", "east"])
        price = max(0.0, 3.0 * size + 40.0 * rooms * (town == "north") - 150.0 + rng.gauss(0.0, 40.0))
        if outliers and index % 97 == 5:
            price *= 400.0
        table.append([round(size, 2) if rng.random() < 0.95 else None, rooms, town, round(price, 2)])
    return header, table


def random_table(rng: random.Random) -> tuple[list[str], list[list[object]]]:
    """A table with one to four columns of any kind; the target is the last column."""
    makers = {
        "number": lambda hidden: rng.gauss(3.0 * hidden, 1.0) * 10.0 ** rng.randrange(-2, 3),
        "far": lambda hidden: 1e9 + hidden + rng.gauss(0.0, 0.5),
        "whole": lambda hidden: float(rng.randrange(0, 12) + 3 * hidden),
        "text": lambda hidden: rng.choice("abcdeé"[hidden:]),
        "words": lambda hidden: rng.choice(["true", "false"]) if hidden else "true",
        "date": lambda hidden: f"{1999 + 3 * hidden + rng.randrange(4)}-{rng.randrange(1, 13):02}-11",
    }
    kinds = rng.choices(list(makers), k=rng.randrange(1, 5))
    header = [f"{kind} {place}" for place, kind in enumerate(kinds)] + ["target"]
    is_number = rng.random() < 0.5
    table = []
    for _ in range(240):
        hidden = rng.randrange(3)
        row = [makers[kind](hidden) if rng.random() < 0.93 else None for kind in kinds]
        table.append([*row, rng.gauss(10.0 * hidden, 2.0) if is_number else f"class {hidden}"])
    return header, table


def all_cases(folder: Path, random_models: int) -> list[Case]:
    """The cases; their tables are written to a folder."""
    rng = random.Random(0)
    cases: list[Case] = []
    iris = REPOSITORY / "crates/ugmm-data/data/iris.csv"
    with iris.open(encoding="utf-8") as file:
        names, *lines = csv.reader(file)
    flowers = [[float(value) for value in line[:-1]] + [line[-1]] for line in lines]
    table = write(folder / "iris.csv", names, flowers)
    distant = far(folder / "iris-far.csv", names, flowers)
    target = ["--target", names[-1], "--epochs", "60"]
    for name, options in {
        "iris": [],
        "iris, generative": ["--objective", "generative"],
        "iris, hybrid": ["--objective", "hybrid"],
        "iris, folds": ["--folds", "3"],
        "iris, class weights": ["--class-weights", "balanced", "--folds", "3"],
        "iris, mlp": ["--model", "mlp"],
        "iris, unscaled": ["--scaling", "none"],
    }.items():
        cases.append(Case(name, table, [*target, *options], table))
        cases.append(Case(f"{name}, far", table, [*target, *options], distant))

    header, birds = penguins(rng, 600)
    table = write(folder / "penguins.csv", header, birds)
    rows = write(folder / "penguins-new.csv", header, [*penguins(rng, ROWS - 1)[1], [None] * 6 + ["Adelie"]])
    distant = far(folder / "penguins-far.csv", header, birds)
    for name, options in {
        "penguins": [],
        "penguins, quantiles": ["--scaling", "quantile"],
        "penguins, hybrid": ["--objective", "hybrid", "--folds", "3"],
        "penguins, generative": ["--objective", "generative"],
        "penguins, density": ["--objective", "density"],
        "penguins, trees": ["--objective", "density", "--structure", "random-trees"],
    }.items():
        cases.append(Case(name, table, ["--target", "label", "--epochs", "30", *options], rows))
        cases.append(Case(f"{name}, far", table, ["--target", "label", "--epochs", "30", *options], distant))
    for name, target in {"penguins, all columns": [], "penguins, mass": ["--target", "mass"], "penguins, bill": ["--target", "bill, mm"]}.items():
        cases.append(Case(name, table, ["--objective", "density", "--epochs", "30", *target], rows))

    for outliers in (False, True):
        header, houses = prices(rng, 500, outliers)
        name = "prices, outliers" if outliers else "prices"
        table = write(folder / f"{name}.csv", header, houses)
        rows = write(folder / f"{name}-new.csv", header, prices(rng, ROWS, outliers)[1])
        for more, options in {"": [], ", folds": ["--folds", "3"], ", density": ["--objective", "density"]}.items():
            cases.append(Case(name + more, table, ["--target", "price", "--epochs", "20", *options], rows))

    for number in range(random_models):
        rng = random.Random(1000 + number)
        header, lines = random_table(rng)
        table = write(folder / f"random-{number}.csv", header, lines)
        options = rng.choice([[], [], ["--scaling", "quantile"], ["--objective", "density"], ["--objective", "density"]])
        if "density" not in options and not isinstance(lines[0][-1], float):
            options = options + rng.choice([[], ["--objective", "generative"], ["--objective", "hybrid"]])
        if "density" in options and rng.random() < 0.3:
            target = []
        else:
            target = ["--target", "target"]
        cases.append(Case(f"random {number}: {' '.join([*options, *target])}", table, [*target, "--epochs", "8", *options], table))
    return cases
