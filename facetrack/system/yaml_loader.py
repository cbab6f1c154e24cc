"""How YAML is read: safely, by the loader in C where there is one, which is ten times as fast.

Both tell of the same lines."""

from typing import Any

import yaml

LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
