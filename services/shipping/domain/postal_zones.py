"""The time zone of a ship-to address in the United States, from its postal code.

An instant of delivery becomes a date there (sla.md, 2); the ship-to's zone is not the site's. Each row begins a range
of three-digit prefixes and names the zone of most places within it, made from the `zipcodes` data set.
"""

from bisect import bisect_right

_RANGES = (
    ("005", "America/New_York"),
    ("006", "America/Puerto_Rico"),
    ("008", "America/St_Thomas"),
    ("009", "America/Puerto_Rico"),
    ("010", "America/New_York"),
    ("324", "America/Chicago"),
    ("326", "America/New_York"),
    ("350", "America/Chicago"),
    ("373", "America/New_York"),
    ("375", "America/Chicago"),
    ("376", "America/New_York"),
    ("380", "America/Chicago"),
    ("398", "America/New_York"),
    ("402", "America/Kentucky/Louisville"),
    ("403", "America/New_York"),
    ("420", "America/Chicago"),
    ("425", "America/New_York"),
    ("427", "America/Chicago"),
    ("430", "America/New_York"),
    ("460", "America/Indiana/Indianapolis"),
    ("463", "America/Chicago"),
    ("465", "America/Indiana/Indianapolis"),
    ("471", "America/Kentucky/Louisville"),
    ("472", "America/Indiana/Indianapolis"),
    ("475", "America/Indiana/Vincennes"),
    ("476", "America/Chicago"),
    ("478", "America/Indiana/Indianapolis"),
    ("480", "America/Detroit"),
    ("500", "America/Chicago"),
    ("569", "America/New_York"),
    ("570", "America/Chicago"),
    ("576", "America/Denver"),
    ("580", "America/Chicago"),
    ("586", "America/Denver"),
    ("587", "America/Chicago"),
    ("590", "America/Denver"),
    ("600", "America/Chicago"),
    ("691", "America/Denver"),
    ("692", "America/Chicago"),
    ("693", "America/Denver"),
    ("700", "America/Chicago"),
    ("799", "America/Denver"),
    ("832", "America/Boise"),
    ("835", "America/Los_Angeles"),
    ("836", "America/Boise"),
    ("838", "America/Los_Angeles"),
    ("840", "America/Denver"),
    ("850", "America/Phoenix"),
    ("865", "America/Denver"),
    ("888", "America/New_York"),
    ("889", "America/Los_Angeles"),
    ("967", "Pacific/Honolulu"),
    ("969", "Pacific/Guam"),
    ("970", "America/Los_Angeles"),
    ("979", "America/Boise"),
    ("980", "America/Los_Angeles"),
    ("995", "America/Anchorage"),
    ("998", "America/Juneau"),
    ("999", "America/Sitka"),
)
_PREFIXES = tuple(prefix for prefix, _ in _RANGES)
_DIGITS = 3


def zone_of_postal_code(country: str, postal_code: str, otherwise: str) -> str:
    """The IANA zone of a postal code, or another one where the address is abroad or the code is none."""
    prefix = postal_code.strip()[:_DIGITS]
    if country not in {"US", ""} or len(prefix) < _DIGITS or not prefix.isdigit():
        return otherwise
    index = bisect_right(_PREFIXES, prefix) - 1
    return _RANGES[index][1] if index >= 0 else otherwise
