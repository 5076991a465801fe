package syntax

import (
	"fmt"
	"strings"
	"testing"

	"github.com/speclens/speclens/engine/text"
)

// bigSpec is a spec of n tests of 11 lines each.
func bigSpec(n int) string {
	var b strings.Builder
	b.WriteString("target: api\ntargets:\n  api: http://127.0.0.1:8080\ntests:\n")
	for i := 0; i < n; i++ {
		fmt.Fprintf(&b, `  - name: test number %d
    alias: t%d
    method: POST
    resource: "/things/%d?page={{ env.PAGE }}"
    headers: { Accept: application/json, X-Run: "{{ env.RUN }}" }
    body:
      id: %d
      name: thing
    expect:
      status: 200
      body: { id: %d, name: is string }
`, i, i, i, i, i)
	}
	return b.String()
}

func BenchmarkOpen(b *testing.B) {
	for _, n := range []int{100, 10_000} {
		src := bigSpec(n)
		b.Run(fmt.Sprintf("%d-tests", n), func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(src)))
			for i := 0; i < b.N; i++ {
				Parse(text.New(src), Options{})
			}
		})
	}
}

func BenchmarkKeystroke(b *testing.B) {
	for _, n := range []int{100, 1_000, 10_000, 100_000} {
		txt := text.New(bigSpec(n))
		tree := Parse(txt, Options{})
		at := strings.Index(txt.String(), fmt.Sprintf("number %d\n", n/2)) + len("number ")
		for name, word := range map[string]string{"valid": "x", "broken": "\"", "line": "\n    timeout: 2s"} {
			b.Run(fmt.Sprintf("%d-tests/%s", n, name), func(b *testing.B) {
				b.ReportAllocs()
				off := at
				if name == "broken" {
					off -= len("test number ")
				}
				if name == "line" {
					off = txt.LineSpan(txt.LineAt(at)).End
				}
				for i := 0; i < b.N; i++ {
					edits := []text.Edit{{Span: text.Span{Start: off, End: off}, New: word}}
					next := tree.Update(txt.Apply(edits...), edits)
					_ = next.Findings()
				}
			})
		}
	}
}

func BenchmarkContext(b *testing.B) {
	txt := text.New(bigSpec(10_000))
	tree := Parse(txt, Options{})
	at := strings.Index(txt.String(), "number 5000\n")
	b.ReportAllocs()
	b.ResetTimer()
	for i := 0; i < b.N; i++ {
		tree.ContextAt(at)
	}
}
