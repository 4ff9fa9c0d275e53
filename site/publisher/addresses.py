"""Where each page stands, relative to the root of the site (CONTRACT, "Addresses")."""

from urllib.parse import quote


class UnsafeIdError(ValueError):
    """An id that can't stand in an address: empty, with a slash, or leading out of the site."""


def folder(*parts: str) -> str:
    """The path of a page, unquoted: `deputies/li-ping/`; its file is `index.html` in there."""
    for part in parts:
        if not part or part.startswith(".") or set(part) & set('/\\\0"'):
            raise UnsafeIdError(f"{part!r} cannot be an address")
    return "/".join(parts) + "/" if parts else ""


def href(path: str) -> str:
    """A path as it stands in a link, percent-encoded."""
    return quote(path, safe="/-._~")


def area(code: str) -> str:
    """The page of a township or village."""
    return folder("areas", code)


def deputy(id: str) -> str:
    """The page of a deputy."""
    return folder("deputies", id)


def station(id: str) -> str:
    """The page of a station."""
    return folder("stations", id)


def notice(number: str) -> str:
    """The page of a notice."""
    return folder("notices", number)


def page(id: str) -> str:
    """A page that the county writes itself."""
    return folder("pages", id)


def english(path: str) -> str:
    """The English page beside the one at `path`."""
    return f"en/{path}"


def cut(path: str, page: int) -> str:
    """The page-th part of a list that is cut into pages, from 1: `path`, `path2/` …"""
    return path if page == 1 else f"{path}{page}/"


def month(month: str, page: int = 1) -> str:
    """A page of the notices of a month, from 1."""
    return cut(folder("notices", month), page)
