"""Which content codings a client takes (RFC 9110, 12.5.3)."""

# From the smallest to the one that every browser knows.
CODINGS = ("br", "zstd", "gzip")


def accepted(header: str) -> list[str]:
    """Return the codings of ours that an Accept-Encoding allows, the best first, then `identity`.

    `identity` is always the last resort, also where it is refused: a page that a client can't
    read is told more plainly than an error. Among equals ours are tried from the smallest on.
    """
    weights: dict[str, float] = {}
    for part in header.split(","):
        name, *parameters = (word.strip().lower() for word in part.split(";"))
        weight = 1.0
        for parameter in parameters:
            key, _, value = parameter.partition("=")
            if key.strip() == "q":
                weight = _weight(value.strip())
        if name:
            weights["gzip" if name == "x-gzip" else name] = weight
    rest = weights.get("*", 0.0)
    wanted = {coding: weights.get(coding, rest) for coding in CODINGS}
    # Not to be asked for is less than anything that is, and more than to be refused.
    identity = weights.get("identity", rest if "*" in weights and rest == 0 else 0.0)
    taken = [coding for coding in CODINGS if wanted[coding] > 0 and wanted[coding] >= identity]
    return [*sorted(taken, key=lambda coding: -wanted[coding]), "identity"]


def _weight(text: str) -> float:
    try:
        return min(max(float(text), 0.0), 1.0)
    except ValueError:
        return 0.0
