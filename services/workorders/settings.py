"""What work orders are configured with beside what every process of the mesh knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Self

from pydantic import Field, model_validator

from services.chassis.settings import Settings

if TYPE_CHECKING:
    from services.chassis.blobs import BlobStore


class WorkordersSettings(Settings):
    """FIELDMESH_FILES_URL (empty: the folder `files` below the data) and FIELDMESH_WORKORDERS_REPLICAS."""

    files_url: Annotated[str, Field(pattern=r"^(|file:///.+|s3://.+)$")] = ""
    workorders_replicas: Annotated[int, Field(ge=1)] = 1

    @model_validator(mode="after")
    def _refuse_shared_folders(self) -> Self:
        """A folder belongs to one machine: several replicas would each see a part of the files (hard-parts 24)."""
        if self.workorders_replicas > 1 and not self.files_url.startswith("s3://"):
            raise ValueError("Several replicas need FIELDMESH_FILES_URL to name a bucket (s3://…).")
        return self

    def open_files(self) -> BlobStore:
        """Where contents of files are kept."""
        from services.chassis.blobs import BlobStore

        return BlobStore(self.files_url) if self.files_url else BlobStore.in_folder(self.data / "files")
