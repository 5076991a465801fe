package engine

import (
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/speclens/speclens/engine/plugin"
	"github.com/speclens/speclens/engine/spec"
	"github.com/speclens/speclens/schema"
)

// Snapshot is the state of a session at one moment. It is never changed and needs no release.
type Snapshot struct {
	// Seq grows with every snapshot of a session.
	Seq uint64

	// open are the documents that an editor owns, disk those read from files; both by canonical URI. They are apart so
	// that a keystroke copies the small map only.
	open, disk map[string]*Document

	plugins  *plugin.Registry
	schemas  []schema.PluginSchema // of plugins, sorted by name
	fields   *schema.Composition   // of schemas
	settings Settings
	trusted  bool
	env      map[string]string         // configuration URI ("" for none) → chosen environment
	dotenv   map[string]*EnvFile       // folder → the file that governs it
	results  map[TestKey][]*TestResult // one per matrix row
	runs     map[string]RunState
	roots    []string
	tops     *sync.Map       // folder → boundary; what is known of these roots
	outside  map[string]bool // canonical URIs of files behind links out of their project

	// files changes with the set of documents and with what governs them: not with an edit of a spec.
	files uint64
	// judged changes with the results.
	judged  uint64
	derived *derived
}

// derived is what others computed from a snapshot.
type derived struct {
	mu     sync.Mutex
	values map[any]any // guarded by mu
}

func (d *derived) fork() *derived {
	d.mu.Lock()
	defer d.mu.Unlock()
	return &derived{values: maps.Clone(d.values)}
}

// Evolve is what was computed from the snapshot under a key. next gets what was computed last from this snapshot, or else
// from an earlier one of the same Files, and nil where there is nothing; it returns what fits this snapshot, which may be
// the same. What was computed of other Files is let go of, so that closed files do not live on in it. The key's type belongs
// to the caller.
func (s *Snapshot) Evolve(key any, next func(old any) any) any {
	s.derived.mu.Lock()
	old := s.derived.values[key]
	s.derived.mu.Unlock()
	v := next(old)
	s.derived.mu.Lock()
	defer s.derived.mu.Unlock()
	if s.derived.values == nil {
		s.derived.values = map[any]any{}
	}
	s.derived.values[key] = v
	return v
}

// Files is a number that stays the same from snapshot to snapshot as long as there are the same documents of the same
// kinds, all that is not open is unchanged, and so are the configurations. That a document of the disk is opened changes
// nothing of that; that it is closed does.
func (s *Snapshot) Files() uint64 { return s.files }

// OpenDocuments are those that an editor owns, in no order.
func (s *Snapshot) OpenDocuments() iter.Seq[*Document] { return maps.Values(s.open) }

// RunState is a run under way or ended.
type RunState struct {
	ID string
	// Tests are those that the run was asked for and those that they needed.
	Tests []TestKey
	Ended bool
}

// Document finds a document by URI; nil where the session does not know it.
func (s *Snapshot) Document(uri string) *Document { return s.docs(CanonicalURI(uri)) }

// docs finds a document by its canonical URI: what is open wins over the disk.
func (s *Snapshot) docs(uri string) *Document {
	if d := s.open[uri]; d != nil {
		return d
	}
	return s.disk[uri]
}

// allDocs are all documents, in no order.
func (s *Snapshot) allDocs() iter.Seq2[string, *Document] {
	return func(yield func(string, *Document) bool) {
		for uri, d := range s.open {
			if !yield(uri, d) {
				return
			}
		}
		for uri, d := range s.disk {
			if s.open[uri] == nil && !yield(uri, d) {
				return
			}
		}
	}
}

// Documents are all documents, ordered by URI.
func (s *Snapshot) Documents() iter.Seq[*Document] {
	return func(yield func(*Document) bool) {
		var uris []string
		for uri := range s.allDocs() {
			uris = append(uris, uri)
		}
		slices.Sort(uris)
		for _, uri := range uris {
			if !yield(s.docs(uri)) {
				return
			}
		}
	}
}

// Registry holds the plugins in force; never nil. Whoever executes tests acquires it first.
func (s *Snapshot) Registry() *plugin.Registry { return s.plugins }

// Plugins describes the plugins in force, sorted by name.
func (s *Snapshot) Plugins() []schema.PluginSchema { return s.schemas }

// Fields are the fields in force: the language's own, and those of the plugins.
func (s *Snapshot) Fields() *schema.Composition { return s.fields }

// Settings are the user's.
func (s *Snapshot) Settings() Settings { return s.settings }

// Trusted reports whether the user trusts the workspace: without trust nothing of it runs, and no .env file is read.
func (s *Snapshot) Trusted() bool { return s.trusted }

// Roots are the workspace folders, as paths.
func (s *Snapshot) Roots() []string { return s.roots }

// ConfigDocument is the nearest `.qube.yaml` above a document; nil where there is none.
func (s *Snapshot) ConfigDocument(uri string) *Document {
	if s.docs(uri) == nil {
		uri = CanonicalURI(uri)
	}
	const scheme = "file://"
	if !strings.HasPrefix(uri, scheme) {
		return nil
	}
	var room [256]byte // this is asked for often
	for i := strings.LastIndexByte(uri, '/'); i >= len(scheme); i = strings.LastIndexByte(uri[:i], '/') {
		for _, name := range configNames {
			beside := append(append(room[:0], uri[:i+1]...), name...)
			if d := s.open[string(beside)]; d != nil {
				return d
			}
			if d := s.disk[string(beside)]; d != nil {
				return d
			}
		}
	}
	return nil
}

// Config is the configuration in force for a document; nil where there is none.
func (s *Snapshot) Config(uri string) *spec.Config {
	if d := s.ConfigDocument(uri); d != nil {
		return d.Config()
	}
	return nil
}

// EnvironmentName is the environment chosen for a document; empty where none was chosen.
func (s *Snapshot) EnvironmentName(uri string) string {
	if d := s.ConfigDocument(uri); d != nil {
		if name, ok := s.env[d.URI]; ok {
			return name
		}
	}
	return s.settings.Environment
}

// Environment is the environment chosen for a document; nil where none was chosen or the configuration lacks it.
func (s *Snapshot) Environment(uri string) *spec.Environment {
	name, conf := s.EnvironmentName(uri), s.Config(uri)
	if name == "" || conf == nil {
		return nil
	}
	for i := range conf.Environments {
		if conf.Environments[i].Name.Value == name {
			return &conf.Environments[i]
		}
	}
	return nil
}

// EnvVar is one name that `{{ env.NAME }}` resolves, with its value and where that comes from.
type EnvVar struct {
	Name, Value string
	// Source is "environment staging", ".env" or ".qube.yaml".
	Source string
}

// Env is what `{{ env.NAME }}` resolves for a document, by name: the chosen environment wins over `.env`, that over the
// configuration. The process environment is the runner's business.
func (s *Snapshot) Env(uri string) map[string]EnvVar {
	vars := map[string]EnvVar{}
	conf := s.Config(uri)
	if conf != nil {
		for _, p := range conf.Env {
			vars[p.Key.Value] = EnvVar{p.Key.Value, p.Value.Value, ".qube.yaml"}
		}
	}
	if f := s.EnvFile(uri); f != nil {
		for name, value := range f.Vars {
			vars[name] = EnvVar{name, value, ".env"}
		}
	}
	if e := s.Environment(uri); e != nil {
		for _, p := range e.Env {
			vars[p.Key.Value] = EnvVar{p.Key.Value, p.Value.Value, "environment " + e.Name.Value}
		}
	}
	return vars
}

// Results are the last results of a test, one per matrix row; nil where it has none.
func (s *Snapshot) Results(key TestKey) []*TestResult { return s.results[key] }

// AllResults are the last results of every test.
func (s *Snapshot) AllResults() map[TestKey][]*TestResult { return s.results }

// ResultsVersion is a number that stays the same from snapshot to snapshot as long as all results do.
func (s *Snapshot) ResultsVersion() uint64 { return s.judged }

// Runs are the runs under way, and the last that ended, ordered by id.
func (s *Snapshot) Runs() []RunState {
	out := make([]RunState, 0, len(s.runs))
	for _, id := range slices.Sorted(maps.Keys(s.runs)) {
		out = append(out, s.runs[id])
	}
	return out
}

// RunOf is the run under way that includes a test; ok is false where there is none.
func (s *Snapshot) RunOf(key TestKey) (RunState, bool) {
	for _, r := range s.runs {
		if !r.Ended && slices.Contains(r.Tests, key) {
			return r, true
		}
	}
	return RunState{}, false
}
