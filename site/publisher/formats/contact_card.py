"""card.vcf: a deputy's public contact details, for the address book on a phone (vCard 3.0)."""

from deputies.deputies import Deputy
from publisher.formats.folding import escaped, lines
from publisher.words.wording import LEVELS, phone


def card(deputy: Deputy, organisation: str, address: str) -> bytes:
    """The card of a deputy; `address` is the absolute address of their page, or ""."""
    content = [
        "BEGIN:VCARD",
        "VERSION:3.0",
        f"N:{escaped(deputy.name)};;;;",
        f"FN:{escaped(deputy.name)}",
        f"ORG:{escaped(organisation)}",
        f"TITLE:{escaped(LEVELS[deputy.level])}",
    ]
    if number := phone(deputy.phone):
        content.append(f"TEL;TYPE=WORK,VOICE:{number['dial']}")
    if address:
        content.append(f"URL:{address}")
    if deputy.constituency:
        content.append(f"NOTE:{escaped(deputy.constituency)}")
    return lines([*content, "END:VCARD"])
