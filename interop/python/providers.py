"""From the `provider` of a case to a materials provider of the client."""
import base64
import functools

from dynamodb_encryption_sdk.delegated_keys.jce import JceNameLocalDelegatedKey
from dynamodb_encryption_sdk.identifiers import EncryptionKeyType, KeyEncodingType
from dynamodb_encryption_sdk.material_providers.aws_kms import AwsKmsCryptographicMaterialsProvider
from dynamodb_encryption_sdk.material_providers.most_recent import CachingMostRecentProvider
from dynamodb_encryption_sdk.material_providers.static import StaticCryptographicMaterialsProvider
from dynamodb_encryption_sdk.material_providers.store.meta import MetaStore
from dynamodb_encryption_sdk.material_providers.wrapped import WrappedCryptographicMaterialsProvider
from dynamodb_encryption_sdk.materials.raw import RawDecryptionMaterials, RawEncryptionMaterials

CACHE_TTL = 60.0  # seconds; longer than any one case takes


def open_provider(provider, services):
    """The provider that a case describes, on the services of that case."""
    return _OPENERS[provider["type"]](provider, services)


def _static(provider, _services):
    writing, reading = {}, {}
    if provider.get("encryption"):
        key = _key(provider["encryption"], "private_key_pem")
        writing["encryption_key"] = reading["decryption_key"] = key
    signing, verification = _pair(provider["signing"], "private_key_pem", "public_key_pem")
    description = provider.get("material_description", {})
    materials = {
        "decryption_materials": RawDecryptionMaterials(
            verification_key=verification or signing, material_description=description, **reading
        )
    }
    if signing is not None:
        materials["encryption_materials"] = RawEncryptionMaterials(
            signing_key=signing, material_description=description, **writing
        )
    return StaticCryptographicMaterialsProvider(**materials)


def _wrapped(provider, _services):
    wrapping, unwrapping = _pair(provider["wrapping"], "public_key_pem", "private_key_pem")
    signing, verification = _pair(provider["signing"], "private_key_pem", "public_key_pem")
    keys = {"wrapping_key": wrapping, "unwrapping_key": unwrapping}
    return WrappedCryptographicMaterialsProvider(
        signing_key=signing or verification,
        material_description=provider.get("material_description", {}),
        **{name: key for name, key in keys.items() if key is not None}
    )


def _aws_kms(provider, services):
    return AwsKmsCryptographicMaterialsProvider(
        key_id=provider["key_id"],
        botocore_session=services.botocore_session,
        grant_tokens=tuple(provider.get("grant_tokens") or ()),
        material_description=provider.get("material_description", {}),
        regional_clients=services.kms_clients(provider["key_id"]),
    )


def _most_recent(provider, services):
    store = MetaStore(
        table=services.meta_table(provider["meta_table_name"]),
        materials_provider=open_provider(provider["meta_provider"], services),
    )
    if services.writing:
        for version in provider.get("create_versions") or ():
            store.get_or_create_provider(provider["material_name"], version)
    return CachingMostRecentProvider(
        provider_store=store, material_name=provider["material_name"], version_ttl=CACHE_TTL
    )


_OPENERS = {"static": _static, "wrapped": _wrapped, "aws_kms": _aws_kms, "most_recent": _most_recent}


def _pair(spec, first, second):
    """Two keys of one description: the same object for a symmetric key, None for a half that is not there."""
    if "key_b64" in spec:
        key = _key(spec, first)
        return key, key
    return tuple(_key(spec, field) if spec.get(field) else None for field in (first, second))


def _key(spec, field):
    if "key_b64" in spec:
        return JceNameLocalDelegatedKey(
            key=base64.b64decode(spec["key_b64"]),
            algorithm=spec["algorithm"],
            key_type=EncryptionKeyType.SYMMETRIC,
            key_encoding=KeyEncodingType.RAW,
        )
    kind = EncryptionKeyType.PRIVATE if field == "private_key_pem" else EncryptionKeyType.PUBLIC
    return _pem_key(spec[field], spec["algorithm"], kind)


@functools.lru_cache(maxsize=100)
def _pem_key(pem, algorithm, kind):
    # Kept, because checking an RSA private key takes longer than anything else here.
    return JceNameLocalDelegatedKey(
        key=pem.encode("ascii"), algorithm=algorithm, key_type=kind, key_encoding=KeyEncodingType.PEM
    )
