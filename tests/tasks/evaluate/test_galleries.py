"""The galleries of a run on real pictures."""

import base64
import csv
import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from facetrack.clusterer import DBSCAN
from facetrack.core.faces import Embeddings
from facetrack.evaluation import confusion
from facetrack.tasks.evaluate import galleries
from facetrack.testing import portrait_faces

PNG = b"\x89PNG of the faces"


@pytest.fixture
def portraits(warm_home: Path) -> Embeddings:
    return portrait_faces(warm_home)


def _rows(files: dict[str, str | bytes], name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(str(files[name]), newline="")))


def _inked(content: str | bytes) -> int:
    """How many pixels are not white."""
    assert isinstance(content, bytes)
    return int((np.asarray(Image.open(io.BytesIO(content)).convert("L")) < 250).sum())


def test_people_who_look_alike_are_shown_together(portraits: Embeddings) -> None:
    clusters = DBSCAN(0.35, min_samples=1).fit_predict(portraits.vectors)
    files = galleries.make_files(portraits, clusters, "portraits", PNG)
    confused = [row for row in _rows(files, "confused.csv") if row["kind"] == "merged"]
    assert {"Ada", "Alma"} <= {row[key] for row in confused for key in ("person", "other_person")}
    for row in confused:
        assert row["picture"].startswith(f"{row['person']}/")
        assert 0 < float(row["distance"]) <= 0.35
    people = _rows(files, "people.csv")
    assert [row["person"] for row in people] == portraits.names
    assert sum(int(float(row["faces"])) for row in _rows(files, "clusters.csv")) == 59
    assert _inked(files["merged.png"]) > 4 * 90 * 90  # faces, not words alone


def test_what_may_not_be_shown_or_is_gone_is_only_counted(portraits: Embeddings) -> None:
    clusters = np.zeros(59, np.int64)
    secret = [replace(picture, publishable=False) for picture in portraits.pictures]
    gone = [replace(picture, path=Path("/nowhere")) for picture in portraits.pictures]
    made = galleries.make_files(portraits, clusters, "", PNG)
    shown = _inked(made["merged.png"])
    assert str(made["errors.html"]).count("image/jpeg") > 20
    for pictures in (secret, gone):
        files = galleries.make_files(replace(portraits, pictures=pictures), clusters, "", PNG)
        page = str(files["errors.html"])
        assert "image/jpeg" not in page
        assert "Ada</figcaption>" not in page  # no closest pair
        assert "Ada +" in page
        assert _rows(files, "confused.csv")[0]["pairs"] == _rows(made, "confused.csv")[0]["pairs"]
        assert _inked(files["merged.png"]) < shown / 3


def test_a_perfect_run(portraits: Embeddings) -> None:
    assert portraits.people is not None
    files = galleries.make_files(portraits, portraits.people, "", PNG)
    assert files["confused.csv"] == ""
    assert {row["purity"] for row in _rows(files, "clusters.csv")} == {"1.0"}
    page = str(files["errors.html"])
    assert "No cluster holds faces of several people." in page
    assert "Nobody&#x27;s faces are in several clusters." in page


def test_without_labels_the_groups_are_shown(portraits: Embeddings) -> None:
    assert portraits.people is not None
    nobody = [replace(picture, person=None) for picture in portraits.pictures]
    files = galleries.make_files(replace(portraits, pictures=nobody), portraits.people, "mine", PNG)
    assert set(files) == {"faces.csv", "groups.html"}
    page = str(files["groups.html"])
    assert page.count("image/jpeg") == 59
    assert "59 faces in 18 clusters" in page
    assert base64.b64encode(PNG).decode() in page
    alone = galleries.make_files(replace(portraits, pictures=nobody), np.full(59, -1), "mine", PNG)
    assert "No two faces are in one cluster." in str(alone["groups.html"])


def test_the_page_leads_with_the_closest_pair_and_links_to_the_split(
    portraits: Embeddings,
) -> None:
    assert portraits.people is not None
    clusters = portraits.people.copy()
    ada, alma = (portraits.names.index(name) for name in ("Ada", "Alma"))
    clusters[np.flatnonzero(clusters == alma)[:-1]] = ada  # Alma is split, and merged with Ada
    page = str(galleries.make_files(portraits, clusters, "portraits", PNG)["errors.html"])
    assert page.count("apart</span>") == 2
    assert f'<article class="card" id="person-{alma}">' in page
    assert f'<article class="card" id="cluster-{ada}">' in page
    assert f'<a href="#person-{alma}">Alma</a>' in page
    assert f'<a href="#cluster-{ada}">cluster {ada}</a>' in page
    assert 'href="#person-' + str(ada) not in page  # Ada is in one cluster only
    assert page == galleries.make_files(portraits, clusters, "portraits", PNG)["errors.html"]


def test_at_most_twenty_of_each(portraits: Embeddings) -> None:
    many = replace(
        portraits,
        pictures=[
            replace(one, person=f"person {i // 2}", name=f"{i}.png")
            for i, one in enumerate(portraits.pictures)
        ],
    )
    clusters = (np.arange(59) + 1) // 2
    page = str(galleries.make_files(many, clusters, "", PNG)["errors.html"])
    assert page.count("<article") == 2 * confusion.MOST
    assert "(20 of 29)" in page


def test_the_files_have_the_names_that_are_told_before(portraits: Embeddings) -> None:
    unnamed = replace(portraits, pictures=[replace(one, person=None) for one in portraits.pictures])
    for faces in (portraits, unnamed):
        clusters = np.zeros(len(faces.vectors), np.int64)
        made = galleries.make_files(faces, clusters, "title", PNG)
        assert sorted(made) == sorted(galleries.name_files(faces))


def test_every_face_is_listed_with_its_cluster(portraits: Embeddings) -> None:
    clusters = np.zeros(59, np.int64)
    clusters[[3, 7]] = -1
    rows = _rows(galleries.make_files(portraits, clusters, "", PNG), "faces.csv")
    assert [row["picture"] for row in rows] == [one.name for one in portraits.pictures]
    assert [row["person"] for row in rows] == [one.person for one in portraits.pictures]
    assert {row["cluster"] for row in rows if not row["noise"]} == {"0"}
    assert [(i, row["cluster"]) for i, row in enumerate(rows) if row["noise"]] == [
        (3, "1"),
        (7, "2"),
    ]
