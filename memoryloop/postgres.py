"""The embedded PostgreSQL server and its supervisor."""

from pathlib import Path
from typing import Any


class EmbeddedPostgres:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def django_settings(self) -> dict[str, Any]:
        return {"NAME": "memoryloop", "USER": "nobody", "HOST": str(self.folder)}
