"""Static files as the hub hands them out: coded, revalidated, cached for good, nothing hidden."""

import gzip
import hashlib
import io
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import brotli  # type: ignore[import-untyped]  # It ships no types.
import httpx2
import pytest
import zstandard
from PIL import Image
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

from publisher.site import Publisher
from publisher.writing.touched import Changes
from server.site.public_files import PublicFiles
from server.web.encodings import accepted
from tests.hub import Hub
from tests.site import counties
from tests.site.light_builds import light_builds

READ = {
    "br": brotli.decompress,
    "gzip": gzip.decompress,
    "zstd": lambda data: zstandard.ZstdDecompressor().decompress(data),
    "identity": bytes,
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small built site, with a picture, a hashed script and what a kill leaves behind."""
    out = tmp_path_factory.mktemp("public") / "site"
    written = io.BytesIO()
    Image.new("RGB", (30, 40)).save(written, "PNG")
    sha256 = hashlib.sha256(written.getvalue()).hexdigest()
    content = replace(
        counties.small([counties.notice(n) for n in range(3)]),
        picture={sha256: written.getvalue()}.get,
    )
    with light_builds():
        Publisher(lambda: content, out, "https://hui.example.org/").build_full()
    (out / "pictures").mkdir(exist_ok=True)
    (out / "pictures" / f"{sha256[:16]}-face.webp").write_bytes(b"RIFF")
    (out / "outbox.0123456789abcdef.js").write_text("1")
    (out / ".index.html.4711").write_text("half a page")
    (out / "pictures" / f".{sha256[:16]}-face").write_text("deputies/x/")
    (out.parent / "secret.txt").write_text("secret")
    return out


def served(site: Path) -> Starlette:
    """The files of a site and nothing else."""
    return Starlette(routes=[Mount("/", PublicFiles(site))])


@pytest.fixture
def client(site: Path) -> Iterator[TestClient]:
    """A client of the files alone."""
    with TestClient(served(site), follow_redirects=False) as made:
        yield made


def raw(client: TestClient, path: str, **headers: str) -> tuple[httpx2.Response, bytes]:
    """An answer with its body as it went over the line."""
    asked = {name.replace("_", "-"): value for name, value in headers.items()}
    with client.stream("GET", path, headers={"accept-encoding": "identity"} | asked) as response:
        return response, b"".join(response.iter_raw())


@pytest.mark.parametrize(
    ("header", "first"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip, deflate, br", "br"),
        ("gzip;q=1.0, br;q=0.5", "gzip"),
        ("br;q=0, *", "zstd"),
        ("zstd", "zstd"),
        ("x-gzip", "gzip"),
        ("GZIP", "gzip"),
        ("deflate", "identity"),
        ("", "identity"),
        ("identity", "identity"),
        ("identity;q=1, gzip;q=0.5", "identity"),
        ("*;q=0", "identity"),
        ("gzip;q=nonsense", "identity"),
        (" , ;q=1,br ; q=0.1", "br"),
    ],
)
def test_the_coding_that_a_client_wants(header: str, first: str) -> None:
    assert accepted(header)[0] == first
    assert accepted(header)[-1] == "identity"


@pytest.mark.parametrize("coding", READ)
@pytest.mark.parametrize(
    ("path", "file", "kind"),
    [
        ("/", "index.html", "text/html; charset=utf-8"),
        ("/ledger/", "ledger/index.html", "text/html; charset=utf-8"),
        ("/notices/feed.xml", "notices/feed.xml", "application/atom+xml; charset=utf-8"),
        ("/sitemap.xml", "sitemap.xml", "application/xml; charset=utf-8"),
        ("/stations/station-1/duty.ics", "", "text/calendar; charset=utf-8"),
        ("/deputies/deputy-001/card.vcf", "", "text/vcard; charset=utf-8"),
    ],
)
def test_each_text_comes_as_it_is_asked_for(
    client: TestClient, site: Path, coding: str, path: str, file: str, kind: str
) -> None:
    response, body = raw(client, path, accept_encoding=coding)
    assert response.status_code == 200
    assert response.headers.get("content-encoding", "identity") == coding
    assert response.headers["content-type"] == kind
    assert response.headers["vary"] == "Accept-Encoding"
    assert response.headers["cache-control"] == "no-cache"
    assert int(response.headers["content-length"]) == len(body)
    assert READ[coding](body) == (site / (file or path[1:])).read_bytes()


def test_every_coding_has_an_etag_of_its_own_and_is_not_sent_twice(client: TestClient) -> None:
    tags = set()
    for coding in READ:
        response, _ = raw(client, "/", accept_encoding=coding)
        tag = response.headers["etag"]
        assert tag.startswith('"')
        tags.add(tag)
        for told in (tag, f'"other", W/{tag}', "*"):
            again, body = raw(client, "/", accept_encoding=coding, if_none_match=told)
            assert (again.status_code, body) == (304, b"")
            assert again.headers["etag"] == tag
            assert again.headers["vary"] == "Accept-Encoding"
            assert again.headers["cache-control"] == "no-cache"
        other, _ = raw(client, "/", accept_encoding=coding, if_none_match='"other"')
        assert other.status_code == 200
    assert len(tags) == len(READ)


@pytest.mark.usefixtures("light")
def test_an_etag_stays_when_the_site_is_built_anew(tmp_path: Path) -> None:
    content = counties.small([counties.notice(1)])
    publisher = Publisher(lambda: content, tmp_path / "site")
    publisher.build_full()
    with TestClient(served(tmp_path / "site")) as client:
        before = raw(client, "/", accept_encoding="br")[0].headers["etag"]
        publisher.build_full()
        assert raw(client, "/", accept_encoding="br")[0].headers["etag"] == before


def test_what_carries_a_hash_is_cached_for_good(client: TestClient, site: Path) -> None:
    picture = next((site / "pictures").glob("*.webp")).name
    response, body = raw(client, f"/pictures/{picture}", accept_encoding="br, gzip")
    assert response.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert response.headers["content-type"] == "image/webp"
    assert "content-encoding" not in response.headers and "vary" not in response.headers
    assert body == b"RIFF"
    script, _ = raw(client, "/outbox.0123456789abcdef.js")
    assert script.headers["cache-control"] == "public, max-age=31536000, immutable"
    missing, _ = raw(client, "/pictures/0123456789abcdef-face.webp")
    assert (missing.status_code, missing.headers["cache-control"]) == (404, "no-cache")


def test_head_tells_the_same_without_a_body(client: TestClient) -> None:
    told = client.head("/", headers={"accept-encoding": "br"})
    sent, body = raw(client, "/", accept_encoding="br")
    assert told.content == b""
    assert told.headers == sent.headers and int(told.headers["content-length"]) == len(body)


def test_a_range_is_not_followed(client: TestClient) -> None:
    response, body = raw(client, "/", range="bytes=0-9")
    assert response.status_code == 200 and len(body) > 10
    assert response.headers["accept-ranges"] == "none"


def test_a_folder_without_its_slash_leads_there(client: TestClient) -> None:
    response = client.get("/deputies/deputy-001?from=qr")
    assert response.status_code == 307
    assert response.headers["location"] == "/deputies/deputy-001/?from=qr"
    assert client.get("/deputies/level").status_code == 404


def test_what_is_not_there_has_a_page_that_says_so(client: TestClient, site: Path) -> None:
    response, body = raw(client, "/notices/none/", accept_encoding="gzip", if_none_match="*")
    assert response.status_code == 404
    assert gzip.decompress(body) == (site / "404.html").read_bytes()
    assert client.post("/").status_code == 405


HIDDEN = (
    *("/.index.html.4711", "/index.html.br", "/notices/feed.xml.gz", "/../secret.txt"),
    *("/%2e%2e/secret.txt", "/..%2fsecret.txt", "/notices/../../secret.txt", "//etc/passwd"),
    *("/notices//feed.xml", "/%00", "/..\\secret.txt", "/" + "a" * 5000, "/notices/%2e/feed.xml"),
)


@pytest.mark.parametrize("path", HIDDEN)
def test_nothing_hidden_and_nothing_outside_is_served(client: TestClient, path: str) -> None:
    response = client.get(f"http://testserver{path}")
    assert response.status_code in (404, 307), response.text
    assert "secret" not in response.text and "root:" not in response.text
    assert "half a page" not in response.text


def test_told_pages_of_pictures_are_hidden(client: TestClient, site: Path) -> None:
    name = next((site / "pictures").glob(".*")).name
    assert client.get(f"/pictures/{name}").status_code == 404


@pytest.mark.usefixtures("light")
def test_a_withdrawn_page_is_gone_for_every_coding(tmp_path: Path) -> None:
    one = counties.notice(1)
    now = [counties.small([one])]
    publisher = Publisher(lambda: now[0], tmp_path / "site")
    publisher.build_full()
    with TestClient(served(tmp_path / "site")) as client:
        assert raw(client, f"/notices/{one.number}/", accept_encoding="br")[0].status_code == 200
        now[0] = counties.small()
        publisher.publish(Changes(notices=(one.number,)))
        for coding in READ:
            gone, _ = raw(client, f"/notices/{one.number}/", accept_encoding=coding)
            assert gone.status_code == 404


def lines(hub: Hub, request: str) -> bytes:
    """What a hub answers to bytes that no client would send."""
    with socket.create_connection(("127.0.0.1", hub.port), timeout=10) as line:
        line.sendall(request.replace("\n", "\r\n").encode())
        received = b""
        while data := line.recv(65536):
            received += data
    return received


def test_a_hub_serves_its_site_coded_and_keeps_to_it(hub: Hub) -> None:
    with httpx2.Client(base_url=hub.url, headers={"accept-encoding": "br"}) as client:
        home = client.get("/")
        assert home.headers["content-encoding"] == "br"
        assert int(home.headers["content-length"]) <= 9 * 1024
        assert (
            client.get("/notices/feed.xml")
            .headers["content-type"]
            .startswith("application/atom+xml")
        )
    for path in ("/../secret", "/%2e%2e/huiyin.db", "/..%2fhuiyin.db", "/static/../../huiyin.db"):
        answer = lines(hub, f"GET {path} HTTP/1.1\nHost: x\nConnection: close\n\n")
        assert b" 404 " in answer.split(b"\r\n")[0], path
        assert b"SQLite format" not in answer


def test_pages_that_the_server_makes_are_compressed_but_not_those_of_staff(hub: Hub) -> None:
    with httpx2.Client(base_url=hub.url) as client:
        for path in ("/submit/", "/track?number=0&key=0"):
            for coding in READ:
                with client.stream("GET", path, headers={"accept-encoding": coding}) as response:
                    body = b"".join(response.iter_raw())
                assert response.headers.get("content-encoding", "identity") == coding, path
                assert response.headers["vary"] == "Accept-Encoding"
                assert int(response.headers["content-length"]) == len(body)
                assert b"</html>" in READ[coding](body)
        staff = client.get("/console/sign-in", headers={"accept-encoding": "br"})
        assert "content-encoding" not in staff.headers
