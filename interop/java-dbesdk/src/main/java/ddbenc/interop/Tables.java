package ddbenc.interop;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import software.amazon.awssdk.core.client.config.ClientOverrideConfiguration;
import software.amazon.awssdk.services.dynamodb.DynamoDbClient;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.BatchGetItemRequest;
import software.amazon.awssdk.services.dynamodb.model.BatchWriteItemRequest;
import software.amazon.awssdk.services.dynamodb.model.DeleteItemRequest;
import software.amazon.awssdk.services.dynamodb.model.GetItemRequest;
import software.amazon.awssdk.services.dynamodb.model.KeysAndAttributes;
import software.amazon.awssdk.services.dynamodb.model.PutItemRequest;
import software.amazon.awssdk.services.dynamodb.model.QueryRequest;
import software.amazon.awssdk.services.dynamodb.model.ReturnValue;
import software.amazon.awssdk.services.dynamodb.model.ScanRequest;
import software.amazon.awssdk.services.dynamodb.model.TransactGetItem;
import software.amazon.awssdk.services.dynamodb.model.TransactGetItemsRequest;
import software.amazon.awssdk.services.dynamodb.model.TransactWriteItem;
import software.amazon.awssdk.services.dynamodb.model.TransactWriteItemsRequest;
import software.amazon.awssdk.services.dynamodb.model.WriteRequest;
import software.amazon.cryptography.dbencryptionsdk.dynamodb.DynamoDbEncryptionInterceptor;
import software.amazon.cryptography.dbencryptionsdk.dynamodb.model.DynamoDbTablesEncryptionConfig;

/** Requests to one table through the client's interceptor, which encrypts and decrypts. */
final class Tables {
  private Tables() {}

  /** The case's requests in order, each with what came of it. */
  static ArrayNode run(JsonNode testCase, Services services) {
    ArrayNode out = JsonNodeFactory.instance.arrayNode();
    String table = testCase.path("physical_table_name").asText(testCase.get("table_name").asText());
    try (DynamoDbClient client =
        Services.tableClient(testCase)
            .overrideConfiguration(
                ClientOverrideConfiguration.builder()
                    .addExecutionInterceptor(
                        DynamoDbEncryptionInterceptor.builder()
                            .config(
                                DynamoDbTablesEncryptionConfig.builder()
                                    .tableEncryptionConfigs(
                                        Map.of(table, Configs.table(testCase, services)))
                                    .build())
                            .build())
                    .build())
            .build()) {
      for (JsonNode request : testCase.get("requests")) {
        ObjectNode result = out.addObject();
        try {
          ArrayNode items = JsonNodeFactory.instance.arrayNode();
          run(client, table, request).forEach(item -> items.add(Items.toJson(item)));
          result.set("items", items);
        } catch (Exception e) {
          result.put("error", Peer.describe(e));
        }
      }
    }
    return out;
  }

  /** One request; the items that the response has. */
  private static List<Map<String, AttributeValue>> run(
      DynamoDbClient client, String table, JsonNode request) {
    List<Map<String, AttributeValue>> items = Items.listFromJson(request.path("items"));
    List<Map<String, AttributeValue>> keys = Items.listFromJson(request.path("keys"));
    Map<String, AttributeValue> values = Items.fromJson(request.path("values"));
    List<Map<String, AttributeValue>> out = new ArrayList<>();
    switch (request.get("operation").textValue()) {
      case "PutItem" ->
          items.forEach(
              item ->
                  add(
                      out,
                      client
                          .putItem(
                              PutItemRequest.builder()
                                  .tableName(table)
                                  .item(item)
                                  .conditionExpression(request.path("condition").textValue())
                                  .returnValues(ReturnValue.ALL_OLD)
                                  .build())
                          .attributes()));
      case "GetItem" ->
          keys.forEach(
              key ->
                  add(
                      out,
                      client
                          .getItem(
                              GetItemRequest.builder()
                                  .tableName(table)
                                  .key(key)
                                  .consistentRead(true)
                                  .build())
                          .item()));
      case "DeleteItem" ->
          keys.forEach(
              key ->
                  add(
                      out,
                      client
                          .deleteItem(
                              DeleteItemRequest.builder()
                                  .tableName(table)
                                  .key(key)
                                  .returnValues(ReturnValue.ALL_OLD)
                                  .build())
                          .attributes()));
      case "Query" -> {
        QueryRequest.Builder query =
            QueryRequest.builder()
                .tableName(table)
                .consistentRead(true)
                .keyConditionExpression(request.get("key_condition").textValue())
                .filterExpression(request.path("filter").textValue())
                .expressionAttributeValues(values);
        client.queryPaginator(query.build()).items().forEach(out::add);
      }
      case "Scan" -> {
        ScanRequest.Builder scan =
            ScanRequest.builder()
                .tableName(table)
                .consistentRead(true)
                .filterExpression(request.path("filter").textValue());
        if (!values.isEmpty()) {
          scan.expressionAttributeValues(values);
        }
        client.scanPaginator(scan.build()).items().forEach(out::add);
      }
      case "BatchWriteItem" -> {
        List<WriteRequest> writes = new ArrayList<>();
        items.forEach(
            item -> writes.add(WriteRequest.builder().putRequest(p -> p.item(item)).build()));
        keys.forEach(
            key -> writes.add(WriteRequest.builder().deleteRequest(d -> d.key(key)).build()));
        client.batchWriteItem(
            BatchWriteItemRequest.builder().requestItems(Map.of(table, writes)).build());
      }
      case "BatchGetItem" ->
          out.addAll(
              client
                  .batchGetItem(
                      BatchGetItemRequest.builder()
                          .requestItems(
                              Map.of(
                                  table,
                                  KeysAndAttributes.builder()
                                      .keys(keys)
                                      .consistentRead(true)
                                      .build()))
                          .build())
                  .responses()
                  .getOrDefault(table, List.of()));
      case "TransactWriteItems" -> {
        List<TransactWriteItem> writes = new ArrayList<>();
        items.forEach(
            item ->
                writes.add(
                    TransactWriteItem.builder().put(p -> p.tableName(table).item(item)).build()));
        keys.forEach(
            key ->
                writes.add(
                    TransactWriteItem.builder().delete(d -> d.tableName(table).key(key)).build()));
        client.transactWriteItems(
            TransactWriteItemsRequest.builder().transactItems(writes).build());
      }
      case "TransactGetItems" -> {
        List<TransactGetItem> gets = new ArrayList<>();
        keys.forEach(
            key ->
                gets.add(TransactGetItem.builder().get(g -> g.tableName(table).key(key)).build()));
        client
            .transactGetItems(TransactGetItemsRequest.builder().transactItems(gets).build())
            .responses()
            .forEach(response -> add(out, response.item()));
      }
      default -> throw new IllegalArgumentException("no such operation: " + request);
    }
    return out;
  }

  private static void add(
      List<Map<String, AttributeValue>> out, Map<String, AttributeValue> item) {
    if (item != null && !item.isEmpty()) {
      out.add(item);
    }
  }
}
