"""JSON Schema of every kind, as a line on disk has it."""

from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from fhir_coaching.records import RECORDS

DIALECT = "https://json-schema.org/draft/2020-12/schema"


class _Plain(GenerateJsonSchema):
    """Without titles that repeat the field's name, and without defaults: a field that is left out says nothing."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        del schema
        return False

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])


def schemas() -> dict[str, dict[str, Any]]:
    """Kind -> the JSON Schema of its lines: a record, or the withdrawal of one."""
    return {kind: _schema(kind) for kind in RECORDS}


def _schema(kind: str) -> dict[str, Any]:
    record = RECORDS[kind].model_json_schema(schema_generator=_Plain)
    definitions = record.pop("$defs", {})
    named = {"kind": {"const": kind, "description": "Required where a file holds several kinds."}}
    fields = record["properties"]
    return {
        "$schema": DIALECT,
        "title": kind,
        "description": record.pop("description"),
        "oneOf": [
            {**record, "title": "Record", "properties": {**named, **fields}},
            {
                "title": "Withdrawal",
                "description": "A record that is taken back.",
                "type": "object",
                "properties": {**named, "id": fields["id"], "deleted": {"const": True}},
                "required": ["id", "deleted"],
                "additionalProperties": False,
            },
        ],
        "$defs": definitions,
    }
