"""What faces and photos are called on a page."""

import hashlib


def name_id(text: str) -> str:
    """What a face or photo is called on a page: 16 hex digits, which say nothing of it."""
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:16]
