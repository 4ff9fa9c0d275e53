"""The site's English: its words by their Chinese, and names that are shorter here."""

from gettext import NullTranslations
from pathlib import Path

from acts.catalogue import catalogue
from deputies.deputies import Level
from stations.stations import StationKind

CATALOGUE = Path(__file__).with_name("english.mo")
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = (
    *("Jan", "Feb", "Mar", "Apr", "May", "Jun"),
    *("Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
)
LEVELS = {
    Level.NATIONAL: "National deputy",
    Level.PROVINCE: "Provincial deputy",
    Level.CITY: "City deputy",
    Level.COUNTY: "County deputy",
    Level.TOWNSHIP: "Township deputy",
}
STATION_KINDS = {
    StationKind.STATION: "Liaison station",
    StationKind.TRADE_STATION: "Trade liaison station",
    StationKind.POINT: "Liaison point",
    StationKind.HOME: "Deputies' home",
    StationKind.STUDIO: "Deputy studio",
    StationKind.PRACTICE_BASE: "Practice base",
    StationKind.LEGISLATIVE_POINT: "Legislative contact point",
    StationKind.COLLECTION_OFFICE: "Collection office",
}
KINDS = {
    "inquiry": "an inquiry",
    "help": "a request for help",
    "complaint": "a complaint",
    "report": "a report of wrongdoing",
    "suggestion": "a suggestion",
}


def words(lang: str) -> NullTranslations:
    """The words of the frame and the script in a language."""
    return catalogue(lang, CATALOGUE)
