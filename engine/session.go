package engine

import (
	"context"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/speclens/speclens/engine/plugin"
	"github.com/speclens/speclens/engine/syntax"
	"github.com/speclens/speclens/engine/text"
	"github.com/speclens/speclens/schema"
)

// Options of a Session.
type Options struct {
	Syntax syntax.Options
	// Registry holds the plugins at the start; nil means none.
	Registry *plugin.Registry
	Settings Settings
	// Roots are the workspace folders, as paths. Configurations and `.env` files are looked for no higher than these.
	Roots []string
	// SearchAbove lets the search for configurations leave the Roots: the command line does, an editor does not.
	SearchAbove bool
	// ProjectRoot, where not empty, is the folder up to which that search goes and to which files named by the project are confined,
	// for all specs below it: the user widens or narrows the project by it.
	ProjectRoot string
	// Untrusted starts the session without trust in the workspace.
	Untrusted bool
}

// Session turns what happens into snapshots. Every method is safe for concurrent use; Snapshot never blocks.
type Session struct {
	// mu orders the writers: whoever holds it is the only one to read, change and publish the present snapshot, and to
	// use disk.
	mu          sync.Mutex
	disk        diskCache
	current     atomic.Pointer[Snapshot]
	searchAbove bool
	projectRoot string
	limits      syntax.Options
}

// NewSession starts a session.
func NewSession(opts Options) *Session {
	if opts.Registry == nil {
		opts.Registry = plugin.NewRegistry()
	}
	s := &Session{limits: opts.Syntax, searchAbove: opts.SearchAbove, projectRoot: opts.ProjectRoot, disk: newDiskCache()}
	first := &Snapshot{Seq: 1, tops: &sync.Map{}, derived: &derived{}, settings: opts.Settings, roots: slices.Clone(opts.Roots), trusted: !opts.Untrusted}
	first.setRegistry(opts.Registry)
	s.current.Store(first)
	return s
}

// Snapshot is the present state.
func (s *Session) Snapshot() *Snapshot { return s.current.Load() }

// update publishes a changed copy of the present snapshot. The callback replaces whole fields; it changes nothing in
// place.
func (s *Session) update(change func(next *Snapshot)) *Snapshot {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := s.current.Load()
	next := *before
	next.Seq++
	change(&next)
	if next.derived = (&derived{}); next.files == before.files {
		next.derived = before.derived.fork()
	}
	s.current.Store(&next)
	return &next
}

// Change is one edit of a document as an editor sends it: positions count in the text as the changes before left it.
type Change struct {
	// Whole replaces the entire text and ignores Start and End.
	Whole      bool
	Start, End text.Position
	Text       string
}

// Open takes over a document from the disk, or replaces one that is open already.
func (s *Session) Open(uri, languageID string, version int32, content string) *Snapshot {
	uri = CanonicalURI(uri)
	return s.update(func(next *Snapshot) {
		files := len(next.disk)
		s.loadSurroundings(next, uri)
		kind := next.kindOf(uri, languageID)
		old := next.docs(uri)
		if old == nil || old.Kind != kind || kind == KindConfig || len(next.disk) != files {
			next.files++
		}
		var doc *Document
		if onDisk := next.disk[uri]; onDisk != nil && onDisk.Kind == kind && onDisk.says(content) {
			doc = onDisk.opened(languageID, version)
		} else {
			doc = newDocument(uri, languageID, version, kind, true, text.New(content), s.limits)
		}
		next.open = with(next.open, uri, doc)
		if kind == KindConfig {
			s.reclassify(next)
		}
	})
}

// Change applies edits to an open document; it does nothing to a document that is not open. Positions out of range are
// clamped.
func (s *Session) Change(uri string, version int32, enc text.Encoding, changes []Change) *Snapshot {
	uri = CanonicalURI(uri)
	if s.Snapshot().open[uri] == nil {
		return s.Snapshot()
	}
	return s.update(func(next *Snapshot) {
		doc := next.open[uri]
		if doc == nil {
			return
		}
		next.open = with(next.open, uri, changed(doc, version, enc, changes))
		if doc.Kind == KindConfig {
			next.files++
			s.reclassify(next)
		}
	})
}

// changed applies changes one after the other.
func changed(doc *Document, version int32, enc text.Encoding, changes []Change) *Document {
	edits := make([]text.Edit, 0, len(changes))
	t := doc.Text
	for _, c := range changes {
		e := text.Edit{Span: text.Span{End: t.Len()}, New: c.Text}
		if !c.Whole {
			start, end := t.Offset(c.Start, enc), t.Offset(c.End, enc)
			e.Span = text.Span{Start: min(start, end), End: max(start, end)}
		}
		edits = append(edits, e)
		if len(changes) > 1 {
			t = t.Apply(e)
		}
	}
	return doc.edited(version, edits)
}

// CloseDocument gives a document back to the disk: it stays known if a file of that name exists.
func (s *Session) CloseDocument(uri string) *Snapshot {
	uri = CanonicalURI(uri)
	return s.update(func(next *Snapshot) {
		doc := next.open[uri]
		if doc == nil {
			return
		}
		next.files++
		next.open = without(next.open, uri)
		s.readDisk(next, uri)
		if saved := next.disk[uri]; saved != nil && saved.Kind == doc.Kind && !saved.self.done.Load() && saved.says(doc.Text.String()) {
			next.disk = with(next.disk, uri, doc.closed())
		}
		if doc.Kind == KindConfig {
			s.reclassify(next)
		}
	})
}

// SetRegistry puts other plugins in force. The registry before it drains by itself.
func (s *Session) SetRegistry(r *plugin.Registry) *Snapshot {
	return s.update(func(next *Snapshot) { next.setRegistry(r) })
}

func (s *Snapshot) setRegistry(r *plugin.Registry) {
	s.plugins, s.schemas = r, r.Snapshot()
	s.fields = schema.Compose(schema.Core(), s.schemas)
}

// SetSettings replaces the user's settings.
func (s *Session) SetSettings(settings Settings) *Snapshot {
	return s.update(func(next *Snapshot) {
		if settings.EnvFile != next.settings.EnvFile {
			s.disk.forgetEnv()
			next.dotenv = nil
		}
		next.settings = settings
		s.loadEnvFiles(next)
	})
}

// SetTrusted says whether the user trusts the workspace.
func (s *Session) SetTrusted(trusted bool) *Snapshot {
	return s.update(func(next *Snapshot) {
		next.trusted = trusted
		next.dotenv = nil
		s.disk.forgetEnv()
		s.loadEnvFiles(next)
	})
}

// SetRoots replaces the workspace folders.
func (s *Session) SetRoots(roots []string) *Snapshot {
	return s.update(func(next *Snapshot) {
		old := next.roots
		next.roots = slices.Clone(roots)
		next.files++
		next.forgetOutside(old)
		s.disk.forgetSearches()
		next.tops = &sync.Map{}
	})
}

// SetEnvironment chooses an environment for the configuration that governs a document; the empty name is none.
func (s *Session) SetEnvironment(uri, name string) *Snapshot {
	return s.update(func(next *Snapshot) {
		key := ""
		if d := next.ConfigDocument(uri); d != nil {
			key = d.URI
		}
		next.env = with(next.env, key, name)
	})
}

// StartRun records that a run is under way.
func (s *Session) StartRun(id string, tests []TestKey) *Snapshot {
	return s.update(func(next *Snapshot) {
		runs := make(map[string]RunState, len(next.runs)+1)
		for k, r := range next.runs {
			if !r.Ended {
				runs[k] = r
			}
		}
		runs[id] = RunState{ID: id, Tests: slices.Clone(tests)}
		next.runs = runs
	})
}

// EndRun records that a run has ended. Results that never became final are dropped.
func (s *Session) EndRun(id string) *Snapshot {
	return s.update(func(next *Snapshot) {
		r, ok := next.runs[id]
		if !ok {
			return
		}
		r.Ended = true
		next.runs = with(next.runs, id, r)
		results := maps.Clone(next.results)
		for key, rows := range results {
			rows = slices.DeleteFunc(slices.Clone(rows), func(t *TestResult) bool { return t.RunID == id && !t.Status.Done() })
			if len(rows) == 0 {
				delete(results, key)
				continue
			}
			results[key] = rows
		}
		next.results = results
		next.judged++
	})
}

// Record stores results; each replaces the one of the same test and row. A result of a new run drops the other rows of
// older runs, so that a matrix which lost a row loses its result too.
func (s *Session) Record(results ...*TestResult) *Snapshot {
	return s.update(func(next *Snapshot) {
		all := maps.Clone(next.results)
		if all == nil {
			all = map[TestKey][]*TestResult{}
		}
		for _, r := range results {
			rows := slices.DeleteFunc(slices.Clone(all[r.Key]), func(o *TestResult) bool { return o.Row == r.Row || o.RunID != r.RunID })
			rows = append(rows, r)
			slices.SortFunc(rows, func(a, b *TestResult) int { return a.Row - b.Row })
			all[r.Key] = rows
		}
		next.results = all
		next.judged++
	})
}

// Replace puts results in the place of others of the same test and row, wherever the others are still the last ones: what
// a run recorded meanwhile stays.
func (s *Session) Replace(results map[*TestResult]*TestResult) *Snapshot {
	return s.update(func(next *Snapshot) {
		all := maps.Clone(next.results)
		for old, replacement := range results {
			if i := slices.Index(all[old.Key], old); i >= 0 {
				rows := slices.Clone(all[old.Key])
				rows[i] = replacement
				all[old.Key] = rows
			}
		}
		next.results = all
		next.judged++
	})
}

// ClearResults forgets every result.
func (s *Session) ClearResults() *Snapshot {
	return s.update(func(next *Snapshot) {
		next.results = nil
		next.judged++
	})
}

// Load reads files and folders from the disk, as the command line names them: folders are walked for YAML in lexical
// order, and every file counts as a spec unless it is a configuration. Unreadable ones are returned as problems.
func (s *Session) Load(ctx context.Context, paths ...string) (*Snapshot, []LoadProblem) {
	var problems []LoadProblem
	snap := s.update(func(next *Snapshot) {
		next.files++
		problems = s.load(ctx, next, paths)
	})
	return snap, problems
}

func with[K comparable, V any](m map[K]V, k K, v V) map[K]V {
	next := make(map[K]V, len(m)+1)
	maps.Copy(next, m)
	next[k] = v
	return next
}

func without[K comparable, V any](m map[K]V, k K) map[K]V {
	next := maps.Clone(m)
	delete(next, k)
	return next
}
