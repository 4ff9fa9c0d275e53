"""The keeper of the site: who asks for a page never waits for a build."""

import threading
from pathlib import Path

from eventlog.keys import make_keys
from server.node import open_log
from server.publishing import SiteKeeper
from server.sample import seed_sample


def test_a_page_is_made_while_the_site_is_built(tmp_path: Path) -> None:
    """The lock of a build, which takes a minute at 10,000 notices, does not hold up the frame."""
    log = open_log(tmp_path, make_keys())
    try:
        seed_sample(log, tmp_path)
        keeper = SiteKeeper(log, tmp_path, "http://127.0.0.1/")
        made: list[str] = []

        def ask() -> None:
            made.append(keeper.frame().render("题目", "<p>正文</p>", "../"))
            made.append(keeper.publisher.form({}, [], "../"))

        # There is no way to begin a build and hold it, so its lock is taken here.
        with keeper._lock:
            asking = threading.Thread(target=ask)
            asking.start()
            asking.join(60)
            made_meanwhile = len(made)
        asking.join()
        keeper.stop()
        assert made_meanwhile == 2
        assert "正文" in made[0]
    finally:
        log.stop()
