package ddbenc.interop;

import com.amazonaws.services.dynamodbv2.model.AttributeValue;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Items between DynamoDB JSON and the classes of the AWS SDK for Java 1.x. */
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

  static byte[] bytes(ByteBuffer buffer) {
    byte[] out = new byte[buffer.remaining()];
    buffer.duplicate().get(out);
    return out;
  }

  // A value with no type or with two becomes just that: refusing it is the client's business.
  private static AttributeValue value(JsonNode json) {
    AttributeValue out = new AttributeValue();
    for (Iterator<Map.Entry<String, JsonNode>> it = json.fields(); it.hasNext(); ) {
      Map.Entry<String, JsonNode> field = it.next();
      JsonNode content = field.getValue();
      switch (field.getKey()) {
        case "S" -> out.setS(content.textValue());
        case "N" -> out.setN(content.textValue());
        case "B" -> out.setB(binary(content));
        case "SS" -> out.setSS(texts(content));
        case "NS" -> out.setNS(texts(content));
        case "BS" -> {
          List<ByteBuffer> members = new ArrayList<>();
          content.forEach(member -> members.add(binary(member)));
          out.setBS(members);
        }
        case "L" -> {
          List<AttributeValue> members = new ArrayList<>();
          content.forEach(member -> members.add(value(member)));
          out.setL(members);
        }
        case "M" -> out.setM(fromJson(content));
        case "BOOL" -> out.setBOOL(content.booleanValue());
        case "NULL" -> out.setNULL(content.booleanValue());
        default -> throw new IllegalArgumentException("no such type: " + field.getKey());
      }
    }
    return out;
  }

  private static ObjectNode json(AttributeValue value) {
    ObjectNode out = JSON.objectNode();
    if (value.getS() != null) {
      out.put("S", value.getS());
    } else if (value.getN() != null) {
      out.put("N", value.getN());
    } else if (value.getB() != null) {
      out.put("B", base64(value.getB()));
    } else if (value.getSS() != null) {
      value.getSS().forEach(out.putArray("SS")::add);
    } else if (value.getNS() != null) {
      value.getNS().forEach(out.putArray("NS")::add);
    } else if (value.getBS() != null) {
      ArrayNode members = out.putArray("BS");
      value.getBS().forEach(member -> members.add(base64(member)));
    } else if (value.getL() != null) {
      ArrayNode members = out.putArray("L");
      value.getL().forEach(member -> members.add(json(member)));
    } else if (value.getM() != null) {
      out.set("M", toJson(value.getM()));
    } else if (value.getBOOL() != null) {
      out.put("BOOL", value.getBOOL());
    } else if (value.getNULL() != null) {
      out.put("NULL", value.getNULL());
    }
    return out;
  }

  private static List<String> texts(JsonNode list) {
    List<String> out = new ArrayList<>();
    list.forEach(member -> out.add(member.textValue()));
    return out;
  }

  private static ByteBuffer binary(JsonNode text) {
    return ByteBuffer.wrap(Base64.getDecoder().decode(text.textValue()));
  }

  static String base64(ByteBuffer buffer) {
    return Base64.getEncoder().encodeToString(bytes(buffer));
  }
}
