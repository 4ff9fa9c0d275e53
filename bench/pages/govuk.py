"""The peer that cares most for plain pages: GOV.UK's own frontend, with the same words in it.

`tools/setup bench` unpacks the package into `build/peers/govuk-frontend`; a page is put together as
the package's own template does it, from its stylesheet, script, fonts and icons.
"""

import html
import shutil
from pathlib import Path

from bench.processes import ROOT, NotReadyError

PACKAGE = ROOT / "build" / "peers" / "govuk-frontend" / "dist" / "govuk"
_PAGE = """<!DOCTYPE html>
<html lang="zh" class="govuk-template">
<head>
<meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover">
<meta name="theme-color" content="#1d70b8">
<link rel="icon" sizes="48x48" href="/assets/images/favicon.ico">
<link rel="icon" sizes="any" href="/assets/images/favicon.svg" type="image/svg+xml">
<link rel="manifest" href="/assets/manifest.json">
<link rel="stylesheet" href="/govuk-frontend.min.css">
</head>
<body class="govuk-template__body">
<script>document.body.className += ' js-enabled' + ('noModule' in HTMLScriptElement.prototype \
? ' govuk-frontend-supported' : '');</script>
<a href="#main-content" class="govuk-skip-link" data-module="govuk-skip-link">跳到正文</a>
<header class="govuk-template__header"><div class="govuk-header"><div \
class="govuk-header__container govuk-width-container"><div class="govuk-header__logo">\
<a href="/" class="govuk-header__homepage-link">回音</a></div></div></div></header>
<div class="govuk-width-container"><main class="govuk-main-wrapper" id="main-content">
{body}
</main></div>
<footer class="govuk-footer"><div class="govuk-width-container"></div></footer>
<script type="module" src="/govuk-frontend.min.js"></script>
<script type="module">import {{ initAll }} from '/govuk-frontend.min.js'; initAll()</script>
</body>
</html>
"""
_FIELDS = {
    "text": '<textarea class="govuk-textarea" id="{id}" name="{id}" rows="7"></textarea>',
    "line": '<input class="govuk-input" id="{id}" name="{id}" type="text">',
}


def write_site(folder: Path, pages: dict[str, tuple[str, bool]]) -> None:
    """Write the peer's pages: path → (Markdown of our page's words, whether it is the form).

    Raises NotReadyError where the package is not there.
    """
    if not PACKAGE.exists():
        raise NotReadyError("govuk-frontend is not installed; run tools/setup bench")
    folder.mkdir(parents=True)
    for name in ("govuk-frontend.min.css", "govuk-frontend.min.js"):
        shutil.copy(PACKAGE / name, folder / name)
    shutil.copytree(PACKAGE / "assets", folder / "assets")
    for path, (words, is_form) in pages.items():
        target = folder / path / "index.html"
        target.parent.mkdir(parents=True, exist_ok=True)
        body = "\n".join(_block(line) for line in words.split("\n\n") if line.strip())
        if is_form:
            body = f'<form method="post">{body}{_form()}</form>'
        title = html.escape(words.lstrip("# ").split("\n")[0])
        target.write_text(_PAGE.format(title=title, body=body), "utf-8")


def _block(line: str) -> str:
    level = len(line) - len(line.lstrip("#"))
    words = html.escape(line.lstrip("# ").replace("\\", "").strip())
    if level:
        size = {1: "l", 2: "m"}.get(level, "s")
        return f'<h{level} class="govuk-heading-{size}">{words}</h{level}>'
    return f'<p class="govuk-body">{words}</p>'


def _form() -> str:
    """The fields of our form, each as the package's examples have it."""
    fields = [("text", "text"), ("place", "line"), ("name", "line"), ("phone", "line")]
    groups = "".join(
        f'<div class="govuk-form-group"><label class="govuk-label" for="{name}">{name}</label>'
        f"{_FIELDS[kind].format(id=name)}</div>"
        for name, kind in fields
    )
    button = '<button type="submit" class="govuk-button" data-module="govuk-button">提交</button>'
    return groups + button
