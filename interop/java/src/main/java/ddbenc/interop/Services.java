package ddbenc.interop;

import com.amazonaws.auth.AWSCredentialsProvider;
import com.amazonaws.auth.AWSCredentialsProviderChain;
import com.amazonaws.auth.AWSStaticCredentialsProvider;
import com.amazonaws.auth.BasicAWSCredentials;
import com.amazonaws.auth.EnvironmentVariableCredentialsProvider;
import com.amazonaws.client.builder.AwsClientBuilder.EndpointConfiguration;
import com.amazonaws.services.dynamodbv2.AmazonDynamoDB;
import com.amazonaws.services.dynamodbv2.AmazonDynamoDBClientBuilder;
import com.amazonaws.services.kms.AWSKMS;
import com.amazonaws.services.kms.AWSKMSClientBuilder;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.HashMap;
import java.util.Map;

/**
 * KMS and the key table as one case wants them: answered in this process, or real ones at an
 * endpoint, which comes from the case or from the AWS SDKs' environment variables.
 */
final class Services {
  private static final String REGION = "us-west-2"; // of a key whose id names none
  private static final Map<String, AWSKMS> KMS_CLIENTS = new HashMap<>();
  private static final Map<String, AmazonDynamoDB> TABLE_CLIENTS = new HashMap<>();

  private final JsonNode provider;
  private final JsonNode protector; // the provider that asks KMS, if one does
  private final boolean writing;
  private final ArrayNode kmsRequests = JsonNodeFactory.instance.arrayNode();
  private KeyTable keyTable;

  /**
   * @param writing the item is to be encrypted, so key versions may be created, and the case's
   *     meta_table_items, which are what an earlier write left, do not count
   */
  Services(JsonNode provider, boolean writing) {
    this.provider = provider;
    this.protector = provider.has("meta_provider") ? provider.get("meta_provider") : provider;
    this.writing = writing;
  }

  boolean writing() {
    return writing;
  }

  /** Every request that was sent to KMS for the case, in order. */
  ArrayNode kmsRequests() {
    return kmsRequests;
  }

  AWSKMS kms() {
    if (protector.has("fake_kms")) {
      return Kms.fake(protector, kmsRequests);
    }
    String[] arn = protector.get("key_id").textValue().split(":", 5);
    String region = arn.length > 4 ? arn[3] : REGION;
    String endpoint = endpoint(protector, "AWS_ENDPOINT_URL_KMS");
    if (endpoint == null) {
      throw new IllegalArgumentException("the case has neither fake_kms nor a KMS endpoint");
    }
    AWSKMS client =
        KMS_CLIENTS.computeIfAbsent(
            region + " " + endpoint,
            key ->
                AWSKMSClientBuilder.standard()
                    .withEndpointConfiguration(new EndpointConfiguration(endpoint, region))
                    .withCredentials(credentials())
                    .build());
    return Kms.recording(client, kmsRequests);
  }

  boolean hasKeyTable() {
    return provider.get("type").textValue().equals("most_recent");
  }

  /** The DynamoDB client that the client's key store works on. */
  AmazonDynamoDB keyTable() {
    return openKeyTable().client();
  }

  /** Every row of the case's material, as stored, in order of version. */
  ArrayNode keyTableRows() {
    ArrayNode out = JsonNodeFactory.instance.arrayNode();
    openKeyTable()
        .rows(provider.get("material_name").textValue())
        .forEach(row -> out.add(Items.toJson(row)));
    return out;
  }

  private KeyTable openKeyTable() {
    if (keyTable == null) {
      String name = provider.get("meta_table_name").textValue();
      String endpoint = endpoint(provider, "AWS_ENDPOINT_URL_DYNAMODB");
      keyTable =
          endpoint == null
              ? KeyTable.inMemory()
              : KeyTable.at(
                  TABLE_CLIENTS.computeIfAbsent(
                      endpoint,
                      key ->
                          AmazonDynamoDBClientBuilder.standard()
                              .withEndpointConfiguration(new EndpointConfiguration(key, REGION))
                              .withCredentials(credentials())
                              .build()),
                  name);
      if (!writing) {
        for (JsonNode row : provider.path("meta_table_items")) {
          keyTable.put(name, Items.fromJson(row));
        }
      }
    }
    return keyTable;
  }

  private static String endpoint(JsonNode provider, String variable) {
    JsonNode endpoint = ((ObjectNode) provider).get("endpoint");
    return endpoint != null ? endpoint.textValue() : System.getenv(variable);
  }

  // An engine checks none of these, and none is a secret; what the environment says comes first.
  private static AWSCredentialsProvider credentials() {
    return new AWSCredentialsProviderChain(
        new EnvironmentVariableCredentialsProvider(),
        new AWSStaticCredentialsProvider(new BasicAWSCredentials("interop", "interop")));
  }
}
