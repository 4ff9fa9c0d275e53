"""A station's pages: before the first copy, and with what they say of their age."""

from pathlib import Path

import httpx2

from server.site.kept_copy import slip
from server.site.site_copy import SiteCopy
from tests.hub import Hub, until
from tests.server.site.test_site_copy import caught_up

OCTOBER_MS = 1_791_008_400_000


def test_how_old_the_copy_is_stands_in_both_languages() -> None:
    said = slip(OCTOBER_MS, OCTOBER_MS + 86_400_000)
    assert said == (
        '<p class="hy-slip" lang="zh-CN">这是联络站里的副本，10月3日 14:20 从县里取来 '
        '<span lang="en">Kept copy of 3 October, 14:20, fetched from the county</span></p>'
    )
    later = slip(OCTOBER_MS, OCTOBER_MS + 120 * 86_400_000)
    assert "2026年10月3日 14:20" in later and "3 October 2026, 14:20" in later
    assert "还没有取全" in slip(None, OCTOBER_MS)


def test_a_station_serves_its_copy_and_says_how_old_it_is(hub: Hub, tmp_path: Path) -> None:
    station = Hub(tmp_path / "data", "--role", "station", "--no-replica", "--sample")
    station.start()
    try:
        with httpx2.Client(base_url=station.url, timeout=30) as client:
            home = client.get("/")
            assert home.status_code == 200 and home.headers["cache-control"] == "no-store"
            assert (
                "还没有县里的网页" in home.text
                and "pages come once there is a network" in home.text
            )
            assert 'href="./submit/"' in home.text and 'href="./console/"' in home.text
            assert 'class="hy-slip"' not in home.text
            assert client.get("/en/").status_code == 200
            assert client.get("/deputies/").status_code == 404
            assert "<form" in client.get("/submit/").text
            assert client.get("/console/sign-in").status_code == 200
        assert station.raise_matter("井盖丢了")["safety"] == "at_station"
        assert not (station.data / "site").exists()
        station.stop()
        copy = SiteCopy(station.data)
        # What others of the session did may be published just now.
        until(lambda: caught_up(copy, hub))
        copy.close()
        station.start()
        serves_with_its_age(station, hub)
    finally:
        station.stop()
    assert "site.json" not in {path.name for path in station.data.iterdir()}


def serves_with_its_age(station: Hub, hub: Hub) -> None:
    """The pages are the hub's, but for the slip right after the article begins."""
    with httpx2.Client(base_url=station.url, timeout=30) as client:
        for path in ("/", "/en/", "/deputies/", "/notices/"):
            coded = client.get(path)
            plain = client.get(path, headers={"accept-encoding": "identity"})
            assert coded.text == plain.text
            before, _, after = plain.text.partition('<p class="hy-slip" lang="zh-CN">')
            assert before.endswith(">") and "<article" in before[-100:]
            said, _, rest = after.partition("</p>")
            assert "这是联络站里的副本" in said and "Kept copy of" in said
            assert before + rest == httpx2.get(hub.url + path, timeout=30).text
            again = client.get(path, headers={"if-none-match": coded.headers["etag"]})
            assert again.status_code == 304
        assert client.get("/none/").status_code == 404
        feed = client.get("/notices/feed.xml", headers={"accept-encoding": "br"})
        assert feed.headers["content-encoding"] == "br" and "联络站里的副本" not in feed.text
