"""What the technicians service is told by its environment, beside what every service is told."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from services.chassis.settings import Settings
from services.technicians.domain.suggesting import Weights
from services.technicians.domain.travel import Pace

Weight = Annotated[float, Field(ge=0, le=1000)]


class TechniciansSettings(Settings):
    """FIELDMESH_SUGGEST_* weigh what speaks for a technician (B-5); only their proportions count.

    FIELDMESH_TRAVEL_* say how drives between visits are estimated: road miles for each mile as the crow flies, and
    miles an hour.
    """

    suggest_skills: Weight = 40.0
    suggest_validity: Weight = 10.0
    suggest_distance: Weight = 25.0
    suggest_load: Weight = 15.0
    suggest_availability: Weight = 10.0
    # How long the link of an invitation can be used.
    invitation_days: Annotated[float, Field(gt=0, le=60)] = 7.0
    travel_factor: Annotated[float, Field(ge=1, le=5)] = 1.3
    travel_miles_an_hour: Annotated[float, Field(ge=5, le=100)] = 45.0

    @property
    def pace(self) -> Pace:
        """How drives are estimated."""
        return Pace(self.travel_factor, self.travel_miles_an_hour)

    @property
    def weights(self) -> Weights:
        """The weights together; all zero is as good as none, and every score is zero."""
        return Weights(
            skills=self.suggest_skills,
            validity=self.suggest_validity,
            distance=self.suggest_distance,
            load=self.suggest_load,
            availability=self.suggest_availability,
        )
