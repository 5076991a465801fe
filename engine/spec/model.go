package spec

import (
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/speclens/speclens/engine/expect"
	"github.com/speclens/speclens/engine/syntax"
	"github.com/speclens/speclens/engine/template"
	"github.com/speclens/speclens/engine/text"
	"github.com/speclens/speclens/engine/vector"
	"github.com/speclens/speclens/schema"
)

// Text is a scalar where text is wanted: whatever its YAML type, it is taken as its text. The zero value is absent.
type Text struct {
	Value string
	Node  syntax.Node
	// Template is the parsed Value where the place is templated and the value holds `{{`; nil otherwise.
	Template *template.Template

	// part is set if Value is but a part of the node, as the method of a one-line test is.
	part *part
}

// part is where a text stands, and where it begins in its node's value.
type part struct {
	span   text.Span
	offset int
}

// offset is where Value begins in the node's value.
func (t Text) offset() int {
	if t.part != nil {
		return t.part.offset
	}
	return 0
}

// Present reports whether the user wrote the value.
func (t Text) Present() bool { return !t.Node.IsZero() }

// Span is where the value stands, its quotes included; zero where it is absent.
func (t Text) Span() text.Span {
	if t.part != nil {
		return t.part.span
	}
	return t.Node.Span()
}

// SpanOf is where a stretch of Value stands, whatever the quoting.
func (t Text) SpanOf(s template.Span) text.Span { return within(t.Node, t.offset(), s) }

// Escape writes a text so that it can stand in place of a stretch of Value, within the quotes that are there.
func (t Text) Escape(s string) string { return escape(t.Node, s) }

func escape(n syntax.Node, s string) string {
	switch n.Resolve().Style() {
	case syntax.SingleQuoted:
		return strings.ReplaceAll(s, "'", "''")
	case syntax.DoubleQuoted:
		return strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\t", `\t`).Replace(s)
	}
	return s
}

// within is where a stretch of a text stands that begins at offset in the node's value. The text of a node that was
// reached through an alias stands elsewhere: the alias is what there is to show.
func within(n syntax.Node, offset int, s template.Span) text.Span {
	r := n.Resolve()
	if n.Kind() == syntax.Alias || r.Foreign() {
		return n.Span()
	}
	return text.Span{Start: r.ValueOffset(offset + s.Start), End: r.ValueOffset(offset + s.End)}
}

// Bool is a boolean value; the zero value is absent.
type Bool struct {
	Value bool
	Node  syntax.Node
}

// Present reports whether the user wrote the value.
func (b Bool) Present() bool { return !b.Node.IsZero() }

// Pair is one entry of a map from text to text, in written order.
type Pair struct {
	Key   Text
	Value Text
}

// File is a whole YAML file of specs: one Spec per YAML document that holds anything. Immutable.
type File struct {
	Specs []*Spec

	docs   int                   // of the YAML file, the empty ones too
	tests  vector.Vector[placed] // of all specs, in order
	starts []int                 // where in tests those of each spec begin
	// taken counts the ids that tests have or asked for. named is another one whenever a test that did not change may have
	// got another id.
	taken  counts
	named  *byte
	values memo
}

// Spec is one YAML document: the file-level keys and the tests. Spans outside the tests are absolute. Immutable.
type Spec struct {
	// Doc is the document's index in the file.
	Doc      int
	Span     text.Span
	Target   Text
	Targets  []Pair
	Mode     Text
	Defaults Defaults
	Parallel Bool
	Depends  []Text
	Load     *Load
	Tests    Tests
	// TestsKey is the `tests` key; zero where the document has none.
	TestsKey syntax.Node
	// Unknown are the file-level keys that the language does not have.
	Unknown []Field
	// Keys finds the key node of each file-level key that the user wrote, by name.
	Keys map[string]syntax.Node
	// Templates are the templated places outside the tests that hold a template: `target`, `targets` and `defaults`.
	Templates []TemplateAt
	Problems  []Problem

	items syntax.Items          // what Tests were read from; none where the list has no units
	own   vector.Vector[placed] // the tests, until they have their ids and are the file's
}

// Defaults are applied where a test sets none.
type Defaults struct {
	Headers []Pair
	Timeout Text
	Node    syntax.Node
}

// Load is the load mode of a spec.
type Load struct {
	Node       syntax.Node
	Users      Text
	Duration   Text
	RPS        Text
	RampUp     Text
	Stages     []Stage
	Thresholds []Threshold
	Scenarios  []LoadScenario
}

// Stage is one step of a load profile.
type Stage struct {
	Duration Text
	Users    Text
	Node     syntax.Node
}

// Threshold is one expectation on a load metric's statistic, such as latency → p95 → "< 200ms".
type Threshold struct {
	Metric Text
	Stat   Text
	Expr   Text
}

// LoadScenario is a weighted group of tests in load mode.
type LoadScenario struct {
	Name   Text
	Weight Text
	Tests  []Text
	Node   syntax.Node
}

// TestAt places a Test in its file: a Test's own spans count from Base, so that an edit elsewhere leaves the Test as it
// is. ID is the alias, else a stable path; never a line number.
type TestAt struct {
	Base int
	// Span is the test's item in the file, absolute.
	Span text.Span
	ID   string
	// Index is the test's place in its spec.
	Index int
	*Test
}

// Abs turns a span of the test into one of the file.
func (t TestAt) Abs(s text.Span) text.Span { return s.Shift(t.Base) }

// Form is one of the three ways to write a test.
type Form uint8

// The three forms of a test, and FormBroken for an item that is none of them.
const (
	FormBroken Form = iota
	FormLine
	FormCompact
	FormFull
)

// Test is one test. Every span in it counts from the start of its item (see TestAt). Immutable; the same pointer as
// long as the item's text is unchanged.
type Test struct {
	Unit *syntax.Unit
	Form Form
	// Head is where the test is labelled: the value of `name`, else the one-line text or compact key, else the item.
	Head     text.Span
	Name     Text
	Alias    Text
	Target   Text
	Method   Text
	Resource Text
	Headers  []Pair
	Timeout  Text
	Skip     Bool
	Tags     []Text
	When     Text
	Matrix   []Row
	Depends  []Text
	Expect   *Expect
	Save     []Save
	Retry    *Retry
	// Fields are all other keys: the plugin's.
	Fields []Field
	// Templates are all templated places of the test that hold a template, in written order.
	Templates []TemplateAt
	Problems  []Problem

	node    syntax.Node
	entries []syntax.Entry // of a compact test: without the compact key
	path    string         // the id of a test without alias, but for its occurrence number
	hashes  atomic.Pointer[hashes]
	memo    memo
}

// Node is the item that the test was read from.
func (t *Test) Node() syntax.Node { return t.node }

// Entries are the test's keys and values with those of merge keys; of a compact test, what stands under its key. A
// one-line test has none.
func (t *Test) Entries() []syntax.Entry {
	if t.Form == FormFull {
		return t.node.Resolve().Merged() // they can be read again, and would be a large part of the model
	}
	return t.entries
}

// Key is the key node of a key of the language, if the user wrote it.
func (t *Test) Key(name string) (syntax.Node, bool) {
	if e, ok := entryOf(t.Entries(), name); ok && slices.Contains(names(schema.LevelTest), name) {
		return e.Key, true
	}
	return syntax.Node{}, false
}

// Label is what to call the test: its name, else its method and resource, else its place.
func (t *Test) Label() string {
	switch {
	case t.Name.Value != "":
		return t.Name.Value
	case t.Method.Value != "" || t.Resource.Value != "":
		if t.Method.Value == "" {
			return t.Resource.Value
		}
		return t.Method.Value + " " + t.Resource.Value
	case t.Alias.Value != "":
		return t.Alias.Value
	}
	return "test"
}

// Row is one row of a matrix.
type Row struct {
	Node   syntax.Node
	Values []Field
}

// Expect is a test's expectations, as written and as parsed.
type Expect struct {
	Node syntax.Node
	Key  syntax.Node
	// Empty says that nothing is expected.
	Empty bool

	// Whoever runs a test wants raw and parsed; an editor never does, and they are large.
	once   sync.Once
	raw    any
	parsed *expect.Expect
	// status is the expected status of a one-line test.
	status string
	// part is where the expected status of a one-line test stands.
	part text.Span
}

// Save is one saved value: a name and the path that it is read from.
type Save struct {
	Name Text
	Path Text
}

// Retry repeats a test.
type Retry struct {
	Node        syntax.Node
	MaxAttempts Text
	Interval    Text
	Until       *Expect
}

// Field is one key with any value.
type Field struct {
	Key   Text
	Value syntax.Node
}

// TemplateAt is one templated scalar.
type TemplateAt struct {
	// Path is the place, dotted, such as "headers.Authorization" or "expect.body.name".
	Path     string
	Node     syntax.Node
	Template *template.Template

	offset int // where the template's source begins in the node's value
}

// Span is where the whole text stands.
func (t TemplateAt) Span() text.Span { return t.SpanOf(template.Span{End: len(t.Template.Source)}) }

// SpanOf is where a stretch of the template stands, whatever the quoting.
func (t TemplateAt) SpanOf(s template.Span) text.Span { return within(t.Node, t.offset, s) }

// Escape writes a text so that it can stand in place of a stretch of the template, within the quotes that are there.
func (t TemplateAt) Escape(s string) string { return escape(t.Node, s) }

// Severity of a Problem.
type Severity uint8

// The severities, worst first.
const (
	SeverityError Severity = iota
	SeverityWarning
	SeverityInformation
	SeverityHint
)

// Problem is something wrong with the structure of a spec.
type Problem struct {
	Span     text.Span
	Severity Severity
	// Code is stable, such as "spec.unknown-key".
	Code    string
	Message string
	// Fatal problems keep the file from being run.
	Fatal bool
	Fixes []Fix
}

// Fix is an edit that mends a Problem; its spans count from where the Problem's do.
type Fix struct {
	Title string
	Edits []text.Edit
}

// Config is the project's configuration file, `.qube.yaml`. Immutable.
type Config struct {
	Version       Text
	Targets       []Pair
	Defaults      Defaults
	Plugins       []PluginRef
	PluginConfigs map[string]any
	Runner        RunnerConfig
	Environments  []Environment
	Env           []Pair
	Specs         []Text
	Output        OutputConfig
	Unknown       []Field
	// Keys finds the key node of each key that the user wrote, by name.
	Keys map[string]syntax.Node
	// Templates are the templated places that hold a template: those of `targets` and `defaults`.
	Templates []TemplateAt
	Problems  []Problem
}

// PluginRef names a plugin that the project wants.
type PluginRef struct {
	Name   Text
	Path   Text
	SHA256 Text
	Grants []Text
	Node   syntax.Node
}

// RunnerConfig is the configuration's `runner`.
type RunnerConfig struct {
	Parallel      Bool
	MaxConcurrent Text
	FailFast      Bool
}

// OutputConfig is the configuration's `output`.
type OutputConfig struct {
	Format      Text
	Verbose     Bool
	SaveResults Bool
	// ResultsPath is what stands in place of a bool: the file to keep them in, below the configuration's folder.
	ResultsPath Text
}

// Environment is one entry of the configuration's `environments`.
type Environment struct {
	Name      Text
	Targets   []Pair
	Env       []Pair
	Protected Bool
}

// ParseDuration reads the language's durations: a Go duration, or a bare number of milliseconds.
func ParseDuration(s string) (time.Duration, error) { return parseDuration(s) }
