// The ddbenc-peer command is a peer for interop tests: this project behind files
// of cases, as interop/python/peer.py puts the Python client behind them.
//
//	ddbenc-peer encrypt|decrypt IN.json OUT.json
//
// IN is a JSON list of cases, or an object with such a list in its member
// "cases", of DDBEC or DB-ESDK or both; interop/README.md describes them. encrypt writes the same list, each
// case with encrypted_item or error. decrypt writes [{name, client,
// plaintext_item | error}] in the order of IN. An item that is refused is a
// result like any other; the exit status tells only of files that could not be
// read or written.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/signal"
)

func main() {
	if len(os.Args) != 4 || os.Args[1] != "encrypt" && os.Args[1] != "decrypt" {
		fmt.Fprintln(os.Stderr, "usage: ddbenc-peer encrypt|decrypt IN.json OUT.json")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1], os.Args[2], os.Args[3]); err != nil {
		fmt.Fprintln(os.Stderr, "ddbenc-peer:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, verb, in, out string) error {
	data, err := os.ReadFile(in)
	if err != nil {
		return err
	}
	cases, err := parse(data)
	if err != nil {
		return fmt.Errorf("%s: %w", in, err)
	}
	results := make([]any, len(cases))
	for i, c := range cases {
		if verb == "decrypt" {
			results[i] = c.decrypt(ctx)
		} else if results[i], err = c.encrypt(ctx); err != nil {
			return fmt.Errorf("%s: case %q: %w", in, c.name(), err)
		}
	}
	if data, err = json.Marshal(results); err != nil {
		return err
	}
	return os.WriteFile(out, append(data, '\n'), 0o644)
}
