"""The Atom feed of the newest notices. No clock is read."""

import datetime
import json
from collections.abc import Sequence
from xml.sax.saxutils import escape, quoteattr

from matters.public.notices import Notice
from publisher import addresses
from publisher.site_registers import SiteRegisters
from publisher.words.wording import STATES, visible

LATEST = 20


def _utc(time_ms: int) -> str:
    moment = datetime.datetime.fromtimestamp(time_ms / 1000, datetime.UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _updated(notice: Notice) -> int:
    return max(notice.published_at, notice.answered_at or 0)


def atom(title: str, notices: Sequence[Notice], base_url: str) -> bytes:
    """The feed (RFC 4287). Without a base address the links are relative to the feed."""
    site = base_url or "../"
    updated = max(map(_updated, notices), default=0)
    parts = [
        '<?xml version="1.0" encoding="utf-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom"'
        ' xml:lang="zh-CN">\n',
        f"<id>{escape(base_url or 'urn:huiyin:notices')}</id>\n<title>{escape(title)}</title>\n",
        f"<updated>{_utc(updated)}</updated>\n<author><name>{escape(title)}</name></author>\n",
        f"<link href={quoteattr(site + 'notices/')}/>\n",
        f'<link rel="self" href={quoteattr(site + "notices/feed.xml")}/>\n',
    ]
    for n in notices:
        link = site + addresses.href(addresses.notice(n.number))
        parts.append(
            f"<entry><id>urn:huiyin:{escape(n.number)}</id>"
            f"<title>{escape(visible(n.title))}</title><link href={quoteattr(link)}/>"
            f"<published>{_utc(n.standing_since)}</published>"
            f"<updated>{_utc(_updated(n))}</updated>"
            f"<summary>{escape(visible(n.text)[:200])}</summary></entry>\n"
        )
    return "".join([*parts, "</feed>\n"]).encode()


def latest_json(registers: SiteRegisters, base_url: str) -> bytes:
    """The newest notices for the front page of a county's portal (S08), as JSON.

    {"title", "url", "notices": [{"number", "title", "url", "state", "place", "published"}]};
    times are RFC 3339, UTC. Without a base address the links are relative to the file.
    """
    site = base_url or "../"
    content = registers.content
    rows = [
        {
            "number": n.number,
            "title": visible(n.title),
            "url": site + addresses.href(addresses.notice(n.number)),
            "state": STATES.get(n.state, n.state),
            "place": registers.area_name(n.area),
            "published": _utc(n.published_at),
        }
        for n in content.notices.latest(LATEST)
    ]
    made = {
        "title": f"{content.county.name}回音公示",
        "url": f"{site}notices/",
        "notices": rows,
    }
    return json.dumps(made, ensure_ascii=False, indent=1).encode()
