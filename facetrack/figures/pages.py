"""One HTML page that needs nothing but itself: data in, file out.

Pages are opened from disk and from MLflow, on machines without a network, and hold faces: so
everything is inside, and a content-security policy lets the browser load nothing else. Scripts run
only where their hash is in the policy, whatever a file's name has smuggled into the page.

A kind of page is a template in static/ that extends page.html, a frozen dataclass of what it shows,
and a function that renders the one with the other.
"""

import base64
import hashlib
from collections.abc import Sequence

from markupsafe import Markup

from facetrack.figures.templates import load_template


def render_page(name: str, title: str, shown: object = None, *, scripts: Sequence[str] = ()) -> str:
    """A whole page. name: of its template, page.html alone for one with nothing on it.

    title: any text. shown: what the template knows under this name.
    scripts: their text, run in this order after the body; data in them as `encode_json` has it.
    They cannot compile code of their own, which plotly's WebGL would need (`scattergl`).
    """
    allowed = " ".join(f"'sha256-{_hash(script)}'" for script in scripts) or "'none'"
    return load_template(name).render(
        title=title,
        shown=shown,
        allowed=Markup(allowed),
        scripts=[Markup(script) for script in scripts],
    )


def _hash(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
