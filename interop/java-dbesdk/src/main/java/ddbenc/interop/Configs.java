package ddbenc.interop;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.LinkedHashMap;
import java.util.Map;
import software.amazon.cryptography.dbencryptionsdk.dynamodb.itemencryptor.DynamoDbItemEncryptor;
import software.amazon.cryptography.dbencryptionsdk.dynamodb.itemencryptor.model.DynamoDbItemEncryptorConfig;
import software.amazon.cryptography.dbencryptionsdk.dynamodb.model.DynamoDbTableEncryptionConfig;
import software.amazon.cryptography.dbencryptionsdk.dynamodb.model.PlaintextOverride;
import software.amazon.cryptography.dbencryptionsdk.structuredencryption.model.CryptoAction;
import software.amazon.cryptography.materialproviders.model.DBEAlgorithmSuiteId;

/** A case's configuration, for the item encryptor and for the interceptor. */
final class Configs {
  private Configs() {}

  static DynamoDbItemEncryptor encryptor(JsonNode testCase, Services services) {
    DynamoDbTableEncryptionConfig same = table(testCase, services);
    DynamoDbItemEncryptorConfig.Builder config =
        DynamoDbItemEncryptorConfig.builder()
            .logicalTableName(same.logicalTableName())
            .partitionKeyName(same.partitionKeyName())
            .attributeActionsOnEncrypt(same.attributeActionsOnEncrypt())
            .keyring(same.keyring());
    if (same.sortKeyName() != null) {
      config.sortKeyName(same.sortKeyName());
    }
    if (same.algorithmSuiteId() != null) {
      config.algorithmSuiteId(same.algorithmSuiteId());
    }
    if (same.allowedUnsignedAttributes() != null) {
      config.allowedUnsignedAttributes(same.allowedUnsignedAttributes());
    }
    if (same.allowedUnsignedAttributePrefix() != null) {
      config.allowedUnsignedAttributePrefix(same.allowedUnsignedAttributePrefix());
    }
    if (same.plaintextOverride() != null) {
      config.plaintextOverride(same.plaintextOverride());
    }
    return DynamoDbItemEncryptor.builder().DynamoDbItemEncryptorConfig(config.build()).build();
  }

  static DynamoDbTableEncryptionConfig table(JsonNode testCase, Services services) {
    if (testCase.hasNonNull("legacy_override") || testCase.hasNonNull("search")) {
      throw new IllegalArgumentException("the peer knows no legacy override and no beacons");
    }
    Map<String, CryptoAction> actions = new LinkedHashMap<>();
    testCase
        .get("attribute_actions")
        .get("attributes")
        .fields()
        .forEachRemaining(
            entry ->
                actions.put(entry.getKey(), CryptoAction.valueOf(entry.getValue().textValue())));
    DynamoDbTableEncryptionConfig.Builder config =
        DynamoDbTableEncryptionConfig.builder()
            .logicalTableName(testCase.get("table_name").textValue())
            .partitionKeyName(testCase.get("partition_key").textValue())
            .attributeActionsOnEncrypt(actions)
            .keyring(new Keyrings(services).open(testCase.get("provider")));
    if (testCase.hasNonNull("sort_key")) {
      config.sortKeyName(testCase.get("sort_key").textValue());
    }
    if (testCase.hasNonNull("algorithm_suite")) {
      config.algorithmSuiteId(
          DBEAlgorithmSuiteId.valueOf(testCase.get("algorithm_suite").textValue()));
    }
    if (testCase.hasNonNull("allowed_unsigned_attributes")) {
      config.allowedUnsignedAttributes(Items.texts(testCase.get("allowed_unsigned_attributes")));
    }
    if (testCase.hasNonNull("allowed_unsigned_attribute_prefix")) {
      config.allowedUnsignedAttributePrefix(
          testCase.get("allowed_unsigned_attribute_prefix").textValue());
    }
    if (testCase.hasNonNull("plaintext_override")) {
      config.plaintextOverride(
          PlaintextOverride.valueOf(testCase.get("plaintext_override").textValue()));
    }
    return config.build();
  }
}
