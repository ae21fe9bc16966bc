package ddbenc.interop;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.services.kms.KmsClient;
import software.amazon.awssdk.services.kms.model.DecryptRequest;
import software.amazon.awssdk.services.kms.model.DecryptResponse;
import software.amazon.awssdk.services.kms.model.GenerateDataKeyRequest;
import software.amazon.awssdk.services.kms.model.GenerateDataKeyResponse;
import software.amazon.awssdk.services.kms.model.InvalidCiphertextException;
import software.amazon.awssdk.services.kms.model.KmsRequest;

/** KMS clients that note what is sent: answered here as a case says, or by a real KMS. */
final class Kms {
  /** What a request to the fake KMS gives. */
  private interface Answers {
    Object answer(KmsRequest request);
  }

  private Kms() {}

  /** A KMS that answers as a keyring's fake_kms says: one data key, one blob, one context. */
  static KmsClient fake(JsonNode keyring, KmsClient base, ArrayNode requests) {
    JsonNode answer = keyring.get("fake_kms");
    String keyId = keyring.get("key_id").textValue();
    SdkBytes plaintext = Items.bytes(answer.get("plaintext_b64"));
    SdkBytes blob = Items.bytes(answer.get("ciphertext_blob_b64"));
    Map<String, String> wanted = new HashMap<>();
    answer
        .path("encryption_context")
        .fields()
        .forEachRemaining(entry -> wanted.put(entry.getKey(), entry.getValue().textValue()));
    return proxy(
        base,
        requests,
        request -> {
          if (request instanceof GenerateDataKeyRequest) {
            return GenerateDataKeyResponse.builder()
                .keyId(keyId)
                .plaintext(plaintext)
                .ciphertextBlob(blob)
                .build();
          }
          if (request instanceof DecryptRequest decrypt) {
            boolean otherContext =
                answer.has("encryption_context") && !wanted.equals(decrypt.encryptionContext());
            if (otherContext || !blob.equals(decrypt.ciphertextBlob())) {
              throw refused();
            }
            return DecryptResponse.builder().keyId(keyId).plaintext(plaintext).build();
          }
          throw new UnsupportedOperationException("a fake KMS knows two operations");
        });
  }

  /** A KMS that decrypts the rows of a key store, as its kms_keys say. */
  static KmsClient ofRows(JsonNode keys, KmsClient base, ArrayNode requests) {
    Map<SdkBytes, SdkBytes> plaintexts = new HashMap<>();
    keys.forEach(
        key ->
            plaintexts.put(
                Items.bytes(key.get("ciphertext_b64")), Items.bytes(key.get("plaintext_b64"))));
    return proxy(
        base,
        requests,
        request -> {
          if (request instanceof DecryptRequest decrypt) {
            SdkBytes plaintext = plaintexts.get(decrypt.ciphertextBlob());
            if (plaintext == null) {
              throw refused();
            }
            return DecryptResponse.builder().keyId(decrypt.keyId()).plaintext(plaintext).build();
          }
          throw new UnsupportedOperationException("a key store of rows is only read");
        });
  }

  static KmsClient recording(KmsClient real, ArrayNode requests) {
    return proxy(real, requests, null);
  }

  private static InvalidCiphertextException refused() {
    return (InvalidCiphertextException)
        InvalidCiphertextException.builder().message("refused by the interop peer").build();
  }

  private static KmsClient proxy(KmsClient base, ArrayNode requests, Answers answers) {
    return (KmsClient)
        Proxy.newProxyInstance(
            Kms.class.getClassLoader(),
            new Class<?>[] {KmsClient.class},
            (self, method, args) -> {
              if (args != null && args.length == 1 && args[0] instanceof KmsRequest request) {
                record(requests, request);
                if (answers != null) {
                  return answers.answer(request);
                }
              }
              try {
                return method.invoke(base, args);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }

  /** Notes the members that say which key is used and under which context. */
  private static void record(ArrayNode requests, KmsRequest request) {
    ObjectNode out = requests.addObject();
    String operation = request.getClass().getSimpleName();
    out.put("operation", operation.substring(0, operation.length() - "Request".length()));
    request
        .sdkFields()
        .forEach(
            field -> {
              Object value = field.getValueOrDefault(request);
              if (value instanceof SdkBytes bytes) {
                out.put(field.memberName(), Items.base64(bytes));
              } else if (value instanceof Map<?, ?> entries && !entries.isEmpty()) {
                ObjectNode context = out.putObject(field.memberName());
                new TreeMap<>(entries).forEach((k, v) -> context.put((String) k, (String) v));
              } else if (value instanceof List<?> texts && !texts.isEmpty()) {
                ArrayNode list = out.putArray(field.memberName());
                texts.forEach(text -> list.add((String) text));
              } else if (value instanceof Integer number) {
                out.put(field.memberName(), number);
              } else if (value instanceof String text) {
                out.put(field.memberName(), text);
              }
            });
  }
}
