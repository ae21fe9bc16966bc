package ddbenc.interop;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;

/** Items between DynamoDB JSON and the classes of the AWS SDK for Java 2.x. */
final class Items {
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

  private Items() {}

  static Map<String, AttributeValue> fromJson(JsonNode item) {
    Map<String, AttributeValue> out = new LinkedHashMap<>();
    item.fields().forEachRemaining(field -> out.put(field.getKey(), value(field.getValue())));
    return out;
  }

  static ObjectNode toJson(Map<String, AttributeValue> item) {
    ObjectNode out = JSON.objectNode();
    new TreeMap<>(item).forEach((name, value) -> out.set(name, json(value)));
    return out;
  }

  /** The items of a JSON list. */
  static List<Map<String, AttributeValue>> listFromJson(JsonNode items) {
    List<Map<String, AttributeValue>> out = new ArrayList<>();
    items.forEach(item -> out.add(fromJson(item)));
    return out;
  }

  static String base64(SdkBytes bytes) {
    return Base64.getEncoder().encodeToString(bytes.asByteArray());
  }

  static String base64(ByteBuffer buffer) {
    return base64(SdkBytes.fromByteBuffer(buffer.duplicate()));
  }

  static SdkBytes bytes(JsonNode text) {
    return SdkBytes.fromByteArray(Base64.getDecoder().decode(text.textValue()));
  }

  // A value with no type or with two becomes just that: refusing it is the client's business.
  private static AttributeValue value(JsonNode json) {
    AttributeValue.Builder out = AttributeValue.builder();
    json.fields()
        .forEachRemaining(
            field -> {
              JsonNode content = field.getValue();
              switch (field.getKey()) {
                case "S" -> out.s(content.textValue());
                case "N" -> out.n(content.textValue());
                case "B" -> out.b(bytes(content));
                case "SS" -> out.ss(texts(content));
                case "NS" -> out.ns(texts(content));
                case "BS" -> {
                  List<SdkBytes> members = new ArrayList<>();
                  content.forEach(member -> members.add(bytes(member)));
                  out.bs(members);
                }
                case "L" -> {
                  List<AttributeValue> members = new ArrayList<>();
                  content.forEach(member -> members.add(value(member)));
                  out.l(members);
                }
                case "M" -> out.m(fromJson(content));
                case "BOOL" -> out.bool(content.booleanValue());
                case "NULL" -> out.nul(content.booleanValue());
                default -> throw new IllegalArgumentException("no such type: " + field.getKey());
              }
            });
    return out.build();
  }

  private static ObjectNode json(AttributeValue value) {
    ObjectNode out = JSON.objectNode();
    switch (value.type()) {
      case S -> out.put("S", value.s());
      case N -> out.put("N", value.n());
      case B -> out.put("B", base64(value.b()));
      case SS -> value.ss().forEach(out.putArray("SS")::add);
      case NS -> value.ns().forEach(out.putArray("NS")::add);
      case BS -> {
        ArrayNode members = out.putArray("BS");
        value.bs().forEach(member -> members.add(base64(member)));
      }
      case L -> {
        ArrayNode members = out.putArray("L");
        value.l().forEach(member -> members.add(json(member)));
      }
      case M -> out.set("M", toJson(value.m()));
      case BOOL -> out.put("BOOL", value.bool());
      case NUL -> out.put("NULL", value.nul());
      default -> {} // of no type
    }
    return out;
  }

  static List<String> texts(JsonNode list) {
    List<String> out = new ArrayList<>();
    list.forEach(member -> out.add(member.textValue()));
    return out;
  }
}
