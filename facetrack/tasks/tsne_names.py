"""What a sweep's t-SNE pages are called: who writes them and who forgets them have to agree."""

import fnmatch

_LONGEST = 60


def file_name(*stages: str) -> str:
    """tsne-dataset-detector-embedder, in letters and digits that every file system has.

    stages: as many of them, in this order, as the name should begin with.
    """
    parts = [
        "".join(c if c.isascii() and (c.isalnum() or c in "_.") else "_" for c in word)[:_LONGEST]
        for word in stages
    ]
    return "-".join(["tsne", *parts])


def is_page(name: str, dataset: str | None = None) -> bool:
    """Whether a file's name is that of a sweep's t-SNE page; of a dataset's where one is given."""
    start = "tsne" if dataset is None else file_name(dataset)
    return fnmatch.fnmatchcase(name, f"{start}-*.html")
