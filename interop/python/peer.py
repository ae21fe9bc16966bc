"""A peer for interop tests: the DynamoDB Encryption Client for Python behind files of cases.

    peer.py encrypt|decrypt IN.json OUT.json

IN is a JSON list of cases, or an object with such a list under "cases"; the
shape of a case is described in ../README.md. One process works through the
whole file.

encrypt writes the same list, each case with encrypted_item or error, with
kms_requests where a KMS was asked, and with provider.meta_table_items where
keys come from a key table. decrypt writes [{name, client, plaintext_item |
error}] in the order of IN.
"""
import argparse
import copy
import json
import logging
import sys

import dynamodb_encryption_sdk
from dynamodb_encryption_sdk.encrypted import CryptoConfig
from dynamodb_encryption_sdk.encrypted.item import decrypt_dynamodb_item, encrypt_dynamodb_item
from dynamodb_encryption_sdk.identifiers import CryptoAction
from dynamodb_encryption_sdk.structures import AttributeActions, EncryptionContext

from items import from_json, to_json
from providers import open_provider
from services import Services

CLIENT = "python-ddbec"


def crypto_config(case, item, services):
    """What the client calls a crypto config: provider, encryption context and actions of one case."""
    table = case["table_name"]
    override = case.get("table_name_override")
    if override and table == override["from"]:
        # The Python client has no override; another name in the context is its way to say the same.
        table = override["to"]
    actions = case["attribute_actions"]
    return CryptoConfig(
        materials_provider=open_provider(case["provider"], services),
        encryption_context=EncryptionContext(
            table_name=table,
            partition_key_name=case["partition_key"],
            sort_key_name=case.get("sort_key"),
            attributes=item,
        ),
        attribute_actions=AttributeActions(
            default_action=CryptoAction[actions["default"]],
            attribute_actions={name: CryptoAction[action] for name, action in actions["attributes"].items()},
        ),
    )


def encrypt(case, services):
    """The case as the client writes it: a copy with its encrypted item, or with the error."""
    out = copy.deepcopy(case)
    for stale in ("encrypted_item", "error", "kms_requests"):
        out.pop(stale, None)
    out["client"], out["client_version"] = CLIENT, dynamodb_encryption_sdk.__version__
    services.begin(case["provider"], writing=True)
    try:
        item = from_json(case["plaintext_item"])
        out["encrypted_item"] = to_json(encrypt_dynamodb_item(item, crypto_config(case, item, services)))
    except Exception as err:  # pylint: disable=broad-except
        out["error"] = describe(err)
    if services.kms_requests:
        out["kms_requests"] = services.kms_requests
    if case["provider"]["type"] == "most_recent":
        out["provider"]["meta_table_items"] = services.meta_table_items()
    return out


def decrypt(case, services):
    """What the client makes of the case's encrypted item."""
    out = {"name": case["name"], "client": CLIENT}
    if "encrypted_item" not in case:
        return dict(out, error="the case has no encrypted_item")
    services.begin(case["provider"])
    try:
        item = from_json(case["encrypted_item"])
        # The client takes the reserved attributes out of the map that it is given, so it gets one of its own.
        config = crypto_config(case, copy.deepcopy(item), services)
        out["plaintext_item"] = to_json(decrypt_dynamodb_item(item, config))
    except Exception as err:  # pylint: disable=broad-except
        out["error"] = describe(err)
    return out


def describe(err):
    return "{}: {}".format(type(err).__name__, err)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("verb", choices=("encrypt", "decrypt"))
    parser.add_argument("input")
    parser.add_argument("output")
    args = parser.parse_args()

    # The client logs whole stack traces of expected refusals.
    logging.getLogger("dynamodb_encryption_sdk").setLevel(logging.CRITICAL + 1)
    with open(args.input, encoding="utf-8") as source:
        cases = json.load(source)
    if isinstance(cases, dict):
        cases = cases["cases"]
    work = encrypt if args.verb == "encrypt" else decrypt
    services = Services()
    results = [work(case, services) for case in cases]
    with open(args.output, "w", encoding="utf-8") as target:
        json.dump(results, target)
        target.write("\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
