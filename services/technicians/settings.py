"""What the technicians service is told by its environment, beside what every service is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Self

from pydantic import Field, model_validator

from services.chassis.settings import Settings
from services.technicians.domain.suggesting import Weights
from services.technicians.domain.travel import Pace

if TYPE_CHECKING:
    from services.chassis.blobs import BlobStore

Weight = Annotated[float, Field(ge=0, le=1000)]


class TechniciansSettings(Settings):
    """FIELDMESH_SUGGEST_* weigh what speaks for a technician (B-5); only their proportions count.

    FIELDMESH_TRAVEL_* say how drives between visits are estimated: road miles for each mile as the crow flies, and
    miles an hour. FIELDMESH_EVIDENCE_URL is where evidence of certificates is kept (empty: the folder `evidence` below
    the data), and never within FIELDMESH_FILES_URL, which workorders sweeps.
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

    files_url: str = ""
    evidence_url: Annotated[str, Field(pattern=r"^(|file:///.+|s3://.+)$")] = ""
    technicians_replicas: Annotated[int, Field(ge=1)] = 1

    @model_validator(mode="after")
    def _refuse_shared_folders(self) -> Self:
        """A folder belongs to one machine, and to one service: each removes what it does not know (hard-parts 24)."""
        if self.technicians_replicas > 1 and not self.evidence_url.startswith("s3://"):
            raise ValueError("Several replicas need FIELDMESH_EVIDENCE_URL to name a bucket (s3://…).")
        ours, theirs = (f"{url.rstrip('/')}/" for url in (self.evidence_url, self.files_url))
        if self.evidence_url and self.files_url and (ours.startswith(theirs) or theirs.startswith(ours)):
            raise ValueError("FIELDMESH_EVIDENCE_URL and FIELDMESH_FILES_URL must not lie within each other.")
        return self

    def open_evidence(self) -> BlobStore:
        """Where evidence of certificates is kept."""
        from services.chassis.blobs import BlobStore

        return BlobStore(self.evidence_url) if self.evidence_url else BlobStore.in_folder(self.data / "evidence")

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
