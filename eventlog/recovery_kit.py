"""The recovery kit: a node's keys on paper, with where its replica is and its settings.

Without it a restored hub has the record of every matter, but can open no contact detail. Kits are
read by their lines' labels, so that older ones stay good and one typed off by hand is read, too.
"""

import base64
import hashlib
import unicodedata
from collections.abc import Mapping
from pathlib import Path

from eventlog.files import write_atomically
from eventlog.keys import KIT_NAME, Keys


class KitError(Exception):
    """A recovery kit can't be read: a line is missing or was copied wrongly."""


# Behind each key stand three bytes of its SHA-256, so that a letter copied wrongly is noticed
# before contacts are lost for it; 35 bytes are 56 letters without padding.
_CHECK_BYTES = 3
_KIT_LETTERS = 56
# Digits that are no letters of base32, read as what they were copied from.
_READ_AS = str.maketrans("018", "OIB")
_LINES = {"unsealing": "unsealing key", "signing": "signing key", "receipt": "receipt key"}


def kit_text(
    keys: Keys, *, node: str, replica: str, settings: Mapping[str, str] | None = None
) -> str:
    """Return the recovery kit, to be printed and taken away: keys in base32, groups of four.

    `replica` and `settings`, by name as they stand in the settings file, hold no secret.
    """
    lines = [
        "回音 Huiyin · 恢复凭证 Recovery kit",
        "",
        "请打印本页,锁入保险柜,然后在管理台确认“已打印”,系统即删除此文件。",
        "Print this page, lock it away, then confirm in the console; the file is then deleted.",
        "没有它,恢复后的服务器有全部办理记录,但打不开任何联系方式。",
        "Without it a restored hub has every record, but can open no contact detail.",
        "",
        f"node: {node}",
        f"fingerprint: {keys.fingerprint}",
        f"replica: {replica}",
    ]
    for name, label in _LINES.items():
        key: bytes = getattr(keys, name)
        code = base64.b32encode(key + _check(key)).decode()
        groups = " ".join(code[start : start + 4] for start in range(0, len(code), 4))
        lines.append(f"{label}: {groups}")
    lines += [
        "",
        "恢复 To restore into an empty folder:",
        "  huiyin restore --from REPLICA_URL --kit recovery-kit.txt",
        "数据还在、只丢了密钥 Where only the keys are lost:",
        "  huiyin keys restore --kit recovery-kit.txt",
        "",
    ]
    if settings:
        lines += [
            "打印时的设置,不含密码 Settings when this was written, without passwords:",
            *(f"  {name} = {value}" for name, value in settings.items()),
            "",
        ]
    return "\n".join(lines)


def _check(key: bytes) -> bytes:
    return hashlib.sha256(key).digest()[:_CHECK_BYTES]


def write_kit(folder: Path, text: str) -> Path:
    """Write the kit into a data folder, readable by its owner only, and return its path."""
    path = folder / KIT_NAME
    write_atomically(path, text.encode(), mode=0o600)
    return path


def read_kit(path: Path) -> Keys:
    """Return the keys that a recovery kit holds. Raises KitError, naming the bad line."""
    labels = {label: name for name, label in _LINES.items()}
    codes: dict[str, bytes] = {}
    for line in _text(path).splitlines():
        words, colon, rest = line.partition(":")
        label = " ".join(words.lower().split())
        name = labels.get(label)
        if not colon or name is None:
            continue
        code = "".join(rest.split()).upper().translate(_READ_AS)
        if len(code) != _KIT_LETTERS:
            raise KitError(f"恢复凭证这一行长度不对 / wrong length: {label}")
        try:
            raw = base64.b32decode(code)
        except ValueError as error:
            raise KitError(f"恢复凭证这一行抄错了 / copied wrongly: {label}") from error
        key = raw[:-_CHECK_BYTES]
        if raw[-_CHECK_BYTES:] != _check(key):
            raise KitError(f"恢复凭证这一行抄错了 / copied wrongly: {label}")
        codes[name] = key
    missing = [label for label, name in labels.items() if name not in codes]
    if missing:
        raise KitError(f"恢复凭证缺少 / the kit lacks: {', '.join(missing)}")
    return Keys(**codes)


def _text(path: Path) -> str:
    """Return a kit's text in plain characters, whatever it was typed off with."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise KitError(f"{path}: 读不出来 / can't be read ({error.strerror})") from error
    # What a Chinese keyboard makes of colons and digits is the same as the plain one; an editor
    # on Windows may write UTF-16, which says so by its first two bytes.
    is_wide = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    text = content.decode("utf-16" if is_wide else "utf-8-sig", "replace")
    return unicodedata.normalize("NFKC", text)
