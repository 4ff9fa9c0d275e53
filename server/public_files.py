"""The static site as the hub serves it: plain files, with a page of ours where there is none."""

from pathlib import Path

from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send


class PublicFiles(StaticFiles):
    """The site's folder; it may be swapped for a new one at any moment."""

    def __init__(self, folder: Path) -> None:
        super().__init__(directory=folder, html=True, check_dir=False)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one file; each visit asks again whether it changed, which costs a 304."""

        async def sending(message: dict[str, object]) -> None:
            if message["type"] == "http.response.start":
                headers = message["headers"]
                assert isinstance(headers, list)
                headers.append((b"cache-control", b"no-cache"))
            await send(message)

        await super().__call__(scope, receive, sending)  # type: ignore[arg-type]  # same shape
