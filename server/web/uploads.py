"""One large file out of a form, written to disk as it comes: no body of it lies in memory."""

import asyncio
import re
import tempfile
from pathlib import Path
from typing import IO

from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import Request

from server.web.problems import TooLarge, Unreadable, WrongMediaType

FIELDS_MOST_BYTES = 16 * 1024
_NAME = re.compile(rb'(?:^|;)\s*name="([^"]*)"')


class Upload:
    """What a form brought: its short fields as text, and one file, which closing removes."""

    def __init__(self, folder: Path, file_field: str, most_bytes: int) -> None:
        self.fields: dict[str, str] = {}
        self.file: IO[bytes] = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115  # `close` does.
        self.size_bytes = 0
        self._file_field = file_field
        self._most_bytes = most_bytes
        self._name = ""
        self._header = b""
        self._value = b""
        self._held_bytes = 0

    def close(self) -> None:
        """Remove the file."""
        self.file.close()

    # Called by the parser, in the order of the body.

    def part_begins(self) -> None:
        """Forget the part before."""
        self._name, self._value = "", b""

    def header_name(self, data: bytes, start: int, end: int) -> None:
        """Take a piece of a header's name."""
        self._header += data[start:end]

    def header_value(self, data: bytes, start: int, end: int) -> None:
        """Take a piece of a header's value."""
        self._value += data[start:end]

    def header_ends(self) -> None:
        """Note the field's name where the header says it."""
        if self._header.lower() == b"content-disposition":
            name = _NAME.search(self._value)
            self._name = "" if name is None else name[1].decode("utf-8", "replace")
        self._header, self._value = b"", b""

    def part_goes_on(self, data: bytes, start: int, end: int) -> None:
        """Take a piece of a field's content. Raises TooLarge."""
        if self._name == self._file_field:
            self.size_bytes += end - start
            if self.size_bytes > self._most_bytes:
                raise TooLarge
            self.file.write(data[start:end])
            return
        self._held_bytes += end - start
        if self._held_bytes > FIELDS_MOST_BYTES:
            raise TooLarge
        self._value += data[start:end]

    def part_ends(self) -> None:
        """Note a short field."""
        if self._name != self._file_field:
            self.fields[self._name] = self._value.decode("utf-8", "replace")


async def receive_file(request: Request, folder: Path, *, field: str, most_bytes: int) -> Upload:
    """Return a multipart form with one file, which lies without a name in `folder`.

    The caller closes it. Raises WrongMediaType, TooLarge, Unreadable, OSError.
    """
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    boundary = options.get(b"boundary")
    if kind != b"multipart/form-data" or not boundary:
        raise WrongMediaType
    upload = await asyncio.to_thread(Upload, folder, field, most_bytes)
    parser = MultipartParser(
        boundary,
        {
            "on_part_begin": upload.part_begins,
            "on_header_field": upload.header_name,
            "on_header_value": upload.header_value,
            "on_header_end": upload.header_ends,
            "on_part_data": upload.part_goes_on,
            "on_part_end": upload.part_ends,
        },
    )
    try:
        async for chunk in request.stream():
            if chunk:
                await asyncio.to_thread(parser.write, chunk)
        parser.finalize()
        await asyncio.to_thread(upload.file.flush)
    except MultipartParseError as error:
        upload.close()
        raise Unreadable from error
    except BaseException:
        upload.close()
        raise
    return upload
