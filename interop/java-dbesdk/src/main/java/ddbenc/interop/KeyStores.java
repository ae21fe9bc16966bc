package ddbenc.interop;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.HashMap;
import java.util.Map;
import software.amazon.cryptography.keystore.KeyStore;
import software.amazon.cryptography.keystore.model.BranchKeyMaterials;
import software.amazon.cryptography.keystore.model.CreateKeyInput;
import software.amazon.cryptography.keystore.model.CreateKeyStoreInput;
import software.amazon.cryptography.keystore.model.Discovery;
import software.amazon.cryptography.keystore.model.GetActiveBranchKeyInput;
import software.amazon.cryptography.keystore.model.GetBeaconKeyInput;
import software.amazon.cryptography.keystore.model.GetBranchKeyVersionInput;
import software.amazon.cryptography.keystore.model.KMSConfiguration;
import software.amazon.cryptography.keystore.model.KeyStoreConfig;
import software.amazon.cryptography.keystore.model.MRDiscovery;
import software.amazon.cryptography.keystore.model.VersionKeyInput;

/** Branch key stores: opened for the hierarchical keyring, and worked on by requests. */
final class KeyStores {
  private KeyStores() {}

  static KeyStore open(JsonNode store, Services services) {
    KMSConfiguration.Builder keys = KMSConfiguration.builder();
    String region = Services.REGION;
    if (store.hasNonNull("kms_mrk_arn")) {
      keys.kmsMRKeyArn(store.get("kms_mrk_arn").textValue());
      region = Services.regionOf(store.get("kms_mrk_arn").textValue());
    } else if (store.hasNonNull("kms_arn")) {
      keys.kmsKeyArn(store.get("kms_arn").textValue());
      region = Services.regionOf(store.get("kms_arn").textValue());
    } else if (store.hasNonNull("mrk_discovery_region")) {
      region = store.get("mrk_discovery_region").textValue();
      keys.mrDiscovery(MRDiscovery.builder().region(region).build());
    } else {
      keys.discovery(Discovery.builder().build());
    }
    return KeyStore.builder()
        .KeyStoreConfig(
            KeyStoreConfig.builder()
                .ddbTableName(store.get("table_name").textValue())
                .logicalKeyStoreName(store.get("logical_name").textValue())
                .kmsConfiguration(keys.build())
                .ddbClient(services.keyStoreTable(store))
                .kmsClient(services.keyStoreKms(store, region))
                .build())
        .build();
  }

  /** Carries out one request to a key store, as ../README.md describes them. */
  static ObjectNode run(JsonNode request, Services services) {
    KeyStore store = open(request.get("key_store"), services);
    String id = request.path("branch_key_id").textValue();
    ObjectNode out = JsonNodeFactory.instance.objectNode();
    switch (request.get("operation").textValue()) {
      case "create_key_store" -> store.CreateKeyStore(CreateKeyStoreInput.builder().build());
      case "create_key" -> {
        CreateKeyInput.Builder in = CreateKeyInput.builder();
        if (id != null) {
          in.branchKeyIdentifier(id);
        }
        Map<String, String> context = new HashMap<>();
        request
            .path("encryption_context")
            .fields()
            .forEachRemaining(entry -> context.put(entry.getKey(), entry.getValue().textValue()));
        if (!context.isEmpty()) {
          in.encryptionContext(context);
        }
        out.put("branch_key_id", store.CreateKey(in.build()).branchKeyIdentifier());
      }
      case "version_key" ->
          store.VersionKey(VersionKeyInput.builder().branchKeyIdentifier(id).build());
      case "active" ->
          describe(
              out,
              store
                  .GetActiveBranchKey(
                      GetActiveBranchKeyInput.builder().branchKeyIdentifier(id).build())
                  .branchKeyMaterials());
      case "version" ->
          describe(
              out,
              store
                  .GetBranchKeyVersion(
                      GetBranchKeyVersionInput.builder()
                          .branchKeyIdentifier(id)
                          .branchKeyVersion(request.get("version").textValue())
                          .build())
                  .branchKeyMaterials());
      case "beacon" ->
          out.put(
              "key_b64",
              Items.base64(
                  store
                      .GetBeaconKey(GetBeaconKeyInput.builder().branchKeyIdentifier(id).build())
                      .beaconKeyMaterials()
                      .beaconKey()));
      default -> throw new IllegalArgumentException("no such operation: " + request);
    }
    return out;
  }

  private static void describe(ObjectNode out, BranchKeyMaterials key) {
    out.put("branch_key_id", key.branchKeyIdentifier());
    out.put("version", key.branchKeyVersion());
    out.put("key_b64", Items.base64(key.branchKey()));
    ObjectNode context = out.putObject("encryption_context");
    key.encryptionContext().forEach(context::put);
  }
}
