// Command ddbenc is the command-line tool of ddbenc.
//
//	ddbenc local    serve an in-memory DynamoDB and KMS on this machine
//
// Run a command with -h for its flags. Errors go to standard error; the exit
// code is 0 for success, 1 for a failure, and 2 for words on the command line
// that make no sense.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// Exit codes.
const (
	exitOK = iota
	exitFailure
	exitUsage
)

// A command is one word after ddbenc.
type command struct {
	name    string
	summary string
	run     func(ctx context.Context, args []string, stdout, stderr io.Writer) error
}

var commands = []command{
	{"local", "serve an in-memory DynamoDB and KMS on this machine", runLocal},
}

// errUsage reports words on the command line that make no sense. What is wrong
// with them was printed already.
var errUsage = errors.New("usage")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run runs the command that args name and returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	if len(args) == 0 {
		usage(stderr)
		return exitUsage
	}
	switch args[0] {
	case "-h", "-help", "--help", "help":
		usage(stdout)
		return exitOK
	}
	for _, c := range commands {
		if c.name != args[0] {
			continue
		}
		switch err := c.run(ctx, args[1:], stdout, stderr); {
		case err == nil, errors.Is(err, flag.ErrHelp):
			return exitOK
		case errors.Is(err, errUsage):
			return exitUsage
		default:
			fmt.Fprintf(stderr, "ddbenc %s: %v\n", c.name, err)
			return exitFailure
		}
	}
	fmt.Fprintf(stderr, "ddbenc: unknown command %q\n", args[0])
	usage(stderr)
	return exitUsage
}

func usage(w io.Writer) {
	fmt.Fprint(w, "Usage: ddbenc COMMAND [FLAGS]\n\n")
	for _, c := range commands {
		fmt.Fprintf(w, "  %-8s %s\n", c.name, c.summary)
	}
	fmt.Fprint(w, "\nRun a command with -h for its flags.\n")
}

// flags returns an empty set of flags for a command. Parse it with [parse].
func flags(name, summary string) *flag.FlagSet {
	f := flag.NewFlagSet("ddbenc "+name, flag.ContinueOnError)
	f.Usage = func() {
		fmt.Fprintf(f.Output(), "Usage: %s [FLAGS]\n\n%s\n\nFlags:\n", f.Name(), summary)
		f.PrintDefaults()
	}
	return f
}

// parse reads args, which are flags only. Help goes to stdout, mistakes to stderr.
func parse(f *flag.FlagSet, args []string, stdout, stderr io.Writer) error {
	f.SetOutput(stderr)
	for _, arg := range args {
		if arg == "-h" || arg == "-help" || arg == "--h" || arg == "--help" {
			f.SetOutput(stdout)
		}
	}
	if err := f.Parse(args); errors.Is(err, flag.ErrHelp) {
		return err
	} else if err != nil {
		return errUsage
	}
	if f.NArg() > 0 {
		fmt.Fprintf(stderr, "%s: unexpected argument %q\n", f.Name(), f.Arg(0))
		f.Usage()
		return errUsage
	}
	return nil
}
