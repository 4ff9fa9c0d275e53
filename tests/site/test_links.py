"""The links of a page lead where mkdocs' own filter would lead them."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from mkdocs.commands.build import build
from mkdocs.config import load_config
from mkdocs.structure.files import File
from mkdocs.structure.pages import Page
from mkdocs.utils import normalize_url

from publisher.addresses import href
from publisher.links import relative
from publisher.machinery import REPOSITORY

folders = st.lists(
    st.sampled_from(("notices", "areas", "320999101", "en", "2", "石", "2026-11")),
    max_size=4,
).map(lambda steps: "".join(f"{step}/" for step in steps))
files = st.sampled_from(("", "index.html", "card.vcf", "huiyin.1a2b3c.js"))
CONFIG = load_config(str(REPOSITORY / "mkdocs.yml"))


@given(page=folders, folder=folders, file=files)
def test_a_link_leads_where_mkdocs_leads_it(page: str, folder: str, file: str) -> None:
    path = href(folder) + file or "."
    stands_on = Page(None, File(f"{page}index.md", None, "build", True), CONFIG)
    assert relative(path, stands_on.url) == normalize_url(path, stands_on)


def test_mkdocs_alone_knows_the_links_of_our_templates(tmp_path: Path) -> None:
    config = load_config(str(REPOSITORY / "mkdocs.yml"), site_dir=str(tmp_path))
    build(config)
    page = (tmp_path / "help" / "index.html").read_text("utf-8")
    assert '<a href="../track/">查进度</a>' in page and 'href="../huiyin.css"' in page
