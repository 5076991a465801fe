package lsp_test

import (
	"strings"
	"testing"

	"github.com/speclens/speclens/lsp/command"
	"github.com/speclens/speclens/lsp/lsptest"
)

// An edit of `expect` is judged against the recorded response at once; nothing is sent for it.
func TestAnEditOfAnExpectationIsJudgedWithoutARun(t *testing.T) {
	a := startAPI(t)
	close(a.slow)
	e := lsptest.Start(t, lsptest.Options{})
	const file = "story.qube.yaml"
	e.Open(file, a.story())
	e.Diagnostics(file)
	e.Run(file, "profile", command.ScopeTest)
	failed := func() (n int) {
		for _, d := range e.Settle(file) {
			if strings.Contains(message(d), "Grace") {
				n++
			}
		}
		return n
	}
	if failed() != 1 {
		t.Fatalf("after the run, the diagnostics are %+v", e.Settle(file))
	}
	sent := a.hits.Load()
	e.Replace(file, "name: Grace", "name: Ada")
	if found := e.Settle(file); len(found) != 0 {
		t.Errorf("with the right expectation, the diagnostics are %+v", found)
	}
	e.Replace(file, "name: Ada", "name: Grace")
	if failed() != 1 {
		t.Error("with the wrong expectation back, there is no failure")
	}
	if a.hits.Load() != sent {
		t.Errorf("%d requests were sent for edits", a.hits.Load()-sent)
	}
}
