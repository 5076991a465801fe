package main

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/speclens/speclens/cmd/speclens/internal/interchange"
	"github.com/speclens/speclens/cmd/speclens/internal/output"
	"github.com/speclens/speclens/cmd/speclens/internal/render"
	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/link"
	"github.com/speclens/speclens/engine/plugin/builtin/http/request"
	"github.com/speclens/speclens/engine/spec"
	"github.com/speclens/speclens/engine/template"
	"github.com/speclens/speclens/engine/value"
)

func (a *app) export() *cobra.Command {
	cmd := &cobra.Command{Use: "export", Short: "Write specs for other tools"}
	cmd.AddCommand(a.exportCurl(), a.exportK6())
	return cmd
}

func (a *app) exportCurl() *cobra.Command {
	var x curlExport
	var plugins, envFile, environment, name string
	cmd := &cobra.Command{
		Use:   "curl SPEC[:LINE]",
		Short: "Print a curl command for each http test, or for the one at a line",
		Long: "Print a curl command for each http test of a spec, for the test at a line, or for those of a name.\n" +
			"Templates that can be resolved without running anything are; the others stay as they are written. Variables of the\n" +
			"environment stay too, unless they are plain base URLs or --env-values asks for them: commands end up in histories.",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			path, line := pathAndLine(args[0])
			var err error
			if x.name, err = regexp.Compile(name); err != nil {
				return usage("export: --name: %v", err)
			}
			ws, err := a.open(cmd.Context(), []string{path}, plugins, engine.Settings{EnvFile: envFile})
			if err != nil {
				return err
			}
			defer ws.close()
			for _, p := range ws.problems {
				return fmt.Errorf("export %s: %w", p.Path, p.Err)
			}
			if environment != "" {
				if err := ws.chooseEnvironment(environment, true); err != nil {
					return err
				}
			}
			x.snap, x.source, x.line = ws.snap, output.Source{Snap: ws.snap, WorkDir: ws.workDir}, line
			for doc := range ws.snap.Documents() {
				if doc.Kind != engine.KindSpec || !ws.named[doc.URI] {
					continue
				}
				if fatal(diagnose(cmd.Context(), ws.snap, doc.URI)) {
					return usage("export %s: the spec has errors; `speclens check` lists them", path)
				}
				x.document(doc)
			}
			if line > 0 && x.found == 0 {
				return usage("export %s: no test stands at line %d", path, line)
			}
			if name != "" && x.found == 0 {
				return usage("export %s: no test has a name or alias that matches %s", path, name)
			}
			if _, err := fmt.Fprint(a.stdout, strings.Join(x.blocks, "\n")); err != nil {
				return fmt.Errorf("write the commands: %w", err)
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&name, "name", "", "export only tests whose name or alias matches this regular expression")
	cmd.Flags().BoolVar(&x.envValues, "env-values", false, "put the values of environment variables into the commands, secrets too")
	cmd.Flags().Uint64Var(&x.seed, "seed", 1, "fix generated data")
	cmd.Flags().StringVarP(&environment, "env", "e", "", "environment of the configuration to use")
	a.addWorkspaceFlags(cmd, &plugins, &envFile)
	return cmd
}

var lineSuffix = regexp.MustCompile(`^(.+):([1-9][0-9]*)$`)

// pathAndLine splits SPEC:LINE; line is 0 where there is none.
func pathAndLine(arg string) (path string, line int) {
	m := lineSuffix.FindStringSubmatch(arg)
	if m == nil {
		return arg, 0
	}
	line, err := strconv.Atoi(m[2])
	if err != nil {
		return arg, 0
	}
	return m[1], line
}

// curlExport collects the commands for the tests of a snapshot.
type curlExport struct {
	snap      *engine.Snapshot
	source    output.Source
	line      int // 0 for all
	name      *regexp.Regexp
	envValues bool
	seed      uint64
	found     int
	blocks    []string
}

func (x *curlExport) document(doc *engine.Document) {
	for _, s := range doc.Spec().Specs {
		for _, t := range s.Tests.All() {
			first, last := doc.Text.LineAt(t.Span.Start)+1, doc.Text.LineAt(max(t.Span.Start, t.Span.End-1))+1
			if x.line > 0 && (x.line < first || x.line > last) {
				continue
			}
			if !x.name.MatchString(t.Label()) && !x.name.MatchString(t.Alias.Value) {
				continue
			}
			x.found++
			rows := t.Matrix
			if len(rows) == 0 {
				rows = []spec.Row{{}}
			}
			for i, row := range rows {
				where := place(x.source, doc, t.Abs(t.Head).Start)
				label := t.Label()
				if len(t.Matrix) > 0 {
					label += fmt.Sprintf(" [row %d]", i+1)
				}
				block := "# " + where + " " + render.PrintableLine(label) + "\n"
				command, err := x.command(doc, s, t, row)
				if err != nil {
					block += "# left out: " + render.PrintableLine(err.Error()) + "\n"
				} else {
					block += command + "\n"
				}
				x.blocks = append(x.blocks, block)
			}
		}
	}
}

// command is the curl command of a test, or of one row of it.
func (x *curlExport) command(doc *engine.Document, s *spec.Spec, t spec.TestAt, row spec.Row) (string, error) {
	ev := &template.Evaluator{Scope: x.scope(doc.URI, row), Seed: x.seed}
	keep := &keeper{ev: ev, test: t.ID}
	in := s.Input(t.Test, x.snap.Config(doc.URI))
	target, _ := link.TargetText(s, t.Test)
	d := link.Resolve(x.snap, doc.URI, s, keep.plain("target", target.Value))
	whole, _ := in.Fields["url"].(string)
	address := keep.text("target", d.URL)
	switch {
	case d.Fault != link.FaultNone && whole == "":
		return "", fmt.Errorf("%s", d.Message)
	case d.Protocol != "" && d.Protocol != "http" && d.Protocol != "https":
		return "", fmt.Errorf("the protocol %s is not HTTP", d.Protocol)
	}
	schemeless := keep.begins(address)
	if schemeless {
		address = "http://" + address // the template holds the scheme; this one is taken off again
	}
	want := request.Input{Method: keep.text("method", in.Method), Resource: keep.text("resource", in.Resource), Target: address}
	want.Headers = map[string]string{}
	for name, v := range in.Headers {
		want.Headers[name] = keep.text("headers."+name, v)
	}
	want.Fields = map[string]any{}
	for name, v := range in.Fields {
		want.Fields[name] = keep.value(name, v)
	}
	want.Timeout = keep.plain("timeout", in.Timeout)
	built, err := request.Build(want)
	if err != nil {
		return "", err
	}
	if schemeless {
		built.URL = strings.TrimPrefix(built.URL, "http://")
	}
	r := interchange.Request{Method: built.Method, URL: keep.restore(strings.ReplaceAll(built.URL, " ", "%20"))}
	for name, v := range built.Headers {
		r.Headers = append(r.Headers, interchange.Header{Name: name, Value: keep.restore(v)})
	}
	slices.SortFunc(r.Headers, func(a, b interchange.Header) int { return strings.Compare(a.Name, b.Name) })
	if built.Body != nil {
		body := keep.restore(string(built.Body))
		if strings.Contains(body, "\x00") {
			return "", fmt.Errorf("the body holds a NUL, which no command line can")
		}
		r.Body = &body
	}
	o := interchange.CurlOptions{Follow: built.FollowRedirects}
	if built.Timeout > 0 {
		o.Timeout = strconv.FormatFloat(built.Timeout.Seconds(), 'f', -1, 64)
	}
	if built.MaxRedirects != nil {
		o.MaxRedirects = strconv.Itoa(*built.MaxRedirects)
	}
	return interchange.Curl(r, o), nil
}

// scope knows what is known before a run: the row of a matrix, and of the environment what may be shown.
func (x *curlExport) scope(uri string, row spec.Row) template.Scope {
	vars := x.snap.Env(uri)
	scope := template.Scope{Env: func(name string) (string, error) {
		if v, ok := vars[name]; ok && (x.envValues || baseURL(v.Value)) {
			return v.Value, nil
		}
		return "", template.ErrUnknown
	}}
	if len(row.Values) > 0 {
		scope.Matrix = func(key string) (any, error) {
			for _, f := range row.Values {
				if f.Key.Value == key {
					return f.Value.Any(), nil
				}
			}
			return nil, template.ErrUnknown
		}
	}
	return scope
}

// baseURL reports whether a value is a scheme and a host, perhaps with a short path, and so no secret.
func baseURL(s string) bool {
	u, err := url.Parse(s)
	return err == nil && u.Scheme != "" && u.Host != "" && u.User == nil && u.RawQuery == "" && u.Fragment == "" && len(u.Path) <= 12
}

// keeper evaluates templates and puts a word in place of each one that cannot be resolved, which goes unharmed through
// whatever escapes the text around it; restore puts the templates back.
type keeper struct {
	ev    *template.Evaluator
	test  string   // the test's id, so that each test gets generated data of its own
	words []string // word, template, word, template, …
}

// firstPort is the first of the numbers that stand for templates.
const firstPort = 61000

// plain evaluates a text; what cannot be resolved stays.
func (k *keeper) plain(place, s string) string {
	k.ev.Place = k.test + "/" + place
	v, _, err := template.Parse(s).Eval(k.ev)
	if err != nil {
		return s
	}
	return value.Text(value.Unwrap(v))
}

// text is plain with words in place of the templates that are left.
func (k *keeper) text(place, s string) string { return k.hide(k.plain(place, s)) }

func (k *keeper) hide(s string) string {
	t := template.Parse(s)
	if !t.HasExprs() {
		return s
	}
	var b strings.Builder
	for _, part := range t.Parts {
		if part.Expr == nil {
			b.WriteString(part.Text)
			continue
		}
		left := s[part.Expr.Span.Start:part.Expr.Span.End]
		word := fmt.Sprintf("speclensTemplate%dEnd", len(k.words)/2)
		if strings.HasSuffix(b.String(), ":") {
			// Perhaps a port, which nothing but a number can be.
			word = strconv.Itoa(firstPort + len(k.words)/2)
			k.words = append(k.words, ":"+word, ":"+left)
		} else {
			k.words = append(k.words, word, left)
		}
		b.WriteString(word)
	}
	return b.String()
}

// value evaluates every text inside a value.
func (k *keeper) value(place string, v any) any {
	k.ev.Place = k.test + "/" + place
	out, _, err := template.EvalValue(v, k.ev)
	if err != nil {
		out = v
	}
	return k.hideAll(value.Unwrap(out))
}

func (k *keeper) hideAll(v any) any {
	switch v := v.(type) {
	case string:
		return k.hide(v)
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = k.hideAll(e)
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v))
		for key, e := range v {
			out[key] = k.hideAll(e)
		}
		return out
	}
	return v
}

// begins reports whether a text begins with a template that was left.
func (k *keeper) begins(s string) bool { return strings.HasPrefix(s, "speclensTemplate") }

func (k *keeper) restore(s string) string { return strings.NewReplacer(k.words...).Replace(s) }
