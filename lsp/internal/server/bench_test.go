//go:build unix

package server

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/ide"
	"github.com/speclens/speclens/engine/plugin"
	httpplugin "github.com/speclens/speclens/engine/plugin/builtin/http"
	"github.com/speclens/speclens/engine/text"
)

// generated is a spec of n tests of eleven lines, the same for the same n: most use another test's answer, one in a hundred
// has a finding of the checker, up to twenty of them, and as many have a field of the plugin.
func generated(n int) string {
	r := rand.New(rand.NewPCG(11, uint64(n))) //nolint:gosec // tests want the same numbers again
	var b strings.Builder
	b.WriteString("target: api\ntargets: {api: \"http://127.0.0.1:8080\"}\ntests:\n")
	for i := range n {
		of, field := "start", "timeout: 2s"
		if i > 0 {
			of = fmt.Sprintf("test_%d", r.IntN(i))
		}
		if i%50 == 49 && i < 2000 {
			field = []string{"tiemout: 2s", "maxRedirects: 99"}[i/50%2]
		}
		fmt.Fprintf(&b, `  - name: look at thing %d
    alias: test_%d
    method: POST
    resource: "/things/%d?of={{ %s.response.body.id }}"
    headers: {Accept: application/json}
    %s
    body: {id: %d, name: thing}
    save: {thing_%d: response.body.id}
    expect:
      status: 200
      body: {id: %d, name: is string}
`, i, i, r.IntN(n), of, field, r.IntN(n), i, r.IntN(n))
	}
	return strings.Replace(b.String(), "{{ start.response.body.id }}", "1", 1)
}

var sizes = []int{100, 1_000, 10_000, 100_000}

const benchURI = "file:///w/big.qube.yaml"

// bench is a server without a connection that looks after one document.
func bench(b *testing.B, n int) (*Server, *diagnosed) {
	b.Helper()
	tuneMemory()
	registry := plugin.NewRegistry()
	if err := registry.Register(httpplugin.New()); err != nil {
		b.Fatal(err)
	}
	s := &Server{log: slog.New(slog.DiscardHandler), session: engine.NewSession(engine.Options{Registry: registry}), pulls: newPulls()}
	s.client.Store(newClient(parseLenient([]byte("{}"))))
	s.spellings.Store(&map[string]string{})
	s.diagnoser = newDiagnoser(s)
	s.session.Open(benchURI, "qube", 1, generated(n))
	doc := &diagnosed{uri: benchURI}
	doc.validated.refresh(context.Background(), s.session.Snapshot(), benchURI)
	s.look(b, doc)
	return s, doc
}

// look is what a pass does until the diagnostics would be sent.
func (s *Server) look(b *testing.B, doc *diagnosed) uint64 {
	b.Helper()
	s.rejudge(doc.uri)
	snap := s.session.Snapshot()
	view := s.view()
	found := s.diagnoser.collect(context.Background(), doc, snap)
	return maphash.Bytes(s.diagnoser.seed, encode(view.Diagnostics(snap.Document(doc.uri), found.shown())))
}

func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkKeystroke is what a one-character edit costs the server until the right diagnostics are ready to be sent. The
// metric cpu-ms/op is the processor time of the whole process, the garbage collector included.
func BenchmarkKeystroke(b *testing.B) {
	for _, n := range sizes {
		for _, place := range []string{"value", "name", "alias", "template"} {
			b.Run(fmt.Sprintf("tests=%d/%s", n, place), func(b *testing.B) {
				s, doc := bench(b, n)
				src := s.session.Snapshot().Document(benchURI).Text
				whole := src.String()
				i := n / 2
				word := map[string]string{
					"value": "name: thing}\n    save: {thing_%d:", "name": "look at thing %d\n", "alias": "alias: test_%d\n",
					"template": "save: {thing_%d:",
				}[place]
				at := strings.Index(whole, fmt.Sprintf(word, i)) + 7
				if place == "template" {
					at = strings.LastIndex(whole[:at], "?of={{ ") + len("?of={{ test")
				}
				if place == "alias" {
					at += len("test_")
				}
				pos := src.Position(at, text.UTF16)
				end := text.Position{Line: pos.Line, Column: pos.Column + 1}
				b.ReportAllocs()
				b.ResetTimer()
				before := cpuTime(b)
				for k := range b.N {
					change := engine.Change{Start: pos, End: pos, Text: "x"}
					if k%2 == 1 {
						change = engine.Change{Start: pos, End: end}
					}
					s.session.Change(benchURI, int32(k+2), text.UTF16, []engine.Change{change}) //nolint:gosec // no benchmark takes that long
					s.look(b, doc)
				}
				b.ReportMetric(float64(cpuTime(b)-before)/1e6/float64(b.N), "cpu-ms/op")
			})
		}
	}
}

// BenchmarkOpen is what opening a file costs until the right diagnostics are ready, those of the plugin included, in a
// server that holds nothing else.
func BenchmarkOpen(b *testing.B) {
	for _, n := range []int{20, 1_000, 10_000} {
		b.Run(fmt.Sprintf("tests=%d", n), func(b *testing.B) {
			s, _ := bench(b, 1)
			src := generated(n)
			b.ReportAllocs()
			b.ResetTimer()
			var took time.Duration
			for k := range b.N {
				b.StopTimer()
				s.session.CloseDocument(benchURI)
				runtime.GC()
				before := cpuTime(b)
				b.StartTimer()
				s.session.Open(benchURI, "qube", int32(k+2), src) //nolint:gosec // no benchmark takes that long
				doc := &diagnosed{uri: benchURI}
				s.look(b, doc)
				doc.validated.refresh(context.Background(), s.session.Snapshot(), benchURI)
				s.look(b, doc)
				took += cpuTime(b) - before
			}
			b.ReportMetric(float64(took)/1e6/float64(b.N), "cpu-ms/op")
		})
	}
}

// BenchmarkAsk is what a hover or a completion costs after each keystroke, with the time of the slowest in a hundred. The word
// of a template is the hardest where it is typed to its end: then all names have to be looked at.
func BenchmarkAsk(b *testing.B) {
	for _, place := range []string{"hover", "key", "template", "word"} {
		b.Run("tests=10000/"+place, func(b *testing.B) {
			s, _ := bench(b, 10_000)
			askAt(b, s, place)
		})
		b.Run("files=10000/"+place, func(b *testing.B) {
			s, _ := bench(b, 100)
			manyFiles(b, s.session, 10_000)
			askAt(b, s, place)
		})
	}
}

// manyFiles makes a session know n files of three tests each.
func manyFiles(b *testing.B, session *engine.Session, n int) {
	b.Helper()
	dir := b.TempDir()
	for i := range n {
		path := filepath.Join(dir, fmt.Sprintf("d%d", i%50), fmt.Sprintf("f%d.qube.yaml", i))
		content := strings.NewReplacer("test_", fmt.Sprintf("t%d_", i), "thing_", fmt.Sprintf("v%d_", i)).Replace(generated(3))
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(content), 0o644)); err != nil {
			b.Fatal(err)
		}
	}
	session.SetRoots([]string{dir})
	if _, err := session.Scan(b.Context(), nil); err != nil {
		b.Fatal(err)
	}
}

func askAt(b *testing.B, s *Server, place string) {
	b.Helper()
	whole := s.session.Snapshot().Document(benchURI).Text
	half := strings.Count(whole.String(), "alias:") / 2
	at := strings.Index(whole.String(), fmt.Sprintf("alias: test_%d\n", half))
	template := at + strings.Index(whole.String()[at:], "{{ ") + 3
	switch place {
	case "hover":
		at = template + 2
	case "key":
		at += 2
	case "template":
		at = template
	case "word":
		at = template + strings.IndexByte(whole.String()[template:], '.')
	}
	pos := whole.Position(strings.Index(whole.String(), fmt.Sprintf("look at thing %d\n", half)), text.UTF16)
	end := text.Position{Line: pos.Line, Column: pos.Column + 1}
	var took []time.Duration
	b.ReportAllocs()
	b.ResetTimer()
	for k := range b.N {
		b.StopTimer()
		change := engine.Change{Start: pos, End: end, Text: "l"}
		snap := s.session.Change(benchURI, int32(k+2), text.UTF16, []engine.Change{change}) //nolint:gosec // see above
		snap.Document(benchURI).Spec()
		b.StartTimer()
		begin := cpuTime(b)
		if place == "hover" {
			ide.Hover(b.Context(), snap, benchURI, at)
		} else if list := ide.Completion(b.Context(), snap, benchURI, at); len(list.Items) == 0 {
			b.Fatal("nothing is offered")
		}
		took = append(took, cpuTime(b)-begin)
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)*99/100])/1e6, "p99-cpu-ms")
}

// BenchmarkMemory is how much memory the process holds once a file is open, and after 300 edits. Run one size alone, and
// once: what an earlier one left behind counts too.
func BenchmarkMemory(b *testing.B) {
	for _, n := range []int{20, 10_000} {
		b.Run(fmt.Sprintf("tests=%d", n), func(b *testing.B) {
			s, doc := bench(b, n)
			opened := resident(b)
			whole := s.session.Snapshot().Document(benchURI).Text
			pos := whole.Position(strings.Index(whole.String(), fmt.Sprintf("look at thing %d\n", n/2)), text.UTF16)
			for k := range 300 {
				s.session.Change(benchURI, int32(k+2), text.UTF16, []engine.Change{{Start: pos, End: pos, Text: "x"}}) //nolint:gosec // see above
				s.look(b, doc)
				if k%10 == 9 {
					doc.validated.refresh(b.Context(), s.session.Snapshot(), benchURI)
				}
			}
			b.ReportMetric(opened, "opened-MB")
			b.ReportMetric(resident(b), "edited-MB")
		})
	}
}

// resident is how much memory the process holds, in megabytes.
func resident(b *testing.B) float64 {
	b.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		b.Skip("only Linux says how much memory a process holds")
	}
	_, rest, _ := strings.Cut(string(status), "VmRSS:")
	kilobytes, err := strconv.Atoi(strings.Fields(rest)[0])
	if err != nil {
		b.Fatal(err)
	}
	return float64(kilobytes) / 1000
}
