package ddbenc.interop;

import com.amazonaws.AmazonServiceException;
import com.amazonaws.auth.AWSStaticCredentialsProvider;
import com.amazonaws.auth.BasicAWSCredentials;
import com.amazonaws.client.builder.AwsClientBuilder.EndpointConfiguration;
import com.amazonaws.services.dynamodbv2.AmazonDynamoDB;
import com.amazonaws.services.dynamodbv2.AmazonDynamoDBClientBuilder;
import com.amazonaws.services.dynamodbv2.model.AttributeDefinition;
import com.amazonaws.services.dynamodbv2.model.AttributeValue;
import com.amazonaws.services.dynamodbv2.model.BillingMode;
import com.amazonaws.services.dynamodbv2.model.CreateTableRequest;
import com.amazonaws.services.dynamodbv2.model.DescribeTableRequest;
import com.amazonaws.services.dynamodbv2.model.ExpectedAttributeValue;
import com.amazonaws.services.dynamodbv2.model.GetItemRequest;
import com.amazonaws.services.dynamodbv2.model.KeySchemaElement;
import com.amazonaws.services.dynamodbv2.model.KeyType;
import com.amazonaws.services.dynamodbv2.model.PutItemRequest;
import com.amazonaws.services.dynamodbv2.model.QueryRequest;
import com.amazonaws.services.dynamodbv2.model.QueryResult;
import com.amazonaws.services.dynamodbv2.model.ReturnValue;
import com.amazonaws.services.dynamodbv2.model.UpdateItemRequest;
import com.amazonaws.services.kms.AWSKMS;
import com.amazonaws.services.kms.AWSKMSClientBuilder;
import com.amazonaws.services.kms.model.CreateKeyRequest;
import com.amazonaws.services.kms.model.DecryptRequest;
import com.amazonaws.services.kms.model.DisableKeyRequest;
import com.amazonaws.services.kms.model.GenerateDataKeyRequest;
import com.amazonaws.services.kms.model.GenerateDataKeyResult;
import com.amazonaws.waiters.WaiterParameters;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.UUID;

/**
 * A short walk with the AWS SDK for Java 1.x through a DynamoDB and a KMS, such as those of {@code
 * ddbenc local}. It uses the legacy parameters too, which the encryption client sends.
 *
 * <pre>Smoke DYNAMODB_URL KMS_URL</pre>
 */
public final class Smoke {
  private static final String REGION = "us-west-2";
  private static final AWSStaticCredentialsProvider CREDENTIALS =
      new AWSStaticCredentialsProvider(new BasicAWSCredentials("interop", "interop"));

  private Smoke() {}

  public static void main(String[] args) {
    if (args.length != 2) {
      System.err.println("usage: Smoke DYNAMODB_URL KMS_URL");
      System.exit(2);
    }
    System.setProperty("aws.java.v1.disableDeprecationAnnouncement", "true");
    java.util.logging.LogManager.getLogManager().reset();
    dynamodb(
        AmazonDynamoDBClientBuilder.standard()
            .withEndpointConfiguration(new EndpointConfiguration(args[0], REGION))
            .withCredentials(CREDENTIALS)
            .build());
    kms(
        AWSKMSClientBuilder.standard()
            .withEndpointConfiguration(new EndpointConfiguration(args[1], REGION))
            .withCredentials(CREDENTIALS)
            .build());
    System.out.println("AWS SDK for Java 1.x: all answers as expected");
  }

  private static void dynamodb(AmazonDynamoDB client) {
    String table = "smoke-" + UUID.randomUUID();
    client.createTable(
        new CreateTableRequest()
            .withTableName(table)
            .withKeySchema(
                new KeySchemaElement("N", KeyType.HASH), new KeySchemaElement("V", KeyType.RANGE))
            .withAttributeDefinitions(
                new AttributeDefinition("N", "S"), new AttributeDefinition("V", "N"))
            .withBillingMode(BillingMode.PAY_PER_REQUEST));
    client
        .waiters()
        .tableExists()
        .run(new WaiterParameters<>(new DescribeTableRequest(table)));

    String number = "-9.9999999999999999999999999999999999999E+125";
    Map<String, AttributeValue> item =
        Map.of(
            "N", new AttributeValue("n"),
            "V", new AttributeValue().withN("0"),
            "number", new AttributeValue().withN(number),
            "bytes", new AttributeValue().withB(ByteBuffer.wrap(new byte[] {0, -1})));
    PutItemRequest putIfAbsent =
        new PutItemRequest(table, item)
            .withExpected(
                Map.of(
                    "N", new ExpectedAttributeValue().withExists(false),
                    "V", new ExpectedAttributeValue().withExists(false)));
    client.putItem(putIfAbsent);
    refused("second put", "ConditionalCheckFailedException", () -> client.putItem(putIfAbsent));

    Map<String, AttributeValue> key = Map.of("N", item.get("N"), "V", item.get("V"));
    Map<String, AttributeValue> got =
        client.getItem(new GetItemRequest(table, key).withConsistentRead(true)).getItem();
    check("item comes back", got.size() == 4 && got.get("bytes").equals(item.get("bytes")), got);
    check(
        "number is exact",
        new java.math.BigDecimal(got.get("number").getN())
                .compareTo(new java.math.BigDecimal(number))
            == 0,
        got);

    String text =
        client
            .updateItem(
                new UpdateItemRequest()
                    .withTableName(table)
                    .withKey(key)
                    .withUpdateExpression("SET #t = :t")
                    .withExpressionAttributeNames(Map.of("#t", "text"))
                    .withExpressionAttributeValues(Map.of(":t", new AttributeValue("é😀")))
                    .withReturnValues(ReturnValue.UPDATED_NEW))
            .getAttributes()
            .get("text")
            .getS();
    check("update answers", text.equals("é😀"), text);

    client.putItem(
        table, Map.of("N", item.get("N"), "V", new AttributeValue().withN("10")));
    QueryResult newest =
        client.query(
            new QueryRequest(table)
                .withKeyConditionExpression("N = :n")
                .withExpressionAttributeValues(Map.of(":n", item.get("N")))
                .withScanIndexForward(false)
                .withConsistentRead(true)
                .withLimit(1));
    check(
        "newest version is found",
        newest.getCount() == 1 && newest.getItems().get(0).get("V").getN().equals("10"),
        newest);
    client.deleteTable(table);
  }

  private static void kms(AWSKMS client) {
    String key = client.createKey(new CreateKeyRequest()).getKeyMetadata().getArn();
    Map<String, String> context = Map.of("*aws-kms-table*", "smoke", "pk", "p");
    GenerateDataKeyResult dataKey =
        client.generateDataKey(
            new GenerateDataKeyRequest()
                .withKeyId(key)
                .withNumberOfBytes(32)
                .withEncryptionContext(context));
    DecryptRequest open =
        new DecryptRequest()
            .withCiphertextBlob(dataKey.getCiphertextBlob())
            .withEncryptionContext(context);
    check(
        "data key comes back",
        client.decrypt(open).getPlaintext().equals(dataKey.getPlaintext()),
        null);
    refused(
        "other context",
        "InvalidCiphertextException",
        () -> client.decrypt(open.clone().withEncryptionContext(Map.of("pk", "q"))));
    client.disableKey(new DisableKeyRequest().withKeyId(key));
    refused("disabled key", "DisabledException", () -> client.decrypt(open));
  }

  private static void check(String what, boolean holds, Object got) {
    if (!holds) {
      throw new AssertionError(what + ": " + got);
    }
  }

  private static void refused(String what, String code, Runnable call) {
    try {
      call.run();
    } catch (AmazonServiceException e) {
      check(what + " is refused", e.getErrorCode().equals(code), e);
      return;
    }
    throw new AssertionError(what + " is not refused");
  }
}
