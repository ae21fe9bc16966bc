"""A short walk with boto3 through a DynamoDB and a KMS, such as those of `ddbenc local`.

    smoke.py DYNAMODB_URL KMS_URL

It makes a table and a key, uses the calls that most programs use, and fails at the
first answer that is not DynamoDB's or KMS's.
"""
import os
import sys
import uuid
from decimal import Decimal

import boto3
from boto3.dynamodb.conditions import Attr, Key
from botocore.exceptions import ClientError


def main(dynamodb_url, kms_url):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        os.environ.setdefault(name, "interop")
    session = boto3.session.Session(region_name="us-west-2")
    dynamodb(session.resource("dynamodb", endpoint_url=dynamodb_url))
    kms(session.client("kms", endpoint_url=kms_url))


def dynamodb(resource):
    name = "smoke-{}".format(uuid.uuid4())
    table = resource.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "sk", "AttributeType": "N"},
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    table.wait_until_exists()
    check("table is there", name in [t.name for t in resource.tables.all()])

    number = Decimal("12345678901234567890.123456789012345678")
    item = {"pk": "p", "sk": 1, "n": number, "b": b"\x00\xff", "tags": {"x", "y"}, "deep": {"l": [None, True, "é😀"]}}
    table.put_item(Item=item)
    got = table.get_item(Key={"pk": "p", "sk": 1}, ConsistentRead=True)["Item"]
    check("item comes back", got == dict(item, sk=Decimal(1)), got)

    refused("second put", "ConditionalCheckFailedException", table.put_item, Item=item, ConditionExpression=Attr("pk").not_exists())
    updated = table.update_item(
        Key={"pk": "p", "sk": 1},
        UpdateExpression="SET n = n + :one REMOVE b",
        ExpressionAttributeValues={":one": 1},
        ReturnValues="ALL_NEW",
    )["Attributes"]
    more = Decimal("12345678901234567891.123456789012345678")
    check("number is exact", updated["n"] == more and "b" not in updated, updated)

    with table.batch_writer() as batch:
        for sort in range(2, 60):
            batch.put_item(Item={"pk": "p", "sk": sort, "even": sort % 2 == 0})
    query = {"KeyConditionExpression": Key("pk").eq("p") & Key("sk").between(2, 59), "ScanIndexForward": False, "Limit": 25}
    found = []
    while True:
        page = table.query(**query)
        found += [int(i["sk"]) for i in page["Items"]]
        if "LastEvaluatedKey" not in page:
            break
        query["ExclusiveStartKey"] = page["LastEvaluatedKey"]
    check("query pages backwards", found == list(range(59, 1, -1)), found)
    check("scan filters", table.scan(FilterExpression=Attr("even").eq(True), Select="COUNT")["Count"] == 29)

    client = resource.meta.client
    client.transact_write_items(
        TransactItems=[
            {"Put": {"TableName": name, "Item": {"pk": "t", "sk": 1}}},
            {"Delete": {"TableName": name, "Key": {"pk": "p", "sk": 2}}},
        ]
    )
    refused(
        "transaction",
        "TransactionCanceledException",
        client.transact_write_items,
        TransactItems=[
            {"ConditionCheck": {"TableName": name, "Key": {"pk": "p", "sk": 2}, "ConditionExpression": "attribute_exists(pk)"}},
            {"Put": {"TableName": name, "Item": {"pk": "t", "sk": 2}}},
        ],
    )
    check("cancelled transaction wrote nothing", "Item" not in table.get_item(Key={"pk": "t", "sk": 2}))
    table.delete()
    table.wait_until_not_exists()


def kms(client):
    key = client.create_key()["KeyMetadata"]["Arn"]
    context = {"*aws-kms-table*": "smoke", "pk": "p"}
    data_key = client.generate_data_key(KeyId=key, NumberOfBytes=32, EncryptionContext=context)
    blob = data_key["CiphertextBlob"]
    opened = client.decrypt(CiphertextBlob=blob, EncryptionContext=context)
    check("data key comes back", opened["Plaintext"] == data_key["Plaintext"] and opened["KeyId"] == key)
    refused("other context", "InvalidCiphertextException", client.decrypt, CiphertextBlob=blob, EncryptionContext={"pk": "q"})
    other = client.create_key()["KeyMetadata"]["Arn"]
    refused("other key", "IncorrectKeyException", client.decrypt, CiphertextBlob=blob, EncryptionContext=context, KeyId=other)
    client.disable_key(KeyId=key)
    refused("disabled key", "DisabledException", client.decrypt, CiphertextBlob=blob, EncryptionContext=context)


def check(what, holds, got=None):
    if not holds:
        sys.exit("smoke.py: {}: {}".format(what, got))


def refused(what, code, call, **params):
    try:
        call(**params)
    except ClientError as err:
        check("{} is refused".format(what), err.response["Error"]["Code"] == code, err)
    else:
        sys.exit("smoke.py: {} is not refused".format(what))


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
    print("boto3 {}: all answers as expected".format(boto3.__version__))
