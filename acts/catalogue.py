"""A catalogue of translations, as `tools/translate` makes it; Chinese is its own and needs none."""

from functools import cache
from gettext import GNUTranslations, NullTranslations
from pathlib import Path


@cache
def catalogue(language: str, path: Path) -> NullTranslations:
    """Return the English words in the .mo file at `path`, or what leaves Chinese as it is."""
    if language != "en":
        return NullTranslations()
    with path.open("rb") as file:
        return GNUTranslations(file)
