"""The API, from the schema that it is described by."""

from collections.abc import Mapping
from typing import Any, Final

from drf_spectacular.generators import SchemaGenerator

from askpro.dev.site.reference.markdown import WRITTEN, code, table

ABOUT: Final = """# The API, field by field

For the systems of a company ([api.md](../api.md) has an example, and what holds for all of it). An installation shows
the same at `/api/v1/docs/`, and as OpenAPI at `/api/v1/schema/`. Every request carries `Authorization: Bearer TOKEN`.

"""


def page() -> str:
    """The page."""
    generator: Any = SchemaGenerator
    schema: dict[str, Any] = generator().get_schema(request=None, public=True)
    operations = [
        _operation(method, path, operation)
        for path, methods in schema["paths"].items()
        for method, operation in methods.items()
    ]
    shapes = [_shape(name, shape) for name, shape in schema["components"]["schemas"].items()]
    return WRITTEN + ABOUT + "\n".join(operations) + "\n## Shapes\n\n" + "\n".join(shapes)


def _operation(method: str, path: str, operation: Mapping[str, Any]) -> str:
    text = f"## {operation['summary']}\n\n`{method.upper()} {path}`\n\n{operation['description']}\n\n"
    if body := operation.get("requestBody"):
        text += f"Body: {_kind(body['content']['application/json']['schema'])}.\n\n"
    if parameters := operation.get("parameters"):
        rows = [[code(each["name"]), each["in"], each.get("description", "")] for each in parameters]
        text += table(["parameter", "in", "meaning"], rows) + "\n"
    answers = sorted(operation["responses"].items())
    rows = [[number, answer["description"], _kind(_body(answer))] for number, answer in answers]
    return text + table(["answer", "meaning", "body"], rows)


def _shape(name: str, shape: Mapping[str, Any]) -> str:
    text = f"### {name}\n\n"
    if "enum" in shape:
        # The schema says of each value what it means, as a list.
        return text + shape.get("description", ", ".join(code(str(each)) for each in shape["enum"])) + "\n"
    if told := shape.get("description"):
        text += f"{told}\n\n"
    wanted = shape.get("required", ())
    rows = [
        [code(field), _kind(each), "yes" if field in wanted else "", each.get("description") or each.get("title", "")]
        for field, each in shape.get("properties", {}).items()
    ]
    return text + table(["field", "kind", "always there", "meaning"], rows)


def _body(answer: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = answer.get("content", {}).get("application/json", {}).get("schema", {})
    return found


def _kind(schema: Mapping[str, Any]) -> str:
    """What a value is, in a few words; a shape by its link."""
    if reference := schema.get("$ref"):
        name = reference.rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    for several in ("allOf", "oneOf", "anyOf"):
        if several in schema:
            return " or ".join(dict.fromkeys(_kind(each) for each in schema[several]))
    if schema.get("type") == "array":
        return f"list of {_kind(schema['items'])}"
    kinds = schema.get("type", "")
    words = kinds if isinstance(kinds, list) else [kinds]
    told = " or ".join("empty" if word == "null" else schema.get("format", word) for word in words)
    most = schema.get("maxLength")
    return told + (f", at most {most} characters" if most else "")
