"""Account keys: what a passphrase opens, who is listed for a station, and what unlocks it."""

from collections.abc import Callable, Iterator
from contextvars import copy_context
from pathlib import Path
from typing import TypeVar

import msgspec
import pytest

from deputies.deputies import Deputy, Level
from eventlog import words
from eventlog.database import Connection
from eventlog.keys import for_station, make_keys
from eventlog.log import Log
from eventlog.sealing import UnsealError
from matters.actors import VILLAGER, Actor
from matters.intake.intake import check_submission, raise_matter
from matters.listing import counts, lists, waiting
from matters.listing.filters import Filters
from matters.terms import Role
from server.county import county_registers
from server.county.county_registers import CountyRegisters
from server.data_folder import open_log
from server.people import account_keys, accounts
from server.people.account_keys import NO_KEY
from server.people.accounts import Bound, PasswordAtHub
from server.people.keyring import Keyring, Locked
from server.people.station_accounts import (
    VALID_MS,
    ListTooOld,
    StationAccount,
    accounts_for_station,
    mark_of,
    refuse_when_old,
    replace_accounts,
    valid_until,
)
from stations.stations import Station, StationKind

PASSPHRASE = "杏花 春雨 2026"
STATION_KEYS = for_station(make_keys())
ENROLLED = msgspec.structs.replace(STATION_KEYS, unsealing=b"")
Found = TypeVar("Found")
TOWN = "990102102000"
NOW = 1_790_000_000_000


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def hub(tmp_path: Path, clock: Clock) -> Iterator[Log]:
    (tmp_path / "hub").mkdir()
    log = open_log(tmp_path / "hub", make_keys(), now_ms=clock)
    yield log
    log.stop()


@pytest.fixture
def station(tmp_path: Path, clock: Clock) -> Iterator[Log]:
    (tmp_path / "station").mkdir()
    log = open_log(tmp_path / "station", STATION_KEYS, now_ms=clock)
    yield log
    log.stop()


@pytest.fixture
def registers(hub: Log) -> CountyRegisters:
    """A station, a point of it, and a deputy who sits at the station."""
    with hub.reading() as connection:
        found = county_registers.read_all(connection)
    return found._replace(
        stations={
            "weidu": Station(id="weidu", name="苇渡站", kind=StationKind.STATION, area=TOWN),
            "dukou": Station(
                id="dukou", name="渡口点", kind=StationKind.POINT, area=TOWN, parent="weidu"
            ),
        },
        deputies={
            "tao": Deputy(
                id="tao",
                name="陶长顺",
                level=Level.TOWNSHIP,
                constituency="苇渡镇第一选区",
                stations=("weidu",),
            )
        },
    )


def added(log: Log, name: str, role: str, password: str = PASSPHRASE, **bound: str) -> str:
    """Add an account and return its id."""
    return log.write(
        lambda job: accounts.add_account(job, name, role, password, bound=Bound(**bound))
    ).result.id


def listed(hub: Log, registers: CountyRegisters, station: str = "weidu") -> list[StationAccount]:
    """Return the hub's list for a station."""
    with hub.reading() as connection:
        return accounts_for_station(
            connection, station, registers=registers, station_key=STATION_KEYS.unsealing
        )


def taken(station: Log, people: list[StationAccount]) -> None:
    """Let the station take the list."""
    station.write(lambda job: replace_accounts(job, people, station.now_ms() + VALID_MS))


def proven(log: Log, name: str, password: str = PASSPHRASE) -> accounts.Proven | None:
    """Return what a name and a password prove."""
    with log.reading() as connection:
        return accounts.check_password(connection, name, password)


def unlocked(station: Log, ring: Keyring, account: str) -> str:
    """Begin a session of 12 hours that unlocks the station, and return its cookie."""
    cookie = station.write(lambda job: accounts.begin_sign_in(job, account, 12)).result
    ring.put_in(accounts.digest_of(cookie), STATION_KEYS.unsealing, NOW + 12 * 3_600_000)
    return cookie


def test_a_passphrase_opens_the_key_and_nothing_else_does() -> None:
    key = account_keys.new_key(PASSPHRASE)
    private = account_keys.open_key(key, PASSPHRASE)
    assert private is not None and private not in b"".join(key)
    assert account_keys.open_key(key, PASSPHRASE + " ") is None
    assert account_keys.open_key(NO_KEY, "") is None
    assert account_keys.new_key(PASSPHRASE) != key
    wrapped = account_keys.wrap_for(key.public_key, STATION_KEYS.unsealing)
    assert account_keys.unwrap(private, wrapped) == STATION_KEYS.unsealing
    other = account_keys.open_key(account_keys.new_key("other"), "other")
    assert other is not None
    with pytest.raises(UnsealError):
        account_keys.unwrap(other, wrapped)
    with pytest.raises(UnsealError):
        account_keys.unwrap(private, wrapped[:-1])


def test_a_key_is_made_whenever_a_password_is_set(hub: Log) -> None:
    admin = added(hub, "admin", "admin")
    identity = added(hub, "wei", "liaison", station="weidu")
    program = added(hub, "program", "liaison", password="", station="weidu")
    with hub.reading() as connection:
        first = account_keys.key_of(connection, identity)
        assert account_keys.open_key(first, PASSPHRASE) is not None
        assert account_keys.key_of(connection, program) == NO_KEY
        by = next(one.account for one in accounts.listed(connection) if one.account.id == admin)
    hub.write(lambda job: accounts.set_password(job, identity, "of my own"))
    hub.write(lambda job: account_keys.make_where_none(job, identity, "never used"))
    with hub.reading() as connection:
        second = account_keys.key_of(connection, identity)
    assert account_keys.open_key(second, "of my own") and second.public_key != first.public_key
    hub.write(lambda job: accounts.reset_password(job, identity, "given anew", by=by))
    hub.write(lambda job: account_keys.remove(job, admin))
    hub.write(lambda job: account_keys.make_where_none(job, admin, PASSPHRASE))
    with hub.reading() as connection:
        assert account_keys.open_key(account_keys.key_of(connection, identity), "given anew")
        assert account_keys.open_key(account_keys.key_of(connection, admin), PASSPHRASE)


def test_only_who_belongs_to_a_station_is_listed_for_it(
    hub: Log, registers: CountyRegisters
) -> None:
    added(hub, "officer", "liaison", station="weidu")
    added(hub, "of the point", "liaison", station="dukou")
    added(hub, "deputy", "deputy", deputy="tao")
    added(hub, "elsewhere", "deputy", deputy="qiu")
    added(hub, "office", "office", area="990102102000")
    added(hub, "unit", "unit", unit="water", area="990102102000")
    added(hub, "program", "liaison", password="", station="weidu")
    found = listed(hub, registers)
    assert {one.name for one in found} == {"officer", "deputy"}
    assert {one.name for one in listed(hub, registers, "dukou")} == {"officer", "of the point"}
    assert mark_of(found) == mark_of(listed(hub, registers))
    sent = msgspec.json.encode(found)
    assert not any(one.encode() in sent for one in _hashes(hub) if one)
    admin = accounts.Account(added(hub, "admin", "admin"), "admin", Role.ADMIN, *Bound(), False)
    officer = next(one for one in found if one.name == "officer")
    hub.write(lambda job: accounts.switch_off(job, officer.id, by=admin))
    off = next(one for one in listed(hub, registers) if one.id == officer.id)
    assert off.off and not (off.public_key or off.private_key or off.station_key)
    assert mark_of(found) != mark_of(listed(hub, registers))


def _hashes(log: Log) -> list[str]:
    with log.reading() as connection:
        return [row[0] for row in connection.execute("SELECT password_hash FROM accounts")]


def test_a_station_goes_by_the_list_and_by_no_hash(
    hub: Log, station: Log, registers: CountyRegisters
) -> None:
    added(station, "officer", "liaison", password="of before", station="weidu")
    added(station, "program", "liaison", password="", station="weidu")
    identity = added(hub, "officer", "liaison", station="weidu")
    people = listed(hub, registers)
    taken(station, people)
    found = proven(station, "officer")
    assert found is not None and found.station_key == STATION_KEYS.unsealing
    assert found.account.id == identity and not found.account.one_time
    for name, password in (("officer", "of before"), ("officer", ""), ("nobody", PASSPHRASE)):
        assert proven(station, name, password) is None
    with station.reading() as connection:
        standing = {one.account.name: one for one in accounts.listed(connection)}
        kept = connection.execute("SELECT password_hash FROM accounts WHERE from_hub").fetchone()[0]
    assert kept == "" and not standing["officer"].token
    assert [name for name, one in standing.items() if one.off_at is None] == ["officer", "program"]
    with pytest.raises(PasswordAtHub):
        station.write(lambda job: accounts.set_password(job, identity, "of my own"))


def test_who_is_listed_no_more_is_out_with_their_sessions(
    hub: Log, station: Log, registers: CountyRegisters
) -> None:
    officer = added(hub, "officer", "liaison", station="weidu")
    deputy = added(hub, "deputy", "deputy", deputy="tao")
    taken(station, listed(hub, registers))
    ring = Keyring(station, ENROLLED)
    cookies = [unlocked(station, ring, one) for one in (officer, deputy)]
    hub.write(lambda job: accounts.set_password(job, deputy, "of my own"))
    renewed = [one for one in listed(hub, registers) if one.id == deputy]
    taken(station, renewed)
    with station.reading() as connection:
        for cookie in cookies:
            assert accounts.sign_in_of(connection, cookie, NOW) is None
        assert account_keys.key_of(connection, officer) == NO_KEY
    assert proven(station, "officer") is None and proven(station, "deputy") is None
    assert proven(station, "deputy", "of my own") is not None
    assert not ring.is_locked
    ring.forget_ended()
    assert ring.is_locked
    again = listed(hub, registers)
    taken(station, again)
    assert proven(station, "officer") is not None


def test_two_people_may_swap_their_names(
    hub: Log, station: Log, registers: CountyRegisters
) -> None:
    one = added(hub, "王", "liaison", station="weidu")
    other = added(hub, "李", "liaison", station="weidu")
    taken(station, listed(hub, registers))
    swapped = {one: "李", other: "王"}
    taken(
        station,
        [
            msgspec.structs.replace(person, name=swapped[person.id])
            for person in listed(hub, registers)
        ],
    )
    with station.reading() as connection:
        assert accounts.names_of(connection) == swapped


def test_without_word_from_the_hub_nobody_signs_in(
    hub: Log, station: Log, registers: CountyRegisters, clock: Clock
) -> None:
    with station.reading() as connection:
        assert valid_until(connection) is None
        refuse_when_old(connection, NOW + 10 * VALID_MS)
    added(hub, "officer", "liaison", station="weidu")
    taken(station, listed(hub, registers))
    with station.reading() as connection:
        refuse_when_old(connection, NOW + VALID_MS)
        with pytest.raises(ListTooOld):
            refuse_when_old(connection, NOW + VALID_MS + 1)
    clock.now += 2 * VALID_MS
    taken(station, listed(hub, registers))
    with station.reading() as connection:
        refuse_when_old(connection, clock.now)


def raised(station: Log, text: str) -> bytes:
    """Raise a matter for the station, and return its id."""
    with station.reading() as connection:
        known = county_registers.read_all(connection).known
    submission = check_submission(
        {"text": text, "name": "王桂兰", "phone": "13900000001"}, known, staff=False
    )
    submission = submission._replace(station="weidu")
    return station.write(
        lambda job: raise_matter(job, submission, actor=VILLAGER, receipt_key=STATION_KEYS.receipt)
    ).result.id


def read(log: Log, ring: Keyring, look: Callable[[Connection], Found]) -> Found:
    """Return what a request of staff would find."""

    def request() -> Found:
        ring.forget_ended()
        ring.admit()
        with log.reading() as connection:
            return look(connection)

    return copy_context().run(request)


def test_texts_open_only_while_a_session_lives_and_only_for_who_was_admitted(
    hub: Log, station: Log, registers: CountyRegisters, clock: Clock
) -> None:
    officer = added(hub, "officer", "liaison", station="weidu")
    taken(station, listed(hub, registers))
    ring = Keyring(station, ENROLLED)
    matter = raised(station, "水渠塌了")

    def text(connection: Connection) -> str | None:
        return words.read(connection, matter, "text")

    assert read(station, ring, text) == words.LOCKED
    with pytest.raises(Locked):
        ring.unsealer()
    cookie = unlocked(station, ring, officer)
    assert read(station, ring, text) == "水渠塌了"
    with station.reading() as connection:
        assert text(connection) is None
        contact = words.read_secret(connection, matter, "contact", ring.unsealer())
    assert contact is not None and "王桂兰" in contact
    assert station.write(lambda job: words.read(job.connection, matter, "text")).result is None
    ring.take_out(accounts.digest_of(cookie))
    assert read(station, ring, text) == words.LOCKED
    unlocked(station, ring, officer)
    clock.now += 12 * 3_600_000
    assert ring.is_locked and read(station, ring, text) == words.LOCKED
    ring.put_in(b"other", make_keys().unsealing, clock.now + 1)
    assert ring.is_locked
    ring.follow(STATION_KEYS)
    assert read(station, ring, text) == "水渠塌了"


def test_words_are_searched_by_reading_and_never_written_as_terms(
    hub: Log, station: Log, registers: CountyRegisters
) -> None:
    officer = added(hub, "officer", "liaison", station="weidu")
    taken(station, listed(hub, registers))
    ring = Keyring(station, ENROLLED)
    wanted, _ = raised(station, "水渠塌了"), raised(station, "路灯不亮")
    while station.write(lambda job: waiting.work_off(job.connection)).result:
        pass
    with station.reading() as connection:
        terms = {row[0] for row in connection.execute("SELECT term FROM postings")}
    assert terms and all("=" in term for term in terms)
    actor = Actor(Role.LIAISON, officer, "", "", frozenset({"weidu"}), frozenset())
    stranger = Actor(Role.LIAISON, officer, "", "", frozenset({"dukou"}), frozenset())

    def found(asking: Actor, q: str) -> list[bytes]:
        page = read(
            station,
            ring,
            lambda connection: lists.listed(connection, asking, Filters(q=q), now_ms=NOW),
        )
        return [row.matter.id for row in page.rows]

    assert found(actor, "水渠") == [] and len(found(actor, "")) == 2
    unlocked(station, ring, officer)
    assert found(actor, "水渠") == [wanted] and found(actor, "渠") == [wanted]
    assert found(actor, "水渠 塌了") == [wanted] and found(actor, "水灯") == []
    assert found(stranger, "水渠") == []

    def counted(connection: Connection) -> int:
        return counts.total(
            counts.by_state(connection, actor, Filters(q="水渠"), now_ms=NOW).values()
        ).n

    assert read(station, ring, counted) == 1
