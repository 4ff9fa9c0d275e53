"""A new office worker takes a matter through all six orders, twice round, by the screens alone.

Every button, link and field is found by the words that stand on it. Typed are only the console's
front page, the site's, and the villager's own page, which they have from their receipt.
"""

import datetime
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from matters.intake.receipts import spoken_number
from matters.sample import sample_units
from server.registers.sample import sign_ins
from server.web.languages import CHINESE, ENGLISH, translated
from tests.hub import Hub

pytestmark = [pytest.mark.browser, pytest.mark.litestream]
PHONE = {"width": 360, "height": 640}
PC = {"width": 1280, "height": 800}


@pytest.fixture(scope="module")
def county(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """A sample county of these tests' own, so that what waits is what they brought."""
    with Hub(tmp_path_factory.mktemp("walk") / "data", "--sample") as running:
        running.start()
        yield running


def in_days(days: int) -> str:
    """Return a day from today on, as a date field takes it."""
    return (datetime.datetime.now(datetime.UTC).date() + datetime.timedelta(days)).isoformat()


class Screen:
    """One person at their browser, without script, who reads one language."""

    def __init__(self, browser: Browser, size: dict[str, int], language: str) -> None:
        self.language = language
        self.context: BrowserContext = browser.new_context(
            viewport={"width": size["width"], "height": size["height"]},
            java_script_enabled=False,
        )
        self.context.set_default_timeout(10_000)
        self.page: Page = self.context.new_page()

    def said(self, words: str) -> str:
        """Return words in the person's language."""
        return translated(self.language, words)

    def sees(self, words: str) -> None:
        """Fail where the words don't stand on the page, or the page is wider than the screen."""
        expect(self.page.locator("main")).to_contain_text(self.said(words))
        wide, screen = self.page.locator("html").evaluate("e => [e.scrollWidth, e.clientWidth]")
        assert wide <= screen, f"{self.page.url} is {wide} wide on a screen of {screen}"

    def press(self, words: str) -> None:
        """Press a button of the page."""
        self.page.get_by_role("button", name=self.said(words), exact=True).click()

    def follow(self, words: str) -> None:
        """Follow a link that says the words, to begin with."""
        starts = re.compile("^" + re.escape(self.said(words)))
        self.page.get_by_role("link", name=starts).first.click()

    def fill(self, words: str, value: str, inside: Locator | None = None) -> None:
        """Fill the field of a label, or choose what a list or a group of choices calls `value`."""
        place = inside if inside is not None else self.page.locator("main")
        label, must = re.escape(self.said(words)), re.escape(self.said("（必填）"))
        whole = re.compile(rf"^\s*{label}\s*({must})?\s*$")
        group = place.get_by_role("group", name=whole)
        if group.count():
            begins = re.compile(r"^\s*" + re.escape(self.said(value)))
            group.first.get_by_label(begins).first.check()
            return
        field = place.get_by_label(whole).first
        if field.evaluate("e => e.tagName") == "SELECT":
            field.select_option(label=value)
        else:
            field.fill(value)

    def open(self, words: str, inside: Locator | None = None) -> Locator:
        """Unfold what is folded below the words, and return it."""
        place = inside if inside is not None else self.page.locator("main")
        whole = re.compile("^\\s*" + re.escape(self.said(words)) + "\\s*$")
        summary = self.page.locator("> summary", has_text=whole)
        folded = place.locator("details", has=summary).first
        if folded.get_attribute("open") is None:
            folded.locator("> summary").click()
        return folded


class Worker(Screen):
    """A member of staff, who signs in and finds their work under what waits."""

    def __init__(self, browser: Browser, size: dict[str, int], language: str) -> None:
        super().__init__(browser, size, language)
        self.number = ""

    def sign_in(self, hub: Hub, role: str) -> None:
        """Come in by the front page."""
        name, password = hub.sign_ins()[role]
        self.page.goto(hub.url + "/console/")
        if self.language == ENGLISH:
            self.page.get_by_role("link", name="English").click()
        self.fill("名字", name)
        self.fill("密码", password)
        self.press("登录")

    def finds(self, waiting: str) -> None:
        """Find the matter under what waits, by why it waits."""
        self.follow("待办")
        self.sees(waiting)
        self.page.get_by_role("link", name=re.compile(self.number)).first.click()
        self.sees("现在可以办的")

    def does(self, command: str, **fields: str) -> None:
        """Take a step: fill in its form, press its button, and be told that it is done."""
        form = self.open(command)
        for words, value in fields.items():
            self.fill(words, value, form)
        form.get_by_role("button", name=self.said(command), exact=True).click()
        self.sees("已办好：")


class Villager(Screen):
    """Who raised the matter, and follows it on a page of their own."""

    def __init__(self, browser: Browser, language: str) -> None:
        super().__init__(browser, PHONE, language)
        self.address = ""

    def raises(self, hub: Hub, text: str) -> str:
        """Write to the deputy by way of the station's page; return the number as it is said."""
        places = {one.name: one.place.partition(" ")[2] for one in sign_ins(hub.data)}
        self.page.goto(hub.url + "/")
        for words in ("联络站", places["liaison"], places["deputy"], "给这位代表写信"):
            self.page.get_by_role("link", name=words, exact=True).first.click()
        self.page.get_by_label(re.compile("^什么事")).fill(text)
        self.page.get_by_label(re.compile("同意公示")).check()
        self.page.get_by_role("button", name="提交").click()
        self.address = self.page.url
        if self.language == ENGLISH:
            self.page.locator("main").get_by_role("link", name="English").click()
        self.sees("已收到")
        found = re.search(r"/m/(\d{10})", self.page.url)
        assert found is not None
        return spoken_number(found[1])

    def looks(self, *words: str) -> None:
        """Open their page, and find the words there."""
        self.page.goto(self.address)
        for one in words:
            self.sees(one)


def walk(hub: Hub, browser: Browser, size: dict[str, int], language: str) -> None:
    """Take a matter through the six orders, twice round, as each person in turn."""
    ours = next(one for one in sample_units() if one.id == hub.unit_of_sample())
    other = next(one for one in sample_units() if one.id != ours.id)
    name, other_name = (
        (one.name_en if language == ENGLISH and one.name_en else one.name) for one in (ours, other)
    )
    villager = Villager(browser, language)
    number = villager.raises(hub, "村口的桥栏杆断了，孩子上学天天要过这座桥。")
    villager.looks("代表或人大办公室会看。有了进展，写在这一页。")
    deputy, office, unit, liaison = (Worker(browser, size, language) for _ in range(4))
    for worker, role in ((deputy, "deputy"), (office, "office"), (unit, "unit")):
        worker.number = number
        worker.sign_in(hub, role)
    liaison.number = number

    # 定单: the deputy sees on the first page what waits, and adopts it.
    deputy.sees("群众新反映的，等您定单")
    deputy.finds("群众新反映的，等您定单")
    deputy.sees("轮到您了。")
    deputy.does("定单：受理", 标题="村口桥栏杆断了")
    deputy.sees("现在等人大办公室派单：选承办单位，定期限。")

    # 派单: the office chooses a lead and an assisting unit.
    office.finds("等派单")
    form = office.open("派单：交办")
    office.open("选单位（可以选几个）", form).get_by_label(other_name, exact=True).check()
    office.does("派单：交办", 主办单位=name, 办理要求="先设围挡，再修")

    # 办单: the unit accepts, asks, divides, and asks for time.
    unit.finds("新派来的，等接单")
    unit.sees("先设围挡，再修")
    unit.does("办单：接单", **{"承办人（姓名、电话）": "李工 0000-5550123"})
    unit.does("问群众一个问题", 要问的话="是哪一座桥？")
    villager.looks("有一个问题要请您回答", "是哪一座桥？")
    villager.fill("您的回答", "村东头的石桥。")
    villager.press("回答")
    unit.finds("正在办的")
    unit.sees("村东头的石桥。")
    unit.does("分给几个单位办", 单位=other_name, 负责做什么="迁水管", 哪一天前办完=in_days(20))
    unit.does("申请延期", 延到哪一天=in_days(90), 理由="石料要从外地运")
    office.finds("单位申请延期，等批")
    office.does("批延期", 同意延期="是", 理由="情况属实")

    # 督单: the deputy presses and inspects.
    deputy.finds("您接下的，正在办")
    deputy.does("督单：催办", 催办的话="请抓紧")
    deputy.does(
        "督单：视察记录", 办到哪一步了="修了一半", 有什么问题="缺石料", 下一步怎么办="下周再看"
    )
    unit.finds("正在办的")
    form = unit.open("办单：答复")
    unit.open("用答复模板", form).get_by_role("link").first.click()
    unit.does("办单：答复", 答复内容="栏杆已经焊好。", 办理结果="A")

    # 评单: the deputy tells the villager, who is not satisfied.
    deputy.finds("您接下的，已有答复，请告诉本人")
    deputy.sees("栏杆已经焊好。")
    deputy.does("评单：向群众回访", **{"怎么告诉本人的，本人怎么说": "电话告诉了本人"})
    villager.looks("有答复了，请您看一看、评一评。", "同意了延期", "栏杆已经焊好。")
    villager.fill("对答复", "满意")
    villager.fill("对结果", "不满意")
    villager.press("提交评价")
    villager.sees("还有几处要改")
    villager.fill("意见（不满意的，请说一说哪里不满意）", "焊点又开了")
    villager.press("提交评价")
    villager.sees("您说不满意，已经记下。")

    # Once more round: the unit says why, and handles it again.
    unit.finds("群众不满意，等说明原因")
    unit.sees("焊点又开了")
    unit.does("说明原因，重新办理", 为什么没办好="原来的焊点不牢", 重新办到哪一天=in_days(30))
    villager.looks("原来的焊点不牢", "上一次的答复", in_days(30))
    unit.does("办单：答复", 答复内容="整段换了新栏杆。", 办理结果="A")
    liaison.sign_in(hub, "liaison")
    liaison.finds("已有答复，请问群众满不满意")
    liaison.does("评单：代群众评价", 对答复="满意", 对结果="满意", 谁说的="本人电话里说")

    # The office closes it and publishes what came of it.
    office.finds("群众评过了，等办结")
    office.does("办结", 办结说明="两次办理，本人满意")
    office.follow("公开：写公开稿")
    office.fill("公开的答复内容", "两次办理，整段换了新栏杆。")
    office.press("预览")
    office.sees("两次办理，整段换了新栏杆。")
    office.press("公开")
    villager.looks("已办结", "已公示，看公示", "整段换了新栏杆。")


@pytest.mark.req("L01", "L31", "H19")
def test_a_new_worker_walks_the_six_orders_twice_on_a_phone(county: Hub, browser: Browser) -> None:
    walk(county, browser, PHONE, CHINESE)


@pytest.mark.req("L01", "L31", "H19")
def test_a_new_worker_walks_the_six_orders_twice_on_a_pc_in_english(
    county: Hub, browser: Browser
) -> None:
    walk(county, browser, PC, ENGLISH)
