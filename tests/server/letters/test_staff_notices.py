"""Notices to staff from outside: a real hub, a real relay, kill -9 and SIGTERM in the middle."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from server.data_folder import open_log, prepare_folder
from server.folder.settings import Settings
from server.letters.waiting_letters import Letter, LetterKind, put
from tests.hub import Hub, form_token, huiyin, until
from tests.server.receivers import Relay, hook, relay

pytestmark = pytest.mark.litestream
ADDRESS = "wang@wanghe.example"


def configure(hub: Hub, mail: Relay, **more: str) -> None:
    """Write the settings of mail; the digest's hour is the first of the day, so it has come."""
    hub.data.mkdir(exist_ok=True)
    lines = {
        "smtp_host": '"127.0.0.1"',
        "smtp_port": str(mail.port),
        "smtp_security": '"none"',
        "smtp_from": '"huiyin@wanghe.example"',
        "digest_hour": "0",
        **more,
    }
    file = hub.data / "huiyin.toml"
    file.write_text("".join(f"{name} = {value}\n" for name, value in lines.items()))
    file.chmod(0o600)


@pytest.mark.faults
def test_what_was_made_and_not_sent_survives_kill_9_and_sigterm(own_hub: Hub) -> None:
    with relay() as mail, hook() as receiver:
        own_hub.start()
        huiyin(
            *("users", "add", "王主任", "--role", "office"),
            *("--email", ADDRESS, "--data", own_hub.data),
        )
        receipt = own_hub.raise_matter("桥头第三盏路灯不亮", name="赵大娘", phone="13900000009")
        own_hub.kill()

        mail.hang = True
        configure(own_hub, mail, webhook_urls=f'["{receiver.url}"]')
        own_hub.start()
        until(lambda: mail.connections == 1)
        own_hub.kill()
        assert not mail.taken

        own_hub.start()
        until(lambda: mail.connections == 2)
        assert own_hub.stop() < 5, "a relay that hangs must not hold the end"

        mail.hang = False
        own_hub.start()
        until(lambda: mail.taken)
        until(lambda: receiver.posts)
        found = json.loads(huiyin("doctor", "--json", "--data", own_hub.data, check=False).stdout)
        assert own_hub.stop() < 5
    assert [one.recipients for one in mail.taken] == [[ADDRESS]]
    text = mail.taken[0].text
    number = receipt["number"]
    assert f"{number[:3]} {number[3:6]} {number[6:]}" in text
    assert f"{own_hub.url}/console/" in text
    for secret in ("路灯", "赵大娘", "13900000009", "王主任"):
        assert secret not in text
        assert secret.encode() not in b"".join(one.body for one in receiver.posts)
    day = json.loads(receiver.posts[0].body)
    assert day["county"] == "望禾县"
    assert {"desk": "frame", "count": 1, "overdue": 0} in day["waiting"]
    assert len({one.headers["idempotency-key"] for one in receiver.posts}) == 1
    assert not [one for one in found["problems"] if one["code"].startswith("mail")]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Hub, Relay]]:
    """A hub that sends mail."""
    folder = tmp_path_factory.mktemp("mail") / "data"
    with relay() as mail, Hub(folder, "--sample") as running:
        configure(running, mail)
        running.start()
        yield running, mail


@pytest.mark.parametrize("language", ["zh", "en"])
def test_everyone_keeps_their_own_address(served: tuple[Hub, Relay], language: str) -> None:
    hub, _ = served
    browser = hub.browser_of("deputy")
    page = browser.get("/console/password", params={"lang": language})
    assert ("我的账户" if language == "zh" else "My account") in page.text
    token = form_token(page.text)
    for wrong in ("王", "a@b.example\r\nBcc: c@d.example", "a@b.example,c@d.example", "a b@c.d"):
        refused = browser.post("/console/email", data={"form_token": token, "email": wrong})
        assert refused.status_code == 422 and wrong.split()[0] in refused.text
    saved = browser.post("/console/email", data={"form_token": token, "email": f" {ADDRESS} "})
    assert saved.status_code == 200 and f'value="{ADDRESS}"' in saved.text
    emptied = browser.post("/console/email", data={"form_token": token, "email": ""})
    assert emptied.status_code == 200 and ADDRESS not in emptied.text
    forged = browser.post("/console/email", data={"form_token": "x", "email": ADDRESS})
    assert forged.status_code == 403


def test_an_administrator_tries_it_out_and_sees_what_comes_of_it(
    served: tuple[Hub, Relay],
) -> None:
    hub, mail = served
    browser = hub.browser_of("admin")
    token = form_token(browser.get("/console/system").text)
    form = {"form_token": token}
    assert browser.post("/console/test-message", data=form).status_code == 409
    browser.post("/console/email", data={**form, "email": "admin@wanghe.example"})
    done = browser.post("/console/test-message", data=form)
    assert done.status_code == 200 and "试发的信已经交给邮件服务器" in done.text
    assert mail.taken[-1].recipients == ["admin@wanghe.example"]
    assert "试发" in mail.taken[-1].message["Subject"]

    mail.refusals = {"admin@wanghe.example": "550 5.1.1 nobody of that name"}
    refused = browser.post("/console/test-message", data=form)
    assert "试发的信送不到" in refused.text and "5.1.1 nobody of that name" in refused.text
    assert "admin@wanghe.example" not in refused.text
    found = json.loads(huiyin("doctor", "--json", "--data", hub.data, check=False).stdout)
    assert "mail-undeliverable" in [one["code"] for one in found["problems"]]
    mail.refusals = {}
    count = len(mail.taken)
    assert browser.post("/console/send-again", data=form).status_code == 200
    until(lambda: len(mail.taken) == count + 1)

    office = hub.browser_of("office")
    page = office.get("/console/system").text
    assert "给工作人员的通知" in page and "test-message" not in page
    other = {"form_token": form_token(page)}
    for path in ("/console/test-message", "/console/send-again"):
        assert office.post(path, data=other).status_code == 403
        assert browser.post(path, data={"form_token": "x"}).status_code == 403


def test_an_address_that_is_none_is_refused_at_the_command_line(tmp_path: Path) -> None:
    arguments = ("users", "add", "x", "--role", "office", "--data", tmp_path / "data")
    done = huiyin(*arguments, "--email", "a@b\nBcc: c@d", check=False)
    assert done.returncode != 0 and "Traceback" not in done.stderr
    assert huiyin(*arguments, "--email", ADDRESS).returncode == 0


def test_doctor_says_when_mail_has_been_waiting_for_a_day(tmp_path: Path) -> None:
    data = tmp_path / "data"
    keys = prepare_folder(Settings(data=data))
    two_days_ago = time.time_ns() // 1_000_000 - 2 * 86_400_000
    log = open_log(data, keys, now_ms=lambda: two_days_ago)
    message = Letter("k", LetterKind.EMAIL, "account", "subject", "body")
    log.write(lambda job: put(job.connection, [message], now_ms=two_days_ago))
    log.stop()
    secret = data / "huiyin.toml"
    secret.write_text('webhook_secret = "s3cret"\n')
    secret.chmod(0o644)
    done = huiyin("doctor", "--json", "--data", data, check=False)
    found = json.loads(done.stdout)
    codes = [one["code"] for one in found["problems"]]
    assert "mail-waits" in codes and "settings-readable" in codes
    assert found["outbox"]["waiting"] == 1 and found["outbox"]["oldest_at"]
    said = huiyin("doctor", "--data", data, check=False).stdout
    assert "等着发出的通知 1 条" in said and "s3cret" not in said + done.stdout
