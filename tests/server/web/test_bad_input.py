"""Bad input: each has a clear message in Chinese and English, nothing is lost, and no 500."""

import io
import uuid

import httpx2
import pytest
from PIL import Image

from tests.hub import Hub

JSON = {"Accept": "application/json"}
pytestmark = pytest.mark.litestream


def post(hub: Hub, **request: object) -> httpx2.Response:
    """Send something to `POST /matters` as a program."""
    headers = {**JSON, **request.pop("headers", {})}  # type: ignore[dict-item]  # str to str
    return httpx2.post(hub.url + "/matters", headers=headers, timeout=60, **request)  # type: ignore[arg-type]  # passed through


def problem(answer: httpx2.Response, status: int) -> dict[str, str]:
    """Return the first problem, having seen that it is told in both languages."""
    assert answer.status_code == status, answer.text
    first: dict[str, str] = answer.json()["errors"][0]
    assert any("\u4e00" <= character <= "\u9fff" for character in first["message_zh"])
    plain = first["message_en"].translate(dict.fromkeys(map(ord, "…“”")))
    assert plain.isascii(), plain
    assert first["message"] == first["message_zh"]
    return first


@pytest.mark.parametrize("text", ["", "   \n\t", "\u200b\ufeff"])
def test_an_empty_text(hub: Hub, text: str) -> None:
    assert problem(post(hub, data={"text": text}), 422)["field"] == "text"


def test_no_field_at_all(hub: Hub) -> None:
    assert problem(post(hub, data={"other": "x"}), 422)["code"] == "required"


def test_an_over_long_text_is_given_back_whole(hub: Hub) -> None:
    text = "路" * 10_001
    found = problem(post(hub, data={"text": text}), 422)
    assert found["code"] == "too-long" and "10001" in found["message"].replace(",", "")
    page = httpx2.post(hub.url + "/matters", data={"text": text})
    assert page.status_code == 422 and text in page.text


def test_exactly_ten_thousand_characters_are_taken(hub: Hub) -> None:
    assert post(hub, data={"text": "好" * 10_000}).status_code == 201


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("kind", "murder"),
        ("category", "no-such"),
        ("area", "不存在的村"),
        ("station", "../../etc"),
        ("deputy", "nobody"),
        ("publish", "maybe"),
        ("channel", "visit"),
        ("channel", "telepathy"),
        ("id", "not-a-uuid"),
        ("id", "../x"),
        ("name", "长" * 101),
        ("phone", "1" * 41),
        ("place", "远" * 201),
    ],
)
def test_a_wrong_field_is_named(hub: Hub, field: str, value: str) -> None:
    assert problem(post(hub, data={"text": "有事", field: value}), 422)["field"] == field


def test_every_problem_is_told_at_once_and_every_word_kept(hub: Hub) -> None:
    fields = {"text": "", "deputy": "nobody", "name": "张<三>", "place": "村口", "phone": "1" * 41}
    answer = post(hub, data=fields)
    assert {one["field"] for one in answer.json()["errors"]} == {"text", "deputy", "phone"}
    page = httpx2.post(hub.url + "/matters", data=fields)
    assert page.status_code == 422
    assert 'href="#phone"' in page.text and 'id="phone"' in page.text
    assert "张&lt;三&gt;" in page.text and "村口" in page.text and "1" * 41 in page.text


@pytest.mark.parametrize(
    "value", [5, None, ["a"], {"a": 1}, True], ids=["number", "null", "list", "object", "true"]
)
def test_json_fields_of_another_type(hub: Hub, value: object) -> None:
    assert problem(post(hub, json={"text": value}), 422)["field"] == "text"


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"text=%ff%fe%fa", "application/x-www-form-urlencoded"),
        (b"text=\xff\xfe", "application/x-www-form-urlencoded"),
        (b'{"text": "a', "application/json"),
        (b'{"text": "\xff"}', "application/json"),
        (b"[1, 2]", "application/json"),
        (b"null", "application/json"),
        (b"--x\r\nbroken", "multipart/form-data; boundary=x"),
        (b"whatever", "multipart/form-data"),
    ],
)
def test_a_body_that_is_not_what_it_says(hub: Hub, content: bytes, kind: str) -> None:
    answer = post(hub, content=content, headers={"Content-Type": kind})
    assert answer.status_code in (400, 422), answer.text
    problem(answer, answer.status_code)


@pytest.mark.parametrize("kind", ["text/plain", "application/octet-stream", "text/xml"])
def test_a_content_type_that_is_not_taken(hub: Hub, kind: str) -> None:
    answer = post(hub, content=b"<a/>", headers={"Content-Type": kind})
    assert problem(answer, 415)["code"] == "wrong-media-type"


@pytest.mark.parametrize(
    "kind",
    [
        "application/x-www-form-urlencoded",
        "application/json",
        "multipart/form-data; boundary=x",
        "application/octet-stream",
    ],
)
def test_a_body_of_a_hundred_megabytes(hub: Hub, kind: str) -> None:
    answer = post(hub, content=b"x" * (100 * 2**20), headers={"Content-Type": kind})
    assert answer.status_code in (413, 415)
    problem(answer, answer.status_code)


def test_a_body_without_a_length(hub: Hub) -> None:
    def chunks() -> object:
        for _ in range(64):
            yield b"text=" + b"a" * 65536

    answer = post(
        hub, content=chunks(), headers={"Content-Type": "application/x-www-form-urlencoded"}
    )
    assert problem(answer, 413)["code"] == "too-large"


def picture(kind: str, size: tuple[int, int] = (8, 8)) -> bytes:
    """Return a small picture."""
    made = io.BytesIO()
    Image.new("RGB", size, "red").save(made, kind)
    return made.getvalue()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_photo_is_taken_by_its_content(hub: Hub, kind: str) -> None:
    files = {"photo": ("a.txt", picture(kind), "text/plain")}
    answer = post(hub, data={"text": "见照片"}, files=files)
    assert answer.status_code == 201, answer.text
    assert [one["safety"] for one in answer.json()["photos"]] == ["durable"]


@pytest.mark.parametrize(
    "content",
    [b"%PDF-1.7 ...", b"<script>alert(1)</script>", picture("GIF"), picture("JPEG")[:100], b"x"],
    ids=["pdf", "html", "gif", "half a jpeg", "a byte"],
)
def test_a_file_of_a_wrong_type_does_not_cost_the_words(hub: Hub, content: bytes) -> None:
    files = {"photo": ("a.jpg", content, "image/jpeg")}
    found = problem(post(hub, data={"text": "见照片"}, files=files), 422)
    assert found["field"] == "photo"
    page = httpx2.post(hub.url + "/matters", data={"text": "墙要倒了"}, files=files)
    assert page.status_code == 422 and "墙要倒了" in page.text


def test_four_photos_are_too_many(hub: Hub) -> None:
    files = [("photo", ("a.png", picture("PNG"), "image/png"))] * 4
    assert problem(post(hub, data={"text": "见照片"}, files=files), 422)["code"] == "too-many"


def test_a_photo_beyond_the_limit(hub: Hub) -> None:
    files = {"photo": ("a.jpg", picture("JPEG") + b"\0" * (8 * 2**20), "image/jpeg")}
    assert problem(post(hub, data={"text": "见照片"}, files=files), 422)["code"] == "too-large"


def test_a_form_sent_twice_gives_the_same_receipt(hub: Hub) -> None:
    identity = str(uuid.uuid4())
    first = post(hub, data={"id": identity, "text": "同一件事", "phone": "13900000001"})
    again = post(hub, json={"id": identity, "text": " 同一件事 ", "phone": "13900000001"})
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()


def test_one_id_with_other_words_keeps_both(hub: Hub) -> None:
    identity = str(uuid.uuid4())
    first = post(hub, data={"id": identity, "text": "甲"}).json()
    second = post(hub, data={"id": identity, "text": "乙"})
    assert second.status_code == 201
    assert second.json()["number"] != first["number"]
    assert second.json()["key"] != first["key"]
    assert post(hub, data={"id": identity, "text": "乙"}).json() == second.json()
    office = hub.client("office")
    flagged = office.get("/api/v1/matters", params={"flagged": "1"}).json()["matters"]
    found = [one for one in flagged if one["number"] == second.json()["number"]]
    assert found[0]["quarantine"] == identity


@pytest.mark.parametrize("path", ["/m/{number}", "/m/{number}/slip"])
def test_a_wrong_key_and_an_unknown_number_look_the_same(hub: Hub, path: str) -> None:
    receipt = hub.raise_matter("保密")
    wrong = httpx2.get(
        hub.url + path.format(number=receipt["number"]), params={"key": "0" * 13}, headers=JSON
    )
    unknown = httpx2.get(
        hub.url + path.format(number="1234567890"), params={"key": receipt["key"]}, headers=JSON
    )
    assert wrong.status_code == unknown.status_code == 404
    assert wrong.content == unknown.content
    problem(wrong, 404)
    assert "保密" not in wrong.text


@pytest.mark.parametrize("number", ["0", "abc", "%00", "12345678901234567890", "１２３"])
def test_numbers_that_are_none(hub: Hub, number: str) -> None:
    assert httpx2.get(f"{hub.url}/m/{number}?key=x").status_code == 404
    assert httpx2.get(f"{hub.url}/track", params={"number": number, "key": "x"}).status_code == 404


def test_the_key_opens_as_a_person_types_it(hub: Hub) -> None:
    receipt = hub.raise_matter("查一查")
    number, key = receipt["number"], receipt["key"]
    answer = httpx2.get(
        hub.url + "/track",
        params={
            "number": f" {number[:3]} {number[3:6]}-{number[6:]}",
            "key": key.upper().replace("0", "O").replace("1", "l"),
        },
        follow_redirects=True,
    )
    assert answer.status_code == 200 and "查一查" in answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"


def test_a_rating_that_is_wrong_says_so(hub: Hub) -> None:
    receipt = hub.raise_matter("评一评")
    address = f"{hub.url}/m/{receipt['number']}/rating"
    rating = {"key": receipt["key"], "reply_rating": "satisfied", "result_rating": "satisfied"}
    early = httpx2.post(address, data=rating, headers=JSON)
    assert problem(early, 409)["code"] == "not-from-this-state"
    hub.client("office").post(f"/api/v1/matters/{receipt['number']}/answer", json={"text": "好"})
    bad = httpx2.post(address, data={**rating, "reply_rating": "meh"}, headers=JSON)
    assert problem(bad, 422)["field"] == "reply_rating"
    mute = httpx2.post(address, data={**rating, "result_rating": "unsatisfied"}, headers=JSON)
    assert problem(mute, 422)["field"] == "comment"
    page = httpx2.post(
        address, data={"key": receipt["key"], "reply_rating": "unsatisfied", "comment": "没修<好>"}
    )
    assert page.status_code == 422 and "没修&lt;好&gt;" in page.text


def test_what_a_villager_writes_is_shown_as_text(hub: Hub) -> None:
    hostile = "<script>alert(1)</script>{{ 7*7 }}{% raw %}\u202e\n---\ntitle: x"
    receipt = hub.raise_matter(hostile)
    page = httpx2.get(receipt["url"].replace(str(receipt["key"]), str(receipt["key"])))
    assert "<script>" not in page.text and "&lt;script&gt;" in page.text
    assert "{{ 7*7 }}" in page.text and "\u202e" not in page.text


def test_an_english_reader_is_answered_in_english(hub: Hub) -> None:
    answer = post(hub, data={"text": ""}, headers={"Accept-Language": "en-GB,en;q=0.9"})
    first = answer.json()["errors"][0]
    assert first["message"] == first["message_en"] != first["message_zh"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/matters", 404),
        ("DELETE", "/submit/", 405),
        ("GET", "/nothing-here/", 404),
        ("GET", "/../../etc/passwd", 404),
        ("GET", "/%2e%2e/%2e%2e/etc/passwd", 404),
        ("GET", "/api/v1/matters/123/none", 404),
        ("GET", "/api/v1/none", 404),
        ("POST", "/console/matters/1/adopt", 303),
    ],
)
def test_addresses_that_lead_nowhere(hub: Hub, method: str, path: str, status: int) -> None:
    assert httpx2.request(method, hub.url + path).status_code == status


def test_a_wrong_filter_or_field_in_the_interface(hub: Hub) -> None:
    office = hub.client("office")
    assert problem(office.get("/api/v1/matters", params={"since": "gestern"}), 422)
    assert office.get("/api/v1/matters", params={"cursor": "x.y", "q": "%_'\""}).status_code == 200
    number = hub.raise_matter("乱填")["number"]
    path = f"/api/v1/matters/{number}"
    for command, fields, field in (
        ("assign", {"lead": "nobody"}, "lead"),
        ("assign", {"lead": hub.unit_of_sample(), "limit": "P0D"}, "limit"),
        ("assign", {"lead": hub.unit_of_sample(), "limit": "forever"}, "limit"),
        ("assign", {"lead": hub.unit_of_sample(), "assisting": {"a": 1}}, "assisting"),
        ("adopt", {}, "title"),
        ("adopt", {"title": "长" * 61}, "title"),
        ("adopt", {"title": ["a"]}, "title"),
        ("adopt", {"title": "a", "grade": "apocalyptic"}, "grade"),
        ("adopt", {"title": "a", "seen": "x"}, "seen"),
    ):
        assert problem(office.post(f"{path}/{command}", json=fields), 422)["field"] == field
    assert office.get(path).json()["state"] == "received"
    token = {"Authorization": "Bearer wrong", "Accept": "application/json"}
    assert problem(httpx2.get(hub.url + "/api/v1/units", headers=token), 401)
