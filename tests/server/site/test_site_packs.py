"""The site on a stick: signed lists and files in frames, in any order, cut, flipped and old."""

import contextlib
import io
from collections.abc import Callable, Iterator
from pathlib import Path

import brotli  # type: ignore[import-untyped]  # It ships no types.
import pytest
from nacl.signing import SigningKey

from server.site import site_offer
from server.site.site_copy import PackOutOfStep, PackUnreadable, SiteCopy, SiteNotTrusted, opened
from server.site.site_offer import SiteOffer
from tests.server.site.test_site_copy import NOONE, held

SIGNING = bytes(range(32))
OUR_HUB = bytes(SigningKey(SIGNING).verify_key)


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A small site with brotli copies of its pages."""
    folder = tmp_path / "site"
    for number in range(12):
        write(folder / "notices" / str(number) / "index.html", f"<article>{number}" * 40)
    write(folder / "index.html", "<article>home" * 50)
    write(folder / "404.html", "<article>none" * 50)
    (folder / "pictures").mkdir()
    (folder / "pictures" / "0123456789abcdef-face.webp").write_bytes(bytes(range(256)) * 9)
    return folder


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    path.with_name(path.name + ".br").write_bytes(brotli.compress(text.encode()))


Offering = Callable[[], SiteOffer]


@pytest.fixture
def offering(site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Offering]:
    """What opens the site's offer, as a restart of the hub does; it looks at each question."""
    monkeypatch.setattr(site_offer, "_SCAN_PAUSE_S", 0.0)
    monkeypatch.setattr(site_offer, "_SCAN_SHARE", 0)
    clock = iter(range(1000, 1_000_000, 1000))
    made: list[SiteOffer] = []

    def make() -> SiteOffer:
        for one in made:
            one.close()
        made.append(SiteOffer(site, tmp_path / "manifest.db", SIGNING, lambda: next(clock)))
        return made[-1]

    yield make
    for one in made:
        one.close()


def test_an_old_page_is_no_answer(offering: Offering) -> None:
    offer = offering()
    old = offer.page(b"", 0, b"n" * 16)
    assert opened(old, OUR_HUB, b"n" * 16).changes
    with pytest.raises(SiteNotTrusted):
        opened(old, OUR_HUB, b"m" * 16)
    for length in range(0, len(old), 7):
        with pytest.raises(SiteNotTrusted):
            opened(old[:length], OUR_HUB, b"n" * 16)


def test_a_stick_brings_the_same_and_what_is_on_it_twice_changes_nothing(
    offering: Offering, copy: SiteCopy, site: Path
) -> None:
    offer = offering()
    first = b"".join(offer.pack(*copy.cursor()))
    assert copy.take_packed(io.BytesIO(first), OUR_HUB).files_left == 0
    assert held(copy.out) == held(site)
    at = copy.copied_at
    write(site / "index.html", "<article>newer")
    (site / "notices" / "3" / "index.html").unlink()
    second = b"".join(offer.pack(*copy.cursor()))
    assert len(second) < len(first) / 2
    copy.take_packed(io.BytesIO(second), OUR_HUB)
    assert held(copy.out) == held(site)
    assert (copy.copied_at or 0) > (at or 0)
    newest = copy.copied_at
    for packed in (first, second):
        copy.take_packed(io.BytesIO(packed), OUR_HUB)
        assert held(copy.out) == held(site) and copy.copied_at == newest
    write(site / "index.html", "<article>newest")
    skipped = offer.pack(*copy.cursor())
    assert b"".join(skipped)
    write(site / "index.html", "<article>newest of all")
    cursor = opened(offer.page(*copy.cursor()), OUR_HUB, bytes(16))
    behind = b"".join(offer.pack(cursor.log, cursor.until))
    with pytest.raises(PackOutOfStep):
        copy.take_packed(io.BytesIO(behind), OUR_HUB)
    with pytest.raises(SiteNotTrusted):
        copy.take_packed(io.BytesIO(second), NOONE)


def test_a_small_stick_brings_it_in_parts(offering: Offering, copy: SiteCopy, site: Path) -> None:
    offer = offering()
    sticks = 0
    while copy.copied_at is None:
        packed = b"".join(offer.pack(*copy.cursor(), 600))
        assert len(packed) < 1100 or sticks == 0
        copy.take_packed(io.BytesIO(packed), OUR_HUB)
        sticks += 1
        assert sticks < 40
    assert sticks > 2
    assert held(copy.out) == held(site)


def test_a_pack_cut_anywhere_or_with_a_flipped_bit_harms_nothing(
    offering: Offering, copy: SiteCopy, site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packed = b"".join(offering().pack(b"", 0))
    for length in range(0, len(packed), 131):
        with contextlib.suppress(PackUnreadable):
            copy.take_packed(io.BytesIO(packed[:length]), OUR_HUB)
        assert set(held(copy.out).items()) <= set(held(site).items())
    for place in range(0, len(packed), 97):
        flipped = bytearray(packed)
        flipped[place] ^= 16
        with contextlib.suppress(PackUnreadable, SiteNotTrusted):
            copy.take_packed(io.BytesIO(bytes(flipped)), OUR_HUB)
        assert set(held(copy.out).items()) <= set(held(site).items())
    copy.take_packed(io.BytesIO(packed), OUR_HUB)
    assert held(copy.out) == held(site)


def test_a_pack_of_a_hub_before_it_was_restored_is_not_taken_after_it(
    offering: Offering, copy: SiteCopy, site: Path, tmp_path: Path
) -> None:
    offer = offering()
    old = b"".join(offer.pack(b"", 0))
    offer.close()
    (tmp_path / "manifest.db").unlink()
    write(site / "index.html", "<article>after the restore")
    copy.take_packed(io.BytesIO(b"".join(offering().pack(b"", 0))), OUR_HUB)
    assert held(copy.out) == held(site)
    with pytest.raises(PackOutOfStep):
        copy.take_packed(io.BytesIO(old), OUR_HUB)
    assert held(copy.out) == held(site)
