// Package interop proves that items pass between this project and the DynamoDB
// Encryption Client for Python and Java, both ways. README.md describes it. It
// has only tests.
package interop

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
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
func openDBESDK(t *testing.T) *dbesdkPeer {
	t.Helper()
	if os.Getenv("DDBENC_INTEROP") == "" {
		t.Skip("DDBENC_INTEROP is not set: with it, DDBENC_JAVA_DBESDK_PEER names the peer's command (.ci/run sets both)")
	}
	return startDBESDK(t, openPeer(t, dbesdkvec.Java, "DDBENC_JAVA_DBESDK_PEER"))
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
	return answers[*ddbecvec.Case](t, p, "encrypt", cases)
}

// decrypt has the peer's client read the stored items of cases.
func (p peer) decrypt(t *testing.T, cases []*ddbecvec.Case) []ddbecvec.Result {
	t.Helper()
	return answers[ddbecvec.Result](t, p, "decrypt", cases)
}

// answers has a peer work through cases, and returns what it says of each.
func answers[R, C any](t *testing.T, p interface {
	run(t *testing.T, verb string, cases, out any)
}, verb string, cases []C) (out []R) {
	t.Helper()
	p.run(t, verb, cases, &out)
	if len(out) != len(cases) {
		t.Fatalf("%d answers to %s %d cases", len(out), verb, len(cases))
	}
	return out
}

// run has the peer work through a file of cases.
func (p peer) run(t *testing.T, verb string, cases, out any) {
	t.Helper()
	in, results := writeCases(t, cases)
	args := append(append([]string{}, p.command[1:]...), verb, in, results)
	cmd := exec.CommandContext(t.Context(), p.command[0], args...)
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s %s: %v\n%s", p.client, verb, err, text)
	}
	readResults(t, results, out)
}

// writeCases writes the file that a peer reads, and names the one that it writes.
func writeCases(t *testing.T, cases any) (in, out string) {
	t.Helper()
	dir := t.TempDir()
	in, out = filepath.Join(dir, "in.json"), filepath.Join(dir, "out.json")
	data, err := json.Marshal(cases)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(in, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return in, out
}

func readResults(t *testing.T, file string, out any) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, out); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
}

// A dbesdkPeer is a process that works on cases of DB-ESDK. It serves one request
// after the other, since its client takes seconds to start.
type dbesdkPeer struct {
	client  string
	command string
	in      io.Writer
	out     *bufio.Reader
}

// startDBESDK starts the peer, until the test ends.
func startDBESDK(t *testing.T, p peer) *dbesdkPeer {
	t.Helper()
	cmd := exec.Command(p.command[0], append(p.command[1:len(p.command):len(p.command)], "serve")...)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close() // ends it
		if err := cmd.Wait(); err != nil {
			t.Errorf("%s: %v", p.client, err)
		}
	})
	return &dbesdkPeer{p.client, strings.Join(p.command, " "), in, bufio.NewReader(out)}
}

// run has the peer work through a file of cases, or of whatever the verb wants.
func (p *dbesdkPeer) run(t *testing.T, verb string, cases, out any) {
	t.Helper()
	in, results := writeCases(t, cases)
	if _, err := fmt.Fprintf(p.in, "%s\t%s\t%s\n", verb, in, results); err != nil {
		t.Fatalf("%s: %v", p.command, err)
	}
	answer, err := p.out.ReadString('\n')
	if err != nil || answer != "ok\n" {
		t.Fatalf("%s %s: %q, %v", p.client, verb, answer, err)
	}
	readResults(t, results, out)
}

func (p *dbesdkPeer) encrypt(t *testing.T, cases []*dbesdkvec.Case) []*dbesdkvec.Case {
	t.Helper()
	return answers[*dbesdkvec.Case](t, p, "encrypt", cases)
}

func (p *dbesdkPeer) decrypt(t *testing.T, cases []*dbesdkvec.Case) []dbesdkvec.Result {
	t.Helper()
	return answers[dbesdkvec.Result](t, p, "decrypt", cases)
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
