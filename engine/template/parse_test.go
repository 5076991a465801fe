package template

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/speclens/speclens/engine/value"
)

func TestTemplateProblems(t *testing.T) {
	for _, c := range []struct{ rule, in, code, part, message, fix string }{
		{"an empty template", "{{ }}", CodeEmpty, "{{ }}", "empty", ""},
		{"no closing braces", "a {{ b", CodeUnterminated, "{{ b", "no closing `}}`", "{{ b }}"},
		{"no closing braces before the next template", "{{ a {{ b }}", CodeUnterminated, "{{ a ", "no closing", "{{ a }}"},
		{"no closing braces before the end of the line", "{{ a\nb }", CodeUnterminated, "{{ a", "no closing", "{{ a }}"},
		{"an unknown method", "{{ a.Uper() }}", CodeUnknownMethod, "Uper", "unknown method `Uper`", ""},
		{"a method in the wrong case", "{{ a.toUpper() }}", CodeUnknownMethod, "toUpper", "did you mean `ToUpper`?", "ToUpper"},
		{"a method without a name", "{{ a.(x) }}", CodeUnknownMethod, "", "a method name is missing", ""},
		{"an unknown generator", "{{ fake.emali }}", CodeUnknownGenerator, "emali", "did you mean `email`?", "email"},
		{"an unknown generator with arguments", "{{ fake.nothing(1) }}", CodeUnknownGenerator, "nothing", "unknown generator", ""},
		{"an unknown function", "{{ rgex('x') }}", CodeUnknownFunction, "rgex", "did you mean `regex`?", "regex"},
		{"another unknown function", "{{ now() }}", CodeUnknownFunction, "now", "unknown function `now`", ""},
		{"fake as a function", "{{ fake(name) }}", CodeUnknownFunction, "fake", "unknown function `fake`", ""},
		{"a generator that is missing", "{{ fake }}", CodeIncomplete, "fake", "wants the name of a generator", ""},
		{"a generator that is not typed yet", "{{ fake. }}", CodeIncomplete, "", "a name is missing behind the dot", ""},
		{"a variable that is missing", "{{ env }}", CodeIncomplete, "env", "wants the name of a variable", ""},
		{"a matrix key that is missing", "{{ matrix }}", CodeIncomplete, "matrix", "wants a key of the matrix", ""},
		{"a key that is missing at the end", "{{ a.b. }}", CodeIncomplete, "", "a name is missing behind the dot", ""},
		{"a key that is missing in the middle", "{{ a..b }}", CodePath, "", "a key is missing here", ""},
		{"a name that is missing", "{{ .a }}", CodeIncomplete, "", "a name is missing at the beginning", ""},
		{"an open bracket", "{{ a[0 }}", CodePath, "[0 ", "no closing `]`", ""},
		{"a key without quotes in brackets", "{{ a[b] }}", CodePath, "[b]", "wants an index or a quoted key", `["b"]`},
		{"an open parenthesis", "{{ a.ToUpper( }}", CodeUnterminated, "( ", "`ToUpper(` has no closing `)`", ""},
		{"text behind a call", "{{ a.ToUpper() b }}", CodeUnexpected, "b", "unexpected `b`", ""},
		{"text behind an index", "{{ a[0]b.c }}", CodeUnexpected, "b", "unexpected `b`", ""},
		{"too many arguments", "{{ a.ToUpper(x) }}", CodeArguments, "ToUpper(x)", "`ToUpper` takes no arguments, not 1", ""},
		{"too few arguments", "{{ a.Replace(x) }}", CodeArguments, "Replace(x)", "`Replace` takes 2 arguments, not 1", ""},
		{"a missing argument", "{{ a.Default() }}", CodeArguments, "Default()", "`Default` takes one argument, not 0", ""},
		{"too many of several arguments", "{{ a.PadLeft(1,2,3) }}", CodeArguments, "PadLeft(1,2,3)", "`PadLeft` takes 1 to 2 arguments, not 3",
			""},
		{"nothing to replace", "{{ a.Replace('', b) }}", CodeArguments, "''", "OLD of `Replace` is empty", ""},
		{"a length that is no number", "{{ a.PadLeft(x) }}", CodeArguments, "x", "must be a whole number", ""},
		{"a length that is too large", "{{ a.PadLeft(1000001) }}", CodeArguments, "1000001", "must be a whole number from 0 to 1000000", ""},
		{"a negative length", "{{ a.PadRight(-1) }}", CodeArguments, "-1", "must be a whole number", ""},
		{"bounds that are no numbers", "{{ fake.int.a.b }}", CodeArguments, "a", "MIN of `int` must be a whole number, not `a`", ""},
		{"bounds that are too large", "{{ fake.int.0.9223372036854775808 }}", CodeArguments, "9223372036854775808", "must be a whole number", ""},
		{"a negative unsigned bound", "{{ fake.uint.-1.5 }}", CodeArguments, "-1", "must be a whole number from 0", ""},
		{"bounds that are not finite", "{{ fake.float(0, 1e999) }}", CodeArguments, "1e999", "must be a number", ""},
		{"three parts of two decimal bounds", "{{ fake.float.0.5.1 }}", CodeArguments, "fake.float.0.5.1", "takes at most two arguments, not 3",
			""},
		{"an argument where there are none", "{{ fake.name.5 }}", CodeArguments, "fake.name.5", "takes no arguments, not 1", ""},
		{"too many words", "{{ fake.sentence.1001 }}", CodeArguments, "1001", "must be from 1 to 1000", ""},
		{"no characters", "{{ fake.password.0 }}", CodeArguments, "0", "must be from 1 to 1000", ""},
		{"two lengths", "{{ fake.password(1, 2) }}", CodeArguments, "fake.password(1, 2", "takes at most one argument", ""},
		{"a layout of another language", "{{ fake.date.YYYY-MM-DD }}", CodeLayout, "YYYY-MM-DD", "Go layouts", "2006-01-02"},
		{"a layout without a date", "{{ fake.date.today }}", CodeLayout, "today", "holds no date", ""},
		{"a bad pattern", "{{ regex('a(') }}", CodePattern, "'a('", "bad pattern: missing closing ): `a(`", ""},
		{"a bad pattern without quotes", "{{ regex(a{2,1}) }}", CodePattern, "a{2,1}", "bad pattern: invalid repeat count", ""},
		{"an empty pattern", "{{ regex() }}", CodePattern, "regex", "is empty", ""},
		{"regex without a pattern", "{{ regex }}", CodePattern, "regex", "wants a pattern in parentheses", "regex('[a-z]+')"},
		{"a method without parentheses", "{{ a.ToUpper }}", CodeParentheses, "ToUpper", "is read as a key", "ToUpper()"},
		{"a method without parentheses on a variable", "{{ env.A.ToUpper }}", CodeParentheses, "ToUpper", "is read as a key", "ToUpper()"},
		{"a method without parentheses behind a call", "{{ a.ToLower().Reverse }}", CodeParentheses, "Reverse", "is read as a key", "Reverse()"},
		{"a path that is too long", "{{ a" + strings.Repeat(".b", 300) + " }}", CodePath, "", "more than 200 segments", ""},
		{"too many methods", "{{ a" + strings.Repeat(".ToUpper()", 60) + " }}", CodePath, "", "more than 50 links", ""},
		{"a path behind a call that is too long", "{{ a.ToUpper()" + strings.Repeat(".b", 300) + " }}", CodePath, "", "too long", ""},
	} {
		t.Run(c.rule, func(t *testing.T) {
			tmpl := Parse(c.in)
			i := slices.IndexFunc(tmpl.Problems, func(p Problem) bool { return p.Code == c.code && strings.Contains(p.Message, c.message) })
			if i < 0 {
				t.Fatalf("got %+v", tmpl.Problems)
			}
			p := tmpl.Problems[i]
			if part := c.in[p.Span.Start:p.Span.End]; c.part != "" && part != c.part || p.Fix != c.fix {
				t.Errorf("got part %q, fix %q", part, p.Fix)
			}
			if p.Warning != (c.code == CodeParentheses || c.code == CodeLayout) {
				t.Error("wrong severity")
			}
		})
	}
}

func TestGoodTemplatesHaveNoProblems(t *testing.T) {
	for _, in := range []string{
		"", "plain", "{ a: { b } }", "{{ a }}", "{{a.b[0]['c'].#.d}}", "{{ env.A_B }}", "{{ prev.response.status }}", "{{ prev }}",
		"{{ a.Replace(\"x\", ')').Split().0.ToUpper() }}", "{{ fake.int(1, 5).ToString() }}", "{{ regex([a-z]+) }}", "{{ größe.name }}",
		"{{ a.b }}{{ c }}", "{{\n  a.b\n}}", "{{ fake.date.Kitchen }}",
	} {
		if got := Parse(in).Problems; len(got) > 0 {
			t.Errorf("%s: got %+v", in, got)
		}
	}
}

func TestEveryPieceHasASpan(t *testing.T) {
	in := `x {{ auth.response["body"].id.PadLeft(3, "0").ToUpper() }} y`
	tmpl := Parse(in)
	at := func(s Span) string { return in[s.Start:s.End] }
	if len(tmpl.Parts) != 3 || tmpl.Parts[0].Text != "x " || tmpl.Parts[2].Text != " y" {
		t.Fatalf("got %+v", tmpl.Parts)
	}
	e := tmpl.Exprs()[0]
	if at(e.Span) != e.String() || at(e.Inner) != `auth.response["body"].id.PadLeft(3, "0").ToUpper()` || at(e.Root.Span) != "auth" ||
		!e.Closed {
		t.Errorf("got %+v", e)
	}
	var segments []string
	for _, s := range e.Path.Segments {
		segments = append(segments, at(s.Span))
	}
	if !slices.Equal(segments, []string{"response", `["body"]`, "id"}) {
		t.Errorf("got %q", segments)
	}
	calls := e.Methods()
	if len(calls) != 2 || at(calls[0].NameSpan) != "PadLeft" || at(calls[0].Span) != `PadLeft(3, "0")` ||
		at(calls[0].Args[0].Span) != "3" || at(calls[0].Args[1].Span) != `"0"` || calls[0].Args[1].Text != "0" || !calls[0].Args[1].Quoted {
		t.Errorf("got %+v", calls[0])
	}
}

func TestWholeTemplates(t *testing.T) {
	for in, want := range map[string]bool{
		"{{ a }}": true, " {{ a }}\n": true, "{{ a }}{{ b }}": false, "x{{ a }}": false, "a": false, "": false, "{{ a": false, "{{{ a }}}": false,
	} {
		if _, got := Parse(in).Whole(); got != want {
			t.Errorf("%q: got %v", in, got)
		}
	}
	if Parse("plain }}").HasExprs() || !Parse("{{").HasExprs() {
		t.Error("HasExprs is wrong")
	}
}

func TestRefs(t *testing.T) {
	for _, c := range []struct {
		in       string
		kind     RootKind
		name     string
		path     string
		optional bool
	}{
		{"{{ fake.int.1.2 }}", Fake, "int", ".", false},
		{"{{ env.TOKEN.ToUpper() }}", Env, "TOKEN", ".", false},
		{"{{ env.TOKEN.Default(x) }}", Env, "TOKEN", ".", true},
		{"{{ regex('a+') }}", Regex, "a+", ".", false},
		{"{{ regex }}", Regex, "", ".", false},
		{"{{ prev.response.body }}", Prev, "", "response.body", false},
		{"{{ matrix.user.name }}", Matrix, "user", "name", false},
		{"{{ matrix }}", Matrix, "", ".", false},
		{"{{ auth.response.body[0] }}", Name, "auth", "response.body[0]", false},
		{"{{ saved }}", Name, "saved", ".", false},
	} {
		refs := Parse(c.in).Refs()
		if len(refs) != 1 {
			t.Errorf("%s: got %+v", c.in, refs)
			continue
		}
		r := refs[0]
		if r.Kind != c.kind || r.Name != c.name || r.Path.String() != c.path || r.Optional != c.optional || r.Expr == nil {
			t.Errorf("%s: got %+v", c.in, r)
		}
		if part := c.in[r.NameSpan.Start:r.NameSpan.End]; r.Kind != Regex && r.Kind != Prev && part != c.name {
			t.Errorf("%s: the name lies at %q", c.in, part)
		}
	}
	if got := Parse("{{ a }} {{ }} {{ b.c }}").Refs(); len(got) != 2 || got[1].Name != "b" {
		t.Errorf("got %+v", got)
	}
}

func TestCursors(t *testing.T) {
	for _, c := range []struct {
		rule, in string
		kind     CursorKind
		prefix   string
		replace  string
		root     string
		path     string
	}{
		{"plain text", "a|b {{ c }}", CursorOutside, "", "", "", "."},
		{"before the braces", "|{{ c }}", CursorOutside, "", "", "", "."},
		{"between the braces", "{|{ c }}", CursorOutside, "", "", "", "."},
		{"right behind the braces", "{{|}}", CursorRoot, "", "", "", "."},
		{"an empty template", "{{ | }}", CursorRoot, "", "", "", "."},
		{"a root being typed", "{{ au| }}", CursorRoot, "au", "au", "au", "."},
		{"a root being typed without closing braces", "Bearer {{ au|", CursorRoot, "au", "au", "au", "."},
		{"in the middle of a root", "{{ au|th.response }}", CursorRoot, "au", "auth", "au", "."},
		{"behind a dot", "{{ auth.| }}", CursorPath, "", "", "auth", "."},
		{"a key being typed", "{{ auth.response.bo| }}", CursorPath, "bo", "bo", "auth", "response"},
		{"in the middle of a key", "{{ auth.re|sponse.body }}", CursorPath, "re", "response", "auth", "."},
		{"a header being typed", "{{ auth.response.headers.X-Re|", CursorPath, "X-Re", "X-Re", "auth", "response.headers"},
		{"a generator being typed", "{{ fake.em| }}", CursorPath, "em", "em", "fake", "."},
		{"an argument of a generator", "{{ fake.int.1.| }}", CursorPath, "", "", "fake", "int.1"},
		{"a variable being typed", "{{ env.TO|KEN }}", CursorPath, "TO", "TOKEN", "env", "."},
		{"behind an index and a dot", "{{ a[0].|", CursorPath, "", "", "a", "[0]"},
		{"a method behind a call", "{{ a.ToUpper().To| }}", CursorMethod, "To", "To", "a", "."},
		{"a method behind regex", "{{ regex('x').| }}", CursorMethod, "", "", "regex", "."},
		{"a method behind a generator with arguments", "{{ fake.int(1,2).| }}", CursorMethod, "", "", "fake", "int"},
		{"behind a finished root", "{{ a | }}", CursorOutside, "", "", "a", "."},
		{"behind a finished call", "{{ a.ToUpper()| }}", CursorOutside, "", "", "a", "."},
		{"behind the braces", "{{ a }}|", CursorOutside, "", "", "", "."},
		{"in the second of two templates", "{{ a.b }} {{ c.d| }}", CursorPath, "d", "d", "c", "."},
		{"before another template", "{{ a.b| {{ c.d }}", CursorPath, "b", "b", "a", "."},
	} {
		t.Run(c.rule, func(t *testing.T) {
			i := strings.IndexByte(c.in, '|')
			in := c.in[:i] + c.in[i+1:]
			got := Parse(in).At(i)
			if got.Kind != c.kind || got.Root.Name != c.root || got.Path.String() != c.path {
				t.Fatalf("got %+v", got)
			}
			if got.Kind == CursorOutside {
				return
			}
			if got.Prefix != c.prefix || in[got.Span.Start:got.Span.End] != c.prefix || in[got.Replace.Start:got.Replace.End] != c.replace {
				t.Errorf("got prefix %q, replacing %q", got.Prefix, in[got.Replace.Start:got.Replace.End])
			}
			if got.Expr == nil {
				t.Error("the template around the cursor is missing")
			}
		})
	}
}

func TestCursorsInArguments(t *testing.T) {
	for _, c := range []struct {
		in, call string
		arg      int
		prefix   string
		quoted   bool
	}{
		{"{{ a.Replace(| }}", "Replace", 0, "", false},
		{"{{ a.Replace(x, y|) }}", "Replace", 1, "y", false},
		{"{{ a.Replace(x, 'y|') }}", "Replace", 1, "y", true},
		{"{{ a.Default(\"x|", "Default", 0, "x", true},
		{"{{ regex('a|b') }}", "regex", 0, "a", true},
		{"{{ fake.int(1, |) }}", "int", 1, "", false},
	} {
		i := strings.IndexByte(c.in, '|')
		got := Parse(c.in[:i] + c.in[i+1:]).At(i)
		if got.Kind != CursorArgument || got.Call != c.call || got.Arg != c.arg || got.Prefix != c.prefix || got.Quoted != c.quoted {
			t.Errorf("%s: got %+v", c.in, got)
		}
	}
}

func TestCursorsKnowTheCallsBefore(t *testing.T) {
	in := "{{ a.b.Split(',').0.x"
	got := Parse(in).At(len(in))
	if len(got.Steps) != 2 || got.Steps[0].Call.Name != "Split" || got.Steps[1].Path.String() != "0" || got.Prefix != "x" {
		t.Errorf("got %+v", got)
	}
}

func TestTablesAreComplete(t *testing.T) {
	var list []string
	for _, g := range Generators {
		list = append(list, g.Name)
		if g.Doc == "" || g.Example == "" || !strings.HasPrefix(g.Signature, "fake."+g.Name) || g.generate == nil {
			t.Errorf("generator %s lacks something", g.Name)
		}
	}
	want := strings.Fields("name email uuid phone url company city country color word address bool sentence password int uint float date")
	if !slices.Equal(list, want) {
		t.Errorf("got %v", list)
	}
	want = strings.Fields("ToUpper ToLower TrimSpace Replace PadLeft PadRight Capitalize Reverse SnakeCase CamelCase Split Join ToInt ToFloat " +
		"ToBool ToString URLEncode Base64 Base64Decode JSON Length Default")
	list = methodNames()
	slices.Sort(want)
	slices.Sort(list)
	if !slices.Equal(list, want) {
		t.Errorf("got %v", list)
	}
	for _, m := range Methods {
		if m.Doc == "" || m.Example == "" || !strings.HasPrefix(m.Signature, m.Name+"(") || m.apply == nil && m.Name != "Default" {
			t.Errorf("method %s lacks something", m.Name)
		}
	}
	for _, r := range Roots {
		if r.Doc == "" || r.Signature == "" || len(Parse(r.Example).Problems) > 0 || Parse(r.Example).Exprs()[0].Root.Kind != r.Kind {
			t.Errorf("root %q lacks something", r.Name)
		}
	}
}

// The limit is generous since machines are busy; a quadratic reading of these would take minutes.
func TestHostileTextsParseInLinearTime(t *testing.T) {
	for _, s := range []string{
		strings.Repeat("{{", 40_000), strings.Repeat("{{ a", 20_000), "{{ " + strings.Repeat("(", 40_000), "{{ a" + strings.Repeat(".b('",
			20_000),
		"{{ regex(" + strings.Repeat("[", 40_000), strings.Repeat("{{ a.b('x", 5_000), "{{ " + strings.Repeat(`["`, 20_000),
		strings.Repeat("{{ a.b(x", 5_000), strings.Repeat("{{ regex('x", 20_000), strings.Repeat("{{ regex(x", 20_000),
		"{{ a" + strings.Repeat(".b()", 20_000) + "}}", "{{ a" + strings.Repeat(".b() )", 20_000) + "}}",
		"{{ " + strings.Repeat("a.", 40_000), strings.Repeat("{{ a }} ", 20_000), "{{ regex('" + strings.Repeat("(", 40_000) + "') }}",
	} {
		started := time.Now()
		Parse(s)
		if d := time.Since(started); d > 10*time.Second {
			t.Errorf("%.20s… took %s", s, d)
		} else if testing.Verbose() {
			t.Logf("%.20s… took %s", s, d)
		}
	}
}

func FuzzTemplate(f *testing.F) {
	for _, s := range corpus(f, "template") {
		f.Add(s)
	}
	scope := testScope()
	f.Fuzz(func(t *testing.T, s string) {
		tmpl := Parse(s)
		at, plain := 0, strings.Builder{}
		for _, p := range tmpl.Parts {
			if p.Span.Start != at || p.Span.End <= at {
				t.Fatalf("parts of %q do not add up: %+v", s, tmpl.Parts)
			}
			at = p.Span.End
			plain.WriteString(s[p.Span.Start:p.Span.End])
			if e := p.Expr; e != nil {
				checkSpans(t, s, e)
			}
		}
		if at != len(s) && len(s) > 0 {
			t.Fatalf("parts of %q end at %d", s, at)
		}
		for _, p := range tmpl.Problems {
			if p.Span.Start < 0 || p.Span.End < p.Span.Start || p.Span.End > len(s) || p.Message == "" || p.Code == "" {
				t.Fatalf("%q: bad problem %+v", s, p)
			}
		}
		for i := 0; i <= len(s) && i < 200; i++ {
			c := tmpl.At(i)
			if c.Span.Start < 0 || c.Span.End != i || c.Span.Start > i || c.Replace.End < i || c.Replace.End > len(s) ||
				c.Prefix != s[c.Span.Start:i] &&
					c.Kind != CursorOutside {
				t.Fatalf("%q at %d: bad cursor %+v", s, i, c)
			}
		}
		first, warnings, err := tmpl.Eval(&Evaluator{Scope: scope})
		if err != nil {
			return
		}
		again, _, _ := Parse(s).Eval(&Evaluator{Scope: scope})
		if value.JSON(first) != value.JSON(again) {
			t.Fatalf("%q evaluates to %v, then %v", s, first, again)
		}
		if !tmpl.HasExprs() && first != s {
			t.Fatalf("%q has no template and became %v", s, first)
		}
		if len(warnings) > len(tmpl.Exprs()) {
			t.Fatalf("%q has more warnings than templates", s)
		}
	})
}

func checkSpans(t *testing.T, s string, e *Expr) {
	t.Helper()
	inside := func(outer, inner Span) bool {
		return outer.Start <= inner.Start && inner.Start <= inner.End && inner.End <= outer.End
	}
	if e.String() != s[e.Span.Start:e.Span.End] || !inside(e.Span, e.Inner) || !inside(e.Span, e.Root.Span) || !inside(e.Span,
		e.Root.KeySpan) &&
		e.Root.Key != "" {
		t.Fatalf("%q: bad spans in %+v", s, e)
	}
	for _, seg := range e.Path.Segments {
		if !inside(e.Span, seg.Span) {
			t.Fatalf("%q: segment outside of its template: %+v", s, seg)
		}
	}
	for _, call := range e.Methods() {
		if !inside(e.Span, call.Span) || !inside(call.Span, call.NameSpan) {
			t.Fatalf("%q: call outside of its template: %+v", s, call)
		}
		for _, arg := range call.Args {
			if !inside(call.Span, arg.Span) {
				t.Fatalf("%q: argument outside of its call: %+v", s, arg)
			}
		}
	}
}

func BenchmarkParse(b *testing.B) {
	in := `/users/{{ auth.response.body.id }}?q={{ text.Replace(" ", "+").URLEncode() }}&x={{ fake.int.1.100 }}`
	for b.Loop() {
		Parse(in)
	}
}
