// Command speclens is a language server, checker and runner for declarative API test specs.
//
// It must not hold logic of its own: it reads flags, wires the rooms together and writes the formats of the command line.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/speclens/speclens/cmd/speclens/internal/render"
)

func main() {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		// The first one asks the command to end, a run with its reports; a second one ends the process at once.
		<-signals
		stop()
		<-signals
		unfinished.discard()
		os.Exit(exitInterrupted)
	}()
	code := Main(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	if code == exitInterrupted {
		unfinished.discard() // of a command that was left where it was
	}
	os.Exit(code)
}

// The exit codes.
const (
	exitOK          = 0
	exitFailed      = 1
	exitBroken      = 2
	exitRefused     = 3
	exitInterrupted = 130
)

// exitError ends the program with a code; its text, if any, has not been written yet.
type exitError struct {
	code int
	text string
}

func (e *exitError) Error() string { return e.text }

// Main is the program: it returns the exit code.
func Main(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	app := &app{stdin: stdin, stdout: stdout, stderr: stderr}
	root := app.root()
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitOK
	}
	var exit *exitError
	if errors.As(err, &exit) {
		if exit.text != "" {
			fmt.Fprintln(stderr, "speclens: "+render.Printable(exit.text))
		}
		return exit.code
	}
	fmt.Fprintln(stderr, "speclens: "+render.Printable(err.Error()))
	return exitBroken
}
