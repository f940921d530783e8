"""Compares what the index could have been built from, on a data set, with plain numpy: nothing here shares code with the index.

    $(Benchmarks/Peers/setup.sh ~/.cache/bunko-peers) Benchmarks/Choices/choices.py DIR [--queries 300] [--k 10] > report.md

Two questions: what 1-bit codes are taken around (nothing, the mean of all rows, the mean of each list), and into how many lists the
rows are put. Lists come from spherical k-means among the first 256 principal components, over all rows, as the index makes them. Lists
are ranked by <q,c>/|c|; the number of lists probed is fixed and the smallest with the recall asked for.
"""

import argparse
import math
import sys
from pathlib import Path

import numpy as np

sys.path.append(str(Path(__file__).parent.parent / "Peers"))
from protocol import Dataset  # noqa: E402

BLOCK = 4096
COMPONENTS = 256
ROUNDS = 8
# One standard deviation of the estimate times this is the bound, as in the index.
EPSILON = 1.9


def unit(rows: np.ndarray) -> np.ndarray:
    return rows / np.maximum(np.linalg.norm(rows, axis=-1, keepdims=True), 1e-12)


def projected(base: np.ndarray, centre: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """The rows less their mean among their first principal components, at unit length."""
    sample = base[np.sort(random.choice(len(base), min(len(base), 20_000), replace=False))] - centre
    _, axes = np.linalg.eigh(sample.T @ sample)
    axes = np.ascontiguousarray(axes[:, ::-1][:, :COMPONENTS], np.float32)
    return np.vstack([unit((base[i : i + BLOCK] - centre) @ axes) for i in range(0, len(base), BLOCK)])


def lists_of(rows: np.ndarray, count: int, random: np.random.Generator) -> np.ndarray:
    """The list of each row after some rounds of spherical k-means from rows chosen at random."""
    centres = rows[random.choice(len(rows), count, replace=False)]
    for _ in range(ROUNDS):
        nearest = np.concatenate([(rows[i : i + BLOCK] @ centres.T).argmax(1) for i in range(0, len(rows), BLOCK)])
        order = np.argsort(nearest, kind="stable")
        starts = np.flatnonzero(np.diff(nearest[order], prepend=-1))
        sums = np.add.reduceat(rows[order], starts)
        # An empty list begins again at a row chosen at random.
        centres = rows[random.choice(len(rows), count, replace=False)]
        centres[nearest[order][starts]] = unit(sums)
    return nearest


class Lists:
    """Rows by list with the lists' means in all dimensions."""

    def __init__(self, base: np.ndarray, nearest: np.ndarray):
        self.order = np.argsort(nearest, kind="stable")
        _, self.starts, self.sizes = np.unique(nearest[self.order], return_index=True, return_counts=True)
        self.means = np.vstack(
            [base[np.sort(self.order[s : s + n])].mean(0, dtype=np.float64) for s, n in zip(self.starts, self.sizes)]
        ).astype(np.float32)
        self.of_row = np.empty(len(base), np.int64)
        self.of_row[self.order] = np.repeat(np.arange(len(self.starts)), self.sizes)
        self.directions = unit(self.means)

    def rows(self, number: int) -> np.ndarray:
        return self.order[self.starts[number] : self.starts[number] + self.sizes[number]]

    def probes_for(self, recall: float, queries: np.ndarray, truth: np.ndarray) -> tuple[int, float, np.ndarray]:
        """The smallest number of lists with the recall, the rows they hold in the mean, and every query's ranking."""
        ranking = np.argsort(-(queries @ self.directions.T), axis=1)
        place = np.empty_like(ranking)
        np.put_along_axis(place, ranking, np.arange(ranking.shape[1])[None, :].repeat(len(queries), 0), 1)
        wanted = np.sort(np.take_along_axis(place, self.of_row[truth], 1).ravel())
        probes = int(wanted[math.ceil(recall * len(wanted)) - 1]) + 1
        return probes, float(self.sizes[ranking[:, :probes]].sum(1).mean()), ranking


def rotation(dimensions: int, random: np.random.Generator) -> np.ndarray:
    q, r = np.linalg.qr(random.standard_normal((dimensions, dimensions)))
    return np.ascontiguousarray(q * np.sign(np.diag(r)), np.float32)


class Coded:
    """What the codes of one list's rows say of a query: an estimate of each dot product and its standard deviation."""

    def __init__(self, rows: np.ndarray, centre: np.ndarray):
        residual = rows - centre
        self.centre = centre
        self.signs = np.where(residual > 0, np.float32(1), np.float32(-1))
        first, second = np.abs(residual).sum(1, dtype=np.float64), np.einsum("ij,ij->i", residual, residual, dtype=np.float64)
        dimensions = rows.shape[1]
        some = second > 0
        alpha = np.divide(second, first, out=np.zeros_like(second), where=some)
        kappa = np.divide(first, np.sqrt(second * dimensions), out=np.ones_like(second), where=some)
        self.kappa = kappa[some]
        self.alpha = alpha
        self.add = residual @ centre - alpha * (self.signs @ centre)
        self.error = np.sqrt(second) * np.sqrt(np.maximum(0, 1 / kappa**2 - 1)) / math.sqrt(dimensions - 1)

    def estimates(self, query: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        value = query @ self.centre + self.add + self.alpha * (self.signs @ query)
        return value, self.error * np.linalg.norm(query - self.centre)


def reranked(exact: np.ndarray, estimate: np.ndarray, deviation: np.ndarray, k: int) -> int:
    """How many rows are scored when the best upper bound comes first and the k-th exact score ends it."""
    upper = estimate + EPSILON * deviation
    order = np.argsort(-upper)
    best: list[float] = []
    for scored, row in enumerate(order):
        if len(best) >= k and upper[row] < best[k - 1]:
            return scored
        best = sorted(best + [float(exact[row])], reverse=True)[:k]
    return len(order)


def centres_compared(data: Dataset, lists: Lists, centre: np.ndarray, probes: int, ranking: np.ndarray, k: int, random: np.random.Generator):
    turn = rotation(data.base.shape[1], random)
    queries = data.queries @ turn
    zero = np.zeros_like(centre)
    totals = {name: {"kappa": [], "deviation": [], "error": [], "scored": []} for name in ("nothing", "the mean of all rows", "each list's mean")}
    # List by list, so that a list's rows are read and coded once for all queries that probe it.
    answers: list[dict] = [{name: [] for name in totals} for _ in queries]
    for number in range(len(lists.starts)):
        asking = np.flatnonzero((ranking[:, :probes] == number).any(1))
        if not len(asking):
            continue
        rows = data.base[np.sort(lists.rows(number))] @ turn
        around = {"nothing": zero, "the mean of all rows": centre @ turn, "each list's mean": lists.means[number] @ turn}
        for name, point in around.items():
            coded = Coded(rows, point)
            totals[name]["kappa"].append(coded.kappa.mean() if len(coded.kappa) else np.nan)
            for q in asking:
                answers[q][name].append((rows @ queries[q], *coded.estimates(queries[q])))
    for answer in answers:
        for name, parts in answer.items():
            exact, estimate, deviation = (np.concatenate(part) for part in zip(*parts))
            totals[name]["deviation"].append(deviation.mean())
            totals[name]["error"].append(np.sqrt(np.mean((estimate - exact) ** 2)))
            totals[name]["scored"].append(reranked(exact, estimate, deviation, k))
    return {name: {what: float(np.nanmean(values)) for what, values in parts.items()} for name, parts in totals.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--queries", type=int, default=300)
    parser.add_argument("--k", type=int, default=10)
    parser.add_argument("--recall", type=float, default=0.95)
    asked = parser.parse_args()
    random = np.random.default_rng(1)
    data = Dataset(asked.folder, asked.queries)
    base, truth = data.base, data.truth[: len(data.queries), : asked.k]
    centre = np.mean([base[i : i + BLOCK].mean(0, dtype=np.float64) for i in range(0, len(base) - BLOCK + 1, BLOCK)], 0).astype(np.float32)
    points = projected(base, centre, random)
    print(f"# Choices\n\n{len(base)} rows × {base.shape[1]}, {len(data.queries)} queries, k = {asked.k}, recall {asked.recall}.\n")
    print(f"```\n$(Benchmarks/Peers/setup.sh ~/.cache/bunko-peers) Benchmarks/Choices/choices.py {asked.folder}"
          f" --queries {asked.queries} --k {asked.k} --recall {asked.recall}\n```\n")
    print("## How many lists\n\n| lists | probed | rows read |\n|---|---:|---:|")
    for factor in (2, 4, 4.5, 6, 8):
        lists = Lists(base, lists_of(points, round(factor * math.sqrt(len(base))), random))
        probes, rows, ranking = lists.probes_for(asked.recall, data.queries, truth)
        print(f"| {factor}√n = {len(lists.starts)} | {probes} | {rows:.0f} |", flush=True)
        if factor == 4.5:
            chosen = (lists, probes, ranking)
    lists, probes, ranking = chosen
    print(f"\n## What codes are taken around\n\nIn the {probes} of {len(lists.starts)} lists probed; ε = {EPSILON}, queries not quantised.\n")
    print("| around | κ | σ of the estimate, predicted | measured | rows scored in full |\n|---|---:|---:|---:|---:|")
    for name, means in centres_compared(data, lists, centre, probes, ranking, asked.k, random).items():
        print(f"| {name} | {means['kappa']:.3f} | {means['deviation']:.5f} | {means['error']:.5f} | {means['scored']:.1f} |")


if __name__ == "__main__":
    main()
