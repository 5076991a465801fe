package run

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/link"
	"github.com/speclens/speclens/engine/spec"
	"github.com/speclens/speclens/engine/template"
	"github.com/speclens/speclens/engine/value"
)

// filter is the part of the selection that looks at a single test. The error is a NamePattern that does not compile,
// or a Shard that does not exist.
func (sel Selection) filter() (func(*planned) bool, error) {
	if s := sel.Shard; s != (Shard{}) && (s.Index < 1 || s.Index > s.Of) {
		return nil, fmt.Errorf("select shard %d/%d: the first number goes from 1 to the second", s.Index, s.Of)
	}
	var pattern *regexp.Regexp
	if sel.NamePattern != "" {
		re, err := regexp.Compile(sel.NamePattern)
		if err != nil {
			return nil, fmt.Errorf("select tests by name: %w", err)
		}
		pattern = re
	}
	tagged := func(t *planned, tags []string) bool {
		return slices.ContainsFunc(t.at.Tags, func(tag spec.Text) bool { return slices.Contains(tags, tag.Value) })
	}
	return func(t *planned) bool {
		switch {
		case len(sel.Tags) > 0 && !tagged(t, sel.Tags), tagged(t, sel.ExcludeTags):
			return false
		case pattern == nil || pattern.MatchString(t.at.Label()):
			return true
		}
		return slices.ContainsFunc(t.rows(), func(u *unit) bool { return pattern.MatchString(u.info.Name) })
	}, nil
}

// rows are the units of a test: one, or one for each row of its matrix.
func (p *planned) rows() []*unit {
	info := TestInfo{Key: p.key, Row: -1, Name: p.at.Name.Value, Span: p.at.Abs(p.at.Head)}
	if len(p.at.Matrix) == 0 {
		return []*unit{{test: p, row: -1, info: info}}
	}
	units := make([]*unit, len(p.at.Matrix))
	for i, row := range p.at.Matrix {
		info.Row, info.Name = i, rowName(p.at.Test, row)
		units[i] = &unit{test: p, row: i, info: info}
	}
	return units
}

// rowName is the name of one row of a matrix test: what its templates make of the row, or the name with the row behind
// it where it holds none of the row's.
func rowName(t *spec.Test, row spec.Row) string {
	values := make(map[string]any, len(row.Values))
	var parts []string
	for _, f := range row.Values {
		values[f.Key.Value] = f.Value.Any()
		parts = append(parts, f.Key.Value+"="+value.Text(values[f.Key.Value]))
	}
	name := template.Parse(t.Name.Value)
	uses := slices.ContainsFunc(name.Refs(), func(ref template.Ref) bool {
		return ref.Kind == template.Matrix || ref.Kind == template.Name && link.HasMatrixKey(t, ref.Name)
	})
	if !uses {
		return strings.TrimSpace(fmt.Sprintf("%s [%s]", t.Name.Value, strings.Join(parts, ", ")))
	}
	ev := template.Evaluator{Scope: template.Scope{Matrix: func(key string) (any, error) {
		if v, ok := values[key]; ok {
			return v, nil
		}
		return nil, template.ErrUnknown
	}}}
	v, _, err := name.Eval(&ev)
	if err != nil {
		return t.Name.Value
	}
	return value.Text(value.Unwrap(v))
}

// recordedOutcome is what the recorded results of a test give to those that need it; nil where it has to run again:
// because it was edited, or did not pass, or goes elsewhere now, or because a secret was masked in what it received, so
// that nobody knows the value any more.
func recordedOutcome(snap *engine.Snapshot, t *planned) *outcome {
	results := snap.Results(t.key)
	if len(results) == 0 || len(results) != max(1, len(t.at.Matrix)) {
		return nil
	}
	for _, r := range results {
		if r.Status != engine.StatusPassed || r.Hash != t.at.Hash() || r.Output == nil || holdsMask(r) {
			return nil
		}
		if r.Target != targetNow(snap, t) {
			return nil
		}
	}
	last := results[len(results)-1]
	o := &outcome{status: last.Status, record: newRecord(last.Name, last.Output, last.Events)}
	o.unread = unreadBody(last.Output)
	o.saves, _ = saved(t.at.Test, o.record)
	return o
}

// targetNow is where a test goes as far as the snapshot's environment decides; empty where more decides about it.
func targetNow(snap *engine.Snapshot, t *planned) string {
	ev := template.Evaluator{Scope: template.Scope{Env: lookupEnv(snap.Env(t.key.URI), nil)}, Strict: true}
	resolve := func(s string) string {
		v, _, err := template.Parse(s).Eval(&ev)
		if err != nil {
			return ""
		}
		return value.Text(v)
	}
	text, _ := link.TargetText(t.file.spec, t.at.Test)
	d := link.Resolve(snap, t.key.URI, t.file.spec, resolve(text.Value))
	return resolve(d.URL)
}

// holdsMask reports whether a secret was masked in what a test received.
func holdsMask(r *engine.TestResult) bool {
	var record any = newRecord("", r.Output, r.Events)
	return strings.Contains(value.JSON(record), engine.Masked)
}
