"""Records a data folder of a release: run once for each, in a checkout of its last commit.

    git worktree add ../0.3.0 2be0ec9
    python -m tests.server.folder.record_golden 0.3.0 ../0.3.0

The release's own program is run and used from outside, as a county would: registers, staff, matters
in every state that it knows, contacts, photos, a session and a draft. `golden/RELEASE.tar.xz` then
holds the folder with its replica, without what is made anew (the site, the search), and
`expected.json`: what that release said of it, to be said by every later one. A release that knows
stations has one that joined, in `golden/RELEASE-station.tar.xz`.
"""

import io
import json
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
from PIL import Image

from tests.hub import form_token, free_port, until

GOLDEN = Path(__file__).with_name("golden")
# Made anew by any release: nothing is lost with it. The rest is what the running node wrote there.
LEFT_OUT = ("site", "site.json", "search.db", "litestream.log", "litestream.yml", "serve.lock")
JSON = {"Accept": "application/json"}
REGISTERS = {
    "areas": "编号,名称\n411899000000,望禾县\n411899101000,大河镇\n",
    "stations": "编号,名称,所在地\ndahe,大河代表联络站,411899101000\n",
    "units": "编号,名称\nroads,交通运输局\nwater,水务局\n",
    "categories": "编号,名称\nstreets,道路\ntaps,供水\n",
    "deputies": "编号,姓名,联络站,选区,层级\nli,李春水,dahe,411899101000,乡级\n",
}
STAFF = {
    "liaison": ("--station", "dahe"),
    "deputy": ("--deputy", "li"),
    "office": (),
    "unit": ("--unit", "roads"),
    "admin": (),
}
Act = tuple[str, str, dict[str, Any]]
ASSIGN: Act = ("office", "assign", {"lead": "roads", "demand": "尽快"})
ACCEPT: Act = ("unit", "accept", {})
REPLY: Act = ("unit", "reply", {"text": "已修好", "result": "A"})
ADOPT: Act = ("deputy", "adopt", {"title": "桥栏杆", "category": "streets", "grade": "urgent"})
# The courses of matters: what is done with each, by whom. A matter stays in the state it came to.
COURSES: tuple[tuple[str, tuple[Act, ...]], ...] = (
    ("桥栏杆断了", ()),
    ("路灯不亮", (ADOPT,)),
    ("水管漏水", (ASSIGN,)),
    ("井盖丢了", (ASSIGN, ACCEPT, ("unit", "progress", {"text": "已勘察"}))),
    ("校车太早", (ASSIGN, ("unit", "return", {"reason": "不属本单位"}))),
    ("垃圾没人运", (ASSIGN, ("unit", "ask-extension", {"until": "2027-01-31", "reason": "等料"}))),
    ("水渠堵了", (ASSIGN, ACCEPT, REPLY)),
    ("医保怎么报", (("liaison", "answer", {"text": "当场答复"}),)),
    ("想要路灯", (("office", "refer", {"to": "市", "reason": "上级办理"}),)),
    ("官司输了", (("office", "decline", {"reason": "诉讼", "route": "法院"}),)),
    (
        "广场太吵",
        (
            ASSIGN,
            REPLY,
            (
                "liaison",
                "rate",
                {
                    "reply_rating": "satisfied",
                    "result_rating": "unsatisfied",
                    "comment": "还吵",
                    "said_by": "电话",
                },
            ),
            ("unit", "explain", {"cause": "没有管住", "until": "2027-01-31"}),
        ),
    ),
    (
        "桥面有坑",
        (
            ADOPT,
            ASSIGN,
            REPLY,
            ("office", "close", {"text": "办结"}),
            ("office", "publish", {"title": "桥面", "text": "桥面补好了"}),
        ),
    ),
    ("电话写错了", (("office", "erase", {"what": "contact", "reason": "本人要求"}),)),
)


class Recorded:
    """A node of the release, run by its own program in its checkout."""

    def __init__(self, checkout: Path, data: Path, *options: str) -> None:
        self.checkout, self.data, self.options = checkout.absolute(), data, options
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"

    def _command(self, *words: str | Path) -> list[str]:
        return [sys.executable, "-m", "server.command_line", *map(str, words)]

    @property
    def _environment(self) -> dict[str, str]:
        path = f"{self.checkout}{os.pathsep}{self.checkout / 'site'}"
        return {**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}

    def huiyin(self, *words: str | Path) -> str:
        """Run a command of the release on the folder, and return what it printed."""
        done = subprocess.run(
            self._command(*words, "--data", self.data),
            cwd=self.checkout,
            env=self._environment,
            capture_output=True,
            text=True,
        )
        if done.returncode != 0:
            raise SystemExit(f"{words}: {done.stderr}")
        return done.stdout

    @contextmanager
    def served(self) -> Iterator[None]:
        """Run the release's server until the block ends."""
        words = self._command("serve", "--data", self.data, "--port", str(self.port))
        process = subprocess.Popen(
            [*words, *self.options], cwd=self.checkout, env=self._environment
        )
        try:
            until(self._answers, within_s=120)
            yield
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=30)

    def _answers(self) -> bool:
        try:
            return httpx2.get(self.url + "/healthz").status_code in (200, 503)
        except httpx2.TransportError:
            return False

    def raised(self, text: str, **fields: str) -> dict[str, Any]:
        """Raise a matter as a villager's phone does, once with a photo, and return the receipt."""
        photo = {"photo": ("a.jpg", small_photo(), "image/jpeg")} if text == "桥栏杆断了" else None
        answer = httpx2.post(
            self.url + "/matters",
            data={"text": text, **fields},
            files=photo,
            headers=JSON,
            timeout=30,
        )
        assert answer.status_code == 201, answer.text
        receipt: dict[str, Any] = answer.json()
        return receipt

    def said_of(self, receipt: Mapping[str, Any]) -> dict[str, Any]:
        """Return what the villager's page says now."""
        answer = httpx2.get(
            f"{self.url}/m/{receipt['number']}", params={"key": receipt["key"]}, headers=JSON
        )
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found


def small_photo() -> bytes:
    """Return a picture of a few hundred bytes."""
    picture = io.BytesIO()
    Image.new("RGB", (16, 12), "brown").save(picture, "JPEG")
    return picture.getvalue()


def lived(node: Recorded) -> dict[str, Any]:
    """Let a county live a while on the node, and return what the release says of it then."""
    passwords = {}
    for what, rows in REGISTERS.items():
        table = node.data.with_name(f"{what}.csv")
        table.write_text(rows, "utf-8")
        outcome = json.loads(node.huiyin("import", what, table, "--json"))
        if outcome["refused"]:
            raise SystemExit(f"{what}: {outcome}")
    for role, bound in STAFF.items():
        printed = node.huiyin("users", "add", f"{role}-of-old", "--role", role, *bound)
        passwords[f"{role}-of-old"] = printed.split()[-1]
    tokens = {
        role: node.huiyin("tokens", "add", f"{role}-program", "--role", role, *bound).strip()
        for role, bound in STAFF.items()
    }
    with node.served():
        matters = [live_through(node, tokens, number) for number in range(len(COURSES))]
        first = matters[0]
        other = node.raised("又断了一根", name="赵六", phone="13900000099")
        command(node, tokens, other, "office", "merge", {"into": first["number"]})
        matters.append(
            {**other, "text": "又断了一根", "contact": {"name": "赵六", "phone": "13900000099"}}
        )
        leave_open(node, passwords)
        until(lambda: httpx2.get(node.url + "/healthz").json()["durable_lag_s"] < 1)
        for matter in matters:
            matter["said"] = node.said_of(matter)
            answer = httpx2.get(
                f"{node.url}/api/v1/matters/{matter['number']}/contact",
                headers={"Authorization": f"Bearer {tokens['office']}"},
            )
            told = answer.json() if answer.status_code == 200 else {}
            matter["contact"] = {name: told.get(name, "") for name in ("name", "phone")}
    return {"passwords": passwords, "tokens": tokens, "matters": matters}


def live_through(node: Recorded, tokens: Mapping[str, str], course: int) -> dict[str, Any]:
    """Raise the matter of a course and do all of it; return its receipt."""
    text, acts = COURSES[course]
    receipt = node.raised(
        text,
        name=f"张{course}",
        phone=f"139000000{course:02d}",
        publish="yes",
        deputy="li",
        station="dahe",
    )
    for role, name, fields in acts:
        command(node, tokens, receipt, role, name, fields)
    return {**receipt, "text": text}


def command(
    node: Recorded,
    tokens: Mapping[str, str],
    receipt: Mapping[str, Any],
    role: str,
    name: str,
    fields: Mapping[str, Any],
) -> None:
    """Carry out a command; one that the release has not yet is told, and left out."""
    answer = httpx2.post(
        f"{node.url}/api/v1/matters/{receipt['number']}/{name}",
        json=dict(fields),
        headers={"Authorization": f"Bearer {tokens[role]}"},
    )
    if answer.status_code == 404:
        sys.stderr.write(f"no command {name} in this release\n")
    elif answer.status_code != 200:
        raise SystemExit(f"{name}: {answer.status_code} {answer.text}")


def leave_open(node: Recorded, passwords: dict[str, str]) -> None:
    """Sign in with a one-time password, choose another, and leave the session and a draft open."""
    with httpx2.Client(base_url=node.url, follow_redirects=True, timeout=30) as browser:
        name = "office-of-old"
        page = browser.post(
            "/console/sign-in", data={"name": name, "password": passwords[name]}
        ).text
        chosen = "春风又绿江南岸8"
        browser.post(
            "/console/password",
            data={
                "form_token": form_token(page),
                "old": passwords[name],
                "new": chosen,
                "again": chosen,
            },
        )
        home = browser.get("/console/")
        assert "sign-in" not in str(home.url), home.url
        passwords[name] = chosen
        draft = browser.post(
            "/console/drafts/enter",
            data={"form_token": form_token(home.text), "text": "没写完的一件"},
        )
        if draft.status_code == 404:
            sys.stderr.write("no drafts in this release\n")


def packed(release: str, home: Path, expected: Mapping[str, Any]) -> Path:
    """Pack a folder with its replica and what is expected of it; return the archive."""
    (home / "expected.json").write_text(json.dumps(expected, ensure_ascii=False, indent=1), "utf-8")

    def kept(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
        names = Path(member.name).parts
        if any(name in LEFT_OUT or name.endswith("-shm") for name in names):
            return None
        member.uid = member.gid = 0
        member.uname = member.gname = ""
        return member

    path = GOLDEN / f"{release}.tar.xz"
    with tarfile.open(path, "x:xz", preset=9) as archive:
        for name in ("data", "data-replica", "expected.json"):
            if (home / name).exists():
                archive.add(home / name, name, filter=kept)
    return path


def verified(node: Recorded, home: Path) -> str:
    """Return the state hash that the release folds its folder to, told by a copy of it."""
    copy = home / "copy"
    shutil.copytree(node.data, copy)
    found = Recorded(node.checkout, copy).huiyin("matters", "verify").split()[0]
    shutil.rmtree(copy)
    return found


def exchanged(station: Recorded, hub: Recorded) -> dict[str, Any]:
    """Let a station join the hub, take matters and carry the first; return what it says then."""
    code = hub.huiyin("nodes", "enrol", "大河站", "--station", "dahe").split()
    with hub.served():
        station.huiyin("nodes", "join", hub.url, code[-1])
        station.huiyin("sync", "now")
        matters = []
        for text in ("站里的第一件", "站里的第二件"):
            with station.served():
                fields = {"name": "孙七", "phone": "13900000077", "station": "dahe"}
                receipt = station.raised(text, **fields)
                matters.append({**receipt, "text": text, "said": station.said_of(receipt)})
                station.huiyin("sync", "now")
    with station.served():
        for matter in matters:
            matter["said"] = station.said_of(matter)
    return {"matters": matters}


def record(release: str, checkout: Path) -> None:
    """Record the folders of a release. Raises FileExistsError where it has been recorded."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as scratch:
        homes = [Path(scratch) / name for name in ("hub", "station")]
        for home in homes:
            home.mkdir()
        hub = Recorded(checkout, homes[0] / "data")
        lives = {release: (hub, lived(hub))}
        if (checkout / "server" / "exchange.py").exists():
            options = ("--role", "station", "--sync-every", "off", "--no-replica")
            station = Recorded(checkout, homes[1] / "data", *options)
            lives[f"{release}-station"] = (station, exchanged(station, hub))
        for name, (node, expected) in lives.items():
            home = node.data.parent
            expected["state_hash"] = verified(node, home)
            path = packed(name, home, expected)
            sys.stdout.write(
                f"{path.name}: {path.stat().st_size} bytes, {len(expected['matters'])} matters"
                + "\n"
            )


if __name__ == "__main__":
    record(sys.argv[1], Path(sys.argv[2]))
