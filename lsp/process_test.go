package lsp_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"testing"

	"github.com/speclens/speclens/lsp"
)

// roleVariable tells the test binary which program to play.
const roleVariable = "SPECLENS_TEST_ROLE"

// TestMain lets the test binary play other programs.
func TestMain(m *testing.M) {
	switch os.Getenv(roleVariable) {
	case "sleeper":
		select {}
	case "server":
		os.Exit(serveStdio())
	case "editor":
		os.Exit(playEditor())
	}
	os.Exit(m.Run())
}

func role(name string) *exec.Cmd {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), roleVariable+"="+name)
	return cmd
}

func startSleeper(t *testing.T) *exec.Cmd {
	t.Helper()
	cmd := role("sleeper")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	return cmd
}

func kill(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
}

// stdio is what a program hands to Serve: its standard streams.
type stdio struct{}

func (stdio) Read(b []byte) (int, error)  { return os.Stdin.Read(b) }
func (stdio) Write(b []byte) (int, error) { return os.Stdout.Write(b) }
func (stdio) Close() error                { return os.Stdin.Close() }

// serveStdio is a server program.
func serveStdio() int {
	if err := lsp.Serve(context.Background(), stdio{}, lsp.Options{}); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// playEditor is an editor that starts a server, tells its process id and waits to be killed. The server's input is a
// pipe that somebody else holds open.
func playEditor() int {
	server := role("server")
	server.Stdin = os.Stdin
	if err := server.Start(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Println(server.Process.Pid)
	select {}
}
