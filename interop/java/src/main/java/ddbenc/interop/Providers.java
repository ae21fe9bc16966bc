package ddbenc.interop;

import com.amazonaws.services.dynamodbv2.datamodeling.encryption.DynamoDBEncryptor;
import com.amazonaws.services.dynamodbv2.datamodeling.encryption.providers.CachingMostRecentProvider;
import com.amazonaws.services.dynamodbv2.datamodeling.encryption.providers.DirectKmsMaterialProvider;
import com.amazonaws.services.dynamodbv2.datamodeling.encryption.providers.EncryptionMaterialsProvider;
import com.amazonaws.services.dynamodbv2.datamodeling.encryption.providers.SymmetricStaticProvider;
import com.amazonaws.services.dynamodbv2.datamodeling.encryption.providers.WrappedMaterialsProvider;
import com.amazonaws.services.dynamodbv2.datamodeling.encryption.providers.store.MetaStore;
import com.fasterxml.jackson.databind.JsonNode;
import java.security.GeneralSecurityException;
import java.security.Key;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import javax.crypto.SecretKey;
import javax.crypto.spec.SecretKeySpec;

/** From the provider of a case to a materials provider of the client. */
final class Providers {
  private static final long CACHE_TTL_MILLIS = 60_000; // longer than any one case takes
  private static final int CACHE_ENTRIES = 100;

  private Providers() {}

  static EncryptionMaterialsProvider open(JsonNode provider, Services services)
      throws GeneralSecurityException {
    String type = provider.get("type").textValue();
    return switch (type) {
      case "static" -> fixed(provider);
      case "wrapped" -> wrapped(provider);
      case "aws_kms" ->
          new DirectKmsMaterialProvider(
              services.kms(), provider.get("key_id").textValue(), description(provider));
      case "most_recent" -> mostRecent(provider, services);
      default -> throw new IllegalArgumentException("no such provider: " + type);
    };
  }

  private static EncryptionMaterialsProvider fixed(JsonNode provider)
      throws GeneralSecurityException {
    SecretKey content =
        provider.hasNonNull("encryption") ? secret(provider.get("encryption")) : null;
    JsonNode signing = provider.get("signing");
    return signing.has("key_b64")
        ? new SymmetricStaticProvider(content, secret(signing), description(provider))
        : new SymmetricStaticProvider(content, pair(signing), description(provider));
  }

  private static EncryptionMaterialsProvider wrapped(JsonNode provider)
      throws GeneralSecurityException {
    JsonNode wrapping = provider.get("wrapping");
    Key wrap;
    Key unwrap;
    if (wrapping.has("key_b64")) {
      wrap = unwrap = secret(wrapping);
    } else {
      KeyPair pair = pair(wrapping);
      wrap = pair.getPublic();
      unwrap = pair.getPrivate();
    }
    JsonNode signing = provider.get("signing");
    return signing.has("key_b64")
        ? new WrappedMaterialsProvider(wrap, unwrap, secret(signing), description(provider))
        : new WrappedMaterialsProvider(wrap, unwrap, pair(signing), description(provider));
  }

  private static EncryptionMaterialsProvider mostRecent(JsonNode provider, Services services)
      throws GeneralSecurityException {
    MetaStore store =
        new MetaStore(
            services.keyTable(),
            provider.get("meta_table_name").textValue(),
            DynamoDBEncryptor.getInstance(open(provider.get("meta_provider"), services)));
    String material = provider.get("material_name").textValue();
    if (services.writing()) {
      for (JsonNode version : provider.withArray("create_versions")) {
        store.getOrCreate(material, version.longValue());
      }
    }
    return new CachingMostRecentProvider(store, material, CACHE_TTL_MILLIS, CACHE_ENTRIES);
  }

  /**
   * What the client is given as material description. It takes the algorithm of an asymmetric
   * signing key from there and not from the key, so the case's choice goes in.
   */
  private static Map<String, String> description(JsonNode provider) {
    Map<String, String> out = new HashMap<>();
    JsonNode signing = provider.path("signing");
    if (signing.isObject() && !signing.has("key_b64")) {
      out.put(
          DynamoDBEncryptor.DEFAULT_SIGNING_ALGORITHM_HEADER,
          signing.get("algorithm").textValue());
    }
    provider
        .path("material_description")
        .fields()
        .forEachRemaining(entry -> out.put(entry.getKey(), entry.getValue().textValue()));
    return out;
  }

  private static SecretKey secret(JsonNode key) {
    return new SecretKeySpec(
        Base64.getDecoder().decode(key.get("key_b64").textValue()),
        key.get("algorithm").textValue());
  }

  private static KeyPair pair(JsonNode key) throws GeneralSecurityException {
    boolean elliptic = key.get("algorithm").textValue().endsWith("withECDSA");
    KeyFactory factory = KeyFactory.getInstance(elliptic ? "EC" : "RSA");
    PublicKey open =
        key.hasNonNull("public_key_pem")
            ? factory.generatePublic(new X509EncodedKeySpec(pem(key.get("public_key_pem"))))
            : null;
    PrivateKey closed =
        key.hasNonNull("private_key_pem")
            ? factory.generatePrivate(new PKCS8EncodedKeySpec(pem(key.get("private_key_pem"))))
            : null;
    return new KeyPair(open, closed);
  }

  private static byte[] pem(JsonNode text) {
    return Base64.getMimeDecoder()
        .decode(text.textValue().replaceAll("-----(BEGIN|END)[A-Z ]*-----", ""));
  }
}
