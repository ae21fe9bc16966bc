package keyring_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/ddbenctest"
	"github.com/ddbenc/ddbenc/keyring"
)

// kmsFaults are reasons why KMS doesn't use a key of this region.
var kmsFaults = []struct {
	name  string
	spoil func(t *testing.T, k *ddbenctest.KMS, arn string)
	want  error  // of writing and of reading
	code  string // of the error of KMS, if it gives one
}{
	{"disabled", disableKMSKey, keyring.ErrKeyRefused, "DisabledException"},
	{"pending deletion", doomKMSKey, keyring.ErrKeyRefused, "KMSInvalidStateException"},
	{"deleted", deleteKMSKey, crypt.ErrNoKey, "NotFoundException"},
	{"denied", failKMS(ddbenctest.KMSFault{Times: -1, Code: ddbenctest.FaultAccessDenied}), keyring.ErrKeyRefused, "AccessDeniedException"},
	{"throttled for ever", failKMS(ddbenctest.KMSFault{Times: -1, Code: ddbenctest.FaultThrottled}), keyring.ErrUnavailable, "ThrottlingException"},
	{"throttled once", failKMS(ddbenctest.KMSFault{Times: 1, Code: ddbenctest.FaultThrottled}), nil, ""},
	{"out of order", failKMS(ddbenctest.KMSFault{Times: -1, Code: ddbenctest.FaultUnavailable}), keyring.ErrUnavailable, "KMSInternalException"},
	{"timing out inside", failKMS(ddbenctest.KMSFault{Times: -1, Code: ddbenctest.FaultTimeout}), keyring.ErrUnavailable, "DependencyTimeoutException"},
	{"hanging up", failKMS(ddbenctest.KMSFault{Times: -1, Drop: true}), keyring.ErrUnavailable, ""},
}

func failKMS(f ddbenctest.KMSFault) func(*testing.T, *ddbenctest.KMS, string) {
	return func(_ *testing.T, k *ddbenctest.KMS, _ string) { k.Fault(f) }
}

func disableKMSKey(t *testing.T, k *ddbenctest.KMS, arn string) {
	t.Helper()
	if _, err := k.Client(region).DisableKey(t.Context(), &kms.DisableKeyInput{KeyId: &arn}); err != nil {
		t.Fatal(err)
	}
}

func doomKMSKey(t *testing.T, k *ddbenctest.KMS, arn string) {
	t.Helper()
	if _, err := k.Client(region).ScheduleKeyDeletion(t.Context(), &kms.ScheduleKeyDeletionInput{KeyId: &arn}); err != nil {
		t.Fatal(err)
	}
}

func deleteKMSKey(t *testing.T, k *ddbenctest.KMS, arn string) {
	t.Helper()
	doomKMSKey(t, k, arn)
	k.Advance(31 * 24 * time.Hour)
}
