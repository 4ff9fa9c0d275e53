"""Addresses and settings of notices to staff: nothing gets into a header, no secret gets out."""

from pathlib import Path

import pytest

from server.folder.addresses import BadAddress, parse_email, parse_webhook
from server.folder.settings import SettingsError, load_settings
from server.letters.mail import compose


@pytest.mark.parametrize(
    "text",
    [
        "a@b.example\r\nBcc: everyone@b.example",
        "a@b.example\n",
        "a@b.example, b@b.example",
        "a@b.example>",
        "<a@b.example>",
        '"a b"@b.example',
        "王@b.example",
        "a@例.cn",
        "a@b..example",
        "a@-b.example",
        "a.@b.example",
        "@b.example",
        "a@",
        "a b@c.example",
        "a@b.example\u2028Bcc: x@y.example",
        "a" * 65 + "@b.example",
        "a@" + "b." * 130 + "example",
    ],
)
def test_an_address_can_carry_nothing_into_a_header(text: str) -> None:
    with pytest.raises(BadAddress):
        parse_email(text)
    with pytest.raises(ValueError):
        compose(
            sender="a@b.example", recipient=text, subject="s", body="b", identity="i", made_at=0
        )


@pytest.mark.parametrize("text", ["wang@example.cn", "w.z+x@a-b.gov.cn", "a@localhost"])
def test_ordinary_addresses_are_taken(text: str) -> None:
    assert parse_email(f" {text} ") == text


@pytest.mark.parametrize(
    "url",
    [
        "ftp://a.example/",
        "file:///etc/passwd",
        "https://",
        "https://user:word@a.example/",
        "https://a.example/\r\nX: y",
        "https://a.example/a b",
        "https://a.example:99999/",
        "https://例.cn/",
        "a.example",
    ],
)
def test_a_webhook_is_a_plain_http_address(url: str) -> None:
    with pytest.raises(BadAddress):
        parse_webhook(url)


def test_settings_that_do_not_fit_stop_the_start_and_show_no_secret(tmp_path: Path) -> None:
    base = {"smtp_host": "mail.example", "smtp_from": "a@b.example"}
    assert load_settings(tmp_path, **base).mail_port == 587
    assert load_settings(tmp_path, **base, smtp_security="tls").mail_port == 465
    for wrong in (
        {"smtp_host": "mail.example"},
        {**base, "smtp_from": "a@b.example\r\nBcc: c@d.example"},
        {**base, "smtp_security": "ssl"},
        {**base, "smtp_host": "mail example"},
        {**base, "smtp_password": "s3cret"},
        {**base, "smtp_user": "u", "smtp_password": "s3cret", "smtp_security": "none"},
        {"webhook_urls": ["ftp://a.example/s3cret"]},
        {"webhook_urls": 5},
        {"digest_hour": 24},
        {"digest_hour": "eight"},
        {"smtp_port": 70000},
    ):
        with pytest.raises(SettingsError) as found:
            load_settings(tmp_path, **wrong)
        assert "s3cret" not in str(found.value)
    whole = load_settings(
        tmp_path,
        **base,
        smtp_user="u",
        smtp_password="s3cret",
        webhook_secret="s3cret",
        webhook_urls=["https://a.example/s3cret"],
    )
    assert "s3cret" not in repr(whole) and whole.has_secrets


def test_webhooks_come_from_the_environment_with_spaces(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUIYIN_WEBHOOK_URLS", " https://a.example/x  http://b.example/ ")
    assert load_settings(tmp_path).webhook_urls == ("https://a.example/x", "http://b.example/")
    monkeypatch.setenv("HUIYIN_WEBHOOK_URLS", "")
    assert load_settings(tmp_path).webhook_urls == ()
