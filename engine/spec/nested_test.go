package spec

import (
	"slices"
	"testing"

	"github.com/speclens/speclens/engine/syntax"
	"github.com/speclens/speclens/engine/text"
)

func TestTemplatesAreFoundHoweverTheyAreWritten(t *testing.T) {
	for name, tt := range map[string]struct {
		src  string
		want []string
	}{
		"plainly":                {"tests:\n  - body: {a: 'x {{ b }}', c: 1}\n", []string{"body.a"}},
		"in an escape":           {"tests:\n  - body: [\"\\x7b\\x7b b }}\"]\n", []string{"body.0"}},
		"across a cut line":      {"tests:\n  - body: \"{\\\n      { b }}\"\n", []string{"body"}},
		"behind an alias":        {"x: &x {a: '{{ b }}'}\ntests:\n  - body: *x\n    query: {q: *x}\n", []string{"body.a", "query.q.a"}},
		"behind a merge":         {"x: &x {a: '{{ b }}'}\ntests:\n  - body:\n      <<: *x\n      c: 1\n", []string{"body.a"}},
		"in a block":             {"tests:\n  - body: |\n      {{ b }}\n", []string{"body"}},
		"in a whole document":    {"tests: [{body: {a: '{{ b }}'}}]\n", []string{"body.a"}},
		"in a header":            {"tests:\n  - headers: {A: '{{ b }}', B: c}\n", []string{"headers.A"}},
		"in an expected value":   {"tests:\n  - expect: {body: {a: '{{ b }}'}}\n", []string{"expect.body.a"}},
		"in a row of a matrix":   {"tests:\n  - matrix: [{k: '{{ b }}'}]\n", []string{"matrix.0.k"}},
		"nowhere":                {"tests:\n  - body: {a: '{ { b } }', c: [d]}\n", nil},
		"merged into the test":   {"x: &x {body: '{{ b }}'}\ntests:\n  - <<: *x\n    name: n\n", []string{"body"}},
		"in an alias's own test": {"tests:\n  - body: &x ['{{ b }}']\n    query: *x\n", []string{"body.0", "query.0"}},
	} {
		t.Run(name, func(t *testing.T) {
			f := Lower(syntax.Parse(text.New(tt.src), syntax.Options{}), nil)
			var got []string
			for _, at := range f.Specs[0].Tests.At(0).Templates {
				got = append(got, at.Path)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("templates at %q, want %q", got, tt.want)
			}
		})
	}
}
