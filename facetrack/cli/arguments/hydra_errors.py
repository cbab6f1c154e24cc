"""What Hydra and OmegaConf find wrong, in a sentence without their inner workings."""

import re

from omegaconf.errors import OmegaConfBaseException

_INNER = re.compile(
    r"(full_key:|object_type=|reference_type=|provider=|Config search path|"
    r"Set the environment variable|See https?://|In '.*':|To append|Or add|Either remove|"
    r"Error merging override|Error instantiating)"
)


def explain(error: BaseException) -> str:
    """An error of Hydra's or OmegaConf's as one line, the setting it is about in front."""
    causes = [error]
    while (cause := causes[-1].__cause__) is not None and cause not in causes:
        causes.append(cause)
    key = next((_key(one) for one in reversed(causes) if _key(one)), "")
    lines = [
        line.strip()
        for one in causes
        for line in str(one).splitlines()
        if line.strip() and not _INNER.match(line.strip())
    ]
    text = "; ".join(dict.fromkeys(lines)) or type(error).__name__
    return f"{key}: {text}" if key and key not in text else text


def _key(error: BaseException) -> str:
    if not isinstance(error, OmegaConfBaseException):
        return ""
    return str(error.full_key or "")
