"""Items between JSON, where binary is base64, and the client's form, where it is bytes."""
import base64


def from_json(item):
    """DynamoDB JSON as the client wants it: binary values decoded."""
    return {name: _value(value, base64.b64decode) for name, value in item.items()}


def to_json(item):
    """The client's item as DynamoDB JSON: binary values in base64."""
    return {name: _value(value, lambda raw: base64.b64encode(bytes(raw)).decode("ascii")) for name, value in item.items()}


def _value(value, binary):
    # A value with no type or with two passes through: refusing it is the client's business.
    out = {}
    for kind, content in value.items():
        if kind == "B":
            content = binary(content)
        elif kind == "BS":
            content = [binary(member) for member in content]
        elif kind in ("SS", "NS"):
            content = list(content)
        elif kind == "L":
            content = [_value(member, binary) for member in content]
        elif kind == "M":
            content = {name: _value(member, binary) for name, member in content.items()}
        out[kind] = content
    return out
