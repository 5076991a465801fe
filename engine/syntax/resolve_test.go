package syntax

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/speclens/speclens/engine/text"
)

func TestTagsFollowTheCoreSchema(t *testing.T) {
	for src, want := range map[string]struct {
		tag Tag
		any any
	}{
		"":                      {TagNull, nil},
		"~":                     {TagNull, nil},
		"null":                  {TagNull, nil},
		"nUll":                  {TagStr, "nUll"},
		"true":                  {TagBool, true},
		"False":                 {TagBool, false},
		"yes":                   {TagStr, "yes"},
		"no":                    {TagStr, "no"},
		"on":                    {TagStr, "on"},
		"Off":                   {TagStr, "Off"},
		"y":                     {TagStr, "y"},
		"0":                     {TagInt, json.Number("0")},
		"-12":                   {TagInt, json.Number("-12")},
		"+12":                   {TagInt, json.Number("12")},
		"0777":                  {TagInt, json.Number("777")},
		"0o17":                  {TagInt, json.Number("15")},
		"0x1F":                  {TagInt, json.Number("31")},
		"0xfffffffffffffffff":   {TagInt, json.Number("295147905179352825855")},
		"0o18":                  {TagStr, "0o18"},
		"1_000":                 {TagStr, "1_000"},
		"1:30":                  {TagStr, "1:30"},
		"9007199254740993":      {TagInt, json.Number("9007199254740993")},
		"123456789012345678901": {TagInt, json.Number("123456789012345678901")},
		"1.50":                  {TagFloat, json.Number("1.50")},
		"1.":                    {TagFloat, json.Number("1.0")},
		".5":                    {TagFloat, json.Number("0.5")},
		"-.5e+3":                {TagFloat, json.Number("-0.5e+3")},
		"1e3":                   {TagFloat, json.Number("1e3")},
		"1e":                    {TagStr, "1e"},
		".":                     {TagStr, "."},
		"-":                     {TagNull, nil},
		".inf":                  {TagFloat, ".inf"},
		"-.Inf":                 {TagFloat, "-.Inf"},
		".NaN":                  {TagFloat, ".NaN"},
		"1.2.3":                 {TagStr, "1.2.3"},
		"2024-01-02":            {TagStr, "2024-01-02"},
		"\"5\"":                 {TagStr, "5"},
		"'true'":                {TagStr, "true"},
		"!!str 5":               {TagStr, "5"},
		"! 5":                   {TagStr, "5"},
		"!!int \"5\"":           {TagInt, json.Number("5")},
		"!!float 5":             {TagFloat, json.Number("5")},
		"!!bool \"true\"":       {TagBool, true},
		"!!null \"x\"":          {TagNull, nil},
		"!point x":              {TagOther, "x"},
		"!!int abc":             {TagInt, "abc"},
	} {
		t.Run(src, func(t *testing.T) {
			if src == "-" {
				return // a list, in this place
			}
			e, _ := parse("k: " + src + "\n").Documents()[0].Root.Get("k")
			if e.Value.Tag() != want.tag || !reflect.DeepEqual(e.Value.Any(), want.any) {
				t.Errorf("tag %d and value %#v, want %d and %#v", e.Value.Tag(), e.Value.Any(), want.tag, want.any)
			}
			if n, ok := e.Value.Any().(json.Number); ok && !json.Valid([]byte(n)) {
				t.Errorf("%s is no JSON number", n)
			}
		})
	}
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestAnyResolvesAliasesAndMergeKeys(t *testing.T) {
	for name, c := range map[string]struct{ src, want string }{
		"an alias":                       {"a: &x [1, two]\nb: *x\n", `{"a":[1,"two"],"b":[1,"two"]}`},
		"an alias of a later definition": {"a: &x 1\nb: &x 2\nc: *x\n", `{"a":1,"b":2,"c":2}`},
		"a merge key":                    {"base: &x {a: 1, b: 2}\nc:\n  <<: *x\n  b: 3\n", `{"base":{"a":1,"b":2},"c":{"a":1,"b":3}}`},
		"a merge key behind a key":       {"base: &x {a: 1, b: 2}\nc:\n  b: 3\n  <<: *x\n", `{"base":{"a":1,"b":2},"c":{"a":1,"b":3}}`},
		"several merged maps, the first wins": {
			"x: &x {a: 1}\ny: &y {a: 2, b: 2}\nz: {<<: [*x, *y], c: 3}\n", `{"x":{"a":1},"y":{"a":2,"b":2},"z":{"a":1,"b":2,"c":3}}`,
		},
		"a merge of a merge": {
			"x: &x {a: 1}\ny: &y {<<: *x, b: 2}\nz: {<<: *y}\n", `{"x":{"a":1},"y":{"a":1,"b":2},"z":{"a":1,"b":2}}`,
		},
		"an alias as a key": {"a: &x k\nb: {*x : 1}\n", `{"a":"k","b":{"k":1}}`},
		"a merge over tests": {
			"tests:\n- &t {name: a, skip: true}\n- <<: *t\n  name: b\n",
			`{"tests":[{"name":"a","skip":true},{"name":"b","skip":true}]}`,
		},
		"an unknown alias is nothing": {"a: *x\n", `{"a":null}`},
		"an alias within itself ends": {"a: &x [1, *x]\n", `{"a":[1,[1,null]]}`},
		"a merge of itself":           {"a: &x {b: 1, <<: *x}\n", `{"a":{"b":1}}`},
		"the first of two keys":       {"a: 1\nb: {c: 1, c: 2}\n", `{"a":1,"b":{"c":1}}`},
		"a list at the top":           {"- 1\n- [2]\n", `[1,[2]]`},
		"a quoted merge key is a key": {"a: {\"<<\": {b: 1}}\n", `{"a":{"\u003c\u003c":{"b":1}}}`},
	} {
		t.Run(name, func(t *testing.T) {
			if got := asJSON(t, parse(c.src).Documents()[0].Root.Any()); got != c.want {
				t.Errorf("%s is %s, want %s", c.src, got, c.want)
			}
		})
	}
}

func TestAliasesAcrossUnits(t *testing.T) {
	src := "defaults: &d {timeout: 2s}\ntests:\n  - name: a\n    body: &b {x: 1}\n  - name: b\n    body: *b\n    opts: {<<: *d}\n  - name: c\n"
	txt := text.New(src)
	tr := Parse(txt, Options{})
	if f := tr.Findings(); len(f) > 0 {
		t.Fatalf("findings in valid text: %v", f)
	}
	items := itemsOf(t, tr)
	body, _ := items[1].Node().Get("body")
	target := body.Value.Resolve()
	if target.Kind() != Mapping || !target.Foreign() {
		t.Fatalf("the alias stands for %v", target)
	}
	if target.Span() != body.Value.Span() {
		t.Errorf("a node of another unit has the span %v, want that of the alias, %v", target.Span(), body.Value.Span())
	}
	def, ok := tr.Definition(body.Value)
	if !ok || txt.Slice(def.Span()) != "{x: 1}" || txt.Slice(def.AnchorSpan()) != "&b" {
		t.Errorf("the definition is %v %q", ok, txt.Slice(def.Span()))
	}
	opts, _ := items[1].Node().Get("opts")
	merged := opts.Value.Merged()
	if len(merged) != 1 || merged[0].Key.Value() != "timeout" || merged[0].Value.Value() != "2s" {
		t.Errorf("merged entries are %v", merged)
	}

	// A changed anchor makes the units that use it new ones, and no others.
	at := strings.Index(src, "x: 1")
	edits := []text.Edit{{Span: text.Span{Start: at, End: at + 1}, New: "yy"}}
	next := tr.Update(txt.Apply(edits...), edits)
	after := itemsOf(t, next)
	if after[1].Unit == items[1].Unit || after[1].Unit.Hash == items[1].Unit.Hash {
		t.Error("the unit with the alias was kept, though its anchor changed")
	}
	if after[2].Unit != items[2].Unit {
		t.Error("a unit without aliases was not kept")
	}
	body, _ = after[1].Node().Get("body")
	if got := asJSON(t, body.Value.Any()); got != `{"yy":1}` {
		t.Errorf("the alias stands for %s", got)
	}

	// An anchor that goes leaves a finding at its alias, and one that comes back takes it away.
	at = strings.Index(next.Text().String(), "&b ")
	edits = []text.Edit{{Span: text.Span{Start: at, End: at + 3}}}
	gone := next.Update(next.Text().Apply(edits...), edits)
	if f := gone.Findings(); len(f) != 1 || f[0].Code != CodeUnknownAnchor {
		t.Errorf("findings without the anchor: %v", f)
	}
	edits = []text.Edit{{Span: text.Span{Start: at, End: at}, New: "&b "}}
	if f := gone.Update(gone.Text().Apply(edits...), edits).Findings(); len(f) != 0 {
		t.Errorf("findings with the anchor back: %v", f)
	}
}

func TestAnchorsEndWithTheirDocument(t *testing.T) {
	tr := parse("a: &x 1\n---\nb: *x\n")
	if f := tr.Findings(); len(f) != 1 || f[0].Code != CodeUnknownAnchor || tr.Text().LineAt(f[0].Span.Start) != 2 {
		t.Errorf("findings: %v", f)
	}
}

func TestLimits(t *testing.T) {
	bomb := "a: &a [x, x, x, x, x, x, x, x, x]\n"
	for c := 'b'; c <= 'i'; c++ {
		p := string(c - 1)
		bomb += fmt.Sprintf("%c: &%c [*%s, *%s, *%s, *%s, *%s, *%s, *%s, *%s, *%s]\n", c, c, p, p, p, p, p, p, p, p, p)
	}
	merges := "m0: &m0 {k: 1}\n"
	for i := 1; i < 40; i++ {
		merges += fmt.Sprintf("m%d: &m%d {<<: [*m%d, *m%d], k%d: 1}\n", i, i, i-1, i-1, i)
	}
	for name, c := range map[string]struct {
		src   string
		opts  Options
		codes string
	}{
		"brackets beyond all depth":       {"k: " + strings.Repeat("[", 100_000), Options{}, CodeLimit},
		"braces beyond all depth":         {strings.Repeat("{a: ", 100_000), Options{}, CodeLimit},
		"dashes beyond all depth":         {strings.Repeat("- ", 50_000), Options{}, CodeLimit},
		"keys beyond all depth":           {deepKeys(1200), Options{}, CodeLimit},
		"question marks beyond all depth": {strings.Repeat("? ", 50_000), Options{}, CodeLimit},
		"depth within the limit":          {deepKeys(150), Options{}, ""},
		"a depth of one's own":            {"a:\n  b:\n    c: 1\n", Options{MaxDepth: 2}, CodeLimit},
		"a size of one's own":             {"a: 123456789\n", Options{MaxBytes: 8}, CodeLimit},
		"an alias bomb":                   {bomb, Options{}, CodeLimit},
		"an alias bomb in a test": {
			"tests:\n  - " + strings.ReplaceAll(strings.TrimSpace(bomb), "\n", "\n    ") + "\n", Options{}, CodeLimit,
		},
		"a merge bomb":           {merges, Options{}, CodeLimit},
		"an alias within itself": {"a: &x [*x]\n", Options{}, CodeCyclicAlias},
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			tr := Parse(text.New(c.src), c.opts)
			codes := make(map[string]int)
			for _, f := range tr.Findings() {
				codes[f.Code]++
			}
			if c.codes == "" && len(codes) > 0 || c.codes != "" && codes[c.codes] == 0 {
				t.Errorf("the findings are %v, want %q", codes, c.codes)
			}
			if codes[CodeLimit] > 1 {
				t.Errorf("the limit is reported %d times", codes[CodeLimit])
			}
			for _, d := range tr.Documents() {
				d.Root.Any()
				d.Root.Merged()
			}
			tr.ContextAt(len(c.src) / 2)
			if took := time.Since(start); took > 20*time.Second {
				t.Errorf("it took %v", took)
			}
		})
	}
}

// TestLargeTextsTakeTheirTimeInProportion reads texts whose cost would explode if anything looked too far ahead or back.
// Each took well below a second when it was written; the bound only tells linear from quadratic.
func TestLargeTextsTakeTheirTimeInProportion(t *testing.T) {
	const n = 8_000
	for name, src := range map[string]string{
		"a long line of maps":         "k: [" + strings.Repeat("{\"a\": [1, \"b\"]}, ", n) + "]\n",
		"a long line of templates":    "k: [" + strings.Repeat("\"{{ a }}\", ", n) + "]\n",
		"a long line of text":         "k: " + strings.Repeat("word ", 4*n) + "\n",
		"many keys":                   numbered(n, "key%d: v\n"),
		"many keys in a map":          "m:\n" + numbered(n, "  key%d: v\n"),
		"many keys in braces":         "m: {" + numbered(n, "key%d: v, ") + "}\n",
		"blank lines":                 "a: 1\n" + strings.Repeat("\n", 10*n) + "b: 2\n",
		"comments":                    "a: 1\n" + strings.Repeat("# c\n", n) + "b: 2\n",
		"comments among items":        "tests:\n" + strings.Repeat("  # c\n", n) + "  - a\n" + strings.Repeat("  # c\n", n),
		"a block of text":             "a: |\n" + strings.Repeat("  text\n", n),
		"brackets left open":          "m:\n" + numbered(n/4, "  k%d: [a,\n"),
		"braces left open":            "m:\n" + numbered(n/4, "  k%d: {a: b,\n"),
		"quotes left open":            "m:\n" + numbered(n, "  k%d: \"a\n"),
		"apostrophes left open":       "m:\n" + numbered(n, "  k%d: 'a b\n"),
		"quotes left open in items":   "tests:\n" + numbered(n/4, "  - name: \"t%d\n    x: 1\n"),
		"brackets left open in items": "tests:\n" + numbered(n/4, "  - name: [t%d\n    x: 1\n"),
		"half keys":                   "m:\n" + numbered(n, "  key%d\n"),
		"documents":                   numbered(n/4, "---\na: %d\n"),
		"anchors":                     numbered(n/2, "k%d: &a v\n") + "z: *a\n",
		"aliases":                     "a: &a 1\ntests:\n" + strings.Repeat("  - *a\n", n/4),
		"dashes":                      "a:\n" + strings.Repeat("  -\n", n),
		"wrong columns":               "tests:\n" + strings.Repeat("  - a: 1\n   b: 2\n     c: 3\n", n/8),
		"list items among keys":       "tests:\n  - a: 1\n" + strings.Repeat("    - b: 1\n", n/8),
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			txt := text.New(src)
			tr := Parse(txt, Options{})
			edits := []text.Edit{{Span: text.Span{Start: len(src) / 2, End: len(src) / 2}, New: "x"}}
			tr = tr.Update(txt.Apply(edits...), edits)
			tr.Findings()
			tr.ContextAt(len(src) / 2)
			tr.ContextAt(len(src))
			if took := time.Since(start); took > 20*time.Second {
				t.Errorf("it took %v", took)
			} else {
				t.Logf("%d KiB took %v", len(src)>>10, took)
			}
		})
	}
}

func numbered(n int, format string) string {
	var b strings.Builder
	for i := 0; i < n; i++ {
		if strings.Contains(format, "%d") {
			fmt.Fprintf(&b, format, i)
		}
	}
	return b.String()
}

func deepKeys(n int) string {
	var b strings.Builder
	for i := 0; i < n; i++ {
		b.WriteString(strings.Repeat(" ", i) + "k:\n")
	}
	return b.String()
}

func TestALargeFileIsRefusedAndTakenBack(t *testing.T) {
	txt := text.New("a: 1\n")
	tr := Parse(txt, Options{MaxBytes: 100})
	edits := []text.Edit{{Span: text.Span{Start: 5, End: 5}, New: "b: " + strings.Repeat("x", 200)}}
	large := txt.Apply(edits...)
	tr = tr.Update(large, edits)
	if f := tr.Findings(); len(f) != 1 || f[0].Code != CodeLimit {
		t.Fatalf("findings: %v", f)
	}
	if c := tr.ContextAt(3); c.Kind != ContextNone {
		t.Errorf("a context in a file that is not read: %v", c)
	}
	edits = []text.Edit{{Span: text.Span{Start: 8, End: 200}}}
	tr = tr.Update(large.Apply(edits...), edits)
	if f := tr.Findings(); len(f) != 0 || len(tr.Documents()[0].Sections) != 2 {
		t.Errorf("once small again it has %v and %d sections", f, len(tr.Documents()[0].Sections))
	}
}

func TestUpdateWithTheWrongEditsStillReadsTheText(t *testing.T) {
	tr := parse("tests:\n  - name: a\n  - name: b\n")
	old := itemsOf(t, tr)
	next := text.New("mode: x\ntests:\n  - name: a\n  - name: c\n")
	got := tr.Update(next, []text.Edit{{New: "?"}})
	if a, b := full(got), full(Parse(next, Options{})); a != b {
		t.Errorf("the trees differ: %s", firstDifference(a, b))
	}
	if itemsOf(t, got)[0].Unit != old[0].Unit {
		t.Error("the unit that is the same was not kept")
	}
}

func TestValuesAndTheirSource(t *testing.T) {
	for name, c := range map[string]struct {
		src   string // the marked character is the source of the marked value byte
		value string
	}{
		"plain":                       {"k: ab█c", "ab█c"},
		"double quotes":               {`k: "ab█c"`, "ab█c"},
		"an escape":                   {`k: "a\n█b"`, "a\n█b"},
		"on an escape":                {`k: "a█\nb"`, "a█\nb"},
		"behind a wide escape":        {`k: "\u00e9█b"`, "é█b"},
		"behind surrogates":           {`k: "\ud83d\ude00█b"`, "😀█b"},
		"a doubled quote":             {"k: 'it''█s'", "it'█s"},
		"a folded line":               {"k: \"one\n   █two\"", "one █two"},
		"a gap in a plain text":       {"k: one\n\n  █two", "one\n█two"},
		"an escaped line break":       {"k: \"one\\\n   █two\"", "one█two"},
		"a literal block":             {"k: |\n  one\n  █two\n", "one\n█two\n"},
		"a folded block":              {"k: >\n  one\n  █two\n", "one █two\n"},
		"a literal block with CRLF":   {"k: |\r\n  one\r\n  █two\r\n", "one\n█two\n"},
		"an indented line in a block": {"k: |2\n    on█e\n", "  on█e\n"},
		"the end of quotes":           {`k: "abc█"`, "abc█"},
		"quotes that are not closed":  {`k: "ab█c`, "ab█c"},
		"in braces":                   {`k: {a: "x\ty█z"}`, "x\ty█z"},
		"empty quotes":                {`k: "█"`, "█"},
	} {
		t.Run(name, func(t *testing.T) {
			off, idx := strings.Index(c.src, "█"), strings.Index(c.value, "█")
			src := strings.Replace(c.src, "█", "", 1)
			e, _ := parse(src).Documents()[0].Root.Get("k")
			n := e.Value
			if n.Kind() == Mapping {
				n = n.Entries()[0].Value
			}
			if want := strings.Replace(c.value, "█", "", 1); n.Value() != want {
				t.Fatalf("the value is %q, want %q", n.Value(), want)
			}
			if got := n.ValueOffset(idx); got != off {
				t.Errorf("value byte %d is at %d, want %d", idx, got, off)
			}
			if got, ok := n.ValueIndex(off); got != idx || !ok {
				t.Errorf("offset %d is value byte %d, %v, want %d", off, got, ok, idx)
			}
			if _, ok := n.ValueIndex(n.Span().Start - 1); ok {
				t.Error("an offset before the value is in it")
			}
		})
	}
}

func TestSurprisingScalars(t *testing.T) {
	for src, want := range map[string]string{
		"k: 0777": CodeOctalLike, "k: -012": CodeOctalLike, "k: 0": "", "k: 0o17": "", "k: \"0777\"": "", "0777: x": "",
		"k: 2024-01-02": CodeDateLike, "k: 2024-1-2T10:00:00Z": CodeDateLike, "k: '2024-01-02'": "", "k: 2024-01": "", "k: 10-20-30": "",
	} {
		got := ""
		if f := parse(src).Findings(); len(f) > 0 {
			got = f[0].Code
			if fixed := Parse(text.New(src).Apply(f[0].Fix.Edits...), Options{}); len(fixed.Findings()) > 0 {
				t.Errorf("%s: the fix leaves %v", src, fixed.Findings())
			}
		}
		if got != want {
			t.Errorf("%s: the finding is %q, want %q", src, got, want)
		}
	}
}

func TestAMergeKeyMergesMapsOnly(t *testing.T) {
	for src, want := range map[string]string{
		"a: &a {x: 1}\nb: {<<: *a}\n":           "",
		"a: &a {x: 1}\nb: {<<: [*a, {y: 1}]}\n": "",
		"b: {<<: {x: 1}}\n":                     "",
		"b: {\"<<\": x}\n":                      "",
		"b: {<<: x}\n":                          CodeMerge,
		"b:\n  <<:\n  c: 1\n":                   CodeMerge,
		"b: {<<: [{x: 1}, 2]}\n":                CodeMerge,
	} {
		got := ""
		if f := parse(src).Findings(); len(f) > 0 {
			got = f[0].Code
		}
		if got != want {
			t.Errorf("%q: the finding is %q, want %q", src, got, want)
		}
	}
}

func TestAnAbsentNodeAnswers(t *testing.T) {
	var n Node
	if n.Kind() != Absent || !n.IsZero() || !n.Omitted() || n.Value() != "" || n.Any() != nil || n.Entries() != nil || n.Items() != nil ||
		n.Len() != 0 || n.Merged() != nil || n.Tag() != TagNull || n.TagText() != "" || n.Anchor() != "" || !n.Resolve().IsZero() ||
		n.Span() != (text.Span{}) || n.ValueOffset(3) != 0 || n.Style() != Plain || n.Unclosed() || n.IsTemplate() {
		t.Error("the absent node is something")
	}
	if _, ok := n.Get("x"); ok {
		t.Error("the absent node has a key")
	}
	if _, ok := n.ValueIndex(0); ok {
		t.Error("the absent node has a text")
	}
}
