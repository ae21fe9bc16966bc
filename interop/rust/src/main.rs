//! A peer for interop tests: the AWS Database Encryption SDK for DynamoDB, for Rust, behind files
//! of cases.
//!
//!     interop-peer-rust encrypt|decrypt IN.json OUT.json
//!
//! ../README.md describes the cases. Of the keyrings it has raw_aes, raw_rsa and multi: the crate
//! exports nothing with which a raw ECDH keyring could be made.

mod items;

use aws_db_esdk::item_encryptor::client::Client;
use aws_db_esdk::item_encryptor::types::dynamo_db_item_encryptor_config::DynamoDbItemEncryptorConfig;
use aws_db_esdk::material_providers::client as providers;
use aws_db_esdk::material_providers::types::keyring::KeyringRef;
use aws_db_esdk::material_providers::types::material_providers_config::MaterialProvidersConfig;
use aws_db_esdk::material_providers::types::{AesWrappingAlg, DbeAlgorithmSuiteId, PaddingScheme};
use aws_db_esdk::CryptoAction;
use base64::{engine::general_purpose::STANDARD, Engine};
use serde_json::{json, Map, Value};
use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;

type Error = Box<dyn std::error::Error>;

const CLIENT: &str = "rust-dbesdk";
const CLIENT_VERSION: &str = "1.3.0";

// The client recurses over the bytes of a text, so what works here would not fit on the stack of
// the first thread.
const STACK: usize = 1 << 30;

fn main() {
    let work = || -> Result<(), String> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        runtime
            .map_err(|e| e.to_string())?
            .block_on(run())
            .map_err(|e| e.to_string())
    };
    let thread = std::thread::Builder::new()
        .stack_size(STACK)
        .spawn(work)
        .expect("a thread");
    if let Err(e) = thread.join().expect("the client panicked") {
        eprintln!("interop-peer-rust: {e}");
        std::process::exit(1);
    }
}

async fn run() -> Result<(), Error> {
    let args: Vec<String> = std::env::args().collect();
    if args.len() != 4 || !["encrypt", "decrypt"].contains(&args[1].as_str()) {
        eprintln!("usage: interop-peer-rust encrypt|decrypt IN.json OUT.json");
        std::process::exit(2);
    }
    let file: Value = serde_json::from_slice(&std::fs::read(&args[2])?)?;
    let list = file.get("cases").unwrap_or(&file);
    let mut results = Vec::new();
    for case in list.as_array().ok_or("no list of cases")? {
        results.push(if args[1] == "encrypt" {
            encrypt(case).await
        } else {
            decrypt(case).await
        });
    }
    std::fs::write(&args[3], serde_json::to_vec(&results)?)?;
    Ok(())
}

/// The case as the client writes it: a copy with its encrypted item, or with the error.
async fn encrypt(case: &Value) -> Value {
    let mut out = case.clone();
    let members = out.as_object_mut().expect("a case is an object");
    for name in ["encrypted_item", "error", "kms_requests", "parsed_header"] {
        members.remove(name);
    }
    members.insert("client".into(), json!(CLIENT));
    members.insert("client_version".into(), json!(CLIENT_VERSION));
    match try_encrypt(case).await {
        Ok(item) => members.insert("encrypted_item".into(), item),
        Err(e) => members.insert("error".into(), json!(e.to_string())),
    };
    out
}

async fn try_encrypt(case: &Value) -> Result<Value, Error> {
    let item = items::from_json(&case["plaintext_item"])?;
    let out = encryptor(case)
        .await?
        .encrypt_item()
        .plaintext_item(item)
        .send()
        .await?;
    items::to_json(&out.encrypted_item.ok_or("no item")?)
}

/// What the client makes of the case's encrypted item.
async fn decrypt(case: &Value) -> Value {
    let mut out = Map::new();
    out.insert("name".into(), case["name"].clone());
    out.insert("client".into(), json!(CLIENT));
    match try_decrypt(case).await {
        Ok(item) => out.insert("plaintext_item".into(), item),
        Err(e) => out.insert("error".into(), json!(e.to_string())),
    };
    Value::Object(out)
}

async fn try_decrypt(case: &Value) -> Result<Value, Error> {
    let mut reader = case.clone();
    if let Some(overrides) = case["decrypt_overrides"].as_object() {
        for (name, value) in overrides {
            reader[name.as_str()] = value.clone();
        }
    }
    let item = items::from_json(&reader["encrypted_item"])?;
    let out = encryptor(&reader)
        .await?
        .decrypt_item()
        .encrypted_item(item)
        .send()
        .await?;
    items::to_json(&out.plaintext_item.ok_or("no item")?)
}

async fn encryptor(case: &Value) -> Result<Client, Error> {
    let mut actions = HashMap::new();
    for (name, action) in case["attribute_actions"]["attributes"]
        .as_object()
        .ok_or("no actions")?
    {
        actions.insert(
            name.clone(),
            match text(action)?.as_str() {
                "ENCRYPT_AND_SIGN" => CryptoAction::EncryptAndSign,
                "SIGN_ONLY" => CryptoAction::SignOnly,
                "SIGN_AND_INCLUDE_IN_ENCRYPTION_CONTEXT" => {
                    CryptoAction::SignAndIncludeInEncryptionContext
                }
                "DO_NOTHING" => CryptoAction::DoNothing,
                other => return Err(format!("no such action: {other}").into()),
            },
        );
    }
    let make = providers::Client::from_conf(MaterialProvidersConfig::builder().build()?)?;
    let mut config = DynamoDbItemEncryptorConfig::builder()
        .logical_table_name(text(&case["table_name"])?)
        .partition_key_name(text(&case["partition_key"])?)
        .set_sort_key_name(case["sort_key"].as_str().map(str::to_string))
        .attribute_actions_on_encrypt(actions)
        .keyring(keyring(&make, &case["provider"]).await?)
        .set_allowed_unsigned_attribute_prefix(
            case["allowed_unsigned_attribute_prefix"]
                .as_str()
                .map(str::to_string),
        );
    if let Some(names) = case["allowed_unsigned_attributes"].as_array() {
        let names = names.iter().map(text).collect::<Result<Vec<_>, _>>()?;
        config = config.allowed_unsigned_attributes(names);
    }
    if let Some(suite) = case["algorithm_suite"].as_str() {
        config = config.algorithm_suite_id(if suite.contains("ECDSA") {
            DbeAlgorithmSuiteId::AlgAes256GcmHkdfSha512CommitKeyEcdsaP384SymsigHmacSha384
        } else {
            DbeAlgorithmSuiteId::AlgAes256GcmHkdfSha512CommitKeySymsigHmacSha384
        });
    }
    Ok(Client::from_conf(config.build()?)?)
}

type Opened<'a> = Pin<Box<dyn Future<Output = Result<KeyringRef, Error>> + 'a>>;

fn keyring<'a>(make: &'a providers::Client, provider: &'a Value) -> Opened<'a> {
    Box::pin(async move {
        let kind = text(&provider["type"])?;
        match kind.as_str() {
            "raw_aes" => {
                let key = STANDARD.decode(text(&provider["key_b64"])?)?;
                Ok(make
                    .create_raw_aes_keyring()
                    .key_namespace(text(&provider["key_namespace"])?)
                    .key_name(text(&provider["key_name"])?)
                    .wrapping_alg(match key.len() {
                        16 => AesWrappingAlg::AlgAes128GcmIv12Tag16,
                        24 => AesWrappingAlg::AlgAes192GcmIv12Tag16,
                        _ => AesWrappingAlg::AlgAes256GcmIv12Tag16,
                    })
                    .wrapping_key(key)
                    .send()
                    .await?)
            }
            "raw_rsa" => {
                let mut rsa = make
                    .create_raw_rsa_keyring()
                    .key_namespace(text(&provider["key_namespace"])?)
                    .key_name(text(&provider["key_name"])?)
                    .padding_scheme(padding(&text(&provider["padding"])?)?);
                if let Some(pem) = provider["public_key_pem"].as_str() {
                    rsa = rsa.public_key(pem.as_bytes().to_vec());
                }
                if let Some(pem) = provider["private_key_pem"].as_str() {
                    rsa = rsa.private_key(pem.as_bytes().to_vec());
                }
                Ok(rsa.send().await?)
            }
            "multi" => {
                let mut children = Vec::new();
                for child in provider["children"].as_array().unwrap_or(&Vec::new()) {
                    children.push(keyring(make, child).await?);
                }
                let mut multi = make.create_multi_keyring().child_keyrings(children);
                if provider["generator"].is_object() {
                    multi = multi.generator(keyring(make, &provider["generator"]).await?);
                }
                Ok(multi.send().await?)
            }
            other => Err(format!("no such keyring: {other}").into()),
        }
    })
}

fn padding(name: &str) -> Result<PaddingScheme, Error> {
    Ok(match name {
        "PKCS1" => PaddingScheme::Pkcs1,
        "OAEP_SHA1_MGF1" => PaddingScheme::OaepSha1Mgf1,
        "OAEP_SHA256_MGF1" => PaddingScheme::OaepSha256Mgf1,
        "OAEP_SHA384_MGF1" => PaddingScheme::OaepSha384Mgf1,
        "OAEP_SHA512_MGF1" => PaddingScheme::OaepSha512Mgf1,
        other => return Err(format!("no such padding: {other}").into()),
    })
}

fn text(value: &Value) -> Result<String, Error> {
    Ok(value.as_str().ok_or("a text is missing")?.to_string())
}
