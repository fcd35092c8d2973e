"""What the API says of any version, whatever it holds."""

from typing import Any

from registry.models import Version


def common(version: Version) -> dict[str, Any]:
    """What every version says of itself."""
    return {
        "name": version.asset.name,
        "version": version.number,
        "id": str(version),
        "description": version.description,
        "tags": version.tags,
        "properties": version.properties,
        "created_at": version.created_at,
        "created_by": version.created_by.username if version.created_by else None,
    }
