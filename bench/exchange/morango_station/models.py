"""What the peer morango carries: a text, in the partition of its county."""

from django.db import models  # type: ignore[import-not-found,unused-ignore]  # of the peers' place
from morango.models import (  # type: ignore[import-not-found,unused-ignore]  # of the peers' place
    SyncableModel,
    UUIDField,
)


class Submission(SyncableModel):  # type: ignore[misc,unused-ignore]  # its type is not known
    """One submission; its id is random, as ours is made where it was typed."""

    morango_profile = "bench"
    morango_model_name = "submission"

    county = UUIDField()
    text = models.TextField()

    def calculate_source_id(self) -> None:
        """Return None: a random id is wanted."""

    def calculate_partition(self) -> str:
        """Return the county, in which everything is."""
        return str(self.county)
