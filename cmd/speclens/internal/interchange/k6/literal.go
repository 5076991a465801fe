package k6

import (
	"encoding/json"
	"fmt"
	"regexp"
	"regexp/syntax"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/speclens/speclens/engine/template"
	"github.com/speclens/speclens/engine/value"
)

// entry is one key of an object literal, with its value as JavaScript.
type entry struct{ key, value string }

// quote writes a text as a literal that is safe in any script, in HTML too.
func quote(s string) string {
	var b strings.Builder
	enc := json.NewEncoder(&b) // escapes line separators, which end a line of JavaScript
	enc.SetEscapeHTML(false)
	_ = enc.Encode(s) // a string always encodes
	return strings.NewReplacer("</", `<\/`, "<!--", `<\!--`).Replace(strings.TrimSuffix(b.String(), "\n"))
}

var plainKey = regexp.MustCompile(`^[A-Za-z_$][A-Za-z0-9_$]*$`)

// objectKey writes the key of an object literal. `__proto__` would set the prototype, so it is computed.
func objectKey(key string) string {
	switch {
	case key == "__proto__":
		return `["__proto__"]`
	case plainKey.MatchString(key):
		return key
	}
	return quote(key)
}

// member is a member of an object.
func member(object, key string) string {
	if plainKey.MatchString(key) {
		return object + "." + key
	}
	return object + "[" + quote(key) + "]"
}

// lineWidth is how long a line may be before a literal is broken up.
const lineWidth = 110

// object writes an object literal, on one line where it is short.
func (w *writer) object(list []entry, indent int) string {
	if len(list) == 0 {
		return "{}"
	}
	parts := make([]string, len(list))
	for i, e := range list {
		parts[i] = objectKey(e.key) + ": " + e.value
	}
	return lines("{ ", parts, " }", indent)
}

// block writes an object literal with a line for each key.
func (w *writer) block(list []entry, indent int) string {
	parts := make([]string, len(list))
	for i, e := range list {
		parts[i] = objectKey(e.key) + ": " + e.value
	}
	return broken("{", parts, "}", indent)
}

// lines joins parts on one line, or on one line each where that would be too long.
func lines(open string, parts []string, closing string, indent int) string {
	line := open + strings.Join(parts, ", ") + closing
	if len(line)+2*indent <= lineWidth && !strings.Contains(line, "\n") {
		return line
	}
	return broken(strings.TrimSpace(open), parts, strings.TrimSpace(closing), indent)
}

func broken(open string, parts []string, closing string, indent int) string {
	tab := strings.Repeat("  ", indent+1)
	return open + "\n" + tab + strings.Join(parts, ",\n"+tab) + ",\n" + strings.Repeat("  ", indent) + closing
}

// wrapped joins parts on as many lines as they need.
func wrapped(open string, parts []string, closing string) string {
	if line := open + strings.Join(parts, ", ") + closing; len(line) <= lineWidth {
		return line
	}
	var b strings.Builder
	b.WriteString(open)
	length := lineWidth
	for _, part := range parts {
		if length += len(part) + 2; length > lineWidth {
			b.WriteString("\n ")
			length = len(part) + 4
		}
		b.WriteString(" " + part + ",")
	}
	return b.String() + "\n" + closing
}

// value writes a value of a spec. Texts may hold templates.
func (w *writer) value(v any, indent int) string {
	switch v := value.Unwrap(v).(type) {
	case nil:
		return "null"
	case bool:
		return strconv.FormatBool(v)
	case string:
		return w.text(v, indent)
	case []any:
		parts := make([]string, len(v))
		for i, item := range v {
			parts[i] = w.value(item, indent+1)
		}
		return lines("[", parts, "]", indent)
	case map[string]any:
		var list []entry
		for _, key := range value.Keys(v) {
			list = append(list, entry{key, w.value(v[key], indent+1)})
		}
		return w.object(list, indent)
	default:
		return numberText(value.JSON(v), v)
	}
}

// numberText writes a number so that the script can tell how it was written: as a number where JavaScript would print it
// like that again, else as `num`.
func numberText(text string, v any) string {
	if n, ok := v.(json.Number); ok {
		text = n.String()
	}
	f, err := strconv.ParseFloat(text, 64)
	if err == nil && numberLiteral(f) == text {
		return text
	}
	return "num(" + quote(text) + ")"
}

// numberLiteral writes a number as JavaScript prints it, within the range that it prints without an exponent.
func numberLiteral(f float64) string {
	if f != 0 && (f >= 1e21 || f <= -1e21 || f < 1e-6 && f > -1e-6) {
		return strconv.FormatFloat(f, 'e', -1, 64)
	}
	if f == 0 {
		return "0"
	}
	return strconv.FormatFloat(f, 'f', -1, 64)
}

func milliseconds(d time.Duration) string {
	return numberLiteral(float64(d) / float64(time.Millisecond))
}

// text writes a text with its templates.
func (w *writer) text(s string, indent int) string {
	t := template.Parse(s)
	if !t.HasExprs() {
		return quote(s)
	}
	if whole, ok := t.Whole(); ok {
		return w.expression(t, whole, s, indent)
	}
	parts := make([]string, len(t.Parts))
	for i, part := range t.Parts {
		if part.Expr == nil {
			parts[i] = quote(part.Text)
		} else {
			parts[i] = w.expression(t, part.Expr, part.Expr.String(), indent+1)
		}
	}
	return lines("t(", parts, ")", indent)
}

// expression writes one template; source is what stands there where it cannot be resolved.
func (w *writer) expression(t *template.Template, e *template.Expr, source string, indent int) string {
	parts := []string{quote(source), w.root(t, e)}
	for _, step := range e.Steps {
		if step.Call == nil {
			parts = append(parts, "at("+quote(step.Path.String())+")")
			continue
		}
		args := []string{quote(step.Call.Name)}
		for _, arg := range step.Call.Args {
			args = append(args, argument(step.Call.Name, arg))
		}
		parts = append(parts, "call("+strings.Join(args, ", ")+")")
	}
	return lines("x(", parts, ")", indent)
}

// argument writes the argument of a method.
func argument(method string, arg template.Arg) string {
	switch {
	case method == "Default" && !arg.Quoted:
		switch arg.Text {
		case "true", "false", "null":
			return arg.Text
		}
		if _, ok := value.ParseDecimal(arg.Text); ok {
			return numberText(arg.Text, json.Number(arg.Text))
		}
	case (method == "Split" || method == "Join") && arg.Text == "" && !arg.Quoted:
		return `","`
	}
	return quote(arg.Text)
}

// root writes what a template begins with.
func (w *writer) root(t *template.Template, e *template.Expr) string {
	if invalid := invalidPattern(e); invalid != "" {
		return "wrong(" + quote(invalid) + ")"
	}
	for _, p := range t.Problems {
		if !p.Warning && p.Span.Start >= e.Span.Start && p.Span.End <= e.Span.End {
			return "broken(" + quote(p.Message) + ")"
		}
	}
	switch e.Root.Kind {
	case template.Env:
		return "env(" + quote(e.Root.Key) + ")"
	case template.Fake:
		args := []string{quote(e.Root.Key)}
		for _, arg := range e.Root.Args {
			args = append(args, quote(arg.Text))
		}
		return "fake(" + strings.Join(args, ", ") + ")"
	case template.Regex:
		tree, pattern := generator(e.Root.Args[0].Text)
		return "regex(" + tree + ", " + pattern + ")"
	case template.Prev:
		return call("prev", pathFrom(e, 0))
	case template.Matrix:
		return call("row", quote(e.Path.Segments[0].Text), pathFrom(e, 1))
	}
	return w.name(e)
}

// name writes a matrix key, an alias or a saved value. An alias may hold dots: the shortest name that is known counts.
func (w *writer) name(e *template.Expr) string {
	if w.scope != nil {
		for _, row := range w.scope.Matrix {
			if _, ok := row[e.Root.Name]; ok {
				return call("row", quote(e.Root.Name), pathFrom(e, 0))
			}
		}
		for i := 0; i <= len(e.Path.Segments); i++ {
			name := e.Root.Name
			if i > 0 {
				name = e.Path.Source[e.Root.Span.Start:e.Path.Segments[i-1].Span.End]
			}
			if _, ok := w.scope.Feeds[name]; ok {
				return call("named", quote(name), pathFrom(e, i))
			}
		}
	}
	return call("named", quote(e.Root.Name), pathFrom(e, 0))
}

// call is a call of a function; arguments that are empty are left out.
func call(function string, args ...string) string {
	args = slices.DeleteFunc(args, func(arg string) bool { return arg == "" })
	return function + "(" + strings.Join(args, ", ") + ")"
}

// pathFrom is the path of a template from one of its segments on, as it is written; empty where it ends there.
func pathFrom(e *template.Expr, from int) string {
	segments := e.Path.Segments
	if from >= len(segments) {
		return ""
	}
	return quote(e.Path.Source[segments[from].Span.Start:segments[len(segments)-1].Span.End])
}

// invalidPattern says why a template makes its test an error, as a pattern does that is none.
func invalidPattern(e *template.Expr) string {
	if e.Root.Kind != template.Regex || !e.Root.Called || len(e.Root.Args) == 0 || e.Root.Args[0].Text == "" {
		return ""
	}
	if _, err := syntax.Parse(e.Root.Args[0].Text, syntax.Perl); err != nil {
		return fmt.Sprintf("bad pattern: %v", err)
	}
	return ""
}

// collectPatterns puts the patterns of an expectation into the table of the script.
func (w *writer) collectPatterns(raw any) {
	add := func(pattern string) {
		if strings.Contains(pattern, "{{") {
			return
		}
		for _, known := range w.patterns {
			if known.key == pattern {
				return
			}
		}
		w.patterns = append(w.patterns, entry{pattern, patternLiteral(pattern)})
	}
	switch v := value.Unwrap(raw).(type) {
	case string:
		if rest, ok := strings.CutPrefix(strings.TrimSpace(v), "matches"); ok && strings.TrimLeft(rest, " \t\r\n") != rest {
			add(strings.TrimLeft(rest, " \t\r\n"))
		}
	case []any:
		for _, item := range v {
			w.collectPatterns(item)
		}
	case map[string]any:
		for _, key := range value.Keys(v) {
			switch value.KindOf(v[key]) {
			case value.KindText, value.KindNumber, value.KindBool:
				if key == "matches" {
					add(strings.TrimSpace(value.Text(v[key])))
				}
			}
			w.collectPatterns(v[key])
		}
	}
}

// declared finds the names that the runtime declares, which begin its lines.
var declared = regexp.MustCompile(`(?m)^(?:function|const|let) ([A-Za-z0-9_]+)`)

// reserved are the names that no test may have: those of the runtime, of the script and of the language.
func reserved() map[string]bool {
	taken := map[string]bool{}
	for _, m := range declared.FindAllStringSubmatch(runtime, -1) {
		taken[m[1]] = true
	}
	for word := range strings.FieldsSeq("await break case catch class const continue debugger default delete do else enum export " +
		"extends false " +
		"finally for function if implements import in instanceof interface let new null package private protected public return static " +
		"super switch this throw true try typeof var void while with yield arguments eval undefined NaN Infinity " +
		"options targets flows turns setup teardown handleSummary given run one counts settings patterns " +
		"exec http encoding check group sleep Counter Rate open require module exports console " +
		"Array BigInt Date Error JSON Map Math Number Object RegExp Set String SyntaxError encodeURIComponent") {
		taken[word] = true
	}
	return taken
}
