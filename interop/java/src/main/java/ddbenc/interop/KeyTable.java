package ddbenc.interop;

import com.amazonaws.services.dynamodbv2.AmazonDynamoDB;
import com.amazonaws.services.dynamodbv2.datamodeling.encryption.providers.store.MetaStore;
import com.amazonaws.services.dynamodbv2.model.AttributeValue;
import com.amazonaws.services.dynamodbv2.model.ConditionalCheckFailedException;
import com.amazonaws.services.dynamodbv2.model.GetItemRequest;
import com.amazonaws.services.dynamodbv2.model.GetItemResult;
import com.amazonaws.services.dynamodbv2.model.ProvisionedThroughput;
import com.amazonaws.services.dynamodbv2.model.PutItemRequest;
import com.amazonaws.services.dynamodbv2.model.PutItemResult;
import com.amazonaws.services.dynamodbv2.model.QueryRequest;
import com.amazonaws.services.dynamodbv2.model.QueryResult;
import com.amazonaws.services.dynamodbv2.model.ResourceNotFoundException;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The table of versioned keys that the client's MetaStore works on: N is the name, V the version. */
interface KeyTable {
  AmazonDynamoDB client();

  void put(String table, Map<String, AttributeValue> row);

  /** The rows of one name in order of version. */
  List<Map<String, AttributeValue>> rows(String material);

  /** A table in this process that answers what MetaStore asks: get, put if absent, newest. */
  static KeyTable inMemory() {
    return new InMemory();
  }

  /** A table at a real endpoint, made if it is not there, and left in place. */
  static KeyTable at(AmazonDynamoDB client, String table) {
    try {
      client.describeTable(table);
    } catch (ResourceNotFoundException e) {
      MetaStore.createTable(client, table, new ProvisionedThroughput(1L, 1L));
      client.waiters().tableExists();
    }
    return new Remote(client, table);
  }

  final class Remote implements KeyTable {
    private final AmazonDynamoDB client;
    private final String table;

    private Remote(AmazonDynamoDB client, String table) {
      this.client = client;
      this.table = table;
    }

    @Override
    public AmazonDynamoDB client() {
      return client;
    }

    @Override
    public void put(String table, Map<String, AttributeValue> row) {
      client.putItem(table, row);
    }

    @Override
    public List<Map<String, AttributeValue>> rows(String material) {
      QueryRequest request =
          new QueryRequest(table)
              .withConsistentRead(true)
              .withKeyConditionExpression("N = :name")
              .withExpressionAttributeValues(Map.of(":name", new AttributeValue(material)));
      List<Map<String, AttributeValue>> out = new ArrayList<>();
      Map<String, AttributeValue> last;
      do {
        QueryResult page = client.query(request);
        out.addAll(page.getItems());
        last = page.getLastEvaluatedKey();
        request.setExclusiveStartKey(last);
      } while (last != null);
      return out;
    }
  }

  final class InMemory implements KeyTable {
    private final Map<String, TreeMap<Long, Map<String, AttributeValue>>> rows = new TreeMap<>();

    private InMemory() {}

    @Override
    public AmazonDynamoDB client() {
      return (AmazonDynamoDB)
          Proxy.newProxyInstance(
              KeyTable.class.getClassLoader(),
              new Class<?>[] {AmazonDynamoDB.class},
              (self, method, args) -> {
                Object request = args == null ? null : args[0];
                if (request instanceof GetItemRequest get) {
                  return get(get);
                }
                if (request instanceof PutItemRequest put) {
                  return put(put);
                }
                if (request instanceof QueryRequest query) {
                  return newest(query);
                }
                throw new UnsupportedOperationException(method.getName());
              });
    }

    @Override
    public void put(String table, Map<String, AttributeValue> row) {
      versions(row).put(version(row), row);
    }

    @Override
    public List<Map<String, AttributeValue>> rows(String material) {
      return new ArrayList<>(rows.getOrDefault(material, new TreeMap<>()).values());
    }

    private GetItemResult get(GetItemRequest request) {
      return new GetItemResult().withItem(versions(request.getKey()).get(version(request.getKey())));
    }

    private PutItemResult put(PutItemRequest request) {
      // The only condition that the client sends is that the row is not there.
      if (request.getExpected() != null
          && versions(request.getItem()).containsKey(version(request.getItem()))) {
        throw new ConditionalCheckFailedException("refused by the interop peer");
      }
      put(request.getTableName(), request.getItem());
      return new PutItemResult();
    }

    private QueryResult newest(QueryRequest request) {
      // The only query that the client sends is for the newest version of one name.
      AttributeValue name = request.getKeyConditions().get("N").getAttributeValueList().get(0);
      var entry = rows.getOrDefault(name.getS(), new TreeMap<>()).lastEntry();
      List<Map<String, AttributeValue>> found = new ArrayList<>();
      if (entry != null) {
        found.add(entry.getValue());
      }
      return new QueryResult().withItems(found).withCount(found.size());
    }

    private TreeMap<Long, Map<String, AttributeValue>> versions(Map<String, AttributeValue> row) {
      return rows.computeIfAbsent(row.get("N").getS(), name -> new TreeMap<>());
    }

    private static Long version(Map<String, AttributeValue> row) {
      return Long.valueOf(row.get("V").getN());
    }
  }
}
