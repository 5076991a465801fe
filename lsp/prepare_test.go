package lsp_test

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/speclens/speclens/engine/plugin"
	"github.com/speclens/speclens/lsp"
	"github.com/speclens/speclens/lsp/lsptest"
)

// slowPlugin has to be compiled before it can answer, as a WASM module has.
type slowPlugin struct {
	fakePlugin
	begun, compiled chan struct{}
	once            sync.Once
}

func (p *slowPlugin) compile() {
	p.once.Do(func() { close(p.begun) })
	<-p.compiled
}

func (p *slowPlugin) Prepare(context.Context) error {
	p.compile()
	return nil
}

func (p *slowPlugin) Validate(in plugin.TestInput) []plugin.FieldError {
	p.compile()
	return p.fakePlugin.Validate(in)
}

// While a plugin is compiled, which takes seconds and cannot be interrupted, the checker answers every keystroke.
func TestTypingGoesOnWhileAPluginIsCompiled(t *testing.T) {
	slow := &slowPlugin{begun: make(chan struct{}), compiled: make(chan struct{})}
	slow.validate = func(plugin.TestInput) []plugin.FieldError {
		return []plugin.FieldError{{Field: "resource", Message: "not this one"}}
	}
	e := lsptest.Start(t, lsptest.Options{Server: lsp.Options{Plugins: []plugin.Option{plugin.WithBuiltins(slow)}}})
	const file = "a.qube.yaml"
	e.Open(file, "target: fake://x\ntests:\n  - name: a\n    resource: /\n")
	<-slow.begun
	before := "name"
	for _, wrong := range []string{"nmae", "naem", "anme"} {
		e.Replace(file, before, wrong)
		before = wrong
		e.Await("the finding on "+wrong, func(s *lsptest.State) bool {
			for _, d := range s.Published[e.URI(file)].Diagnostics {
				if strings.Contains(message(d), wrong) {
					return true
				}
			}
			return false
		})
	}
	close(slow.compiled)
	e.Await("the plugin's finding", func(s *lsptest.State) bool {
		for _, d := range s.Published[e.URI(file)].Diagnostics {
			if strings.Contains(message(d), "not this one") {
				return true
			}
		}
		return false
	})
}
