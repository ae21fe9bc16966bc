// Package interop proves that items pass between this project and the DynamoDB
// Encryption Client for Python and Java, both ways. README.md describes it. It
// has only tests.
package interop

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ddbenc/ddbenc/internal/dbesdkvec"
	"github.com/ddbenc/ddbenc/internal/ddbecvec"
)

// A peer is a process that encrypts and decrypts files of cases.
type peer struct {
	client  string // as cases name it
	command []string
}

// openPeers returns the two real clients. Without DDBENC_INTEROP the test is
// skipped; with it, a missing peer is a failure.
func openPeers(t *testing.T) (python, java peer) {
	t.Helper()
	if os.Getenv("DDBENC_INTEROP") == "" {
		t.Skip("DDBENC_INTEROP is not set: with it, DDBENC_PYTHON_PEER and DDBENC_JAVA_PEER name the peers' commands (.ci/run sets all three)")
	}
	return openPeer(t, ddbecvec.Python, "DDBENC_PYTHON_PEER"), openPeer(t, ddbecvec.Java, "DDBENC_JAVA_PEER")
}

// openDBESDK returns the Java client of DB-ESDK, as openPeers does the others.
func openDBESDK(t *testing.T) dbesdkPeer {
	t.Helper()
	if os.Getenv("DDBENC_INTEROP") == "" {
		t.Skip("DDBENC_INTEROP is not set: with it, DDBENC_JAVA_DBESDK_PEER names the peer's command (.ci/run sets both)")
	}
	return dbesdkPeer{openPeer(t, dbesdkvec.Java, "DDBENC_JAVA_DBESDK_PEER")}
}

func openPeer(t *testing.T, client, variable string) peer {
	t.Helper()
	command := strings.Fields(os.Getenv(variable))
	if len(command) == 0 {
		t.Fatalf("%s is not set: it names the command that runs the %s peer", variable, client)
	}
	return peer{client, command}
}

// encrypt has the peer's client write the plaintext items of cases.
func (p peer) encrypt(t *testing.T, cases []*ddbecvec.Case) []*ddbecvec.Case {
	t.Helper()
	var out []*ddbecvec.Case
	p.run(t, "encrypt", cases, &out)
	if len(out) != len(cases) {
		t.Fatalf("%s wrote %d cases of %d", p.client, len(out), len(cases))
	}
	return out
}

// decrypt has the peer's client read the stored items of cases.
func (p peer) decrypt(t *testing.T, cases []*ddbecvec.Case) []ddbecvec.Result {
	t.Helper()
	var out []ddbecvec.Result
	p.run(t, "decrypt", cases, &out)
	if len(out) != len(cases) {
		t.Fatalf("%s read %d cases of %d", p.client, len(out), len(cases))
	}
	return out
}

// run has the peer work through a file of cases, or of whatever the verb wants.
func (p peer) run(t *testing.T, verb string, cases, out any) {
	t.Helper()
	dir := t.TempDir()
	in, results := filepath.Join(dir, "in.json"), filepath.Join(dir, "out.json")
	data, err := json.Marshal(cases)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(in, data, 0o600); err != nil {
		t.Fatal(err)
	}
	args := append(append([]string{}, p.command[1:]...), verb, in, results)
	cmd := exec.CommandContext(t.Context(), p.command[0], args...)
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s %s: %v\n%s", p.client, verb, err, text)
	}
	if data, err = os.ReadFile(results); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, out); err != nil {
		t.Fatalf("%s %s: %v", p.client, verb, err)
	}
}

// A dbesdkPeer is a peer that works on cases of DB-ESDK.
type dbesdkPeer struct{ peer }

func (p dbesdkPeer) encrypt(t *testing.T, cases []*dbesdkvec.Case) []*dbesdkvec.Case {
	t.Helper()
	var out []*dbesdkvec.Case
	p.run(t, "encrypt", cases, &out)
	if len(out) != len(cases) {
		t.Fatalf("%s wrote %d cases of %d", p.client, len(out), len(cases))
	}
	return out
}

func (p dbesdkPeer) decrypt(t *testing.T, cases []*dbesdkvec.Case) []dbesdkvec.Result {
	t.Helper()
	var out []dbesdkvec.Result
	p.run(t, "decrypt", cases, &out)
	if len(out) != len(cases) {
		t.Fatalf("%s read %d cases of %d", p.client, len(out), len(cases))
	}
	return out
}

// encryptAll and decryptAll are this project's side.
func encryptAll(t *testing.T, cases []*ddbecvec.Case) []*ddbecvec.Case {
	t.Helper()
	out := make([]*ddbecvec.Case, len(cases))
	for i, c := range cases {
		var err error
		if out[i], err = c.Encrypt(t.Context()); err != nil {
			t.Fatalf("%s: %v", c.Name, err)
		}
	}
	return out
}

func decryptAll(t *testing.T, cases []*ddbecvec.Case) []ddbecvec.Result {
	t.Helper()
	out := make([]ddbecvec.Result, len(cases))
	for i, c := range cases {
		out[i] = c.Decrypt(t.Context())
	}
	return out
}

// asJSON returns a case for a failure's text; keys are test keys.
func asJSON(t *testing.T, v any) string {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
