"""Where parts go (CP-50)."""

from dataclasses import dataclass

from services.shipping.domain.postal_zones import zone_of_postal_code


@dataclass(frozen=True, slots=True)
class ShipTo:
    """A delivery address as the partner gave it; `handling` is the number of the contract's HandlingNeed."""

    residential: bool = False
    name: str = ""
    phone: str = ""
    party: str = ""
    handling: int = 0
    street: str = ""
    city: str = ""
    state: str = ""
    postal_code: str = ""
    country: str = ""

    def zone(self, otherwise: str) -> str:
        """The time zone there, in which an instant of delivery becomes a date; else the site's."""
        return zone_of_postal_code(self.country, self.postal_code, otherwise)
