"""One HTML page that needs nothing but itself: text in, file out.

Pages are opened from disk and from MLflow, on machines without a network, and hold faces: so
everything is inside, and a content-security policy lets the browser load nothing else. Scripts run
only where their hash is in the policy, whatever a file's name has smuggled into the page.
"""

import base64
import hashlib
import io
import json
from collections.abc import Sequence

from PIL import Image as Pillow

from facetrack.core.faces import Image
from facetrack.figures.assets import inlined
from facetrack.figures.table import escaped

JPEG = "image/jpeg"
_QUALITY = 80


def page(title: str, body: str, *, style: str = "", scripts: Sequence[str] = ()) -> str:
    """A whole page. title: any text. body: HTML, whose text has been escaped (`escaped`).

    scripts: their text, run in this order after the body; data in them as `script_json` has it.
    They cannot compile code of their own, which plotly's WebGL would need (`scattergl`).
    """
    allowed = " ".join(f"'sha256-{_hash(script)}'" for script in scripts) or "'none'"
    policy = (
        "default-src 'none'; base-uri 'none'; form-action 'none'; img-src data: blob:; "
        f"style-src 'unsafe-inline'; script-src {allowed}"
    )
    inside = "\n".join(f"<script>{script}</script>" for script in scripts)
    return (
        "<!DOCTYPE html>\n"
        '<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<link rel="icon" href="data:,">\n'  # else the browser asks the server for one
        f"<title>{escaped(title)}</title>\n<style>{inlined('page.css')}{style}</style>\n</head>\n"
        f"<body>\n{body}\n{inside}\n</body>\n</html>\n"
    )


def data_uri(image: Image) -> str:
    """A picture (h, w, 3) uint8 as the source of an <img>: a JPEG inside the page."""
    return file_uri(jpeg(image), JPEG)


def jpeg(image: Image) -> bytes:
    """A picture (h, w, 3) uint8 as the file that pages have inside."""
    content = io.BytesIO()
    Pillow.fromarray(image).save(content, "JPEG", quality=_QUALITY)
    return content.getvalue()


def file_uri(content: bytes, kind: str) -> str:
    """A file inside the page. kind: its media type."""
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def script_json(value: object) -> str:
    """Data as it can stand in a script: JSON in ASCII that cannot end the element it is in."""
    return json.dumps(value, separators=(",", ":")).replace("<", "\\u003c")


def _hash(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
