"""What waits to be sent to staff is sent, and never lost: relays and receivers that misbehave."""

import datetime
import hashlib
import hmac
import logging
import ssl
import subprocess
import time
from pathlib import Path

import pytest

from acts.shanghai import DAY_MS
from server.letters import waiting_letters
from server.letters.postman import Postman
from server.letters.waiting_letters import HOUR_MS, MINUTE_MS, Letter, LetterKind
from server.letters.webhook import post
from tests.hub import until
from tests.server.notified import PASSWORD, County, at
from tests.server.receivers import hook, relay


def test_a_relay_that_is_down_delays_and_never_loses(county: County) -> None:
    county.relay.down()
    county.hook.status = 503
    county.person("office", "a@b.example")
    county.person("other", "b@b.example")
    county.look(after_ms=HOUR_MS)
    made_at = county.now
    found = county.standing()
    assert (found.waiting, found.undeliverable, found.oldest_at) == (3, 0, made_at)
    assert found.next_try_at == made_at + MINUTE_MS
    pauses = []
    for _ in range(8):
        next_try = county.standing().next_try_at
        assert next_try is not None
        county.now = next_try - 1
        county.look()
        assert county.standing().next_try_at == next_try, "not tried before its time"
        county.look(after_ms=1)
        later = county.standing().next_try_at
        assert later is not None
        pauses.append((later - county.now) // MINUTE_MS)
    assert pauses == [2, 4, 8, 16, 32, 60, 60, 60]
    # Thirteen days later everything is still there, and goes as soon as the relay is back.
    county.free_days = {datetime.date(2026, 11, 24) + datetime.timedelta(n) for n in range(30)}
    county.now = made_at + 13 * DAY_MS
    county.look()
    assert county.standing().waiting == 3
    county.relay.up()
    county.hook.status = 204
    county.look(after_ms=HOUR_MS)
    assert county.standing()[:2] == (0, None)
    assert sorted(one.recipients[0] for one in county.relay.taken) == ["a@b.example", "b@b.example"]
    assert "Mon, 23 Nov 2026 00:00" in county.relay.taken[0].message["Date"]
    assert len({one.headers["idempotency-key"] for one in county.hook.posts}) == 1


def test_after_fourteen_days_it_is_kept_and_shown_and_can_be_sent_again(county: County) -> None:
    county.relay.down()
    county.person("office", "a@b.example")
    county.look(after_ms=HOUR_MS)
    county.free_days = {datetime.date(2026, 11, 24) + datetime.timedelta(n) for n in range(30)}
    county.look(after_ms=14 * DAY_MS)
    found = county.standing()
    assert (found.waiting, found.undeliverable) == (0, 1)
    assert "ConnectionRefusedError" in found.given_up[0].last_error
    county.relay.up()
    county.look(after_ms=DAY_MS)
    assert not county.relay.taken
    county.log.write(lambda job: waiting_letters.try_again(job.connection, now_ms=county.now))
    county.look()
    assert len(county.relay.taken) == 1 and county.standing().undeliverable == 0


def test_a_refused_recipient_is_shown_and_blocks_nobody(
    county: County, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    gone = county.person("gone", "gone@b.example")
    full = county.person("full", "full@b.example")
    county.person("well", "well@b.example")
    county.relay.refusals = {
        "gone@b.example": "550 5.1.1 <gone@b.example> no such person",
        "full@b.example": "452 4.2.2 full@b.example has no room",
    }
    county.look(after_ms=HOUR_MS)
    assert [one.recipients for one in county.relay.taken] == [["well@b.example"]]
    found = county.standing()
    assert [one.recipient for one in found.given_up] == [gone.id]
    assert found.given_up[0].last_error == "550 5.1.1 <…> no such person"
    assert (found.waiting, found.last_error) == (1, "452 4.2.2 … has no room")
    assert "@b.example" not in caplog.text
    county.relay.refusals = {}
    county.look(after_ms=MINUTE_MS)
    assert county.relay.taken[-1].recipients == ["full@b.example"] and full.id
    assert len(county.relay.taken) == 2


def test_what_is_about_us_and_not_the_recipient_delays_all(county: County) -> None:
    county.person("office", "a@b.example")
    county.relay.sign_in = ("huiyin", "another password")
    county.look(after_ms=HOUR_MS)
    assert county.standing()[:2] == (1, county.now) and "530" in county.standing().last_error
    county.user, county.relay.sign_in = "huiyin", ("huiyin", PASSWORD)
    county.postman = county.new_postman()
    county.look(after_ms=HOUR_MS)
    assert len(county.relay.taken) == 1


@pytest.mark.parametrize("answer", ["550 5.7.1 not from you", "cut"])
def test_a_message_that_never_goes_through_does_not_keep_the_others(
    county: County, answer: str
) -> None:
    county.person("poison", "poison@b.example")
    for number in range(5):
        county.person(f"{number}", f"well{number}@b.example")
    if answer == "cut":
        county.relay.cut_always = "poison@b.example"
    else:
        county.relay.refusals = {"poison@b.example": answer}
    county.hook.refused = b"2026-11-23"
    for _ in range(3):
        county.look(after_ms=DAY_MS)
    for number in range(5):
        sent = [one for one in county.relay.taken if one.recipients == [f"well{number}@b.example"]]
        assert len(sent) == 3
    assert county.standing().waiting == 3 + 1 and county.standing().undeliverable == 0
    days = [one["day"] for one in county.events()]
    assert days.count("2026-11-24") == days.count("2026-11-25") == 1
    # Once it is mended, it goes.
    county.relay.cut_always, county.relay.refusals, county.hook.refused = "", {}, b"\0"
    county.look(after_ms=HOUR_MS)
    assert county.standing().waiting == 0


def test_a_wrong_password_is_neither_logged_nor_kept(
    county: County, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    county.person("office", "a@b.example")
    county.user, county.relay.sign_in = "huiyin", ("huiyin", "another password")
    county.postman = county.new_postman()
    county.look(after_ms=HOUR_MS)
    assert county.standing().last_error.startswith("535")
    assert county.standing().undeliverable == 0
    for kept in (caplog.text, county.standing().last_error, repr(county.postman._relay)):
        assert PASSWORD not in kept and "secret" not in kept


def test_a_connection_cut_before_the_answer_gives_a_twin_that_can_be_known(
    county: County,
) -> None:
    county.person("office", "a@b.example")
    county.relay.cut = county.hook.cut = 1
    county.look(after_ms=HOUR_MS)
    assert county.standing().waiting == 2
    county.look(after_ms=MINUTE_MS)
    county.look(after_ms=DAY_MS // 2)
    assert county.standing().waiting == 0
    ids = [one.message["Message-ID"] for one in county.relay.taken]
    assert len(ids) == 2 and len(set(ids)) == 1 and ids[0].endswith("@wanghe.example>")
    keys = [one.headers["idempotency-key"] for one in county.hook.posts]
    assert len(keys) == 2 and len(set(keys)) == 1


def test_different_messages_have_different_identities(county: County) -> None:
    county.person("a", "a@b.example")
    county.person("b", "b@b.example")
    county.look(after_ms=HOUR_MS)
    county.look(after_ms=DAY_MS)
    ids = {one.message["Message-ID"] for one in county.relay.taken}
    assert len(ids) == len(county.relay.taken) == 4


def test_the_same_message_is_put_once(county: County) -> None:
    message = Letter("digest:x", LetterKind.EMAIL, "account", "s", "b")
    for expected in (1, 0):
        done = county.log.write(
            lambda job: waiting_letters.put(job.connection, [message], now_ms=county.now)
        )
        assert done.result == expected


def test_what_was_sent_but_not_written_down_is_not_sent_again(
    county: County, monkeypatch: pytest.MonkeyPatch
) -> None:
    county.person("office", "a@b.example")
    county.look()
    real = Postman._write_down

    def full(postman: Postman) -> None:
        raise OSError("no room")

    county.now = at("2026-11-23T08:00")
    monkeypatch.setattr(Postman, "_write_down", full)
    for _ in range(3):
        with pytest.raises(OSError, match="no room"):
            county.look(after_ms=MINUTE_MS)
    monkeypatch.setattr(Postman, "_write_down", real)
    county.look()
    day = [one for one in county.relay.taken if "11月23日" in one.message["Subject"]]
    assert len(day) == 1 and county.standing().waiting == 0


def test_a_post_is_signed_and_its_secret_url_is_kept_nowhere(county: County) -> None:
    county.look(after_ms=HOUR_MS)
    taken = county.hook.posts[0]
    assert taken.path == "/hook?key=secret-of-url"
    assert taken.headers["content-type"] == "application/json; charset=utf-8"
    mac = hmac.new(b"webhook-secret", taken.body, hashlib.sha256).hexdigest()
    assert taken.headers["x-huiyin-signature"] == f"sha256={mac}"
    county.log.stop()
    for file in county.folder.iterdir():
        if file.is_file():
            assert b"secret-of-url" not in file.read_bytes(), file
    county.open()


@pytest.mark.parametrize("status", [301, 302, 307, 308, 400, 404, 500])
def test_no_redirect_is_followed_and_only_2xx_counts(county: County, status: int) -> None:
    county.hook.status = status
    county.look(after_ms=HOUR_MS)
    assert [one.path for one in county.hook.posts] == ["/hook?key=secret-of-url"]
    assert county.standing().last_error.endswith(f" HTTP {status}")
    county.hook.status = 200
    county.look(after_ms=MINUTE_MS)
    assert county.standing().waiting == 0 and len(county.hook.posts) == 2


def test_one_receiver_that_fails_does_not_keep_the_other_waiting(tmp_path: Path) -> None:
    with relay() as mail, hook() as well, hook() as ill:
        ill.status = 500
        county = County(tmp_path / "data", mail, well, urls=(ill.url, well.url))
        county.look(after_ms=HOUR_MS)
        assert len(well.posts) == 1 and county.standing().waiting == 1
        county.urls = (well.url,)
        county.postman = county.new_postman()
        county.look(after_ms=HOUR_MS)
        assert len(ill.posts) == 1 and "webhook_urls" in county.standing().last_error
        county.stop()


def test_a_bad_address_or_subject_in_the_table_goes_nowhere_and_blocks_nobody(
    county: County,
) -> None:
    bad = county.person("bad", "x@b.example\r\nBcc: y@b.example")
    well = county.person("well", "well@b.example")
    letters = [
        Letter("1", LetterKind.EMAIL, bad.id, "s", "b"),
        Letter("2", LetterKind.EMAIL, well.id, "s\r\nBcc: y@b.example", "b"),
        Letter("3", LetterKind.EMAIL, well.id, "s", ".\r\nRCPT TO:<y@b.example>\r\n.\r\n"),
        Letter("4", LetterKind.EMAIL, "no-such-account", "s", "b"),
    ]
    county.log.write(lambda job: waiting_letters.put(job.connection, letters, now_ms=county.now))
    county.look()
    taken = [one for one in county.relay.taken if one.message["Subject"] == "s"]
    assert len(taken) == 1 and taken[0].text.startswith(".")
    assert all(one.recipients == ["well@b.example"] for one in county.relay.taken)
    assert not any(b"Bcc" in one.raw for one in county.relay.taken)
    assert {"1", "2", "4"} <= {one.key for one in county.standing().given_up}


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for localhost that signs itself, with its key in one file."""
    path = tmp_path_factory.mktemp("tls") / "localhost.pem"
    command = (
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 "
        f"-subj /CN=localhost -addext subjectAltName=DNS:localhost -keyout {path} -out {path}.crt"
    )
    subprocess.run(
        command.split(),
        check=True,
        capture_output=True,
    )
    path.write_bytes(path.read_bytes() + Path(f"{path}.crt").read_bytes())
    return path


def test_a_certificate_is_verified_before_anything_is_said(
    county: County, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    county.person("office", "a@b.example")
    county.relay.context = context
    county.relay.sign_in = (county.user, _) = ("huiyin", PASSWORD)
    county.security = "starttls"
    county.postman = county.new_postman()
    county.look(after_ms=HOUR_MS)
    assert "CERTIFICATE_VERIFY_FAILED" in county.standing().last_error
    assert not county.relay.taken
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    county.look(after_ms=HOUR_MS)
    assert len(county.relay.taken) == 1 and county.relay.encrypted == 1


def test_starttls_that_is_not_offered_is_not_done_without(county: County) -> None:
    county.person("office", "a@b.example")
    county.security = "starttls"
    county.postman = county.new_postman()
    county.look(after_ms=HOUR_MS)
    assert "STARTTLS" in county.standing().last_error and not county.relay.taken


def test_a_relay_that_hangs_does_not_hold_the_end(county: County) -> None:
    county.relay.hang = True
    county.person("office", "a@b.example")
    county.now += HOUR_MS
    county.postman.start()
    until(lambda: county.relay.connections)
    began = time.monotonic()
    county.stop()
    assert time.monotonic() - began < 2
    county.relay.hang = False
    county.open()
    county.look()
    assert len(county.relay.taken) == 1


def test_a_webhook_that_hangs_is_let_go(county: County) -> None:
    county.relay.hang = True
    with pytest.raises(Exception, match=r"timed out|Timeout"):
        post(f"http://127.0.0.1:{county.relay.port}/", b"{}", identity="i", timeout_s=0.05)
