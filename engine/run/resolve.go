package run

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/spec"
	"github.com/speclens/speclens/engine/template"
	"github.com/speclens/speclens/engine/value"
)

// resolver evaluates the templates of one test, or of one row of it: each place once, so that the attempts of a retry
// see the same values. It collects what the evaluation has to say.
type resolver struct {
	run *runner
	u   *unit
	ev  *template.Evaluator // nil until the first template is met: most tests have none
	// matrix is the row of the test.
	matrix   func(key string) (any, error)
	warnings []string
	// unresolved are the places whose value still holds a template.
	unresolved []string
	err        error // the first template that may not stay as written
}

// text is the text at a place.
func (r *resolver) text(place string, t spec.Text) string {
	if t.Template == nil {
		return t.Value
	}
	v := r.eval(place, t.Template)
	return value.Text(value.Unwrap(v))
}

// eval is the value of a template at a place; one that cannot be resolved stays as written.
func (r *resolver) eval(place string, t *template.Template) any {
	r.ready(place)
	v, warnings, err := t.Eval(r.ev)
	r.note(place, warnings, err)
	if err != nil {
		return t.Source
	}
	return v
}

// ready prepares the evaluation of a template at a place.
func (r *resolver) ready(place string) {
	if r.ev == nil {
		r.ev = r.run.evaluator(r.u)
	}
	r.ev.Scope.Matrix = r.matrix
	r.ev.Place = r.u.place() + "/" + place
}

// deep evaluates every text inside a value.
func (r *resolver) deep(place string, v any) any {
	if !holdsTemplate(v) {
		return v
	}
	r.ready(place)
	out, warnings, err := template.EvalValue(v, r.ev)
	r.note(place, warnings, err)
	if err != nil {
		return v
	}
	return out
}

func (r *resolver) note(place string, warnings []template.Warning, err error) {
	for _, w := range warnings {
		r.unresolved = append(r.unresolved, dotted(place, w.Path))
		r.warnings = append(r.warnings, fmt.Sprintf("%s: %s stays as written: %s", dotted(place, w.Path), w.Expr, w.Message))
	}
	if err == nil || r.err != nil {
		return
	}
	var bad *template.Error
	if errors.As(err, &bad) {
		place = dotted(place, bad.Path)
	}
	r.err = fmt.Errorf("%s: %w", place, err)
}

func dotted(place string, more []string) string {
	return strings.Join(append([]string{place}, more...), ".")
}

// secrets are the values that came from the environment, and what methods made of them.
func (r *resolver) secrets() []string {
	if r.ev == nil {
		return nil
	}
	var list []string
	for _, u := range r.ev.Uses() {
		if isSecret(u.Value) {
			list = append(append(list, u.Value), u.Results...)
		}
	}
	return list
}

// isSecret reports whether the value of an environment variable is to be masked. Everything is but what cannot be a
// secret and stands everywhere: a plain base URL, the host of this machine, and the words of JSON. Masking those would
// hide the server under test in every target and event, and protect nothing.
func isSecret(s string) bool {
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "true", "false", "null", "none", "localhost", "127.0.0.1":
		return false
	}
	u, err := url.Parse(s)
	if err != nil || u.Scheme == "" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return true
	}
	return slices.ContainsFunc(strings.Split(u.Path, "/"), func(s string) bool { return !plainSegment(s) })
}

// plain are segments of paths that anybody would choose: lower-case words, versions and short numbers.
var plain = regexp.MustCompile(`^(|v[0-9]{1,3}(\.[0-9]{1,3})?|[0-9]{1,4}|[a-z]+([-_.][a-z]+)*)$`)

// plainSegment reports whether a segment of a URL's path is no secret. Webhooks carry their credentials in segments.
func plainSegment(s string) bool { return len(s) <= 12 && plain.MatchString(s) }

// lookupEnv finds a variable: in the snapshot first, in the process environment where the user allowed that.
func lookupEnv(vars map[string]engine.EnvVar, process func(string) (string, bool)) func(string) (string, error) {
	return func(name string) (string, error) {
		if v, ok := vars[name]; ok {
			return v.Value, nil
		}
		if process != nil {
			if v, ok := process(name); ok {
				return v, nil
			}
		}
		return "", template.ErrUnknown
	}
}
