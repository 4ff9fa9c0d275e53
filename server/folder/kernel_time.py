"""Whether a time source keeps the system clock, as the kernel knows it: adjtimex(2).

Whatever keeps it (chrony, systemd-timesyncd, ntpd) clears STA_UNSYNC; the kernel sets it at start,
when somebody sets the clock by hand, and some hours after the source fell silent.
"""

import ctypes

# <sys/timex.h>
STA_UNSYNC = 0x0040
TIME_ERROR = 5


class _Timex(ctypes.Structure):
    """`struct timex` up to the status, with room for what the kernel writes after it."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_byte * 512),
    )


def is_kept() -> bool:
    """Return whether a time source keeps the system clock; False where that can't be asked."""
    try:
        adjtimex = ctypes.CDLL(None).adjtimex
    except (AttributeError, OSError):
        # Another system than Linux, or another libc.
        return False
    timex = _Timex(modes=0)
    state: int = adjtimex(ctypes.byref(timex))
    return 0 <= state < TIME_ERROR and not timex.status & STA_UNSYNC
