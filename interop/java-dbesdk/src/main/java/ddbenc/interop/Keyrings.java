package ddbenc.interop;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.kms.model.EncryptionAlgorithmSpec;
import software.amazon.cryptography.dbencryptionsdk.dynamodb.DynamoDbEncryption;
import software.amazon.cryptography.dbencryptionsdk.dynamodb.model.CreateDynamoDbEncryptionBranchKeyIdSupplierInput;
import software.amazon.cryptography.dbencryptionsdk.dynamodb.model.DynamoDbEncryptionConfig;
import software.amazon.cryptography.dbencryptionsdk.dynamodb.model.GetBranchKeyIdFromDdbKeyOutput;
import software.amazon.cryptography.materialproviders.IBranchKeyIdSupplier;
import software.amazon.cryptography.materialproviders.IKeyring;
import software.amazon.cryptography.materialproviders.MaterialProviders;
import software.amazon.cryptography.materialproviders.model.AesWrappingAlg;
import software.amazon.cryptography.materialproviders.model.CreateAwsKmsDiscoveryKeyringInput;
import software.amazon.cryptography.materialproviders.model.CreateAwsKmsEcdhKeyringInput;
import software.amazon.cryptography.materialproviders.model.CreateAwsKmsHierarchicalKeyringInput;
import software.amazon.cryptography.materialproviders.model.CreateAwsKmsKeyringInput;
import software.amazon.cryptography.materialproviders.model.CreateAwsKmsMrkDiscoveryKeyringInput;
import software.amazon.cryptography.materialproviders.model.CreateAwsKmsMrkKeyringInput;
import software.amazon.cryptography.materialproviders.model.CreateAwsKmsRsaKeyringInput;
import software.amazon.cryptography.materialproviders.model.CreateMultiKeyringInput;
import software.amazon.cryptography.materialproviders.model.CreateRawAesKeyringInput;
import software.amazon.cryptography.materialproviders.model.CreateRawEcdhKeyringInput;
import software.amazon.cryptography.materialproviders.model.CreateRawRsaKeyringInput;
import software.amazon.cryptography.materialproviders.model.DiscoveryFilter;
import software.amazon.cryptography.materialproviders.model.EphemeralPrivateKeyToStaticPublicKeyInput;
import software.amazon.cryptography.materialproviders.model.KmsEcdhStaticConfigurations;
import software.amazon.cryptography.materialproviders.model.KmsPrivateKeyToStaticPublicKeyInput;
import software.amazon.cryptography.materialproviders.model.KmsPublicKeyDiscoveryInput;
import software.amazon.cryptography.materialproviders.model.MaterialProvidersConfig;
import software.amazon.cryptography.materialproviders.model.PaddingScheme;
import software.amazon.cryptography.materialproviders.model.PublicKeyDiscoveryInput;
import software.amazon.cryptography.materialproviders.model.RawEcdhStaticConfigurations;
import software.amazon.cryptography.materialproviders.model.RawPrivateKeyToStaticPublicKeyInput;
import software.amazon.cryptography.primitives.model.ECDHCurveSpec;

/** The keyring that a case's provider describes. */
final class Keyrings {
  private static final long CACHE_TTL_SECONDS = 600;

  private final MaterialProviders make =
      MaterialProviders.builder()
          .MaterialProvidersConfig(MaterialProvidersConfig.builder().build())
          .build();
  private final Services services;

  Keyrings(Services services) {
    this.services = services;
  }

  IKeyring open(JsonNode keyring) {
    return switch (keyring.get("type").textValue()) {
      case "raw_aes" -> rawAes(keyring);
      case "raw_rsa" -> rawRsa(keyring);
      case "raw_ecdh" -> rawEcdh(keyring);
      case "multi" -> multi(keyring);
      case "aws_kms" -> kms(keyring);
      case "aws_kms_mrk" -> kmsMrk(keyring);
      case "aws_kms_discovery" -> kmsDiscovery(keyring);
      case "aws_kms_mrk_discovery" -> kmsMrkDiscovery(keyring);
      case "aws_kms_rsa" -> kmsRsa(keyring);
      case "aws_kms_ecdh" -> kmsEcdh(keyring);
      case "hierarchical" -> hierarchical(keyring);
      default -> throw new IllegalArgumentException("no such keyring: " + keyring.get("type"));
    };
  }

  private IKeyring rawAes(JsonNode keyring) {
    ByteBuffer key = Items.bytes(keyring.get("key_b64")).asByteBuffer();
    return make.CreateRawAesKeyring(
        CreateRawAesKeyringInput.builder()
            .keyNamespace(text(keyring, "key_namespace"))
            .keyName(text(keyring, "key_name"))
            .wrappingKey(key)
            .wrappingAlg(
                AesWrappingAlg.valueOf("ALG_AES" + 8 * key.remaining() + "_GCM_IV12_TAG16"))
            .build());
  }

  private IKeyring rawRsa(JsonNode keyring) {
    CreateRawRsaKeyringInput.Builder in =
        CreateRawRsaKeyringInput.builder()
            .keyNamespace(text(keyring, "key_namespace"))
            .keyName(text(keyring, "key_name"))
            .paddingScheme(PaddingScheme.valueOf(text(keyring, "padding")));
    if (keyring.hasNonNull("public_key_pem")) {
      in.publicKey(pem(keyring, "public_key_pem"));
    }
    if (keyring.hasNonNull("private_key_pem")) {
      in.privateKey(pem(keyring, "private_key_pem"));
    }
    return make.CreateRawRsaKeyring(in.build());
  }

  private IKeyring rawEcdh(JsonNode keyring) {
    RawEcdhStaticConfigurations.Builder scheme = RawEcdhStaticConfigurations.builder();
    switch (text(keyring, "scheme")) {
      case "RawPrivateKeyToStaticPublicKey" ->
          scheme.RawPrivateKeyToStaticPublicKey(
              RawPrivateKeyToStaticPublicKeyInput.builder()
                  .senderStaticPrivateKey(pem(keyring, "sender_private_key_pem"))
                  .recipientPublicKey(der(keyring, "recipient_public_key_pem"))
                  .build());
      case "EphemeralPrivateKeyToStaticPublicKey" ->
          scheme.EphemeralPrivateKeyToStaticPublicKey(
              EphemeralPrivateKeyToStaticPublicKeyInput.builder()
                  .recipientPublicKey(der(keyring, "recipient_public_key_pem"))
                  .build());
      case "PublicKeyDiscovery" ->
          scheme.PublicKeyDiscovery(
              PublicKeyDiscoveryInput.builder()
                  .recipientStaticPrivateKey(pem(keyring, "recipient_private_key_pem"))
                  .build());
      default -> throw new IllegalArgumentException("no such scheme: " + keyring.get("scheme"));
    }
    return make.CreateRawEcdhKeyring(
        CreateRawEcdhKeyringInput.builder()
            .KeyAgreementScheme(scheme.build())
            .curveSpec(ECDHCurveSpec.valueOf(text(keyring, "curve")))
            .build());
  }

  private IKeyring multi(JsonNode keyring) {
    List<IKeyring> children = new ArrayList<>();
    keyring.path("children").forEach(child -> children.add(open(child)));
    CreateMultiKeyringInput.Builder in = CreateMultiKeyringInput.builder().childKeyrings(children);
    if (keyring.hasNonNull("generator")) {
      in.generator(open(keyring.get("generator")));
    }
    return make.CreateMultiKeyring(in.build());
  }

  private IKeyring kms(JsonNode keyring) {
    String keyId = text(keyring, "key_id");
    return make.CreateAwsKmsKeyring(
        CreateAwsKmsKeyringInput.builder()
            .kmsKeyId(keyId)
            .kmsClient(services.kms(keyring, Services.regionOf(keyId)))
            .grantTokens(Items.texts(keyring.path("grant_tokens")))
            .build());
  }

  private IKeyring kmsMrk(JsonNode keyring) {
    String keyId = text(keyring, "key_id");
    return make.CreateAwsKmsMrkKeyring(
        CreateAwsKmsMrkKeyringInput.builder()
            .kmsKeyId(keyId)
            .kmsClient(services.kms(keyring, Services.regionOf(keyId)))
            .grantTokens(Items.texts(keyring.path("grant_tokens")))
            .build());
  }

  private IKeyring kmsDiscovery(JsonNode keyring) {
    CreateAwsKmsDiscoveryKeyringInput.Builder in =
        CreateAwsKmsDiscoveryKeyringInput.builder()
            .kmsClient(services.kms(keyring, region(keyring)))
            .grantTokens(Items.texts(keyring.path("grant_tokens")));
    if (keyring.hasNonNull("discovery_filter")) {
      in.discoveryFilter(filter(keyring));
    }
    return make.CreateAwsKmsDiscoveryKeyring(in.build());
  }

  private IKeyring kmsMrkDiscovery(JsonNode keyring) {
    CreateAwsKmsMrkDiscoveryKeyringInput.Builder in =
        CreateAwsKmsMrkDiscoveryKeyringInput.builder()
            .kmsClient(services.kms(keyring, region(keyring)))
            .region(region(keyring))
            .grantTokens(Items.texts(keyring.path("grant_tokens")));
    if (keyring.hasNonNull("discovery_filter")) {
      in.discoveryFilter(filter(keyring));
    }
    return make.CreateAwsKmsMrkDiscoveryKeyring(in.build());
  }

  private IKeyring kmsRsa(JsonNode keyring) {
    String keyId = text(keyring, "key_id");
    CreateAwsKmsRsaKeyringInput.Builder in =
        CreateAwsKmsRsaKeyringInput.builder()
            .kmsKeyId(keyId)
            .encryptionAlgorithm(
                EncryptionAlgorithmSpec.fromValue(text(keyring, "encryption_algorithm")))
            .kmsClient(services.kms(keyring, Services.regionOf(keyId)))
            .grantTokens(Items.texts(keyring.path("grant_tokens")));
    if (keyring.hasNonNull("public_key_pem")) {
      in.publicKey(pem(keyring, "public_key_pem"));
    }
    return make.CreateAwsKmsRsaKeyring(in.build());
  }

  private IKeyring kmsEcdh(JsonNode keyring) {
    KmsEcdhStaticConfigurations.Builder scheme = KmsEcdhStaticConfigurations.builder();
    String keyId;
    switch (text(keyring, "scheme")) {
      case "KmsPrivateKeyToStaticPublicKey" -> {
        keyId = text(keyring, "sender_key_id");
        KmsPrivateKeyToStaticPublicKeyInput.Builder pair =
            KmsPrivateKeyToStaticPublicKeyInput.builder()
                .senderKmsIdentifier(keyId)
                .recipientPublicKey(der(keyring, "recipient_public_key_pem"));
        if (keyring.hasNonNull("sender_public_key_pem")) {
          pair.senderPublicKey(der(keyring, "sender_public_key_pem"));
        }
        scheme.KmsPrivateKeyToStaticPublicKey(pair.build());
      }
      case "KmsPublicKeyDiscovery" -> {
        keyId = text(keyring, "recipient_key_id");
        scheme.KmsPublicKeyDiscovery(
            KmsPublicKeyDiscoveryInput.builder().recipientKmsIdentifier(keyId).build());
      }
      default -> throw new IllegalArgumentException("no such scheme: " + keyring.get("scheme"));
    }
    return make.CreateAwsKmsEcdhKeyring(
        CreateAwsKmsEcdhKeyringInput.builder()
            .KeyAgreementScheme(scheme.build())
            .curveSpec(ECDHCurveSpec.valueOf(text(keyring, "curve")))
            .kmsClient(services.kms(keyring, Services.regionOf(keyId)))
            .grantTokens(Items.texts(keyring.path("grant_tokens")))
            .build());
  }

  private IKeyring hierarchical(JsonNode keyring) {
    CreateAwsKmsHierarchicalKeyringInput.Builder in =
        CreateAwsKmsHierarchicalKeyringInput.builder()
            .keyStore(KeyStores.open(keyring.get("key_store"), services))
            .ttlSeconds(CACHE_TTL_SECONDS);
    if (keyring.hasNonNull("branch_key_id_from")) {
      in.branchKeyIdSupplier(supplier(text(keyring, "branch_key_id_from")));
    } else {
      in.branchKeyId(text(keyring, "branch_key_id"));
    }
    return make.CreateAwsKmsHierarchicalKeyring(in.build());
  }

  /** Takes the id of the branch key from an attribute that the keyring is told. */
  private static IBranchKeyIdSupplier supplier(String attribute) {
    return DynamoDbEncryption.builder()
        .DynamoDbEncryptionConfig(DynamoDbEncryptionConfig.builder().build())
        .build()
        .CreateDynamoDbEncryptionBranchKeyIdSupplier(
            CreateDynamoDbEncryptionBranchKeyIdSupplierInput.builder()
                .ddbKeyBranchKeyIdSupplier(
                    in -> {
                      AttributeValue value = in.ddbKey().get(attribute);
                      if (value == null || value.s() == null) {
                        throw new IllegalArgumentException("no text under " + attribute);
                      }
                      return GetBranchKeyIdFromDdbKeyOutput.builder()
                          .branchKeyId(value.s())
                          .build();
                    })
                .build())
        .branchKeyIdSupplier();
  }

  private static DiscoveryFilter filter(JsonNode keyring) {
    JsonNode filter = keyring.get("discovery_filter");
    return DiscoveryFilter.builder()
        .partition(text(filter, "partition"))
        .accountIds(Items.texts(filter.get("account_ids")))
        .build();
  }

  private static String region(JsonNode keyring) {
    return keyring.hasNonNull("region") ? text(keyring, "region") : Services.REGION;
  }

  private static String text(JsonNode object, String member) {
    return object.get(member).textValue();
  }

  private static ByteBuffer pem(JsonNode keyring, String member) {
    return ByteBuffer.wrap(text(keyring, member).getBytes(StandardCharsets.UTF_8));
  }

  private static ByteBuffer der(JsonNode keyring, String member) {
    return ByteBuffer.wrap(
        Base64.getMimeDecoder()
            .decode(text(keyring, member).replaceAll("-----(BEGIN|END)[A-Z ]*-----", "")));
  }
}
