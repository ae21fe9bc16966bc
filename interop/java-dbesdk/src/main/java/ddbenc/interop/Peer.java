package ddbenc.interop;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamWriteConstraints;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.util.List;
import java.util.Map;
import java.util.Set;
import software.amazon.cryptography.dbencryptionsdk.dynamodb.itemencryptor.model.DecryptItemInput;
import software.amazon.cryptography.dbencryptionsdk.dynamodb.itemencryptor.model.EncryptItemInput;
import software.amazon.cryptography.dbencryptionsdk.dynamodb.itemencryptor.model.EncryptItemOutput;
import software.amazon.cryptography.dbencryptionsdk.dynamodb.itemencryptor.model.ParsedHeader;

/**
 * A peer for interop tests: the AWS Database Encryption SDK for DynamoDB, for Java, behind files of
 * cases.
 *
 * <pre>
 * Peer encrypt|decrypt|keystore|table IN.json OUT.json
 * Peer serve
 * </pre>
 *
 * IN is a JSON list of cases, or an object with such a list under "cases"; ../README.md describes
 * them. One process works through the whole file. {@code encrypt} writes the same list, each case
 * with encrypted_item or error, and with kms_requests where a KMS was asked. {@code decrypt} writes
 * [{name, client, plaintext_item | error}] in the order of IN. {@code keystore} carries out
 * requests to branch key stores, and {@code table} requests to a table through the interceptor.
 * {@code serve} takes such requests from the standard input.
 */
public final class Peer {
  private static final String CLIENT = "java-dbesdk";
  private static final String CLIENT_VERSION = "3.9.0";

  private static final Set<String> VERBS = Set.of("encrypt", "decrypt", "keystore", "table");

  // What nests too deeply or is too long is for the client to refuse.
  private static final JsonMapper JSON =
      JsonMapper.builder(
              JsonFactory.builder()
                  .streamReadConstraints(
                      StreamReadConstraints.builder()
                          .maxNestingDepth(1_000_000)
                          .maxNameLength(1_000_000)
                          .build())
                  .streamWriteConstraints(
                      StreamWriteConstraints.builder().maxNestingDepth(1_000_000).build())
                  .build())
          .enable(JsonWriteFeature.ESCAPE_NON_ASCII)
          .build();

  private Peer() {}

  public static void main(String[] args) throws IOException {
    if (args.length == 1 && args[0].equals("serve")) {
      serve();
    } else if (args.length == 3 && VERBS.contains(args[0])) {
      work(args[0], args[1], args[2]);
    } else {
      System.err.println("usage: Peer encrypt|decrypt|keystore|table IN.json OUT.json");
      System.err.println("       Peer serve");
      System.exit(2);
    }
    System.exit(0); // rather than wait for threads of the SDK
  }

  /**
   * Works through many files, since to start takes seconds. Each line that comes in is a verb and
   * the names of two files, with tabs in between; each that goes out is "ok" or an error.
   */
  private static void serve() throws IOException {
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, UTF_8));
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      String[] words = line.split("\t", -1);
      try {
        if (words.length != 3 || !VERBS.contains(words[0])) {
          throw new IOException("no such request");
        }
        work(words[0], words[1], words[2]);
        System.out.println("ok");
      } catch (IOException e) {
        System.out.println(e.toString().replace('\n', ' '));
      }
    }
  }

  private static void work(String verb, String in, String out) throws IOException {
    JsonNode cases = JSON.readTree(new File(in));
    if (cases.isObject()) {
      cases = cases.get("cases");
    }
    ArrayNode results = JSON.createArrayNode();
    for (JsonNode testCase : cases) {
      results.add(
          switch (verb) {
            case "encrypt" -> encrypt(testCase);
            case "decrypt" -> decrypt(testCase);
            case "keystore" -> keystore(testCase);
            default -> table(testCase);
          });
    }
    JSON.writeValue(new File(out), results);
  }

  /** The case as the client writes it: a copy with its encrypted item, or with the error. */
  private static ObjectNode encrypt(JsonNode testCase) {
    ObjectNode out = testCase.deepCopy();
    out.remove(Set.of("encrypted_item", "error", "kms_requests", "parsed_header"));
    out.put("client", CLIENT).put("client_version", CLIENT_VERSION);
    Services services = new Services();
    try {
      EncryptItemOutput written =
          Configs.encryptor(testCase, services)
              .EncryptItem(
                  EncryptItemInput.builder()
                      .plaintextItem(Items.fromJson(testCase.get("plaintext_item")))
                      .build());
      out.set("encrypted_item", Items.toJson(written.encryptedItem()));
      if (written.parsedHeader() != null) {
        out.set("parsed_header", header(written.parsedHeader()));
      }
      keepContext(out, services);
    } catch (Exception | StackOverflowError e) {
      out.put("error", describe(e));
    }
    if (!services.kmsRequests().isEmpty()) {
      out.set("kms_requests", services.kmsRequests());
    }
    return out;
  }

  // The signing key of the suite with ECDSA is part of the context, and is new.
  private static void keepContext(ObjectNode testCase, Services services) {
    if (testCase.at("/provider/fake_kms").has("encryption_context")) {
      ((ObjectNode) testCase.at("/provider/fake_kms"))
          .set("encryption_context", services.kmsRequests().get(0).get("EncryptionContext"));
    }
  }

  private static ObjectNode header(ParsedHeader header) {
    ObjectNode out = JsonNodeFactory.instance.objectNode();
    out.put(
        "algorithm_suite",
        header.algorithmSuiteId().name().contains("ECDSA") ? "0x6701" : "0x6700");
    ObjectNode actions = out.putObject("attribute_actions");
    header.attributeActionsOnEncrypt().forEach((name, action) -> actions.put(name, action.name()));
    texts(out.putObject("encryption_context"), header.encryptionContext());
    texts(out.putObject("stored_encryption_context"), header.storedEncryptionContext());
    ArrayNode keys = out.putArray("encrypted_data_keys");
    header
        .encryptedDataKeys()
        .forEach(
            key ->
                keys.addObject()
                    .put("key_provider_id", key.keyProviderId())
                    .put("key_provider_info_b64", Items.base64(key.keyProviderInfo()))
                    .put("ciphertext_b64", Items.base64(key.ciphertext())));
    return out;
  }

  private static void texts(ObjectNode out, Map<String, String> entries) {
    entries.forEach(out::put);
  }

  /** What the client makes of the case's encrypted item. */
  private static ObjectNode decrypt(JsonNode testCase) {
    ObjectNode reader = testCase.deepCopy();
    testCase
        .path("decrypt_overrides")
        .fields()
        .forEachRemaining(entry -> reader.set(entry.getKey(), entry.getValue()));
    ObjectNode out = result(testCase);
    if (!reader.has("encrypted_item")) {
      return out.put("error", "the case has no encrypted_item");
    }
    try {
      out.set(
          "plaintext_item",
          Items.toJson(
              Configs.encryptor(reader, new Services())
                  .DecryptItem(
                      DecryptItemInput.builder()
                          .encryptedItem(Items.fromJson(reader.get("encrypted_item")))
                          .build())
                  .plaintextItem()));
    } catch (Exception | StackOverflowError e) {
      out.put("error", describe(e));
    }
    return out;
  }

  private static ObjectNode keystore(JsonNode request) {
    ObjectNode out = result(request);
    Services services = new Services();
    try {
      out.setAll(KeyStores.run(request, services));
    } catch (Exception e) {
      out.put("error", describe(e));
    }
    if (!services.kmsRequests().isEmpty()) {
      out.set("kms_requests", services.kmsRequests());
    }
    return out;
  }

  private static ObjectNode table(JsonNode testCase) {
    ObjectNode out = result(testCase);
    try {
      out.set("responses", Tables.run(testCase, new Services()));
    } catch (Exception e) {
      out.put("error", describe(e));
    }
    return out;
  }

  private static ObjectNode result(JsonNode testCase) {
    ObjectNode out = JsonNodeFactory.instance.objectNode();
    out.set("name", testCase.get("name"));
    return out.put("client", CLIENT);
  }

  /** The error with all that it was made of: the client's own text often says little. */
  static String describe(Throwable e) {
    StringBuilder out = new StringBuilder(e.getClass().getSimpleName() + ": " + e.getMessage());
    for (Throwable part : parts(e)) {
      out.append("; ").append(describe(part));
    }
    if (e.getCause() != null && e.getCause() != e) {
      out.append("; ").append(describe(e.getCause()));
    }
    return out.toString();
  }

  // Each package of the client has a collection of its own.
  private static List<? extends Throwable> parts(Throwable e) {
    if (e instanceof software.amazon.cryptography.materialproviders.model.CollectionOfErrors c) {
      return c.list();
    }
    if (e
        instanceof
        software.amazon.cryptography.dbencryptionsdk.dynamodb.itemencryptor.model.CollectionOfErrors
                c) {
      return c.list();
    }
    return List.of();
  }
}
