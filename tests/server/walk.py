"""One matter on its way through the six orders, by the interface, and the people who act on it."""

from typing import Any

import httpx2

from server.registers.sample import sign_ins
from tests.hub import Hub, form_token, huiyin


class Walk:
    """One matter and the people who act on it; each act names the version that it has seen."""

    def __init__(self, hub: Hub, text: str, **fields: str) -> None:
        self.hub = hub
        self.unit_id = hub.unit_of_sample()
        units = hub.client("office").get("/api/v1/units").json()["units"]
        self.other_unit = next(one["id"] for one in units if one["id"] != self.unit_id)
        self.clients = {
            "office": hub.client("office"),
            "unit": hub.client("unit", unit=self.unit_id),
            "assisting": hub.client("unit", unit=self.other_unit),
            "deputy": hub.client("deputy", deputy=deputy_of_sample(hub)),
            "liaison": hub.client("liaison", station="weidu"),
        }
        self.receipt = hub.raise_matter(
            text, **{"station": "weidu", "deputy": deputy_of_sample(hub), **fields}
        )
        self.number = str(self.receipt["number"])
        self.matter: dict[str, Any] = {"version": 0}

    def act(self, role: str, command: str, **fields: Any) -> dict[str, Any]:
        """Carry a command out as a role and return the matter."""
        answer = self.try_to(role, command, **fields)
        assert answer.status_code == 200, (command, answer.text)
        self.matter = answer.json()
        return self.matter

    def try_to(self, role: str, command: str, **fields: Any) -> httpx2.Response:
        """Send a command as a role and return the answer, whatever it is."""
        return self.clients[role].post(
            f"/api/v1/matters/{self.number}/{command}",
            json={"seen": self.matter["version"], **fields},
        )

    def look(self, role: str = "office") -> dict[str, Any]:
        """Return the matter as a role reads it now; later acts name that version."""
        answer = self.clients[role].get(f"/api/v1/matters/{self.number}")
        assert answer.status_code == 200, answer.text
        self.matter = answer.json()
        return self.matter

    def say(self, text: str) -> None:
        """Write a further message on the villager's own page."""
        answer = httpx2.post(
            f"{self.hub.url}/m/{self.number}/message",
            data={"key": self.receipt["key"], "text": text},
        )
        assert answer.status_code == 303, answer.text

    def villager_reads(self) -> str:
        """Return the villager's page as HTML."""
        found = httpx2.get(
            f"{self.hub.url}/m/{self.number}", params={"key": self.receipt["key"]}, timeout=30
        )
        assert found.status_code == 200
        return found.text

    def rate(self, reply: str, result: str, comment: str = "") -> dict[str, Any]:
        """Rate as the villager, on their own page, and return what it says then."""
        answer = httpx2.post(
            f"{self.hub.url}/m/{self.number}/rating",
            data={
                "key": self.receipt["key"],
                "reply_rating": reply,
                "result_rating": result,
                "comment": comment,
            },
            headers={"Accept": "application/json"},
        )
        assert answer.status_code == 200, answer.text
        self.matter["version"] = answer.json()["version"]
        found: dict[str, Any] = answer.json()
        return found


def deputy_of_sample(hub: Hub) -> str:
    """Return the deputy whom the sample's deputy account stands for."""
    found = next(one.place for one in sign_ins(hub.data) if one.role == "deputy")
    return found.partition(" ")[0]


def problem(answer: httpx2.Response, status: int) -> dict[str, str]:
    """Return the first problem, having seen that it is told in both languages."""
    assert answer.status_code == status, (answer.status_code, answer.text)
    first: dict[str, str] = answer.json()["errors"][0]
    assert any("\u4e00" <= character <= "\u9fff" for character in first["message_zh"])
    assert first["message_en"] and first["message_en"] != first["message_zh"], first
    return first


def signed_in(hub: Hub, name: str, *options: str) -> httpx2.Client:
    """Add a person by the command line and return them signed in, the one-time password changed."""
    once = huiyin("users", "add", name, *options, "--data", hub.data).stdout.strip()
    client = hub.opened(httpx2.Client(base_url=hub.url, follow_redirects=True, timeout=30))
    page = client.post("/console/sign-in", data={"name": name, "password": once})
    own = "a-password-of-my-own"
    fields = {"form_token": form_token(page.text), "old": once, "new": own, "again": own}
    answer = client.post("/console/password", data=fields)
    assert answer.status_code == 200 and answer.url.path != "/console/password", answer.text
    return client
