package ddbenc.interop;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.lang.reflect.Proxy;
import java.net.URI;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.dynamodb.DynamoDbClient;
import software.amazon.awssdk.services.dynamodb.DynamoDbClientBuilder;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.GetItemRequest;
import software.amazon.awssdk.services.dynamodb.model.GetItemResponse;
import software.amazon.awssdk.services.kms.KmsClient;

/**
 * KMS and DynamoDB as one case wants them: answered in this process, or real ones at an endpoint,
 * which comes from the case or from the AWS SDKs' environment variables.
 */
final class Services {
  static final String REGION = "us-west-2"; // of a key whose id names none
  private static final String NOWHERE = "http://127.0.0.1:9"; // of a client that answers itself
  private static final Map<String, KmsClient> KMS_CLIENTS = new HashMap<>();
  private static final Map<String, DynamoDbClient> TABLE_CLIENTS = new HashMap<>();

  private final ArrayNode kmsRequests = JsonNodeFactory.instance.arrayNode();

  /** Every request that was sent to KMS for the case, in order. */
  ArrayNode kmsRequests() {
    return kmsRequests;
  }

  /** The KMS of a keyring, for a key or for a region. */
  KmsClient kms(JsonNode keyring, String region) {
    if (keyring.has("fake_kms")) {
      return Kms.fake(keyring, kmsAt(NOWHERE, region), kmsRequests);
    }
    return Kms.recording(
        kmsAt(endpoint(keyring, "endpoint", "AWS_ENDPOINT_URL_KMS"), region), kmsRequests);
  }

  /** The KMS of a key store. */
  KmsClient keyStoreKms(JsonNode store, String region) {
    if (isInMemory(store)) {
      return Kms.ofRows(store.path("kms_keys"), kmsAt(NOWHERE, region), kmsRequests);
    }
    return Kms.recording(
        kmsAt(endpoint(store, "kms_endpoint", "AWS_ENDPOINT_URL_KMS"), region), kmsRequests);
  }

  /** The DynamoDB of a key store. */
  DynamoDbClient keyStoreTable(JsonNode store) {
    return isInMemory(store) ? rows(Items.listFromJson(store.get("items"))) : table(store);
  }

  /** The DynamoDB at an endpoint. */
  static DynamoDbClient table(JsonNode place) {
    return TABLE_CLIENTS.computeIfAbsent(
        endpoint(place, "endpoint", "AWS_ENDPOINT_URL_DYNAMODB"),
        endpoint -> tableClient(endpoint).build());
  }

  /** A client to be given an interceptor. */
  static DynamoDbClientBuilder tableClient(JsonNode place) {
    return tableClient(endpoint(place, "endpoint", "AWS_ENDPOINT_URL_DYNAMODB"));
  }

  private static DynamoDbClientBuilder tableClient(String endpoint) {
    return DynamoDbClient.builder()
        .endpointOverride(URI.create(endpoint))
        .region(Region.of(REGION))
        .credentialsProvider(credentials());
  }

  /** The region that an ARN names, or the usual one. */
  static String regionOf(String keyId) {
    String[] arn = keyId.split(":", 5);
    return arn.length > 4 ? arn[3] : REGION;
  }

  private static boolean isInMemory(JsonNode store) {
    return store.has("items") && !store.has("endpoint");
  }

  private static KmsClient kmsAt(String endpoint, String region) {
    return KMS_CLIENTS.computeIfAbsent(
        region + " " + endpoint,
        key ->
            KmsClient.builder()
                .endpointOverride(URI.create(endpoint))
                .region(Region.of(region))
                .credentialsProvider(credentials())
                .build());
  }

  /** A DynamoDB that has the rows of one key store and can only be read. */
  private static DynamoDbClient rows(List<Map<String, AttributeValue>> rows) {
    return (DynamoDbClient)
        Proxy.newProxyInstance(
            Services.class.getClassLoader(),
            new Class<?>[] {DynamoDbClient.class},
            (self, method, args) -> {
              if (args != null && args.length == 1 && args[0] instanceof GetItemRequest request) {
                GetItemResponse.Builder out = GetItemResponse.builder();
                rows.stream()
                    .filter(row -> row.entrySet().containsAll(request.key().entrySet()))
                    .findFirst()
                    .ifPresent(out::item);
                return out.build();
              }
              throw new UnsupportedOperationException(method.getName());
            });
  }

  private static String endpoint(JsonNode place, String member, String variable) {
    String endpoint =
        place.hasNonNull(member) ? place.get(member).textValue() : System.getenv(variable);
    if (endpoint == null) {
      throw new IllegalArgumentException("the case has no " + member + ", nor is there " + variable);
    }
    return endpoint;
  }

  // An engine checks none of these, and none is a secret; what the environment says comes first.
  private static AwsCredentialsProvider credentials() {
    String id = System.getenv("AWS_ACCESS_KEY_ID");
    return StaticCredentialsProvider.create(
        id == null
            ? AwsBasicCredentials.create("interop", "interop")
            : AwsBasicCredentials.create(id, System.getenv("AWS_SECRET_ACCESS_KEY")));
  }
}
