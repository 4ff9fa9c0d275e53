"""The peer that only parses: what Starlette itself can do with the same body on this machine.

`python -m bench.intake.plain_app PORT` serves it with uvicorn as `huiyin serve` does. `/form` and
`/json` parse the body as Starlette's own documentation has it, and answer as many bytes as a
receipt; `/hello` does not even look at it.
"""

import sys

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

RECEIPT = {
    "id": "01a2001f-e211-7d89-9db8-8adecc2a3d8b",
    "number": "6589516750",
    "key": "5vwmr95hvzq5r",
    "safety": "durable",
    "url": "http://127.0.0.1:8911/m/6589516750?key=5vwmr95hvzq5r",
}


async def take_form(request: Request) -> Response:
    """Answer 201 once the form is parsed."""
    form = await request.form()
    return JSONResponse({**RECEIPT, "id": form["id"]}, 201)


async def take_json(request: Request) -> Response:
    """Answer 201 once the JSON is parsed."""
    values = await request.json()
    return JSONResponse({**RECEIPT, "id": values["id"]}, 201)


async def hello(_: Request) -> Response:
    """Answer 200."""
    return PlainTextResponse('hello, world "safety":"durable"')


def main() -> None:
    """Serve until SIGTERM."""
    application = Starlette(
        routes=[
            Route("/form", take_form, methods=["POST"]),
            Route("/json", take_json, methods=["POST"]),
            Route("/hello", hello, methods=["POST"]),
        ]
    )
    uvicorn.run(
        application,
        host="127.0.0.1",
        port=int(sys.argv[1]),
        http="httptools",
        loop="uvloop",
        lifespan="on",
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_keep_alive=30,
    )


if __name__ == "__main__":
    main()
