"""Public holidays by country and region, from the holidays library."""

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from types import MappingProxyType

from services.chassis.errors import Violation
from services.shipping.draft_schemas import refuse


def spelled(country: str, region: str) -> str:
    """A region as its country's list spells it, however it was typed; as it was typed where none is alike."""
    import holidays  # as below

    alike = (each for each in holidays.list_supported_countries().get(country, ()) if each.lower() == region.lower())
    return next(alike, region)


@lru_cache(maxsize=32)
def public_holidays(country: str, region: str, first_year: int, last_year: int) -> Mapping[date, str]:
    """Public holidays with the days on which they are observed, by date; for the United States, Saturday's on Friday.

    `country` is ISO 3166-1 alpha-2, `region` what ISO 3166-2 has behind the hyphen. Raises InvalidRequest that names
    country or region where no list of theirs is known.
    """
    import holidays  # takes a third of a second, and few starts need it

    known = holidays.list_supported_countries()
    if country not in known:
        refuse([Violation("country", "must be a country's two letters, such as US, for which holidays are known")])
    if region and region not in known[country]:
        named = ", ".join(known[country][:60]) or "none is known"
        refuse([Violation("region", f"must be one of {country}: {named}")])
    # A holiday of the first days of a year may be observed in the year before.
    found = holidays.country_holidays(
        country, subdiv=region or None, years=range(first_year, last_year + 2), observed=True
    )
    return MappingProxyType({day: name for day, name in sorted(found.items()) if first_year <= day.year <= last_year})
