package analysis_test

import (
	"slices"
	"testing"

	"github.com/speclens/speclens/engine/analysis"
)

// What keeps a file from being run, and what is reported and decides at run time, test by test.
func TestWhatIsFatal(t *testing.T) {
	const head = "target: http://h\ntests:\n"
	for _, tt := range []struct {
		name, src string
		code      string
		fatal     bool
	}{
		{"broken YAML", head + "  - name: \"x\n", "yaml.syntax", true},
		{"a duplicate key", head + "  - {name: a, name: b}\n", "yaml.duplicate-key", true},
		{"an unquoted template", head + "  - {name: {{ x }}}\n", "yaml.unquoted-template", true},
		{"a map where text is wanted", head + "  - name: {a: b}\n", "spec.wrong-type", true},
		{"a text where a list is wanted", head + "  - tags: a\n", "spec.wrong-type", true},
		{"an unknown file-level key", head + "  - GET /a -> 200\nfoo: 1\n", "spec.unknown-key", true},
		{"an unknown key of defaults", "defaults: {foo: 1}\n" + head + "  - GET /a -> 200\n", "spec.unknown-key", true},
		{"an unknown expect key", head + "  - {method: a, expect: {foo: 1}}\n", "expect.unknown-key", true},
		{"an unknown mode", "mode: foo\n" + head + "  - GET /a -> 200\n", "spec.bad-mode", true},
		{"a bad test form", head + "  - hello\n", "spec.bad-form", true},
		{"a duplicate alias", head + "  - {alias: a, expect: {status: 1}}\n  - {alias: a, expect: {status: 1}}\n", "alias.duplicate", true},
		{"an unknown dependency", head + "  - {method: a, depends: [b]}\n", "depends.unknown", true},
		{"an unknown file dependency", "depends: [b.yaml]\n" + head + "  - GET /a -> 200\n", "depends.unknown-file", true},
		{"a cycle", head + "  - {alias: a, depends: [b]}\n  - {alias: b, depends: [a]}\n", "depends.cycle", true},
		{"a stage without users", "mode: load\nload: {stages: [{duration: 1s}]}\n" + head + "  - GET /a -> 200\n", "spec.missing-key", true},

		{"no target", "tests:\n  - GET /a -> 200\n", "target.missing", false},
		{"an unknown target", "target: foo\ntests:\n  - GET /a -> 200\n", "target.unknown", false},
		{"no plugin", "target: foo://h\ntests:\n  - GET /a -> 200\n", "target.no-plugin", false},
		{"a bad duration", head + "  - {method: a, timeout: soon}\n", "field.format", false},
		{"a bad pattern in an expectation", head + "  - {method: a, expect: {body: {a: matches (}}}\n", "expect.pattern", false},
		{"a bad pattern in a template", head + "  - {method: \"{{ regex('(') }}\"}\n", "template.pattern", false},
		{"an unresolved template", head + "  - {method: \"{{ nobody }}\"}\n", "template.unknown-name", false},
		{"an unknown variable", head + "  - {method: \"{{ env.NOBODY }}\"}\n", "env.unknown", false},
		{"an unknown plugin field", head + "  - {method: a, foo: 1}\n", "field.unknown", false},
		{"a wrong type of a plugin field", head + "  - {method: a, query: 1}\n", "field.type", false},
		{"a missing plugin field", "target: rpc://h\ntests:\n  - GET /a -> 200\n", "field.missing", false},
		{"a save path that saves nothing", head + "  - {method: a, save: {a: body.id}}\n", "save.path", false},
		{"a retry without maxAttempts", head + "  - {method: a, retry: {interval: 1s}}\n", "retry.max-attempts", false},
		{"no assertion", head + "  - {method: a}\n", "test.no-assertion", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, uri := session(t, "-- a.qube.yaml --\n"+tt.src)
			found := analysis.Run(t.Context(), s.Snapshot(), uri("a.qube.yaml"))
			i := slices.IndexFunc(found, func(d analysis.Diagnostic) bool { return d.Code == tt.code })
			if i < 0 {
				t.Fatalf("%s is not among the findings %v", tt.code, codesOf(found))
			}
			if found[i].Fatal != tt.fatal {
				t.Errorf("fatal: %v", found[i].Fatal)
			}
			if !tt.fatal && slices.ContainsFunc(found, func(d analysis.Diagnostic) bool { return d.Fatal }) {
				t.Errorf("something else keeps the file from being run: %v", codesOf(found))
			}
		})
	}
}
