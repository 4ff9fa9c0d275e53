"""Pictures that staff upload for everyone to see: made small, without what the camera noted.

They lie with the villagers' photos, by the hash of their bytes; records and notices name them.
"""

import hashlib
import io
from collections.abc import Sequence

from acts.refusals import N_, BadFields, FieldProblem
from matters.intake.intake import Photo
from publisher.writing.pictures import flat
from server.folder.safe_writes import SafeWriter
from server.photos.attachments import check_photo, keep_photos

EDGE_MOST_PX = 1600
_QUALITY = 85
_BROKEN = N_("照片打不开，可能没有传完，请再选一次。")


def take_pictures(writes: SafeWriter, bodies: Sequence[bytes], *, field: str) -> tuple[str, ...]:
    """Keep uploaded pictures and return the SHA-256 of each as it is kept, in their order.

    The same picture gives the same hash again. Raises BadFields, StorageFull.
    """
    if not bodies:
        return ()
    made = [made_public(body, field=field) for body in bodies]
    writes.commit(lambda transaction: keep_photos(transaction, made))
    return tuple(photo.sha256 for photo, _ in made)


def made_public(body: bytes, *, field: str) -> tuple[Photo, bytes]:
    """Return a picture as a JPEG of at most 1600 px each way, upright, bare pixels only.

    Raises BadFields for what is no picture, or is too large (`check_photo`).
    """
    # Pillow takes 3 MB, which a node without pictures need not have.
    from PIL import Image, ImageOps

    checked = check_photo(body)
    if isinstance(checked, FieldProblem):
        raise BadFields([checked._replace(field=field)])
    try:
        with Image.open(io.BytesIO(body)) as opened:
            # A JPEG is read at a half or a quarter: many times faster.
            opened.draft("RGB", (2 * EDGE_MOST_PX, 2 * EDGE_MOST_PX))
            picture = flat(ImageOps.exif_transpose(opened))
    except Exception as error:
        # Pillow raises many kinds of error for bytes that are no whole picture.
        raise BadFields.of(field, "broken", _BROKEN) from error
    picture.thumbnail((EDGE_MOST_PX, EDGE_MOST_PX), Image.Resampling.LANCZOS)
    bare = Image.frombytes("RGB", picture.size, picture.tobytes())
    written = io.BytesIO()
    bare.save(written, "JPEG", quality=_QUALITY, optimize=True)
    small = written.getvalue()
    return Photo(hashlib.sha256(small).hexdigest(), "image/jpeg", len(small)), small
