package keyring

import "testing"

const (
	testARN   = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
	testMRK   = "arn:aws:kms:eu-west-1:111122223333:key/mrk-1234abcd12ab34cd56ef1234567890ab"
	testAlias = "arn:aws:kms:eu-west-1:111122223333:alias/records"
)

func TestParseKMSARN(t *testing.T) {
	for _, s := range []string{testARN, testMRK, testAlias, "arn:aws-us-gov:kms:us-gov-west-1:1:key/a"} {
		a, ok := parseKMSARN(s)
		if !ok || a.String() != s {
			t.Errorf("parseKMSARN(%q) = %q, %v", s, a, ok)
		}
		if a.alias() != (s == testAlias) || a.multiRegion() != (s == testMRK) {
			t.Errorf("%q: alias %v, multi-Region %v", s, a.alias(), a.multiRegion())
		}
	}
	for _, s := range []string{
		"arn:aws:kms:eu-west-1:111122223333:key/a\nb", "arn:aws:kms:eu-west-1:111122223333:key/a b", "arn:aws:kms:eu-west-1:111122223333:key/\u00e9",
		"", "arn", "1234abcd-12ab-34cd-56ef-1234567890ab", "alias/records",
		"arn:aws:kms:eu-west-1:111122223333", "arn:aws:kms:eu-west-1:111122223333:",
		testARN + ":more", "nra" + testARN[3:],
		"arn::kms:eu-west-1:111122223333:key/a",
		"arn:aws:s3:eu-west-1:111122223333:key/a",
		"arn:aws:kms::111122223333:key/a",
		"arn:aws:kms:eu-west-1::key/a",
		"arn:aws:kms:eu-west-1:111122223333:key/",
		"arn:aws:kms:eu-west-1:111122223333:key",
		"arn:aws:kms:eu-west-1:111122223333:bucket/a",
	} {
		if a, ok := parseKMSARN(s); ok {
			t.Errorf("parseKMSARN(%q) = %+v, want none", s, a)
		}
	}
}

func TestSameKey(t *testing.T) {
	mrk, _ := parseKMSARN(testMRK)
	plain, _ := parseKMSARN(testARN)
	for _, c := range []struct {
		x, y string
		want bool
	}{
		{testARN, testARN, true},
		{testMRK, mrk.in("us-west-2").String(), true},
		{testARN, plain.in("us-west-2").String(), false},
		{testARN, testMRK, false},
		{testMRK, "arn:aws:kms:eu-west-1:444455556666:" + mrk.resource, false},
		{testMRK, "arn:aws-cn:kms:eu-west-1:111122223333:" + mrk.resource, false},
		{"mrk-1", "mrk-1", true}, // equal text, whatever it is
		{"mrk-1", testMRK, false},
	} {
		if got := sameKey(c.x, c.y); got != c.want {
			t.Errorf("sameKey(%q, %q) = %v", c.x, c.y, got)
		}
	}
}
