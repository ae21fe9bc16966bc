//! Items between DynamoDB JSON and the types of the AWS SDK for Rust.

use crate::{text, Error};
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use base64::{engine::general_purpose::STANDARD, Engine};
use serde_json::{json, Map, Value};
use std::collections::HashMap;

pub type Item = HashMap<String, AttributeValue>;

pub fn from_json(item: &Value) -> Result<Item, Error> {
    let mut out = Item::new();
    for (name, value) in item.as_object().ok_or("the case has no item")? {
        out.insert(name.clone(), attribute(value)?);
    }
    Ok(out)
}

pub fn to_json(item: &Item) -> Result<Value, Error> {
    let mut out = Map::new();
    for (name, value) in item {
        out.insert(name.clone(), json_of(value)?);
    }
    Ok(Value::Object(out))
}

fn attribute(json: &Value) -> Result<AttributeValue, Error> {
    let (kind, content) = json
        .as_object()
        .and_then(|o| o.iter().next())
        .ok_or("a value has no type")?;
    Ok(match kind.as_str() {
        "S" => AttributeValue::S(text(content)?),
        "N" => AttributeValue::N(text(content)?),
        "B" => AttributeValue::B(blob(content)?),
        "BOOL" => AttributeValue::Bool(content.as_bool().ok_or("BOOL is none")?),
        "NULL" => AttributeValue::Null(content.as_bool().ok_or("NULL is none")?),
        "SS" => AttributeValue::Ss(members(content, text)?),
        "NS" => AttributeValue::Ns(members(content, text)?),
        "BS" => AttributeValue::Bs(members(content, blob)?),
        "L" => AttributeValue::L(members(content, attribute)?),
        "M" => AttributeValue::M(from_json(content)?),
        other => return Err(format!("no such type: {other}").into()),
    })
}

fn members<T>(list: &Value, of: fn(&Value) -> Result<T, Error>) -> Result<Vec<T>, Error> {
    list.as_array()
        .ok_or("a list is missing")?
        .iter()
        .map(of)
        .collect()
}

fn blob(value: &Value) -> Result<Blob, Error> {
    Ok(Blob::new(STANDARD.decode(text(value)?)?))
}

fn json_of(value: &AttributeValue) -> Result<Value, Error> {
    Ok(match value {
        AttributeValue::S(s) => json!({ "S": s }),
        AttributeValue::N(n) => json!({ "N": n }),
        AttributeValue::B(b) => json!({ "B": STANDARD.encode(b) }),
        AttributeValue::Bool(b) => json!({ "BOOL": b }),
        AttributeValue::Null(n) => json!({ "NULL": n }),
        AttributeValue::Ss(s) => json!({ "SS": s }),
        AttributeValue::Ns(s) => json!({ "NS": s }),
        AttributeValue::Bs(s) => {
            json!({ "BS": s.iter().map(|b| STANDARD.encode(b)).collect::<Vec<_>>() })
        }
        AttributeValue::L(l) => {
            json!({ "L": l.iter().map(json_of).collect::<Result<Vec<_>, _>>()? })
        }
        AttributeValue::M(m) => json!({ "M": to_json(m)? }),
        _ => return Err("a value of an unknown type".into()),
    })
}
