"""KMS and the key table as a case wants them: answered in this process, or real ones at an endpoint.

The client insists on real boto3 objects, so the answers are given inside
botocore: a handler of its "before-call" event returns the response, and no
connection is made. The same hooks record what is sent to a real KMS.
"""
import base64
import copy
import os

import boto3
import botocore.session
from boto3.dynamodb.types import TypeDeserializer
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from dynamodb_encryption_sdk.material_providers.store.meta import MetaStore

from items import from_json, to_json

# What stands in a botocore request context of ours: the parameters as the API names them.
_PARAMS = "interop-params"
_REGION = "us-west-2"  # of clients whose key names no region


class Services:
    """What the case at hand reaches: call begin for every case."""

    def __init__(self):
        # An engine checks none of these, and none of them is a secret; what the environment says comes first.
        os.environ.setdefault("AWS_ACCESS_KEY_ID", "interop")
        os.environ.setdefault("AWS_SECRET_ACCESS_KEY", "interop")
        self.botocore_session = botocore.session.Session()
        if self.botocore_session.get_config_variable("region") is None:
            self.botocore_session.set_config_variable("region", _REGION)
        self._session = boto3.session.Session(botocore_session=self.botocore_session)
        self._kms_clients = {}
        self._resources = {}
        self.begin({"type": "static"})

    def begin(self, provider, writing=False):
        """Forget the last case and serve the provider of this one.

        writing: the item is to be encrypted, so key versions may be created, and
        the case's meta_table_items, which are what an earlier write left, do not count.
        """
        self.kms_requests = []
        self.writing = writing
        protector = provider.get("meta_provider", provider)
        self._fake_kms = protector.get("fake_kms")
        self._kms_endpoint = protector.get("endpoint") or os.environ.get("AWS_ENDPOINT_URL_KMS")
        self._key_id = protector.get("key_id")
        self._table = None
        if provider["type"] == "most_recent":
            endpoint = provider.get("endpoint") or os.environ.get("AWS_ENDPOINT_URL_DYNAMODB")
            rows = [] if writing else [from_json(row) for row in provider.get("meta_table_items") or ()]
            keys = _RealTable if endpoint else _MemoryTable
            self._table = keys(self._resource(endpoint), provider["meta_table_name"], provider["material_name"], rows)

    # KMS

    def kms_clients(self, key_id):
        """Regional clients for the client's KMS provider, so that it makes none of its own."""
        if self._fake_kms is None and not self._kms_endpoint:
            raise ValueError("the case has neither fake_kms nor a KMS endpoint")
        parts = key_id.split(":", 4)
        region = parts[3] if len(parts) > 3 else self.botocore_session.get_config_variable("region")
        endpoint = None if self._fake_kms else self._kms_endpoint
        if (region, endpoint) not in self._kms_clients:
            client = self._session.client("kms", region_name=region, endpoint_url=endpoint, config=_PATIENT)
            client.meta.events.register("before-parameter-build.kms", _remember_params)
            client.meta.events.register("before-call.kms", self._kms_call)
            self._kms_clients[region, endpoint] = client
        return {region: self._kms_clients[region, endpoint]}

    def _kms_call(self, model, context, **_):
        params = context[_PARAMS]
        record = {"operation": model.name}
        for name, value in params.items():
            record[name] = base64.b64encode(value).decode("ascii") if isinstance(value, bytes) else value
        if "GrantTokens" in record:
            record["GrantTokens"] = list(record["GrantTokens"])
        self.kms_requests.append(dict(sorted(record.items())))
        if self._fake_kms is None:
            return None
        answer = {"KeyId": self._key_id, "Plaintext": base64.b64decode(self._fake_kms["plaintext_b64"])}
        blob = base64.b64decode(self._fake_kms["ciphertext_blob_b64"])
        if model.name == "GenerateDataKey":
            return _respond(dict(answer, CiphertextBlob=blob))
        context_wanted = self._fake_kms.get("encryption_context", params["EncryptionContext"])
        if params["CiphertextBlob"] != blob or params["EncryptionContext"] != context_wanted:
            return _refuse("InvalidCiphertextException")
        return _respond(answer)

    # The key table

    def meta_table(self, name):
        """The boto3 table that the client's key store works on."""
        return self._table.open(name)

    def meta_table_items(self):
        """Every row of the case's material, as stored, in order of version."""
        return [to_json(row) for row in sorted(self._table.rows(), key=lambda row: int(row["V"]["N"]))]

    def _resource(self, endpoint):
        if endpoint not in self._resources:
            resource = self._session.resource("dynamodb", endpoint_url=endpoint, config=_PATIENT)
            if endpoint is None:
                events = resource.meta.client.meta.events
                # Last, so that the resource has made DynamoDB JSON of its caller's values before.
                events.register_last("before-parameter-build.dynamodb", _remember_params)
                events.register("before-call.dynamodb", self._dynamodb_call)
            self._resources[endpoint] = resource
        return self._resources[endpoint]

    def _dynamodb_call(self, model, context, **_):
        return self._table.call(model.name, context[_PARAMS])


_PATIENT = Config(connect_timeout=5, read_timeout=30, retries={"total_max_attempts": 4, "mode": "standard"})


class _MemoryTable:
    """A key table in this process, as far as the client's MetaStore asks: describe, get, put if absent, newest.

    Rows go out as copies, since boto3 turns a response into Python values where it lies.
    """

    def __init__(self, resource, name, material, rows):
        self._resource, self._name, self._material = resource, name, material
        self._rows = {(row["N"]["S"], int(row["V"]["N"])): row for row in rows}

    def open(self, name):
        return self._resource.Table(name)

    def rows(self):
        return [row for (material, _), row in self._rows.items() if material == self._material]

    def call(self, operation, params):
        return getattr(self, "_" + operation)(params)

    def _DescribeTable(self, _params):
        schema = [{"AttributeName": "N", "KeyType": "HASH"}, {"AttributeName": "V", "KeyType": "RANGE"}]
        return _respond({"Table": {"TableName": self._name, "KeySchema": schema}})

    def _GetItem(self, params):
        row = self._rows.get((params["Key"]["N"]["S"], int(params["Key"]["V"]["N"])))
        return _respond({"Item": copy.deepcopy(row)} if row else {})

    def _PutItem(self, params):
        key = params["Item"]["N"]["S"], int(params["Item"]["V"]["N"])
        # The only condition that the client sends is that the row is not there.
        if params.get("ConditionExpression") and key in self._rows:
            return _refuse("ConditionalCheckFailedException")
        self._rows[key] = params["Item"]
        return _respond({})

    def _Query(self, params):
        # The only query that the client sends is for the newest version of one name.
        (name,) = params["ExpressionAttributeValues"].values()
        versions = sorted((key for key in self._rows if key[0] == name["S"]), reverse=True)
        found = [copy.deepcopy(self._rows[key]) for key in versions[: params["Limit"]]]
        return _respond({"Items": found, "Count": len(found), "ScannedCount": len(found)})


class _RealTable:
    """A key table at an endpoint: made if it is not there, filled with the case's rows, left in place."""

    def __init__(self, resource, name, material, rows):
        self._resource, self._name, self._material, self._given = resource, name, material, rows

    def open(self, name):
        client = self._resource.meta.client
        try:
            client.describe_table(TableName=name)
        except client.exceptions.ResourceNotFoundException:
            MetaStore.create_table(client, name, 1, 1)
            client.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1})
        table = self._resource.Table(name)
        plain = TypeDeserializer()
        for row in self._given:
            table.put_item(Item={field: plain.deserialize(value) for field, value in row.items()})
        return table

    def rows(self):
        found = []
        request = {
            "TableName": self._name,
            "ConsistentRead": True,
            "KeyConditionExpression": "N = :name",
            "ExpressionAttributeValues": {":name": self._material},
        }
        while True:
            page = self._resource.meta.client.query(**request)
            found.extend(page["Items"])
            if "LastEvaluatedKey" not in page:
                return [_dynamodb_json(row) for row in found]
            request["ExclusiveStartKey"] = page["LastEvaluatedKey"]


def _dynamodb_json(row):
    """A row of a boto3 resource in the low-level form: a key table holds text, numbers and bytes only."""
    out = {}
    for name, value in row.items():
        if isinstance(value, str):
            out[name] = {"S": value}
        elif hasattr(value, "value"):
            out[name] = {"B": value.value}
        else:
            out[name] = {"N": str(value)}
    return out


def _remember_params(params, context, **_):
    context[_PARAMS] = dict(params)


def _respond(parsed):
    return AWSResponse("", 200, {}, None), dict(parsed, ResponseMetadata={"HTTPStatusCode": 200})


def _refuse(code):
    error = {"Code": code, "Message": "refused by the interop peer"}
    return AWSResponse("", 400, {}, None), {"Error": error, "ResponseMetadata": {"HTTPStatusCode": 400}}
