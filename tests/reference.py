"""Slow, obvious versions of what facetrack computes fast."""

from collections.abc import Sequence
from itertools import combinations
from math import inf, log2, sqrt

Point = tuple[float, ...]
Points = Sequence[Point]


def alone(clusters: Sequence[int]) -> list[int]:
    """Labels in which each noise face (-1) has a number nobody else has."""
    unused = max(clusters) + 1
    return [unused + i if label == -1 else label for i, label in enumerate(clusters)]


def pairwise(people: Sequence[int], clusters: Sequence[int]) -> tuple[float, float]:
    """Precision and recall over all pairs of faces, one pair after the other."""
    joined = of_one_person = right = 0
    for i, j in combinations(range(len(people)), 2):
        joined += clusters[i] == clusters[j]
        of_one_person += people[i] == people[j]
        right += clusters[i] == clusters[j] and people[i] == people[j]
    precision = right / joined if joined else 1.0
    recall = right / of_one_person if of_one_person else 1.0
    return precision, recall


def bcubed(people: Sequence[int], clusters: Sequence[int]) -> tuple[float, float]:
    """Precision and recall a face, averaged over the faces."""
    faces = range(len(people))
    precision = recall = 0.0
    for i in faces:
        cluster = [j for j in faces if clusters[j] == clusters[i]]
        person = [j for j in faces if people[j] == people[i]]
        right = len(set(cluster) & set(person))
        precision += right / len(cluster)
        recall += right / len(person)
    return precision / len(people), recall / len(people)


def harmonic(precision: float, recall: float) -> float:
    return 2 / (1 / precision + 1 / recall) if precision and recall else 0.0


def dbscan(points: Points, eps: float, min_samples: int) -> list[int]:
    """Ester et al.'s algorithm, one point after the other."""
    faces = range(len(points))
    around = [[j for j in faces if _squared(points[i], points[j]) <= eps * eps] for i in faces]
    core = [len(near) >= min_samples for near in around]
    labels = [-1] * len(points)
    cluster = 0
    for i in faces:
        if labels[i] != -1 or not core[i]:
            continue
        waiting = [i]
        while waiting:
            j = waiting.pop()
            if labels[j] == -1:
                labels[j] = cluster
                waiting += around[j] if core[j] else []
        cluster += 1
    return labels


def mean_shift(points: Points, bandwidth: float, max_iter: int = 300) -> list[int]:
    """Every point climbs by itself; see facetrack/clusterer/meanshift.py for the rules."""
    arrived: dict[Point, int] = {}
    for seed in points:
        mean = tuple(seed)
        for step in range(max_iter + 1):
            near = [one for one in points if _squared(one, mean) <= bandwidth * bandwidth]
            before, mean = mean, tuple(sum(axis) / len(near) for axis in zip(*near, strict=True))
            if _squared(before, mean) <= (1e-3 * bandwidth) ** 2 or step == max_iter:
                break
        arrived[mean] = len(near)
    centres: list[Point] = []
    for _, mean in sorted(((n, mean) for mean, n in arrived.items()), reverse=True):
        if all(_squared(mean, better) > bandwidth * bandwidth for better in centres):
            centres.append(mean)
    return [min(range(len(centres)), key=lambda k: _squared(one, centres[k])) for one in points]


def codelength(weights: Sequence[Sequence[float]], modules: Sequence[int]) -> float:
    """Bits per step in two levels: Rosvall, Axelsson and Bergstrom 2009, equations 1 to 3.

    weights: dense and symmetric, nothing on the diagonal. A walk along the links is at a node as
    often as its share of the weights is. It uses the index codebook when it enters a module, and a
    module's codebook for each of its nodes and when it leaves.
    """
    nodes = range(len(weights))
    total = sum(sum(row) for row in weights)
    visits = [sum(row) / total for row in weights]
    leaving = dict.fromkeys(modules, 0.0)
    for i in nodes:
        for j in nodes:
            if modules[i] != modules[j]:
                leaving[modules[i]] += weights[i][j] / total
    code = sum(leaving.values()) * _entropy(list(leaving.values()))
    for module, exits in leaving.items():
        used = [visits[i] for i in nodes if modules[i] == module] + [exits]
        code += sum(used) * _entropy(used)
    return code


def whisper(
    weights: Sequence[Sequence[float]],
    apart: Sequence[set[int]],
    orders: Sequence[Sequence[int]],
) -> list[int]:
    """Chinese whispers in the order told for each round; see kernels/whispers.py for the rules."""
    labels = list(range(len(weights)))
    for order in orders:
        before = list(labels)
        for i in order:
            spoken: dict[int, float] = {}
            for j, weight in enumerate(weights[i]):
                if weight and labels[j] not in {labels[other] for other in apart[i]}:
                    spoken[labels[j]] = spoken.get(labels[j], 0.0) + weight
            most = max(spoken.values(), default=0.0)
            if most > spoken.get(labels[i], 0.0):
                labels[i] = min(label for label, told in spoken.items() if told == most)
        if labels == before:
            break
    return labels


def _entropy(rates: Sequence[float]) -> float:
    total = sum(rates)
    return -sum(one / total * log2(one / total) for one in rates if one)


def average_linkage(points: Points, eps: float, one_photo: Sequence[Sequence[bool]]) -> list[int]:
    """The two nearest groups join while their mean distance is at most the radius.

    one_photo: which two points are of one photo: infinitely far apart beyond half the radius.
    """
    groups = [[i] for i in range(len(points))]

    def apart(i: int, j: int) -> float:
        distance = sqrt(_squared(points[i], points[j]))
        return inf if one_photo[i][j] and distance > eps / 2 else distance

    def mean(first: list[int], second: list[int]) -> float:
        return sum(apart(i, j) for i in first for j in second) / len(first) / len(second)

    while len(groups) > 1:
        one, two = min(combinations(groups, 2), key=lambda pair: mean(*pair))
        if mean(one, two) > eps:
            break
        groups = [*(each for each in groups if each not in (one, two)), sorted(one + two)]
    labels = [0] * len(points)
    for number, group in enumerate(sorted(groups)):
        for i in group:
            labels[i] = number
    return labels


def same_groups(first: Sequence[int], second: Sequence[int]) -> bool:
    """Whether two labellings are equal up to numbering."""
    pairs = set(zip(first, second, strict=True))
    return len(pairs) == len({one for one, _ in pairs}) == len({two for _, two in pairs})


def _squared(one: Sequence[float], two: Sequence[float]) -> float:
    return sum((a - b) ** 2 for a, b in zip(one, two, strict=True))
