"""What someone writes in the console survives a lost session, a closed lid and a power cut."""

import html
import re
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from eventlog import erasures
from eventlog.erasures import Erasure
from eventlog.keys import make_keys
from eventlog.log import Log
from matters.actors import VILLAGER
from matters.intake.intake import Raised, check_submission, raise_matter
from matters.known import Known
from server.data_folder import open_log
from server.people import drafts
from server.people.accounts import Bound, add_account
from tests.hub import Hub, form_token, huiyin, until

WORDS = "水渠已经疏通,\n秧田通水了。"


@pytest.fixture
def plain(browser: Browser) -> Iterator[BrowserContext]:
    """A PC whose browser runs no script."""
    context = browser.new_context(java_script_enabled=False)
    yield context
    context.close()


@pytest.fixture
def scripted(browser: Browser) -> Iterator[BrowserContext]:
    """A PC whose browser runs scripts."""
    context = browser.new_context()
    yield context
    context.close()


def with_unit(hub: Hub, text: str) -> str:
    """Return the number of a matter that the sample's unit has in hand."""
    number: str = hub.raise_matter(text)["number"]
    office, unit = hub.client("office"), hub.client("unit", unit=hub.unit_of_sample())
    sent = office.post(f"/api/v1/matters/{number}/assign", json={"lead": hub.unit_of_sample()})
    assert sent.status_code == 200, sent.text
    assert unit.post(f"/api/v1/matters/{number}/accept", json={}).status_code == 200
    return number


def sign_in(page: Page, hub: Hub, role: str) -> None:
    name, password = hub.sign_ins()[role]
    page.fill("[name=name]", name)
    page.fill("[name=password]", password)
    page.click("main button.main")


def save(client: httpx2.Client, place: str, **fields: str) -> httpx2.Response:
    """Press 存草稿 on a form."""
    page = client.get("/console/enter" if place == "enter" else f"/console/{Path(place).parent}")
    data = {"form_token": form_token(page.text), **fields}
    return client.post(f"/console/drafts/{place}", data=data)


def unfold(page: Page, command: str) -> None:
    """Open a command's form, unless the page shows it open already."""
    details = page.locator(f"details#do-{command}")
    if details.get_attribute("open") is None:
        details.locator("summary").first.click()


@pytest.mark.browser
@pytest.mark.faults
@pytest.mark.litestream
def test_a_reply_that_is_being_written_survives_a_power_cut(
    own_hub: Hub, scripted: BrowserContext
) -> None:
    own_hub.start()
    number = with_unit(own_hub, "停电前写的")
    page = scripted.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda said: problems.append(said.text) if "Policy" in said.text else None)
    page.goto(own_hub.url + "/console/")
    sign_in(page, own_hub, "unit")
    address = f"{own_hub.url}/console/matters/{number}"
    page.goto(address)
    unfold(page, "reply")
    form = page.locator("form[action$='/reply']")
    form.locator("[name=text]").press_sequentially(WORDS[:6])
    expect(form.locator("[data-said]")).to_have_text(re.compile(r"^已存草稿 \d\d:\d\d$"))
    own_hub.kill()
    form.locator("[name=text]").press_sequentially("再写")
    expect(form.locator("[data-said]")).to_have_text(re.compile("^没存上："))
    own_hub.start()
    # It goes on trying by itself, and says so once it is kept.
    expect(form.locator("[data-said]")).to_have_text(re.compile("^已存草稿"), timeout=15_000)
    own_hub.kill()
    own_hub.start()
    page.goto(address)
    assert page.locator("details#do-reply").get_attribute("open") is not None
    assert form.locator("[name=text]").input_value() == WORDS[:6] + "再写"
    assert "存的草稿" in form.inner_text()
    assert page.evaluate("localStorage.length + sessionStorage.length") == 0
    assert not problems


@pytest.mark.browser
@pytest.mark.litestream
def test_leaving_the_page_keeps_the_draft_at_once(hub: Hub, scripted: BrowserContext) -> None:
    number = with_unit(hub, "合上盖子")
    page = scripted.new_page()
    page.goto(hub.url + "/console/")
    sign_in(page, hub, "unit")
    address = f"{hub.url}/console/matters/{number}"
    page.goto(address)
    words = page.locator("form[action$='/progress'] [name=text]")
    unfold(page, "progress")
    words.fill("写到一半")
    page.goto("about:blank")

    def is_back() -> bool:
        page.goto(address)
        return words.input_value() == "写到一半"

    until(is_back)


@pytest.mark.browser
@pytest.mark.litestream
def test_the_script_says_that_the_session_is_gone_and_goes_on_once_it_is_back(
    hub: Hub, scripted: BrowserContext
) -> None:
    number = with_unit(hub, "另一页退出")
    page = scripted.new_page()
    page.goto(hub.url + "/console/")
    sign_in(page, hub, "unit")
    page.goto(f"{hub.url}/console/matters/{number}")
    other = scripted.new_page()
    other.goto(hub.url + "/console/")
    other.get_by_role("button", name="退出").click()
    form = page.locator("form[action$='/progress']")
    unfold(page, "progress")
    form.locator("[name=text]").press_sequentially("还在写")
    expect(form.locator("[data-said]")).to_have_text("没存上：请先登录。")
    sign_in(other, hub, "unit")
    expect(form.locator("[data-said]")).to_have_text(re.compile("^已存草稿"), timeout=15_000)
    # The page's own button works on as well: with its old token the form comes again, filled.
    form.locator("button.main").click()
    expect(page.locator("form[action$='/progress'] [name=text]")).to_have_value("还在写")
    assert "还没有提交" in page.locator("details#do-progress").inner_text()
    page.locator("form[action$='/progress'] button.main").click()
    expect(page).to_have_url(f"{hub.url}/console/matters/{number}")
    assert "还在写" in page.locator(".steps").inner_text()


@pytest.mark.browser
@pytest.mark.litestream
def test_without_script_a_lost_session_loses_no_word(hub: Hub, plain: BrowserContext) -> None:
    number = with_unit(hub, "登录过期")
    page = plain.new_page()
    page.goto(hub.url + "/console/")
    sign_in(page, hub, "unit")
    page.goto(f"{hub.url}/console/matters/{number}")
    unfold(page, "reply")
    page.fill("form[action$='/reply'] [name=text]", WORDS)
    page.check("form[action$='/reply'] [name=result][value=A]")
    other = plain.new_page()
    other.goto(hub.url + "/console/")
    other.get_by_role("button", name="退出").click()
    page.click("form[action$='/reply'] button.main")
    assert "没有丢" in page.locator("main").inner_text()
    # A wrong password on the way loses nothing either.
    page.fill("[name=name]", hub.sign_ins()["unit"][0])
    page.fill("[name=password]", "不对的密码")
    page.click("main button.main")
    sign_in(page, hub, "unit")
    form = page.locator("form[action$='/reply']")
    assert form.locator("[name=text]").input_value() == WORDS
    assert form.locator("[name=result][value=A]").is_checked()
    assert "还没有提交" in form.inner_text()
    assert hub.client("office").get(f"/api/v1/matters/{number}").json()["state"] == "in_hand"
    form.locator("button.main").click()
    expect(page).to_have_url(f"{hub.url}/console/matters/{number}")
    assert hub.client("office").get(f"/api/v1/matters/{number}").json()["state"] == "replied"


def test_the_button_keeps_a_draft_that_only_its_owner_sees(hub: Hub) -> None:
    number = with_unit(hub, "草稿是谁的")
    unit, office = hub.browser_of("unit"), hub.browser_of("office")
    page = save(unit, f"matters/{number}/reply", text=WORDS, result="B", seen="3")
    assert page.status_code == 200 and "存的草稿" in page.text
    assert 'value="B" checked' in page.text.replace('id="reply-result" ', "")
    assert WORDS.splitlines()[1] in html.unescape(page.text)
    assert WORDS.splitlines()[1] not in office.get(f"/console/matters/{number}").text
    # Thrown away, it is gone.
    token = form_token(page.text)
    unit.post(
        f"/console/drafts/matters/{number}/reply",
        data={"form_token": token, "text": WORDS, "discard": "yes"},
    )
    assert "存的草稿" not in unit.get(f"/console/matters/{number}").text


def test_a_draft_goes_when_its_form_went_through(hub: Hub) -> None:
    number = with_unit(hub, "草稿用过")
    unit = hub.browser_of("unit")
    page = save(unit, f"matters/{number}/progress", text="进展一")
    sent = {"form_token": form_token(page.text), "text": "进展一"}
    done = unit.post(f"/console/matters/{number}/progress", data=sent)
    assert done.status_code == 200 and "存的草稿" not in done.text
    liaison = hub.browser_of("liaison")
    page = save(liaison, "enter", text="登记一半", name="钱大爷", channel="letter")
    assert "存的草稿" in page.text and "钱大爷" in page.text
    done = liaison.post(
        "/console/enter", data={"form_token": form_token(page.text), "text": "登记一半"}
    )
    assert "已登记" in done.text
    assert "存的草稿" not in liaison.get("/console/enter").text


def test_a_draft_of_a_step_that_is_no_longer_possible_is_still_shown(hub: Hub) -> None:
    number = with_unit(hub, "来不及了")
    unit = hub.browser_of("unit")
    save(unit, f"matters/{number}/return", reason="不归我们管,归水务站。")
    interface = hub.client("unit", unit=hub.unit_of_sample())
    sent = interface.post(f"/api/v1/matters/{number}/reply", json={"text": "办好了", "result": "A"})
    assert sent.status_code == 200, sent.text
    page = unit.get(f"/console/matters/{number}").text
    assert "不归我们管,归水务站。" in page and "现在办不成了" in page


def test_drafts_go_with_the_words_of_their_matter_and_are_never_in_plain_sight(
    hub: Hub, tmp_path: Path
) -> None:
    number = with_unit(hub, "要删除的事")
    unit = hub.browser_of("unit")
    assert "存的草稿" in save(unit, f"matters/{number}/progress", text="草稿里的秘密").text
    files = [*hub.data.glob("huiyin.db*")]
    assert all("草稿里的秘密".encode() not in file.read_bytes() for file in files)
    table = tmp_path / "matters.csv"
    huiyin("export", "matters", table, "--data", hub.data)
    assert "草稿里的秘密" not in table.read_text("utf-8-sig")
    erased = hub.client("office").post(
        f"/api/v1/matters/{number}/erase", json={"what": "words", "reason": "本人要求"}
    )
    assert erased.status_code == 200, erased.text
    assert "草稿里的秘密" not in unit.get(f"/console/matters/{number}").text


@pytest.mark.parametrize("place", ["matters/1234567890/reply", "nothing", "matters/x", "ledger"])
def test_there_are_drafts_of_forms_only(hub: Hub, place: str) -> None:
    browser = hub.browser_of("office")
    token = form_token(browser.get("/console/enter").text)
    answer = browser.post(f"/console/drafts/{place}", data={"form_token": token, "text": "x"})
    assert answer.status_code == 404


def test_a_draft_is_bounded_and_another_person_or_page_keeps_none(hub: Hub) -> None:
    liaison = hub.browser_of("liaison")
    page = liaison.get("/console/enter").text
    owner = re.search(r'data-owner="([^"]+)"', page)
    assert owner is not None
    asked = {"Accept": "application/json", "Draft-Of": owner[1]}
    url = "/console/drafts/market"
    kept = liaison.post(url, data={"0-text": "我的草稿"}, headers=asked)
    assert re.fullmatch(r"\d\d:\d\d", kept.json()["saved_at"])
    office = hub.browser_of("office")
    other = office.post(url, data={"0-text": "混进来"}, headers=asked)
    assert other.status_code == 403 and other.json()["errors"][0]["code"] == "other-person"
    forged = liaison.post(url, data={"0-text": "冒名的"}, headers={"Accept": "application/json"})
    assert forged.status_code == 403
    long = liaison.post(url, data={"pasted": "长" * 400_000}, headers=asked)
    assert long.status_code == 413 and long.json()["errors"][0]["code"] == "draft-too-large"
    assert "我的草稿" in liaison.get("/console/market").text
    assert "我的草稿" not in office.get("/console/market").text
    # Nothing written any more: no draft.
    liaison.post(url, data={"0-text": " ", "0-kind": "help"}, headers=asked)
    assert "存的草稿" not in liaison.get("/console/market").text


def test_the_script_is_small_and_the_only_one_that_may_run(hub: Hub) -> None:
    script = httpx2.get(hub.url + "/console/drafts.js")
    assert script.status_code == 200 and len(script.content) <= 2048
    assert script.headers["content-type"].startswith("text/javascript")
    page = hub.browser_of("liaison").get("/console/enter")
    policy = page.headers["content-security-policy"]
    assert "script-src 'self';" in policy and "connect-src 'self';" in policy
    assert page.text.count("<script") == 1 and "unsafe-inline" not in policy.split("style-src")[0]


def test_drafts_are_cleared_when_old_or_when_a_copy_brings_them_back(tmp_path: Path) -> None:
    """An older copy of the database has drafts of a matter whose words were erased since."""
    clock = [1_790_000_000_000]
    keys = make_keys()
    log = open_log(tmp_path, keys, now_ms=lambda: clock[0])
    try:
        account = log.write(
            lambda transaction: add_account(transaction, "甲", "office", "", bound=Bound())
        ).result.id
        matter = raised(log, "写过草稿的事")

        def keep(place: str) -> None:
            log.write(
                lambda transaction: drafts.save(
                    transaction, account, place, {"text": "草稿"}, keys.sealer
                )
            )

        def places() -> list[str]:
            with log.reading() as connection:
                return [row[0] for row in connection.execute("SELECT place FROM drafts")]

        keep(drafts.matter_place(matter.number, "answer"))
        erasures.record(tmp_path, [Erasure(matter.id.hex(), "text", clock[0])])
        log.write(lambda transaction: drafts.clear_erased(transaction, tmp_path))
        assert places() == []
        keep("enter")
        clock[0] += drafts.KEPT_DAYS * 86_400_000
        log.write(drafts.clear_old)
        assert places() == ["enter"]
        clock[0] += 1
        with log.reading() as connection:
            kept = drafts.of_account(connection, account, "enter", keys.unsealer, clock[0])
        assert kept == {}
        keep("market")
        assert places() == ["market"]
    finally:
        log.close()


def raised(log: Log, text: str) -> Raised:
    """Raise a matter in a log, without a server."""
    submission = check_submission({"text": text}, Known(), staff=False)
    return log.write(
        lambda transaction: raise_matter(
            transaction, submission, actor=VILLAGER, receipt_key=bytes(32)
        )
    ).result
