"""`python -m bench.exchange.morango_station.certificates COUNT`: makes tables and certificates.

Prints a JSON list, for each client what it joins with: its certificate with those that it hangs by,
and its private key. Clients get theirs beforehand, as setting up is not measured.
"""

import json
import sys
from typing import Any

import django  # type: ignore[import-not-found,unused-ignore]  # of the peers' place

SCOPE = "county"


def make_tables() -> None:
    """Make the tables in the database of the settings, with the one scope that there is."""
    from django.core.management import call_command  # type: ignore[import-not-found,unused-ignore]
    from django.db import connection  # type: ignore[import-not-found,unused-ignore]
    from morango.models import ScopeDefinition  # type: ignore[import-not-found,unused-ignore]

    connection.cursor().execute("PRAGMA journal_mode=WAL")
    call_command("migrate", run_syncdb=True, verbosity=0)
    ScopeDefinition.objects.create(
        id=SCOPE,
        profile="bench",
        version=1,
        primary_scope_param_key="county",
        description="all of a county",
        read_filter_template="",
        write_filter_template="",
        read_write_filter_template="${county}",
    )


def _client_of(county: Any) -> dict[str, Any]:
    from morango.models import Certificate
    from morango.models.fields.crypto import Key  # type: ignore[import-not-found,unused-ignore]

    certificate = Certificate(
        parent=county,
        profile="bench",
        scope_definition=county.scope_definition,
        scope_version=county.scope_version,
        scope_params=json.dumps({"county": county.id}),
        private_key=Key(),
    )
    certificate.id = certificate.calculate_uuid()
    county.sign_certificate(certificate)
    chain = [
        {"id": one.id, "serialized": one.serialized, "signature": one.signature}
        for one in (county, certificate)
    ]
    return {"chain": chain, "key": certificate.private_key.get_private_key_string()}


def main() -> None:
    """Make everything, and print what the clients need."""
    django.setup()
    from morango.models import Certificate

    make_tables()
    county = Certificate.generate_root_certificate(SCOPE)
    json.dump([_client_of(county) for _ in range(int(sys.argv[1]))], sys.stdout)


if __name__ == "__main__":
    main()
