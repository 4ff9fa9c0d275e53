"""The addresses for villagers: raising a matter, and following it."""

from collections.abc import Mapping
from typing import Any

from matters.intake.intake import TEXT_MOST
from matters.terms import Channel, Grade, Kind, Rating
from server.villagers import submission_form, tracking
from server.villagers.room import VillagersRoom
from server.web.operation import REFUSED, TEXT, Operation
from server.web.routes import PublicRoute, RoomRoute

_YES_NO = {"enum": ["yes", "no"]}
_SUBMISSION: Mapping[str, Any] = {
    "id": {"type": "string", "format": "uuid"},
    "text": {"type": "string", "minLength": 1, "maxLength": TEXT_MOST},
    "kind": {"enum": list(Kind)},
    "channel": {"enum": list(Channel)},
    "people": {"type": "string", "description": "how many bring it, 1 to 99999; staff only"},
    "slip": {
        "type": "string",
        "description": "the number of the letterbox slip it was written on, which becomes the "
        "matter's; staff only",
    },
    "grade": {"enum": list(Grade), "description": "staff only"},
    "under_14": _YES_NO,
    "guardian": {"type": "string", "description": "who agrees for one under 14"},
    "guardian_consent": _YES_NO,
    "share_phone": _YES_NO,
    "publish": _YES_NO,
    **dict.fromkeys(("category", "area", "place", "station", "deputy", "name", "phone"), TEXT),
}


def _by_key(summary: str, properties: Mapping[str, Any], required: tuple[str, ...]) -> Operation:
    """Return the operation of something that whoever has a matter's key may say."""
    return Operation(
        summary,
        properties={"key": TEXT, **properties},
        required=("key", *required),
        answers={"200": "done", **{code: REFUSED[code] for code in ("404", "409", "422")}},
    )


ROUTES: tuple[RoomRoute[VillagersRoom], ...] = (
    PublicRoute(
        "POST",
        "/matters",
        submission_form.submit_matter,
        Operation(
            "Raise a matter",
            properties=_SUBMISSION,
            required=("text",),
            answers={
                "201": "{id, number, key, safety, url}",
                "200": "the same submission again: the same receipt",
                "422": REFUSED["422"],
                "503": "busy; Retry-After",
                "507": "no room; nothing was taken",
            },
        ),
    ),
    PublicRoute("GET", "/submit/", submission_form.submission_form),
    PublicRoute("GET", "/track", tracking.track),
    PublicRoute(
        "GET",
        "/m/{number}",
        tracking.followed,
        Operation(
            "Follow a matter",
            query=("key",),
            description="A step that was written at a station with a wrong clock has its "
            "time there as `at`; `received_at` is when the county had it, from which limits "
            "count, and `clock` says so in words.",
        ),
    ),
    PublicRoute("GET", "/m/{number}/slip", tracking.slip),
    PublicRoute(
        "POST",
        "/m/{number}/rating",
        tracking.rate_matter,
        _by_key(
            "Rate the answer",
            {
                "reply_rating": {"enum": list(Rating)},
                "result_rating": {"enum": list(Rating)},
                "comment": TEXT,
            },
            ("reply_rating", "result_rating"),
        ),
    ),
    PublicRoute(
        "POST",
        "/m/{number}/message",
        tracking.message_matter,
        _by_key("Add something", {"text": TEXT}, ("text",)),
    ),
)
