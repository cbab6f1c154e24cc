"""Slow, obvious versions of what facetrack computes fast."""

from collections.abc import Sequence
from itertools import combinations


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
