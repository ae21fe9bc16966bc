package ddbenc.interop;

import com.amazonaws.services.kms.AWSKMS;
import com.amazonaws.services.kms.model.DecryptRequest;
import com.amazonaws.services.kms.model.DecryptResult;
import com.amazonaws.services.kms.model.GenerateDataKeyRequest;
import com.amazonaws.services.kms.model.GenerateDataKeyResult;
import com.amazonaws.services.kms.model.InvalidCiphertextException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;

/** The two calls that the client makes to KMS, recorded, and answered here or by a real KMS. */
final class Kms {
  private interface Calls {
    GenerateDataKeyResult generateDataKey(GenerateDataKeyRequest request);

    DecryptResult decrypt(DecryptRequest request);
  }

  private Kms() {}

  /** A KMS that answers as the provider's fake_kms says: one data key, one blob, one context. */
  static AWSKMS fake(JsonNode provider, ArrayNode requests) {
    JsonNode answer = provider.get("fake_kms");
    String keyId = provider.get("key_id").textValue();
    ByteBuffer plaintext = binary(answer.get("plaintext_b64"));
    ByteBuffer blob = binary(answer.get("ciphertext_blob_b64"));
    Map<String, String> wanted = new HashMap<>();
    answer
        .path("encryption_context")
        .fields()
        .forEachRemaining(entry -> wanted.put(entry.getKey(), entry.getValue().textValue()));
    Calls calls =
        new Calls() {
          @Override
          public GenerateDataKeyResult generateDataKey(GenerateDataKeyRequest request) {
            return new GenerateDataKeyResult()
                .withKeyId(keyId)
                .withPlaintext(plaintext.duplicate())
                .withCiphertextBlob(blob.duplicate());
          }

          @Override
          public DecryptResult decrypt(DecryptRequest request) {
            boolean otherContext =
                answer.has("encryption_context") && !wanted.equals(request.getEncryptionContext());
            if (otherContext || !blob.equals(request.getCiphertextBlob())) {
              throw new InvalidCiphertextException("refused by the interop peer");
            }
            return new DecryptResult().withKeyId(keyId).withPlaintext(plaintext.duplicate());
          }
        };
    return proxy(calls, requests);
  }

  static AWSKMS recording(AWSKMS real, ArrayNode requests) {
    Calls calls =
        new Calls() {
          @Override
          public GenerateDataKeyResult generateDataKey(GenerateDataKeyRequest request) {
            return real.generateDataKey(request);
          }

          @Override
          public DecryptResult decrypt(DecryptRequest request) {
            return real.decrypt(request);
          }
        };
    return proxy(calls, requests);
  }

  private static AWSKMS proxy(Calls calls, ArrayNode requests) {
    return (AWSKMS)
        Proxy.newProxyInstance(
            Kms.class.getClassLoader(),
            new Class<?>[] {AWSKMS.class},
            (self, method, args) -> {
              if (args != null && args[0] instanceof GenerateDataKeyRequest request) {
                record(requests, request);
                return calls.generateDataKey(request);
              }
              if (args != null && args[0] instanceof DecryptRequest request) {
                record(requests, request);
                return calls.decrypt(request);
              }
              throw new UnsupportedOperationException(method.getName());
            });
  }

  private static void record(ArrayNode requests, GenerateDataKeyRequest request) {
    ObjectNode out = requests.addObject();
    context(out, request.getEncryptionContext());
    out.put("KeyId", request.getKeyId());
    out.put("NumberOfBytes", request.getNumberOfBytes());
    out.put("operation", "GenerateDataKey");
  }

  private static void record(ArrayNode requests, DecryptRequest request) {
    ObjectNode out = requests.addObject();
    out.put("CiphertextBlob", Items.base64(request.getCiphertextBlob()));
    context(out, request.getEncryptionContext());
    if (request.getKeyId() != null) {
      out.put("KeyId", request.getKeyId());
    }
    out.put("operation", "Decrypt");
  }

  private static void context(ObjectNode out, Map<String, String> context) {
    ObjectNode entries = out.putObject("EncryptionContext");
    new TreeMap<>(context).forEach(entries::put);
  }

  private static ByteBuffer binary(JsonNode text) {
    return ByteBuffer.wrap(Base64.getDecoder().decode(text.textValue()));
  }
}
