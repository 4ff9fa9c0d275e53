"""PDFs as those see them who hold the paper: their words, their codes, their fonts."""

import re
import subprocess
import tempfile
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import zxingcpp
from PIL import Image

DOTS_PER_INCH = 150
MILLIMETRES_PER_DOT = 25.4 / DOTS_PER_INCH
_QR = zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.QRCode])
A4_MM = (210, 297)
A3_MM = (297, 420)


class Code(NamedTuple):
    """A QR code as a phone reads it: where it leads, and how wide its dark part is."""

    text: str
    width_mm: float


class Word(NamedTuple):
    """A piece of text and where it stands, in millimetres from the top left of its page."""

    text: str
    page: int
    left: float
    top: float
    right: float
    bottom: float


class Printed:
    """One PDF, read with poppler's tools and decoded from its pixels."""

    def __init__(self, pdf: bytes) -> None:
        assert pdf.startswith(b"%PDF-"), pdf[:80]
        self.pdf = pdf

    def _poppler(self, *command: str) -> str:
        with tempfile.NamedTemporaryFile(suffix=".pdf") as file:
            file.write(self.pdf)
            file.flush()
            filled = [file.name if word == "PDF" else word for word in command]
            done = subprocess.run(filled, capture_output=True, check=True, timeout=120)
        return done.stdout.decode("utf-8", "replace")

    @cached_property
    def text(self) -> str:
        """The words of all pages, without any gaps or line breaks."""
        return "".join(self._poppler("pdftotext", "-layout", "PDF", "-").split())

    @cached_property
    def pages(self) -> int:
        """How many pages it has."""
        found = re.search(r"Pages:\s+(\d+)", self._poppler("pdfinfo", "PDF"))
        assert found is not None
        return int(found[1])

    @property
    def size_mm(self) -> tuple[int, int]:
        """Width and height of the first page."""
        found = re.search(r"Page size:\s+([\d.]+) x ([\d.]+)", self._poppler("pdfinfo", "PDF"))
        assert found is not None
        return round(float(found[1]) / 72 * 25.4), round(float(found[2]) / 72 * 25.4)

    @property
    def embedded(self) -> list[bool]:
        """For each font, whether it lies in the file."""
        lines = self._poppler("pdffonts", "PDF").splitlines()[2:]
        marks = [re.search(r"(yes|no) +(?:yes|no) +(?:yes|no) +\d+ +\d+$", one) for one in lines]
        return [mark is not None and mark[1] == "yes" for mark in marks]

    def sizes(self, text: str) -> set[float]:
        """Return the type sizes, in points, of the lines in which `text` stands."""
        xml = self._poppler("pdftohtml", "-xml", "-i", "-stdout", "-zoom", "1", "PDF")
        fonts = dict(re.findall(r'<fontspec id="(\d+)" size="(\d+)"', xml))
        return {
            float(fonts[font])
            for font, line in re.findall(r'<text [^>]*font="(\d+)"[^>]*>(.*?)</text>', xml)
            if text in re.sub("<[^>]*>", "", line)
        }

    @cached_property
    def words(self) -> list[Word]:
        """Return every piece of text with its place."""
        found: list[Word] = []
        page = 0
        for line in self._poppler("pdftotext", "-bbox", "PDF", "-").splitlines():
            page += "<page " in line
            match = re.search(
                r'<word xMin="(.*?)" yMin="(.*?)" xMax="(.*?)" yMax="(.*?)">(.*?)</word>', line
            )
            if match is not None:
                left, top, right, bottom = (float(one) / 72 * 25.4 for one in match.groups()[:4])
                found.append(Word(match[5], page, left, top, right, bottom))
        return found

    def codes(self, page: int = 1) -> list[Code]:
        """Return the codes of a page, as a decoder reads them off its pixels."""
        with tempfile.TemporaryDirectory() as folder:
            source = Path(folder) / "page.pdf"
            source.write_bytes(self.pdf)
            subprocess.run(
                [
                    *("pdftoppm", "-gray", "-singlefile", "-r", str(DOTS_PER_INCH)),
                    *("-f", str(page), "-l", str(page), str(source), str(Path(folder) / "page")),
                ],
                check=True,
                timeout=120,
            )
            with Image.open(Path(folder) / "page.pgm") as image:
                found = zxingcpp.read_barcodes(
                    image, formats=zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.QRCode])
                )
        corners = [(one.text, one.position.top_left.x, one.position.top_right.x) for one in found]
        return [Code(text, (right - left) * MILLIMETRES_PER_DOT) for text, left, right in corners]
