"""What programs print, as it may be shown and logged: without passwords and access keys."""

import re

HIDDEN = "…"
_USER_INFO = re.compile(r"(?<=://)[^/\s\"'@]*(?:@[^/\s\"'@?]*)*@")
_SECRET = re.compile(
    r"((?:secret|access|session|sse|auth|pass|pwd|token|cred|seed|nkey|jwt)[\w-]*"
    r"(?:=|%3D|\"\s*:\s*\"))[^&\s\"',;}]+",
    re.IGNORECASE,
)


def scrubbed(text: str) -> str:
    """Return a line of a program's output with every password and access key taken out of it."""
    return _SECRET.sub(rf"\1{HIDDEN}", _USER_INFO.sub(f"{HIDDEN}@", text))
