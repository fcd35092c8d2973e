"""What an API call must bring: a serializer that reads and refuses in one line."""

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers
from rest_framework.request import Request

from studio.errors import BadInput
from studio.texts import WHOLE


class Input(serializers.Serializer[Any]):
    """Fields of a body or of a query."""

    @classmethod
    def read(cls, data: Any) -> dict[str, Any]:
        """Return the checked values. Raises DRF's ValidationError, shown as bad_input."""
        wanted = cls(data=data)
        wanted.is_valid(raise_exception=True)
        return dict(wanted.validated_data)

    def to_internal_value(self, data: Any) -> Any:
        """Refuse what the fields would read as something else: "1_0" as 10, the text 1e400 as inf.

        Raises DRF's ValidationError.
        """
        given = data if isinstance(data, Mapping) else {}
        wrong = {
            name: [words]
            for name, field in self.fields.items()
            if name in given and (words := _trouble(field, given[name])) is not None
        }
        if wrong:
            raise serializers.ValidationError(wrong)
        return super().to_internal_value(data)


class Tags(serializers.DictField):
    """Names and texts; numbers and truth values become texts, as they came from older scripts."""

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if not isinstance(data, dict):
            raise serializers.ValidationError('tags are an object of names and texts: {"a": "1"}')
        for name, value in data.items():
            if isinstance(value, dict | list):
                raise serializers.ValidationError(
                    f"the tag {name!r:.60} must be a text, not {value!r:.60}"
                )
        return {
            name: None if value is None else value if isinstance(value, str) else str(value)
            for name, value in data.items()
        }


def _trouble(field: Any, value: Any) -> str | None:
    if isinstance(field, serializers.IntegerField) and isinstance(value, str):
        return None if WHOLE.fullmatch(value) else "A valid integer is required."
    if isinstance(field, serializers.CharField) and isinstance(value, float):
        return "Not a valid string."
    return None


def object_in(request: Request) -> dict[str, Any]:
    """Return the body as an object. Raises BadInput for a list, a text or a number."""
    if not isinstance(request.data, dict):
        raise BadInput("send a JSON object: {…}")
    return request.data


def changed(words: type[Input], request: Request) -> dict[str, Any]:
    """Read what a PATCH changes. Raises BadInput for a key that it cannot change."""
    given = object_in(request)
    known = list(words().fields)
    if unknown := [str(key) for key in given if key not in known]:
        raise BadInput(
            f"{', '.join(unknown):.60} cannot be changed here; what can be: {', '.join(known)}",
            fields={key[:60]: "cannot be changed" for key in unknown[:10]},
        )
    return words.read(given)
