"""How heavy each kind of page may be on the wire, compressed by brotli, its pictures not counted.

A release holds its sample to this (tests/site/test_weight.py); a page that a county's own texts
make heavier is published all the same, and told to staff in the log.
"""

MOST_BYTES = 9 * 1024
# By template; what is not named here may weigh `MOST_BYTES`. Lists of 40 need what they need.
BY_TEMPLATE = {
    "home.html": 7168,
    "deputy.html": 7168,
    "notice.html": 6656,
    "page.html": 6656,
    "pages.html": 6144,
    "areas.html": 6144,
    "notices.html": 6144,
    "column.html": 6144,
    "track.html": 6144,
    "english_home.html": 6144,
    "english_find.html": 6144,
    "english_station.html": 7168,
}


def most_bytes(template: str) -> int:
    """How many bytes a page made from a template may have."""
    return BY_TEMPLATE.get(template, MOST_BYTES)
