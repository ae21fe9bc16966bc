package ddbenc.interop;

import com.amazonaws.services.dynamodbv2.datamodeling.encryption.DynamoDBEncryptor;
import com.amazonaws.services.dynamodbv2.datamodeling.encryption.EncryptionContext;
import com.amazonaws.services.dynamodbv2.datamodeling.encryption.EncryptionFlags;
import com.amazonaws.services.dynamodbv2.datamodeling.encryption.utils.EncryptionContextOperators;
import com.amazonaws.services.dynamodbv2.model.AttributeValue;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.File;
import java.io.IOException;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import java.util.Set;

/**
 * A peer for interop tests: the DynamoDB Encryption Client for Java behind files of cases.
 *
 * <pre>Peer encrypt|decrypt IN.json OUT.json</pre>
 *
 * IN is a JSON list of cases, or an object with such a list under "cases"; ../README.md describes
 * them. One process works through the whole file. {@code encrypt} writes the same list, each case
 * with encrypted_item or error, with kms_requests where a KMS was asked, and with
 * provider.meta_table_items where keys come from a key table. {@code decrypt} writes [{name,
 * client, plaintext_item | error}] in the order of IN.
 */
public final class Peer {
  private static final String CLIENT = "java-ddbec";
  private static final String CLIENT_VERSION = "2.0.3";

  // The client keeps them apart from the caller's attributes; flags for them would spoil the item.
  private static final Set<String> RESERVED = Set.of("*amzn-ddb-map-desc*", "*amzn-ddb-map-sig*");

  private Peer() {}

  public static void main(String[] args) throws IOException {
    if (args.length != 3 || !Set.of("encrypt", "decrypt").contains(args[0])) {
      System.err.println("usage: Peer encrypt|decrypt IN.json OUT.json");
      System.exit(2);
    }
    // The SDK would print a notice of its own end of support, and log through java.util.logging.
    System.setProperty("aws.java.v1.disableDeprecationAnnouncement", "true");
    java.util.logging.LogManager.getLogManager().reset();

    JsonMapper json = JsonMapper.builder().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build();
    JsonNode cases = json.readTree(new File(args[1]));
    if (cases.isObject()) {
      cases = cases.get("cases");
    }
    ArrayNode results = json.createArrayNode();
    for (JsonNode testCase : cases) {
      results.add(args[0].equals("encrypt") ? encrypt(testCase) : decrypt(testCase));
    }
    json.writeValue(new File(args[2]), results);
  }

  /** The case as the client writes it: a copy with its encrypted item, or with the error. */
  private static ObjectNode encrypt(JsonNode testCase) {
    ObjectNode out = testCase.deepCopy();
    out.remove(Set.of("encrypted_item", "error", "kms_requests"));
    out.put("client", CLIENT).put("client_version", CLIENT_VERSION);
    Services services = new Services(testCase.get("provider"), true);
    try {
      Map<String, AttributeValue> item = Items.fromJson(testCase.get("plaintext_item"));
      out.set(
          "encrypted_item",
          Items.toJson(
              encryptor(testCase, services)
                  .encryptRecord(item, flags(testCase, item), context(testCase))));
    } catch (Exception e) {
      out.put("error", describe(e));
    }
    if (!services.kmsRequests().isEmpty()) {
      out.set("kms_requests", services.kmsRequests());
    }
    if (services.hasKeyTable()) {
      ((ObjectNode) out.get("provider")).set("meta_table_items", services.keyTableRows());
    }
    return out;
  }

  /** What the client makes of the case's encrypted item. */
  private static ObjectNode decrypt(JsonNode testCase) {
    ObjectNode out = JsonNodeFactory.instance.objectNode();
    out.set("name", testCase.get("name"));
    out.put("client", CLIENT);
    if (!testCase.has("encrypted_item")) {
      return out.put("error", "the case has no encrypted_item");
    }
    try {
      Services services = new Services(testCase.get("provider"), false);
      Map<String, AttributeValue> item = Items.fromJson(testCase.get("encrypted_item"));
      out.set(
          "plaintext_item",
          Items.toJson(
              encryptor(testCase, services)
                  .decryptRecord(item, flags(testCase, item), context(testCase))));
    } catch (Exception | OutOfMemoryError | StackOverflowError e) {
      // The two errors are how the client refuses a length or a depth that nobody has.
      out.put("error", describe(e));
    }
    return out;
  }

  private static DynamoDBEncryptor encryptor(JsonNode testCase, Services services)
      throws Exception {
    DynamoDBEncryptor encryptor =
        DynamoDBEncryptor.getInstance(Providers.open(testCase.get("provider"), services));
    JsonNode override = testCase.get("table_name_override");
    if (override != null && !override.isNull()) {
      encryptor.setEncryptionContextOverrideOperator(
          EncryptionContextOperators.overrideEncryptionContextTableName(
              override.get("from").textValue(), override.get("to").textValue()));
    }
    return encryptor;
  }

  private static EncryptionContext context(JsonNode testCase) {
    EncryptionContext.Builder context =
        new EncryptionContext.Builder()
            .withTableName(testCase.get("table_name").textValue())
            .withHashKeyName(testCase.get("partition_key").textValue());
    if (testCase.hasNonNull("sort_key")) {
      context.withRangeKeyName(testCase.get("sort_key").textValue());
    }
    return context.build();
  }

  /**
   * The client takes flags by attribute and knows no default, so every attribute of the item and
   * every one that is configured gets its flags here; DO_NOTHING is the empty set.
   */
  private static Map<String, Set<EncryptionFlags>> flags(
      JsonNode testCase, Map<String, AttributeValue> item) {
    JsonNode actions = testCase.get("attribute_actions");
    Map<String, Set<EncryptionFlags>> flags = new HashMap<>();
    for (String name : item.keySet()) {
      flags.put(name, flagsOf(actions.get("default").textValue()));
    }
    for (Iterator<Map.Entry<String, JsonNode>> it = actions.get("attributes").fields();
        it.hasNext(); ) {
      Map.Entry<String, JsonNode> entry = it.next();
      flags.put(entry.getKey(), flagsOf(entry.getValue().textValue()));
    }
    flags.keySet().removeAll(RESERVED);
    return flags;
  }

  private static Set<EncryptionFlags> flagsOf(String action) {
    return switch (action) {
      case "ENCRYPT_AND_SIGN" -> EnumSet.of(EncryptionFlags.ENCRYPT, EncryptionFlags.SIGN);
      case "SIGN_ONLY" -> EnumSet.of(EncryptionFlags.SIGN);
      case "DO_NOTHING" -> EnumSet.noneOf(EncryptionFlags.class);
      default -> throw new IllegalArgumentException("no such action: " + action);
    };
  }

  /** The cause below all wrapping, which says more than the client's own text. */
  private static String describe(Throwable e) {
    while (e.getCause() != null) {
      e = e.getCause();
    }
    return e.getClass().getSimpleName() + ": " + e.getMessage();
  }
}
