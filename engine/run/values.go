package run

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/template"
)

// evaluator evaluates the templates of one unit.
func (r *runner) evaluator(u *unit) *template.Evaluator {
	scope := template.Scope{
		Env:   r.env[u.test.key.URI],
		Named: func(name string) (any, error) { return r.named(u, name) },
		Names: func() []string { return u.test.names() },
	}
	if u.test.file.scenario() && (u.test.before != nil || u.row > 0) {
		scope.Prev = func() (any, error) { return r.prev(u) }
	}
	return &template.Evaluator{Scope: scope, Seed: r.seed, Strict: r.opts.Strict}
}

// resolver resolves the templates of one unit.
func (r *runner) resolver(u *unit) resolver {
	res := resolver{run: r, u: u}
	if u.row < 0 {
		return res
	}
	row := map[string]any{}
	for _, f := range u.test.at.Matrix[u.row].Values {
		row[f.Key.Value] = res.deep("matrix."+f.Key.Value, f.Value.Any())
	}
	res.matrix = func(key string) (any, error) {
		if v, ok := row[key]; ok {
			return v, nil
		}
		return nil, template.ErrUnknown
	}
	return res
}

// place names a unit in the run independently of where the workspace lies on this machine, so that a seed gives the same
// data everywhere.
func (u *unit) place() string {
	place := u.test.file.place + "#" + u.test.key.ID
	if u.row >= 0 {
		place += "[" + strconv.Itoa(u.row) + "]"
	}
	return place
}

// placeOf names a file by its path below the folder of its configuration, or below its workspace folder.
func placeOf(snap *engine.Snapshot, file string) string {
	if path := engine.PathFromURI(file); path != "" {
		base := filepath.Dir(path)
		if conf := snap.ConfigDocument(file); conf != nil {
			base = filepath.Dir(conf.Path())
		} else if i := slices.IndexFunc(snap.Roots(), func(root string) bool { return within(root, path) }); i >= 0 {
			base = snap.Roots()[i]
		}
		if rel, err := filepath.Rel(base, path); err == nil {
			file = filepath.ToSlash(rel)
		}
	}
	return file
}

// within reports whether a path lies in a folder.
func within(folder, path string) bool {
	rel, err := filepath.Rel(folder, path)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}

// named finds what a template's name stands for: the record of the test with that alias, or a saved value.
func (r *runner) named(u *unit, name string) (any, error) {
	f, ok := u.test.feeds[name]
	if !ok {
		return nil, template.ErrUnknown
	}
	o := r.outcomeOf(f.test, len(f.test.at.Matrix)-1)
	if !o.usable() {
		return nil, errors.New(why(name, f.test, o))
	}
	if !f.saved {
		return o.record, nil
	}
	v, ok := o.saves[name]
	if !ok {
		return nil, fmt.Errorf("%s put nothing aside as `%s`", describe(f.test), name)
	}
	return v, nil
}

// outcomeOf is the outcome of a test, of its given matrix row where it has a matrix: what this run made, else what the
// snapshot recorded. It is nil where the test has not run.
func (r *runner) outcomeOf(p *planned, row int) *outcome {
	if p.recorded != nil {
		return p.recorded
	}
	if p.first < 0 {
		return nil
	}
	if r.outer != nil && p.file.load == nil {
		return r.outer[p.first+max(0, row)]
	}
	return r.outcomes[p.first+max(0, row)]
}

// prev is the record of the test before, or of the row before. Tests that were skipped do not count: the slot still holds
// what was there.
func (r *runner) prev(u *unit) (any, error) {
	o, from := r.prevOutcome(u)
	if from == nil {
		return nil, template.ErrUnknown
	}
	if !o.usable() {
		return nil, errors.New(why("prev", from, o))
	}
	return o.record, nil
}

func (r *runner) prevOutcome(u *unit) (*outcome, *planned) {
	var nearest *planned
	var skipped *outcome
	look := func(p *planned, row int) (*outcome, bool) {
		o := r.outcomeOf(p, row)
		if nearest == nil {
			nearest, skipped = p, o
		}
		return o, o != nil && o.status != engine.StatusSkipped
	}
	for row := u.row - 1; row >= 0; row-- {
		if o, ok := look(u.test, row); ok {
			return o, u.test
		}
	}
	for p := u.test.before; p != nil; p = p.before {
		for row := max(1, len(p.at.Matrix)) - 1; row >= 0; row-- {
			if o, ok := look(p, row); ok {
				return o, p
			}
		}
	}
	return skipped, nearest
}

// missing says why a unit cannot run for want of a value, or is empty. A value with a Default is no want.
func (r *runner) missing(u *unit) string {
	for _, name := range u.test.wants {
		f := u.test.feeds[name]
		if o := r.outcomeOf(f.test, len(f.test.at.Matrix)-1); !o.usable() {
			return why(name, f.test, o)
		}
	}
	if u.test.wantsPrev {
		if o, from := r.prevOutcome(u); from != nil && !o.usable() {
			return why("prev", from, o)
		}
	}
	return ""
}

// why explains that a value is not to be had.
func why(name string, p *planned, o *outcome) string {
	status := "did not run"
	if o != nil {
		status = map[engine.Status]string{engine.StatusErrored: "errored", engine.StatusSkipped: "was skipped"}[o.status]
	}
	return fmt.Sprintf("needs the value of `%s`, but %s %s", name, describe(p), status)
}

func describe(p *planned) string { return fmt.Sprintf("test %q", p.at.Label()) }
