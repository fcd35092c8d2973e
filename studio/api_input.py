"""What an API call must bring: a serializer that reads and refuses in one line."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request

from studio.errors import BadInput


class Input(serializers.Serializer[Any]):
    """Fields of a body or of a query."""

    @classmethod
    def read(cls, data: Any) -> dict[str, Any]:
        """Return the checked values. Raises DRF's ValidationError, shown as bad_input."""
        wanted = cls(data=data)
        wanted.is_valid(raise_exception=True)
        return dict(wanted.validated_data)


def object_in(request: Request) -> dict[str, Any]:
    """Return the body as an object. Raises BadInput for a list, a text or a number."""
    if not isinstance(request.data, dict):
        raise BadInput("send a JSON object: {…}")
    return request.data
