package template

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"github.com/speclens/speclens/engine/path"
	"github.com/speclens/speclens/engine/value"
)

// ErrUnknown is what a Scope returns for a name that it does not know at all. The evaluator then words the reason; any
// other error is told as it is, such as "test `auth` was skipped".
var ErrUnknown = errors.New("unknown name")

// Scope is where names are looked up. A nil function means that there is no such thing at this place.
type Scope struct {
	// Env returns the value of a variable.
	Env func(name string) (string, error)
	// Prev returns the record {name, response, events} of the test before.
	Prev func() (any, error)
	// Named returns the record {response, events} of the test with that alias, or a saved value.
	Named func(name string) (any, error)
	// Matrix returns the value of a key in the row under way.
	Matrix func(key string) (any, error)
	// Names lists what Named and Matrix know, for "did you mean".
	Names func() []string
}

// Evaluator evaluates the templates of one test. It serves one goroutine at a time.
type Evaluator struct {
	Scope Scope
	// Seed is that of the run. Together with Place and the position in the text it decides what is made up, whatever the
	// order in which tests run.
	Seed uint64
	// Place names the value being evaluated, unique in the run, such as "users.qube.yaml#create/body".
	Place string
	// Strict makes a template that cannot be resolved an error.
	Strict bool
	// MarkLiteral wraps what came out of responses and generators into value.Literal, so that expectations do not read
	// operators into it.
	MarkLiteral bool

	uses []Use
	path []string
}

// Use is one environment variable that was read, for masking.
type Use struct {
	Name, Value string
	// Results are what the methods made of the value in the end.
	Results []string
}

// Uses lists the environment variables read so far, one entry per reading.
func (ev *Evaluator) Uses() []Use { return slices.Clone(ev.uses) }

// Warning says that a template could not be resolved and stays as written.
type Warning struct {
	// Span counts in the text evaluated; Path leads to that text inside a deep value.
	Span Span
	Path []string
	Code string
	// Expr is the template as written.
	Expr    string
	Message string
}

// Error is a template that cannot be evaluated: a bad pattern, or in strict mode anything that would be a warning.
type Error Warning

func (e *Error) Error() string { return fmt.Sprintf("template %s: %s", e.Expr, e.Message) }

// Eval evaluates the text. A template that is the whole text keeps its type; inside text it is printed as JSON would.
// What cannot be resolved stays as written and is told by a warning. The error is an *Error.
func (t *Template) Eval(ev *Evaluator) (any, []Warning, error) {
	if whole, ok := t.Whole(); ok {
		v, err := ev.resolve(whole, 0)
		if err != nil {
			return ev.unresolved(t.Source, whole, err)
		}
		if ev.MarkLiteral && whole.foreign(ev) {
			v = value.Literal{Value: v}
		}
		return v, nil, nil
	}
	var b strings.Builder
	var warnings []Warning
	literal := false
	n := 0
	for i, part := range t.Parts {
		if part.Expr == nil {
			b.WriteString(part.Text)
			continue
		}
		v, err := ev.resolve(part.Expr, n)
		n++
		if err != nil {
			_, ws, err := ev.unresolved("", part.Expr, err)
			if err != nil {
				return nil, append(warnings, ws...), err
			}
			warnings = append(warnings, ws...)
			b.WriteString(part.Expr.text)
			continue
		}
		text := value.Text(v)
		if b.Len()+len(text) > maxText {
			// Nothing of it is sent: half of a text is another text.
			return nil, warnings, &Error{Span: part.Expr.Span, Path: slices.Clone(ev.path), Code: CodeLimit, Expr: part.Expr.text,
				Message: fmt.Sprintf("the text around it grows beyond %d bytes, which is the limit", maxText)}
		}
		literal = literal || isBlank(b.String()) && i <= 1 && part.Expr.foreign(ev)
		b.WriteString(text)
	}
	if ev.MarkLiteral && literal {
		return value.Literal{Value: b.String()}, warnings, nil
	}
	return b.String(), warnings, nil
}

func (ev *Evaluator) unresolved(source string, e *Expr, cause error) (any, []Warning, error) {
	w := Warning{Span: e.Span, Path: slices.Clone(ev.path), Code: CodeUnresolved, Expr: e.text, Message: cause.Error()}
	var failed *methodError
	if errors.As(cause, &failed) {
		w.Code = CodeMethodFailed
	}
	if problem := cmp.Or(e.invalid, e.broken); problem != nil {
		w.Code, w.Span, w.Message = problem.Code, problem.Span, problem.Message
	}
	if ev.Strict || e.invalid != nil {
		err := Error(w)
		return nil, nil, &err
	}
	return source, []Warning{w}, nil
}

// foreign says whether the value came from a response or a generator rather than from whoever wrote the spec.
func (e *Expr) foreign(ev *Evaluator) bool {
	switch e.Root.Kind {
	case Env, Matrix:
		return false
	case Name:
		_, inRow := ev.matrix(e.Root.Name)
		return !inRow
	}
	return true
}

// EvalValue evaluates every text in a value of maps and lists, leaving keys and v itself untouched. Each text has its
// place below ev.Place, so that made-up values do not depend on the order of keys.
func EvalValue(v any, ev *Evaluator) (any, []Warning, error) {
	return ev.deep(v, 0)
}

// maxDepth bounds the recursion into values.
const maxDepth = 1000

func (ev *Evaluator) deep(v any, depth int) (any, []Warning, error) {
	if depth > maxDepth {
		return v, nil, nil
	}
	switch v := v.(type) {
	case string:
		if !strings.Contains(v, "{{") {
			return v, nil, nil
		}
		return Parse(v).Eval(ev)
	case []any:
		out := make([]any, len(v))
		var warnings []Warning
		for i, item := range v {
			result, ws, err := ev.below(strconv.Itoa(i), item, depth)
			warnings = append(warnings, ws...)
			if err != nil {
				return nil, warnings, err
			}
			out[i] = result
		}
		return out, warnings, nil
	case map[string]any:
		out := make(map[string]any, len(v))
		var warnings []Warning
		for _, key := range value.Keys(v) {
			result, ws, err := ev.below(key, v[key], depth)
			warnings = append(warnings, ws...)
			if err != nil {
				return nil, warnings, err
			}
			out[key] = result
		}
		return out, warnings, nil
	}
	return v, nil, nil
}

func (ev *Evaluator) below(key string, v any, depth int) (any, []Warning, error) {
	ev.path = append(ev.path, key)
	defer func() { ev.path = ev.path[:len(ev.path)-1] }()
	return ev.deep(v, depth+1)
}

// random is the source for the n-th template at the present place.
func (ev *Evaluator) random(n int) *rand.Rand {
	h := sha256.New()
	var number [8]byte
	write := func(s string) {
		binary.BigEndian.PutUint64(number[:], uint64(len(s))) // lengths keep "a","bc" and "ab","c" apart
		h.Write(number[:])
		h.Write([]byte(s))
	}
	binary.BigEndian.PutUint64(number[:], ev.Seed)
	h.Write(number[:])
	write(ev.Place)
	for _, key := range ev.path {
		write(key)
	}
	binary.BigEndian.PutUint64(number[:], uint64(n))
	h.Write(number[:])
	sum := h.Sum(nil)
	return rand.New(rand.NewPCG(binary.BigEndian.Uint64(sum), binary.BigEndian.Uint64(sum[8:])))
}

// resolve computes the n-th template of a text.
func (ev *Evaluator) resolve(e *Expr, n int) (any, error) {
	if e.invalid != nil || e.broken != nil {
		return nil, errors.New(e.broken.Message)
	}
	use := -1
	v, err := ev.root(e, n)
	if e.Root.Kind == Env && err == nil {
		text, _ := v.(string)
		ev.uses = append(ev.uses, Use{Name: e.Root.Key, Value: text})
		use = len(ev.uses) - 1
	}
	for _, step := range e.Steps {
		v, err = ev.step(step, v, err)
	}
	if err != nil {
		return nil, err
	}
	if use >= 0 && len(e.Steps) > 0 {
		// What stands between is never told to anybody, and a chain of methods may make much of it.
		ev.uses[use].Results = append(ev.uses[use].Results, value.Text(v))
	}
	return value.Unwrap(v), nil
}

// methodError is a method that could not work on its value.
type methodError struct {
	name  string
	cause error
}

func (e *methodError) Error() string { return fmt.Sprintf("%s %v", e.name, e.cause) }
func (e *methodError) Unwrap() error { return e.cause }

// step applies one link of the chain. An error passes through all links but Default.
func (ev *Evaluator) step(step Step, v any, err error) (any, error) {
	call := step.Call
	switch {
	case call != nil && call.Name == "Default":
		if err != nil || value.KindOf(v) == value.KindNull {
			return literal(call.Args[0]), nil
		}
		return v, nil
	case err != nil:
		return nil, err
	case call == nil:
		return step.Path.Walk(v, path.Options{})
	}
	result, err := call.method.apply(value.Unwrap(v), call.Args)
	if err != nil {
		return nil, &methodError{call.Name, err}
	}
	if s, ok := result.(string); ok && len(s) > maxText {
		return nil, &methodError{call.Name, tooLong(len(s))}
	}
	return result, nil
}

func (ev *Evaluator) root(e *Expr, n int) (any, error) {
	switch e.Root.Kind {
	case Fake:
		args := make([]string, len(e.Root.Args))
		for i, arg := range e.Root.Args {
			args[i] = arg.Text
		}
		return e.Root.generator.generate(ev.random(n), args), nil
	case Regex:
		return matching(e.Root.Args[0].Text, ev.random(n))
	case Env:
		return ev.env(e.Root.Key)
	case Prev:
		if ev.Scope.Prev == nil {
			return nil, errors.New("`prev` exists in `scenario` mode only, from the second test on")
		}
		v, err := ev.Scope.Prev()
		if errors.Is(err, ErrUnknown) {
			return nil, errors.New("there is no test before this one")
		} else if err != nil {
			return nil, err
		}
		return e.Path.Walk(v, path.Options{Label: "prev", FoldUnder: path.Headers})
	case Matrix:
		return ev.matrixPath(e)
	}
	return ev.named(e)
}

func (ev *Evaluator) env(name string) (any, error) {
	if ev.Scope.Env == nil {
		return nil, fmt.Errorf("the environment variable `%s` is not set", name)
	}
	text, err := ev.Scope.Env(name)
	if errors.Is(err, ErrUnknown) {
		return nil, fmt.Errorf("the environment variable `%s` is not set", name)
	} else if err != nil {
		return nil, err
	}
	return text, nil
}

func (ev *Evaluator) matrix(key string) (any, bool) {
	if ev.Scope.Matrix == nil {
		return nil, false
	}
	v, err := ev.Scope.Matrix(key)
	return v, err == nil
}

func (ev *Evaluator) matrixPath(e *Expr) (any, error) {
	if ev.Scope.Matrix == nil {
		return nil, errors.New("this test has no `matrix`")
	}
	key := e.Path.Segments[0].Text
	v, err := ev.Scope.Matrix(key)
	if errors.Is(err, ErrUnknown) {
		return nil, fmt.Errorf("the row of `matrix` has no key `%s`%s", key, ev.didYouMean(key))
	} else if err != nil {
		return nil, err
	}
	rest := path.Path{Source: e.Path.Source, Segments: e.Path.Segments[1:]}
	return rest.Walk(v, path.Options{Label: "matrix." + key})
}

// named looks up a matrix key, an alias or a saved value. Since an alias may hold dots, the first segments are tried as
// part of the name where the first word alone is unknown.
func (ev *Evaluator) named(e *Expr) (any, error) {
	name := e.Root.Name
	if v, ok := ev.matrix(name); ok {
		return e.Path.Walk(v, path.Options{Label: name})
	}
	if ev.Scope.Named == nil {
		return nil, ev.unknown(name)
	}
	for i := 0; ; i++ {
		v, err := ev.Scope.Named(name)
		switch {
		case err == nil:
			rest := path.Path{Source: e.Path.Source, Segments: e.Path.Segments[i:]}
			return rest.Walk(v, path.Options{Label: name, FoldUnder: path.Headers})
		case !errors.Is(err, ErrUnknown):
			return nil, err
		case i == len(e.Path.Segments) || e.Path.Segments[i].Kind != path.Name:
			return nil, ev.unknown(e.Root.Name)
		}
		name = e.Path.Source[e.Root.Span.Start:e.Path.Segments[i].Span.End]
	}
}

func (ev *Evaluator) unknown(name string) error {
	return fmt.Errorf("`%s` is neither an alias nor a saved value%s", name, ev.didYouMean(name))
}

func (ev *Evaluator) didYouMean(name string) string {
	var names []string
	if ev.Scope.Names != nil {
		names = ev.Scope.Names()
	}
	for _, r := range Roots {
		if r.Name != "" {
			names = append(names, r.Name)
		}
	}
	if near := path.Nearest(name, names); near != "" {
		return fmt.Sprintf("; did you mean `%s`?", near)
	}
	return ""
}
