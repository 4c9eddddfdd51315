"""What the shipping service is told by its environment, beside what every service is told."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated

from pydantic import Field, field_validator

from services.chassis.settings import Settings
from services.shipping.carriers.signed import SignedCarrier, carriers_of
from services.shipping.carriers.simulator import Simulator


class ShippingSettings(Settings):
    """FIELDMESH_RETURN_…: until when parts are to be on their way back, and when somebody is reminded.

    FIELDMESH_CARRIER_SIMULATOR lets the parcels of a demonstration move along; with FIELDMESH_CARRIER_SECRETS carriers
    report by themselves.
    """

    return_days: Annotated[int, Field(ge=1, le=365)] = 14
    # So many days before the due day a first reminder goes out; the second one follows when the day has passed.
    return_reminder_days: Annotated[int, Field(ge=0, le=60)] = 3
    # Minutes between two steps of a parcel that the carriers' simulator moves along; 0: there is none.
    carrier_simulator: Annotated[float, Field(ge=0, le=10_080)] = 0

    # Carriers that report by themselves, each with what it signs with: Name=whsec_…; Name=whsec_…
    carrier_secrets: Annotated[str, Field(repr=False)] = ""

    @field_validator("carrier_secrets")
    @classmethod
    def _readable(cls, value: str) -> str:
        carriers_of(value)
        return value

    def signed_carriers(self) -> Mapping[str, SignedCarrier]:
        """The carriers that report by themselves, by the word that stands for each in its address."""
        return carriers_of(self.carrier_secrets)

    def simulated(self) -> tuple[Simulator, ...]:
        """The simulator, where one is asked for."""
        return (Simulator(timedelta(minutes=self.carrier_simulator)),) if self.carrier_simulator else ()
