"""Pictures: small, upright, without a word of where they were taken, and gone with their page."""

import functools
import hashlib
import io
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from publisher.content import Content
from publisher.machinery import Machinery
from publisher.sources import PageSource
from publisher.writing import album, pictures
from publisher.writing.pictures import PictureKind
from publisher.writing.tree import Tree
from tests.site import counties

LEAST = {
    PictureKind.FACE: {"avif": 4096, "webp": 4096, "jpg": 8192},
    PictureKind.WIDE: {"avif": 30_720, "webp": 30_720, "jpg": 30_720},
}
FORMATS = {"avif": "AVIF", "webp": "WEBP", "jpg": "JPEG"}


@functools.cache
def photo(
    size: tuple[int, int] = (1200, 1600), form: str = "JPEG", *, located: bool = False
) -> bytes:
    """A picture with something in it: red above, blue below; `located`: with `with_gps`."""
    picture = Image.new("RGB", size, "blue")
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 0, size[0], size[1] // 2), fill="red")
    for n in range(0, min(size), 40):
        draw.ellipse((n, n, n + 30, n + 50), fill=(n % 255, 255 - n % 255, n * 7 % 255))
    written = io.BytesIO()
    picture.save(written, form, **({"exif": with_gps()} if located else {}))
    return written.getvalue()


def opened(data: bytes) -> Image.Image:
    """The picture of some bytes, read whole."""
    with Image.open(io.BytesIO(data)) as picture:
        picture.load()
        return picture


def with_gps() -> Image.Exif:
    """Metadata that tells where and with what a picture was taken, and that it lies on its side."""
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "SECRET-MAKER"
    exif.get_ifd(0x8825)[2] = (22.0, 49.0, 1.0)
    return exif


NOISE = Image.effect_noise((1600, 1200), 120).convert("RGB")


@pytest.mark.parametrize("kind", PictureKind)
@pytest.mark.parametrize("noisy", [False, True])
def test_each_rendition_keeps_within_its_weight(kind: PictureKind, noisy: bool) -> None:
    data = photo()
    if noisy:
        written = io.BytesIO()
        NOISE.save(written, "JPEG", quality=95)
        data = written.getvalue()
    made = pictures.renditions(data, kind)
    assert made is not None
    for extension, most_bytes in LEAST[kind].items():
        assert len(made[extension]) <= most_bytes, extension
        assert opened(made[extension]).format == FORMATS[extension]


def test_a_portrait_is_cropped_and_a_wide_one_is_whole() -> None:
    face = pictures.renditions(photo((3000, 2000)), PictureKind.FACE)
    wide = pictures.renditions(photo((3000, 2000)), PictureKind.WIDE)
    small = pictures.renditions(photo((300, 200)), PictureKind.WIDE)
    assert face and wide and small
    assert opened(face["webp"]).size == (240, 320)
    assert opened(wide["avif"]).size == (640, 427)
    assert opened(small["jpg"]).size == (300, 200)


def test_a_picture_stands_upright_and_tells_nothing_of_its_place() -> None:
    data = photo((1600, 1200), located=True)
    assert b"SECRET-MAKER" in data
    made = pictures.renditions(data, PictureKind.WIDE)
    assert made is not None
    for extension, body in made.items():
        picture = opened(body)
        assert picture.size == (640, 853), extension
        # Turned to the right by 90°: what was above is now on the right.
        right = picture.convert("RGB").getpixel((620, 426))
        left = picture.convert("RGB").getpixel((20, 840))
        assert isinstance(right, tuple) and right[0] > 180, extension
        assert isinstance(left, tuple) and left[2] > 180, extension
        assert not picture.getexif() and b"SECRET-MAKER" not in body, extension
        assert not {"exif", "icc_profile", "xmp", "comment"} & picture.info.keys(), extension


def test_the_same_upload_gives_the_same_bytes() -> None:
    for kind in PictureKind:
        data = photo((640, 480))
        assert pictures.renditions(data, kind) == pictures.renditions(data, kind)


def test_what_shines_through_is_white() -> None:
    written = io.BytesIO()
    Image.new("RGBA", (100, 100), (0, 0, 0, 0)).save(written, "PNG")
    made = pictures.renditions(written.getvalue(), PictureKind.WIDE)
    assert made is not None
    assert opened(made["jpg"]).getpixel((50, 50)) == (255, 255, 255)


@pytest.mark.parametrize(
    "data",
    [b"", b"no picture", photo()[:3000], photo(form="PNG")[:2000], photo(form="GIF")],
    ids=["empty", "words", "cut JPEG", "cut PNG", "another format"],
)
def test_broken_bytes_are_no_picture(data: bytes) -> None:
    sha256 = hashlib.sha256(data).hexdigest()
    content = replace(counties.content(), picture={sha256: data}.get)
    for kind in PictureKind:
        assert pictures.renditions(data, kind) is None
        assert pictures.shown(content, sha256, kind, "韦国强") is None


def test_a_template_is_told_paths_and_size() -> None:
    data = photo()
    sha256 = hashlib.sha256(data).hexdigest()
    content = replace(counties.content(), picture={sha256: data}.get)
    assert pictures.shown(content, sha256, PictureKind.FACE, "韦国强") == {
        "avif": f"pictures/{sha256[:16]}-face.avif",
        "webp": f"pictures/{sha256[:16]}-face.webp",
        "jpg": f"pictures/{sha256[:16]}-face.jpg",
        "width": 240,
        "height": 320,
        "alt": "韦国强",
    }
    assert pictures.shown(content, "", PictureKind.FACE, "") is None
    assert pictures.shown(content, "0" * 64, PictureKind.FACE, "") is None


@pytest.fixture
def made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes each rendition once for all tests that show it."""
    monkeypatch.setattr(album, "renditions", _renditions)


_renditions = functools.cache(pictures.renditions)


class Shown:
    """A tree whose pages name pictures."""

    def __init__(self, folder: Path) -> None:
        self.uploads = {hashlib.sha256(p).hexdigest(): p for p in (photo(), photo((640, 480)))}
        self.content: Content = replace(counties.content(), picture=self.uploads.get)
        self.machinery = Machinery()
        self.machinery.set_extra(county={"name": "清河县"}, stylesheet="", server="")
        self.tree = Tree(folder, self.machinery, self.uploads.get)

    def write(self, path: str, *sha256s: str) -> None:
        """Write a page that shows some pictures."""
        listed = tuple((sha256, PictureKind.WIDE) for sha256 in sha256s)
        told = [pictures.shown(self.content, *one, "图") for one in listed]
        words = " ".join(one["avif"] for one in told if one)
        meta = {"title": words or "没有图", "unlisted": True}
        self.tree.write(PageSource(path, "missing.html", meta, listed))

    def files(self) -> set[str]:
        """The pictures that stand there."""
        return {file.name for file in (self.tree.root / "pictures").glob("*")}


def named(*sha256s: str) -> set[str]:
    """The files of some pictures."""
    return {f".{s[:16]}-wide" for s in sha256s} | {
        f"{s[:16]}-wide.{extension}" for s in sha256s for extension in FORMATS
    }


@pytest.mark.usefixtures("made_once")
def test_pictures_come_with_their_pages_and_go_with_the_last(tmp_path: Path) -> None:
    site = Shown(tmp_path)
    one, two = site.uploads
    site.write("a/", one, two)
    site.write("b/", two)
    assert site.files() == named(one, two)
    site.write("a/", two)
    assert site.files() == named(two)
    site.tree.remove("b/")
    assert site.files() == named(two)
    site.tree.remove("a/")
    assert not (tmp_path / "pictures").exists()


@pytest.mark.usefixtures("made_once")
def test_a_picture_that_is_gone_is_not_named(tmp_path: Path) -> None:
    site = Shown(tmp_path)
    one, two = site.uploads
    site.write("a/", one, two)
    del site.uploads[one]
    site.write("a/", one, two)
    assert site.files() == named(two)


@pytest.mark.usefixtures("made_once")
def test_what_a_crash_left_is_swept(tmp_path: Path) -> None:
    site = Shown(tmp_path)
    one, two = site.uploads
    site.write("a/", two)
    # Killed before the page was written, and in the middle of making files.
    site.tree.album.name("b/", {f"{one[:16]}-wide"}, [(one, PictureKind.WIDE)])
    (tmp_path / "pictures" / f"{'e' * 16}-wide.webp").write_bytes(b"left")
    site.tree.album.name("c/", {f"{two[:16]}-wide"}, [(two, PictureKind.WIDE)])
    site.tree.album.sweep()
    assert site.files() == named(two)
    assert (tmp_path / "pictures" / f".{two[:16]}-wide").read_text() == "a/\n"
