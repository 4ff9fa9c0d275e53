"""How the texts of events are dressed for the way, and undressed where they arrive.

At a hub ordinary texts lie plain and contact details are sealed to the hub; at a station everything
is sealed to the station's key (docs/decisions/0016). Nothing plain of a matter ever travels.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence

from eventlog import words
from eventlog.events import Event
from eventlog.sealing import Sealed, Sealer, Unsealer, UnsealError
from eventlog.words import SALT_BYTES, Word


class WrongWords(Exception):
    """A text is not what its event committed to, or can't be opened by whom it was sent to."""

    code = "wrong-words"


def sealed_for(
    texts: Mapping[str, Word], sealer: Sealer, unsealer: Unsealer | None
) -> dict[str, Word]:
    """Return the texts of an event as the owner of `sealer`'s key may read them.

    Plain texts are boxed; secret ones get their key wrapped anew by `unsealer`, or stay behind
    where there is none.
    """
    sealed_texts: dict[str, Word] = {}
    for field, word in texts.items():
        if word.wrapped_key is None:
            sealed_texts[field] = words.boxed(word, sealer)
        elif unsealer is not None and words.is_secret(word):
            try:
                sealed = sealer.rewrap(Sealed(word.body, word.wrapped_key), unsealer)
            except UnsealError:
                # Sealed to a key of before, which nobody here has: it is of no use to anyone.
                continue
            sealed_texts[field] = Word(word.commitment, None, sealed.body, sealed.wrapped_key)
    return sealed_texts


def opened_from(
    event: Event, texts: Mapping[str, Word], unsealers: Sequence[Unsealer], sealer: Sealer
) -> dict[str, Word]:
    """Return the texts of an event that arrived, as they are to lie at a hub.

    Every text is checked against its commitment. Raises WrongWords.
    """
    return {
        field: _opened(event.words[field], word, unsealers, sealer) for field, word in texts.items()
    }


def _opened(commitment: bytes, word: Word, unsealers: Sequence[Unsealer], sealer: Sealer) -> Word:
    if word.wrapped_key is None:
        if not words.fits(commitment, word.salt, word.body):
            raise WrongWords("a text is not what was committed to")
        return Word(commitment, word.salt, word.body, None)
    sealed = Sealed(word.body, word.wrapped_key)
    unsealer, salted = _first(unsealers, lambda one: one.unseal(sealed))
    if sealed.is_boxed:
        try:
            salt, text = salted[:SALT_BYTES], words.unpacked(salted[SALT_BYTES:])
            text.decode()
        except (UnsealError, UnicodeDecodeError) as error:
            raise WrongWords("a text is damaged") from error
        if not words.fits(commitment, salt, text):
            raise WrongWords("a text is not what was committed to")
        return Word(commitment, salt, text, None)
    if hashlib.sha256(salted).digest() != commitment:
        raise WrongWords("a secret text is not what was committed to")
    again = sealer.rewrap(sealed, unsealer)
    return Word(commitment, None, again.body, again.wrapped_key)


def _first(
    unsealers: Sequence[Unsealer], opening: Callable[[Unsealer], bytes]
) -> tuple[Unsealer, bytes]:
    for unsealer in unsealers:
        try:
            return unsealer, opening(unsealer)
        except UnsealError:
            continue
    raise WrongWords("a text can't be opened by the hub")
