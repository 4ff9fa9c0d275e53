"""`python -m bench.exchange.morango_station.client ADDRESS`: a client that does what it is told.

Reads orders as lines of JSON, of which the first is what `certificates.py` printed for it, then
`{"write": [texts]}` and `{"sync": true}`; answers each with a line of JSON once it is done.
"""

import json
import sys
from typing import Any

import django  # type: ignore[import-not-found,unused-ignore]  # of the peers' place

from bench.exchange.morango_station.certificates import make_tables


def main() -> None:
    """Carry out orders until there are no more."""
    django.setup()
    make_tables()
    certificate = _joined(json.loads(sys.stdin.readline()))
    _done()
    for line in sys.stdin:
        order = json.loads(line)
        if "write" in order:
            _write(certificate.parent_id, order["write"])
        else:
            _push(sys.argv[1], certificate)
        _done()


def _done() -> None:
    sys.stdout.write("{}\n")
    sys.stdout.flush()


def _joined(given: dict[str, Any]) -> Any:
    from morango.models import Certificate  # type: ignore[import-not-found,unused-ignore]
    from morango.models.fields.crypto import Key  # type: ignore[import-not-found,unused-ignore]

    certificate = Certificate.save_certificate_chain(given["chain"])
    certificate.private_key = Key(private_key_string=given["key"])
    certificate.save()
    return certificate


def _write(county: str, texts: list[str]) -> None:
    from django.db import transaction  # type: ignore[import-not-found,unused-ignore]

    from bench.exchange.morango_station.models import Submission

    with transaction.atomic():
        for text in texts:
            Submission(county=county, text=text).save()


def _push(address: str, certificate: Any) -> None:
    """Go through one round upwards, from the first greeting to the closing of the session."""
    from morango.models import Filter
    from morango.sync.syncsession import (  # type: ignore[import-not-found,unused-ignore]
        NetworkSyncConnection,
    )

    connection = NetworkSyncConnection(base_url=address)
    session = connection.create_sync_session(certificate, certificate.parent)
    push = session.get_push_client()
    push.initialize(Filter(certificate.parent_id))
    push.run()
    push.finalize()
    connection.close_sync_session(session.sync_session)
    connection.close()


if __name__ == "__main__":
    main()
