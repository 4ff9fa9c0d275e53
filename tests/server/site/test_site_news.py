"""What is new in the log: whose pages are written before all others."""

from pathlib import Path
from typing import Any

from deputies.activities import ACTIVITIES, Activity
from deputies.deputies import DEPUTIES, Deputy, Level
from deputies.shifts import SHIFTS, Shift
from server.data_folder import open_log, prepare_folder
from server.folder.settings import Settings
from server.site.site_news import news_since
from stations.register_log import set_record


def test_the_page_of_what_was_edited_comes_first(tmp_path: Path) -> None:
    log = open_log(tmp_path, prepare_folder(Settings(data=tmp_path)))
    try:

        def edited(noun: str, record: Any) -> tuple[tuple[str, str], ...]:
            with log.reading() as connection:
                before = news_since(connection, 0).position
            log.write(lambda transaction: set_record(transaction, noun, record, by="office"))
            with log.reading() as connection:
                news = news_since(connection, before)
            assert news.changes.registers
            return news.changes.edited

        deputy = Deputy(id="d", name="李明", level=Level.COUNTY, constituency="", stations=("s",))
        assert edited(DEPUTIES.noun, deputy) == (("deputy", "d"),)
        shift = Shift(id="x", station="s", date="2026-12-02", cancelled=True)
        assert edited(SHIFTS.noun, shift) == (("station", "s"),)
        assert edited(ACTIVITIES.noun, Activity(id="a", date="2026-12-02", title="走访")) == ()
    finally:
        log.stop()
