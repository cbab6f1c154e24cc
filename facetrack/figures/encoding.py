"""What pages have inside: pictures as data URIs, data as JSON."""

import base64
import io
import json

from markupsafe import Markup
from PIL import Image as Pillow

from facetrack.core.faces import Image

JPEG = "image/jpeg"
_QUALITY = 80


def encode_picture(image: Image) -> Markup:
    """A picture (h, w, 3) uint8 as the source of an <img>: a JPEG inside the page."""
    return encode_file(encode_jpeg(image), JPEG)


def encode_jpeg(image: Image) -> bytes:
    """A picture (h, w, 3) uint8 as the file that pages have inside."""
    content = io.BytesIO()
    Pillow.fromarray(image).save(content, "JPEG", quality=_QUALITY)
    return content.getvalue()


def encode_file(content: bytes, kind: str) -> Markup:
    """A file inside the page. kind: its media type. There is nothing in it to escape."""
    return Markup(f"data:{kind};base64,{base64.b64encode(content).decode()}")


def encode_json(value: object) -> str:
    """Data as it can stand in a script: JSON in ASCII that cannot end the element it is in."""
    return json.dumps(value, separators=(",", ":")).replace("<", "\\u003c")
