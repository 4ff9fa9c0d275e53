"""What is shown of Litestream's lines holds nothing that opens the replica."""

import pytest

from sync.keeping.concealing import scrubbed
from sync.keeping.process import last_line

LINES = (
    'Error: parse "sftp://huiyin:geheim@127.0.0.1:9/srv": invalid URL escape',
    'level=ERROR msg="sync error" url=s3://k:geheim@b/x?secret-access-key=geheim error=EOF',
    '{"secret_access_key": "geheim", "access-key-id": "geheim"}',
    "sseCustomerKey=geheim password=geheim token=geheim&creds=geheim",
    "nats://geheim@127.0.0.1:4222: no servers",
    'dial "sftp://u:ge@heim-geheim@host/"',
)


@pytest.mark.parametrize("line", LINES)
def test_a_line_is_scrubbed(line: str) -> None:
    assert "heim" not in scrubbed(line)
    assert "heim" not in last_line(f"before\n{line}\n".encode())


def test_an_ordinary_line_stays_as_it_is() -> None:
    line = (
        'level=ERROR msg="monitor error" error="open /srv/huiyin-replica/ltx/0: no space left" '
        "db=/srv/huiyin.db host=backup:22 access denied: get credentials: failed to refresh"
    )
    assert scrubbed(line) == line
