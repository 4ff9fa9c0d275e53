"""The links of a page: relative, so that a site stands anywhere, also on a stick.

A page has some twenty of them and a site a hundred thousand pages, so they are no macros, and
what there is most of is a filter: it costs a third of a call.
"""

import functools

import jinja2


@functools.lru_cache(maxsize=4096)
def _steps(path: str) -> tuple[str, ...]:
    return tuple(step for step in path.split("/") if step not in ("", "."))


def relative(path: str, page: str) -> str:
    """The way from the page whose folder is `page` to `path`, both from the root of the site.

    Like mkdocs' `normalize_url` for what stands in the site; `path` is quoted and has no `..`.
    """
    target, here = _steps(path), _steps(page)
    shared = 0
    for step, other in zip(target, here, strict=False):
        if step != other:
            break
        shared += 1
    way = "/".join(("..",) * (len(here) - shared) + target[shared:]) or "."
    return f"{way}/" if path.endswith("/") else way


def named(context: jinja2.runtime.Context, path: str) -> str:
    """A path as links name it: a page by its file too where the site is opened from files."""
    is_page = not path or path.endswith("/")
    return f"{path}index.html" if is_page and context["config"].extra["from_files"] else path


@jinja2.pass_context
def to(context: jinja2.runtime.Context, path: str) -> str:
    """A link to a page (its folder, "" for the home page) or a file of the site."""
    return relative(named(context, path) or ".", context["page"].url)


@jinja2.pass_context
def server(context: jinja2.runtime.Context, path: str) -> str:
    """An address of the server; in a form it has no slash at its end."""
    elsewhere: str = context["config"].extra["server"]
    if elsewhere:
        return f"{elsewhere}/{path}"
    return f"{relative('.', context['page'].url)}/{named(context, path)}"


def on_env(env: jinja2.Environment, **_: object) -> jinja2.Environment:
    """Gives templates the filter `to` and the function `server`; mkdocs calls it by `hooks`."""
    env.filters["to"] = to
    env.globals["server"] = server
    return env
