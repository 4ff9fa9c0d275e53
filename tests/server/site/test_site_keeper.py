"""The keeper of the site: who asks for a page never waits, and what failed is made up for."""

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from acts.shanghai import DAY_MS
from eventlog.keys import Keys, make_keys
from eventlog.log import Log
from matters.actors import Actor
from matters.commands import COMMANDS
from matters.execution import carry_out
from matters.intake.intake import check_submission, raise_matter
from matters.known import Known
from matters.registers.county import COUNTIES
from matters.terms import Role
from publisher.site import Publisher
from publisher.writing import compressed
from publisher.writing.touched import Changes
from server.county.county_registers import RegisterCache
from server.data_folder import open_log
from server.registers.sample import seed_sample
from server.site import publishing
from server.site.publishing import SiteKeeper, build_whole
from stations.register_log import set_record
from tests.hub import until
from tests.site.whole_sites import tree

# Light builds leave the same to be squeezed.
pytestmark = pytest.mark.usefixtures("light")
OFFICE = Actor(Role.OFFICE, "office")


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Keys]:
    """The folder of a sample county that nobody uses, and its keys."""
    folder, keys = tmp_path_factory.mktemp("sample"), make_keys()
    log = open_log(folder, keys)
    seed_sample(log, folder)
    log.stop()
    return folder, keys


@pytest.fixture
def log(tmp_path: Path, sample: tuple[Path, Keys]) -> Iterator[Log]:
    """The log of a sample county."""
    folder, keys = sample
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    opened = open_log(tmp_path, keys)
    yield opened
    opened.stop()


@pytest.fixture
def keeper(log: Log, tmp_path: Path) -> Iterator[SiteKeeper]:
    """A keeper that was not started yet."""
    made = SiteKeeper(log, tmp_path, "http://127.0.0.1/", RegisterCache(log).current)
    yield made
    made.stop()


def publish_one(log: Log, folder: Path) -> str:
    """Take a matter to its notice and return its number."""
    submission = check_submission({"text": "井盖丢了", "publish": "yes"}, Known(), staff=False)
    number: str = log.write(
        lambda transaction: raise_matter(
            transaction, submission, actor=OFFICE, receipt_key=bytes(32)
        )
    ).result.number
    for name, fields in (
        ("answer", {"text": "已补上"}),
        ("publish", {"title": "井盖补上了", "text": "井盖丢了"}),
    ):
        log.write(
            lambda transaction, name=name, fields=fields: carry_out(  # type: ignore[misc]  # str
                transaction,
                number,
                COMMANDS[name],
                fields,
                actor=OFFICE,
                known=Known(),
                seen=None,
                folder=folder,
            )
        )
    return number


def test_a_page_is_made_while_the_site_is_built(
    keeper: SiteKeeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A build takes a minute at 10,000 notices; nobody who asks waits for it."""
    begun, finish = threading.Event(), threading.Event()

    def build() -> bool:
        begun.set()
        return not finish.wait(60)

    monkeypatch.setattr(keeper, "_build", build)
    building = threading.Thread(target=keeper.start)
    building.start()
    try:
        assert begun.wait(20)
        assert "正文" in keeper.frame().render("题目", "<p>正文</p>", "../")
        assert "<textarea" in keeper.asked.form({}, [], "../")
        assert building.is_alive()
    finally:
        finish.set()
        building.join()


def test_a_publish_that_failed_is_made_up_for(
    keeper: SiteKeeper, log: Log, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper.start()
    publish, failures = Publisher.publish, [OSError("no space")] * 2

    def fails_twice(publisher: Publisher, changes: Changes) -> None:
        if failures:
            raise failures.pop()
        publish(publisher, changes)

    monkeypatch.setattr(Publisher, "publish", fails_twice)
    monkeypatch.setattr(keeper._worker, "_first_pause_s", 0.05)
    number = publish_one(log, tmp_path)
    keeper.wake()
    page = tmp_path / "site" / "notices" / number / "index.html"
    home = tmp_path / "site" / "index.html"
    until(lambda: page.exists() and "井盖补上了" in home.read_text("utf-8"), within_s=20)
    assert not failures


def test_a_site_of_another_program_is_built_anew(
    keeper: SiteKeeper, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper._bring_up_to_date()
    home = tmp_path / "site" / "index.html"
    home.write_text("old", "utf-8")
    keeper._bring_up_to_date()
    assert home.read_text("utf-8") == "old"
    monkeypatch.setattr(keeper, "_made_by", "another")
    keeper._bring_up_to_date()
    assert "望禾县" in home.read_text("utf-8")


def test_a_start_does_not_wait_for_a_build_where_a_site_stands(
    keeper: SiteKeeper, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper._bring_up_to_date()
    mark = keeper.mark
    monkeypatch.setattr(keeper, "_made_by", "another")
    begun, finish = threading.Event(), threading.Event()
    build = keeper._build

    def build_late() -> bool:
        begun.set()
        assert finish.wait(60)
        return build()

    monkeypatch.setattr(keeper, "_build", build_late)
    home = tmp_path / "site" / "index.html"
    home.write_text("old", "utf-8")
    keeper.start()
    assert begun.wait(20) and home.read_text("utf-8") == "old" and keeper.mark == mark
    finish.set()
    until(lambda: "望禾县" in home.read_text("utf-8"), within_s=60)
    # Whoever keeps a copy of the old one hears of it, though nothing happened in the log.
    until(lambda: keeper.mark != mark)


def test_a_new_day_is_another_site(
    keeper: SiteKeeper, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    keeper._bring_up_to_date()
    mark = keeper.mark
    keeper._bring_up_to_date()
    assert keeper.mark == mark
    tomorrow_ms = keeper._log.now_ms() + DAY_MS
    monkeypatch.setattr(keeper._log, "now_ms", lambda: tomorrow_ms)
    keeper._bring_up_to_date()
    assert keeper.mark != mark


def test_a_copied_site_is_never_built_but_the_frame_follows_the_county(
    log: Log, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    registers = RegisterCache(log).current
    (tmp_path / "site.json").write_text("{}")
    keeper = SiteKeeper(log, tmp_path, "http://127.0.0.1/", registers, copied=True)
    monkeypatch.setattr(keeper, "_build", lambda: pytest.fail("built"))
    monkeypatch.setattr(Publisher, "publish", lambda *_: pytest.fail("published"))
    keeper.start()
    try:
        number = publish_one(log, tmp_path)
        before = keeper.frame()
        assert "望禾县" in before.render("t", "", "./")
        keeper.wake()
        until(lambda: keeper.search.path.exists())
        assert keeper.frame() is before
        county = registers().county
        renamed = msgspec.structs.replace(county, name="望田县")
        log.write(lambda one: set_record(one, COUNTIES.noun, renamed, by="office"))
        keeper.wake()
        until(lambda: "望田县" in keeper.frame().render("t", "", "./"))
    finally:
        keeper.stop()
    assert number and not (tmp_path / "site").exists() and not (tmp_path / "site.json").exists()


def test_a_site_that_was_built_quickly_is_squeezed_in_quiet_moments(
    keeper: SiteKeeper, log: Log, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stations are not told, for no page is another; what is published meanwhile comes first."""
    monkeypatch.setattr(publishing, "SQUEEZE_AFTER_S", 0.0)
    monkeypatch.setattr(publishing, "PAUSE_S", 0.0)
    # Any two levels of brotli tell a page that is squeezed from one that is not.
    monkeypatch.setattr(compressed, "_FEW", 9)
    keeper.start()
    mark = keeper.mark
    home = tmp_path / "site" / "index.html.br"
    quick = home.stat().st_size
    until(lambda: home.stat().st_size < quick)
    assert keeper.mark == mark
    number = publish_one(log, tmp_path)
    keeper.wake()
    until(lambda: (tmp_path / "site" / "notices" / number / "index.html.br").exists())
    until(lambda: not (tmp_path / "site.unsqueezed").exists(), within_s=60)
    build_whole(
        tmp_path / "huiyin.db", tmp_path / "fresh", base_url="http://127.0.0.1/", server_url=""
    )
    assert tree(tmp_path / "site") == tree(tmp_path / "fresh")
