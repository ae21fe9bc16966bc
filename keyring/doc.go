// Package keyring says where keys come from. Its types are DDBEC materials
// providers, the [crypt.Provider] that crypt.NewDDBEC asks for the keys of each
// item, and DB-ESDK keyrings, the [crypt.Keyring] that crypt.NewDBESDK asks to
// protect the data key of each item.
//
// # Which keyring
//
//	keyring              encrypts data keys under                for
//	RawAES               an AES key                              keys that this process holds
//	RawRSA               an RSA key                              keys that this process or a security module holds
//	RawECDH              a secret shared by EC keys              two parties, or anyone who writes for one
//	KMSKeyring           a KMS key                               keys in AWS KMS; one call for each item
//	KMSDiscoveryKeyring  only reads, with the key of each item   readers who can't name the KMS keys
//	KMSRSA               an RSA key in AWS KMS                   writers without access to KMS
//	KMSECDH              a secret shared with an EC key in KMS   two parties, of which one has its key in KMS
//	Hierarchical         a branch key, one for each tenant       most programs; few calls
//	Multi                the keys of other keyrings              several readers; NewSeveralKeyrings for a change of keys
//
// [NewKMSKeyring] and the other keyrings of AWS KMS name their key by an ARN, since
// an item does. [AnyReplica] reads items of all replicas of a multi-Region key,
// [NewKMSMulti] and [NewKMSDiscoveryMulti] make keyrings of several regions, and
// [NewKMSWriteOnly] takes an alias. KMS and its logs see an item's encryption
// context, with the values of key attributes in it; [KMSRSA] and [KMSECDH] tell KMS
// nothing of items.
//
// A keyring that gets no answer from KMS says so with [ErrKeyRefused] or
// [ErrUnavailable]. That is another thing than an item whose data keys are for
// others, [crypt.ErrNoKey], or one that was changed, [crypt.ErrVerify].
//
// [NewHierarchical] takes branch keys from a [BranchKeyStore], a table of keys that
// KMS protects, and keeps them for a time of one's choice; that is also the time
// that a revoked key goes on working. [NewHierarchicalByKey] chooses the branch key
// by attributes of the item. KMS sees nothing of items, and no call for one.
//
// # Branch keys
//
// An administrator's program makes the table with [CreateBranchKeyTable] and branch
// keys with [BranchKeyStore.CreateKey] or, with an id of one's choice,
// [BranchKeyStore.CreateKeyWithID]. [BranchKeyStore.VersionKey] rotates one, and
// [BranchKeyStore.RotateOlderThan] one that is due. Nothing is ever written over,
// and of changes at the same time one takes effect: [ErrBranchKeyExists] and
// [ErrBranchKeyChanged] tell the others. Programs that encrypt items need none of
// this, and no permission for it.
//
// # Which provider
//
//	provider    content key        signing key        for
//	Static      the same for all   configured         tests; tables small enough to be written again
//	Wrapped     new for each item  configured         keys that this process or a security module holds
//	KMS         new for each item  new for each item  keys in AWS KMS; one call for each item
//	MostRecent  new for each item  of a version       keys in a table that KMS protects; few calls
//
// [NewKMS] keeps all keys in AWS KMS, and every item costs a call. [NewMostRecent]
// asks a [MetaStore], a table of keys that another provider protects, and keeps
// what it got for a time of one's choice; that is also the time that a revoked key
// goes on working. [NewSeveral] reads with several providers and writes with one,
// for the time of a change between them.
//
// [NewStatic] and [NewWrapped] take raw keys. The forms that take [StaticKeys]
// and [WrappedKeys] are for RSA and ECDSA keys, for other HMACs, and for programs
// that may only read or only write.
//
// # Keys
//
// [ParsePrivateKey] and [ParsePublicKey] read PEM and DER. Symmetric keys are
// raw bytes. Constructors check keys once and copy them. No key is ever part of
// an error, and keys and providers print without their secrets under every verb
// of package fmt and in log/slog.
//
// # Security
//
// The material description, where an item says how its content key is wrapped,
// is not signed. A provider therefore takes from it only what fits its own
// configured keys, and an item whose content key can't be unwrapped is refused
// in the same way as one with a bad signature. Spec: Security considerations,
// "Order of operations, oracles, downgrade".
//
// The signature covers neither the wrapped key nor the content key. Whoever can
// write to the table and knows an RSA public wrapping key can replace the
// content key under ciphertext that stays correctly signed; the result is
// garbage that the strict decoder refuses, not a value of the attacker's choice.
// With AES key wrap only another item's wrapped key can take its place, and with
// KMS nothing can. Spec: Security considerations, "No key commitment in wrapped
// materials".
//
// # Compatibility
//
// Items written by the Java and Python clients with the corresponding providers
// can be read, and the reverse. What differs from either of them is said beside
// the function that differs.
package keyring
