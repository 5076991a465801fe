package lsp_test

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/speclens/speclens/engine/plugin"
	httpplugin "github.com/speclens/speclens/engine/plugin/builtin/http"
	"github.com/speclens/speclens/lsp"
	"github.com/speclens/speclens/lsp/lsptest"
)

// stuckValidate is a plugin whose Validate does not come back until it is let go, except for the file in which somebody types:
// a document's passes follow each other, so that one whose own plugin hangs would wait for it.
type stuckValidate struct {
	*httpplugin.Plugin
	gate      chan struct{}
	asked     chan struct{} // has a token once it waits
	now, most atomic.Int32
}

func (p *stuckValidate) Validate(in plugin.TestInput) []plugin.FieldError {
	now := p.now.Add(1)
	defer p.now.Add(-1)
	for most := p.most.Load(); now > most && !p.most.CompareAndSwap(most, now); most = p.most.Load() {
	}
	if in.Resource != typedResource {
		select {
		case p.asked <- struct{}{}:
		default:
		}
		<-p.gate
	}
	return []plugin.FieldError{{Field: "resource", Message: "the plugin minds"}}
}

// typedResource is what the test of that file asks for.
const typedResource = "/typed"

// The first diagnostics come at once, however long plugins think; what they find follows. They are asked about a few files
// at a time, and whoever types or asks waits for none of it.
func TestNobodyWaitsForPluginsThatThink(t *testing.T) {
	stuck := &stuckValidate{Plugin: httpplugin.New(), gate: make(chan struct{}), asked: make(chan struct{}, 1)}
	e := lsptest.Start(t, lsptest.Options{Server: lsp.Options{Plugins: []plugin.Option{plugin.WithBuiltins(stuck)}}})
	const files = 30
	content := strings.Replace(smallSpec, "    method", "    retires: 3\n    method", 1)
	for i := range files {
		text := content
		if i == 7 {
			text = strings.Replace(content, "resource: /a", "resource: "+typedResource, 1)
		}
		e.Open(fmt.Sprintf("f%d.qube.yaml", i), text)
	}
	holds := func(file, what string) {
		t.Helper()
		e.Await(fmt.Sprintf("%q in %s", what, file), func(s *lsptest.State) bool {
			for _, d := range s.Published[e.URI(file)].Diagnostics {
				if strings.Contains(message(d), what) {
					return true
				}
			}
			return false
		})
	}
	for i := range files {
		holds(fmt.Sprintf("f%d.qube.yaml", i), "retires")
	}
	e.Replace("f7.qube.yaml", "retires", "retiress")
	holds("f7.qube.yaml", "retiress")
	if len(e.Symbols("f3.qube.yaml")) != 1 || lsptest.HoverText(e.Hover("f3.qube.yaml", e.Find("f3.qube.yaml", "method").Start)) == "" {
		t.Error("a request is not answered")
	}
	select { // an editor is not told of it
	case <-stuck.asked:
	case <-time.After(patience):
		t.Fatal("no plugin is asked")
	}
	close(stuck.gate)
	for i := range files {
		holds(fmt.Sprintf("f%d.qube.yaml", i), "the plugin minds")
	}
	if most := stuck.most.Load(); most > 8 {
		t.Errorf("the plugin was asked about %d files at a time", most)
	}
}
