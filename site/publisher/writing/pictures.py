"""Pictures as the site shows them: small, upright, without a word of where they were taken.

What was uploaded is never served. Each rendition is drawn anew from the pixels, so that no EXIF,
GPS, profile or thumbnail comes along, and the same upload gives the same bytes each time.
"""

import io
import warnings
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

from publisher.content import Content

if TYPE_CHECKING:
    # Pillow takes 3 MB, which a node without pictures need not have: imported where it draws.
    from PIL import Image

FOLDER = "pictures/"
PIXELS_MOST = 60_000_000
_READ = ("JPEG", "PNG", "WEBP")
_QUALITIES = (70, 60, 50, 42, 35, 28, 22, 16, 10, 5)
# Smaller than this nobody sees anything; then it may weigh what it weighs.
_SIDE_LEAST = 16


class PictureKind(StrEnum):
    """What a picture is for. Another size or quality is another kind: names are kept for good."""

    FACE = "face"
    """A portrait of 240 × 320 pixels or less."""
    WIDE = "wide"
    """Up to 640 pixels wide and 960 high."""


class _Shape(NamedTuple):
    width: int
    height: int
    cropped: bool
    most_bytes: dict[str, int]


_SHAPES = {
    PictureKind.FACE: _Shape(240, 320, True, {"avif": 4000, "webp": 4000, "jpg": 8000}),
    PictureKind.WIDE: _Shape(640, 960, False, {"avif": 30_000, "webp": 30_000, "jpg": 30_000}),
}
_FORMATS: dict[str, tuple[str, dict[str, Any]]] = {
    # One thread, or the bytes depend on how many cores there are.
    "avif": ("AVIF", {"speed": 6, "max_threads": 1}),
    "webp": ("WEBP", {"method": 6}),
    "jpg": ("JPEG", {"optimize": True, "progressive": True}),
}
EXTENSIONS = tuple(_FORMATS)
# The sizes of pictures that were looked at: to decode one takes a while. None: it is broken.
_sizes: dict[tuple[str, PictureKind], tuple[int, int] | None] = {}


def name(sha256: str, kind: PictureKind) -> str:
    """The name of a picture's files, without folder and extension."""
    return f"{sha256[:16]}-{kind}"


def shown(content: Content, sha256: str, kind: PictureKind, alt: str) -> dict[str, Any] | None:
    """What a template needs to show a picture; None where it is gone or can't be read.

    `avif`, `webp` and `jpg` are paths from the root of the site, `width` and `height` pixels. The
    page names (sha256, kind) among its `pictures`, too.
    """
    if not sha256 or (data := content.picture(sha256)) is None:
        return None
    key = (sha256, kind)
    if key not in _sizes:
        picture = _drawn(data, kind)
        _sizes[key] = picture.size if picture else None
    if (size := _sizes[key]) is None:
        return None
    path = FOLDER + name(sha256, kind)
    paths = {extension: f"{path}.{extension}" for extension in EXTENSIONS}
    return {**paths, "width": size[0], "height": size[1], "alt": alt}


def renditions(data: bytes, kind: PictureKind) -> dict[str, bytes] | None:
    """The files of a picture by extension, each within its weight; None where it is broken."""
    picture = _drawn(data, kind)
    if picture is None:
        return None
    most = _SHAPES[kind].most_bytes
    return {extension: _encoded(picture, extension, most[extension]) for extension in EXTENSIONS}


def _drawn(data: bytes, kind: PictureKind) -> "Image.Image | None":
    """The picture upright, in its size, as bare RGB pixels; None where it is broken."""
    from PIL import Image, ImageOps

    shape = _SHAPES[kind]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data), formats=_READ) as opened:
                if opened.width * opened.height > PIXELS_MOST:
                    return None
                # A JPEG is read at a half, a quarter or an eighth: many times faster.
                side = max(shape.width, shape.height)
                opened.draft("RGB", (2 * side, 2 * side))
                upright = ImageOps.exif_transpose(opened)
                return _sized(flat(upright), shape)
    except Exception:
        # Pillow raises many kinds of error for bytes that are no whole picture.
        return None


def flat(picture: "Image.Image") -> "Image.Image":
    """A picture as RGB, what shines through being white."""
    from PIL import Image

    if picture.has_transparency_data:
        above = picture.convert("RGBA")
        below = Image.new("RGBA", above.size, "white")
        picture = Image.alpha_composite(below, above)
    return picture.convert("RGB")


def _sized(picture: "Image.Image", shape: _Shape) -> "Image.Image":
    from PIL import Image, ImageOps

    if shape.cropped:
        # The wanted proportion as large as the picture has it, a face being rather at its top.
        scale = min(picture.width / shape.width, picture.height / shape.height, 1.0)
        size = (max(1, round(shape.width * scale)), max(1, round(shape.height * scale)))
        fitted = ImageOps.fit(picture, size, Image.Resampling.LANCZOS, centering=(0.5, 0.3))
    else:
        scale = min(shape.width / picture.width, shape.height / picture.height, 1.0)
        size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
        fitted = picture.resize(size, Image.Resampling.LANCZOS)
    return Image.frombytes("RGB", fitted.size, fitted.tobytes())


def _encoded(picture: "Image.Image", extension: str, most_bytes: int) -> bytes:
    """The best quality that fits; where none does, of a picture half as large."""
    form, options = _FORMATS[extension]

    def at(quality: int) -> bytes:
        written = io.BytesIO()
        picture.save(written, form, quality=quality, **options)
        return written.getvalue()

    while True:
        low, high, best = 0, len(_QUALITIES), b""
        while low < high:
            middle = (low + high) // 2
            data = at(_QUALITIES[middle])
            if len(data) <= most_bytes:
                best, high = data, middle
            else:
                low = middle + 1
        if best:
            return best
        if min(picture.size) < 2 * _SIDE_LEAST:
            return data
        picture = picture.resize((picture.width // 2, picture.height // 2))
