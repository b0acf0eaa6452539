"""One line of what ``upswell doctor`` reports, and the words for times and sizes in it."""

from dataclasses import dataclass

_UNITS = ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))
_SIZES = ((10**9, "GB"), (10**6, "MB"), (10**3, "kB"))


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report: what was looked at, whether it is ``well``, and what there is to say."""

    subject: str
    well: bool
    text: str


def age(seconds: int) -> str:
    """Write a duration in its largest unit: ``3 hours``."""
    size, unit = next((pair for pair in _UNITS if seconds >= pair[0]), _UNITS[-1])
    many = max(0, seconds) // size
    return f"{many} {unit}{'' if many == 1 else 's'}"


def size(many: int) -> str:
    """Write a number of bytes in its largest unit: ``12.3 GB``."""
    for unit, name in _SIZES:
        if many >= unit:
            return f"{many / unit:.1f} {name}"
    return f"{many} bytes"
