//go:build unix

package lsp_test

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestAServerWhoseEditorWasKilledEndsThoughThePipeIsOpen(t *testing.T) {
	in, hold, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer hold.Close()
	editor := role("editor")
	editor.Stdin = in
	out, err := editor.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := editor.Start(); err != nil {
		t.Fatal(err)
	}
	_ = in.Close()
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	server, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Kill(server, syscall.SIGKILL) })
	hello := `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"processId":%d,"rootUri":null,"capabilities":{}}}`
	if _, err := io.WriteString(hold, frame(fmt.Sprintf(hello, editor.Process.Pid))); err != nil {
		t.Fatal(err)
	}
	kill(t, editor)
	for deadline := time.Now().Add(patience); !gone(server); {
		if time.Now().After(deadline) {
			t.Fatal("the server lives on")
		}
		time.Sleep(20 * time.Millisecond) // nobody is told of the end of a process that is not its child
	}
}

// gone reports whether a process has ended; an orphan may stay as a zombie where nobody reaps it.
func gone(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return true
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && strings.Contains(string(stat), ") Z ")
}
