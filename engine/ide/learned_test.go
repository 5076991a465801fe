package ide_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/analysis"
	"github.com/speclens/speclens/engine/ide"
	"github.com/speclens/speclens/engine/run"
	"github.com/speclens/speclens/engine/text"
)

// oddTexts are keys and values that mean something else to YAML, to paths, to templates or to expectations.
var oddTexts = []string{
	"", " ", " x ", "x ", "a.b", ".a", "a.", "a..b", `["x"]`, "[0]", "a[0]", "#", "# c", "#.id", "length", "- d", "- ", "-", "?", "? x", ": x", "a: b", "a:",
	"a #b", "line\nbreak", "two\n\nlines\n", "tab\there", "cr\r\nlf", "true", "True", "null", "~", "yes", "on", "=", "<<", "2xx", "200", "007",
	"0", "-1", "> 3", ">3", "==", "= a", "!= x", "exists", "notExists", "not null", "is string", "is", "contains a", "contains: a", "oneOf a, b", "matches ^a",
	"eq", "ne", "0x1F", "1_000", "1e3", "1.10", ".5", ".inf", ".nan", "2001-12-14", "12:30:45", "12345678901234567890", "5s",
	"{{ x }}", "{{", "}}", "a{{b", "&a", "*a", "!t", "|", ">", "%a", "@a", "`a`", "[a]", "{a: b}", "a, b", "a]", "a}", `"q"`, `'q'`, "it's", `say "x"`,
	`back\slash`, `\`, `a\.b`, "$x", "${1:x}", "$", "http://h:1/p?q=1#f", "é", "\u00a0x", "\u2028", "\ufeffx", "\x1b[31m", "\u202e", "\x7f", "日本", "😀",
	"---", "...", "a  b", "a,b", "(a)", "body", "status", "id", "name", "user-name", "content type", "Ada",
}

// answers draws JSON values.
type answers struct{ *rand.Rand }

func (r answers) text() string {
	s := oddTexts[r.Intn(len(oddTexts))]
	if r.Intn(4) == 0 {
		s += oddTexts[r.Intn(len(oddTexts))]
	}
	return s
}

func (r answers) value(depth int) any {
	switch n := r.Intn(12); {
	case n < 2 && depth > 0:
		return r.object(depth - 1)
	case n < 3 && depth > 0:
		list := make([]any, r.Intn(3))
		for i := range list {
			list[i] = r.value(depth - 1)
		}
		return list
	case n < 4:
		return []any{nil, true, false}[r.Intn(3)]
	case n < 6:
		return json.Number([]string{"0", "-1", "1e3", "1.10", "12345678901234567890", "-0.5", "200", "1E-7"}[r.Intn(8)])
	}
	return r.text()
}

func (r answers) object(depth int) map[string]any {
	o := map[string]any{}
	for range 1 + r.Intn(4) {
		o[r.text()] = r.value(depth)
	}
	return o
}

// insert is the text that an editor leaves in the document once a snippet is accepted and every placeholder is as proposed.
func insert(item ide.CompletionItem) string {
	if !item.Snippet {
		return item.Edit.New
	}
	var b strings.Builder
	s := item.Edit.New
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s):
			i++
			b.WriteByte(s[i])
		case s[i] == '}': // the end of a placeholder
		case s[i] == '$':
			for i++; i+1 < len(s) && (s[i] == '{' || s[i] >= '0' && s[i] <= '9'); i++ {
			}
			if s[i] != ':' {
				i--
			}
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

// learning is a session with one test, which has run against a server that gives one answer.
type learning struct {
	*fixture
	t      *testing.T
	result *engine.TestResult
}

// learn runs a test against a server with this answer and this header.
func learn(t *testing.T, answer []byte, header string) *learning {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("X-Learned", header)
		_, _ = w.Write(answer)
	}))
	defer server.Close()
	l := &learning{fixture: newFixture(t, "target: "+server.URL+"\ntests:\n  - name: learn\n    expect:\n      status: 200\n"), t: t}
	report, err := run.Execute(t.Context(), l.session.Snapshot(), run.Selection{}, run.SinkFunc(func(run.Event) {}), run.Options{})
	if err != nil || len(report.Results) != 1 || report.Results[0].Output == nil {
		t.Fatalf("the test did not run: %v %+v", err, report)
	}
	l.result = report.Results[0]
	l.session.Record(l.result)
	return l
}

// put makes a text the document's.
func (l *learning) put(src string) {
	doc := l.session.Snapshot().Document(l.uri)
	l.src = src
	l.session.Change(l.uri, doc.Version+1, text.UTF8, []engine.Change{{Whole: true, Text: src}})
}

// at is what is offered at the cursor that stands in these expectations.
func (l *learning) at(expect string) []ide.CompletionItem {
	head, _, _ := strings.Cut(l.src, "    expect:\n")
	marked := head + "    expect:\n" + expect
	l.cursor = max(0, strings.Index(marked, cursorMark))
	l.put(strings.Replace(marked, cursorMark, "", 1))
	return l.complete()
}

// judged is the recorded answer held against the document's expectations.
func (l *learning) judged() *engine.TestResult {
	snap := l.session.Snapshot()
	return run.Judge(l.result, snap.Document(l.uri).Spec().Specs[0].Tests.At(0), snap)
}

// passes holds a document against the answer that was recorded.
func (l *learning) passes(what, src string) bool {
	l.t.Helper()
	before := l.src
	defer l.put(before)
	l.put(src)
	snap := l.session.Snapshot()
	for _, d := range analysis.Run(context.Background(), snap, l.uri) {
		if d.Severity <= analysis.SeverityWarning {
			l.t.Errorf("%s leads to a finding: %s\n%s", what, d.Message, src)
			return false
		}
	}
	judged := l.judged()
	if judged.Status != engine.StatusPassed || len(judged.Assertions) == 0 {
		l.t.Errorf("%s fails on the answer that it came from: %+v\n%s", what, judged.Assertions, src)
		return false
	}
	return true
}

// everyLearned accepts each item that was learned from the answer, and gives the keys as they were written.
func (l *learning) everyLearned(items []ide.CompletionItem) (keys []string) {
	l.t.Helper()
	for _, item := range items {
		if item.Description != "last response" && item.Detail != "last response" {
			continue
		}
		written := insert(item)
		src := l.src[:item.Edit.Span.Start] + written + l.src[item.Edit.Span.End:]
		if l.passes(fmt.Sprintf("the item %q", item.Label), src) && item.Kind == ide.ItemKey {
			keys = append(keys, strings.TrimSuffix(written[:strings.LastIndex(written, ": ")], ":"))
		}
	}
	return keys
}

// keyPlaces and valuePlaces are where a learned key or value can be written; %s is a key that was learned.
var (
	keyPlaces   = []string{"      body:\n        ‸\n", "      body: { ‸ }\n", "      body:\n        \"‸\"\n", "      body: { '‸' }\n", "      body: { notThere: notExists, ‸ }\n"}
	valuePlaces = []string{
		"%s: ‸\n", "%s: \"‸\"\n", "%s: '‸'\n", "%s: { eq: ‸ }\n", "%s:\n          eq: ‸\n", "%s: { matches: \"‸\" }\n", "%s: { contains: '‸' }\n",
		"%s:\n          ‸\n",
	}
	// wrongPlaces are expectations that fail.
	wrongPlaces = []string{
		"%s: != WRONG\n", "%s: \"is uuid\"\n", "%s: 'WRONG'\n", "%s: { eq: WRONG }\n", "%s:\n          is: uuid\n", "%s: |\n          WRONG\n",
		"%s: [WRONG]\n", "%s:\n          - WRONG\n", "%s:\n          eq: WRONG\n          is: uuid\n", "%s: { oneOf: [1, 2] } # why\n", "%s: !!str WRONG\n",
		"%s: &a WRONG\n", "%s: &a !!str WRONG\n", "? %s\n        : WRONG\n", "%s:\n          WRONG\n",
	}
)

// Whatever a server answers, what is learned from it holds for it, at every place that it can be written at.
func TestWhatIsLearnedFromAnAnswerReadsBackAndPassesOnIt(t *testing.T) {
	r := answers{rand.New(rand.NewSource(7))}
	const bodies = 250
	keys, values, fixes := 0, 0, 0
	for i := 0; i < bodies && !t.Failed(); i++ {
		answer, err := json.Marshal(r.object(2))
		if err != nil {
			t.Fatal(err)
		}
		l := learn(t, answer, r.text())
		learned := l.everyLearned(l.at(keyPlaces[0]))
		keys += len(learned) + len(l.everyLearned(l.at(keyPlaces[1+r.Intn(len(keyPlaces)-1)])))
		for _, key := range learned {
			values += l.everyValue("body", fmt.Sprintf(valuePlaces[r.Intn(len(valuePlaces))], key))
			fixes += l.everyFix("body", fmt.Sprintf(wrongPlaces[r.Intn(len(wrongPlaces))], key))
		}
		values += l.everyValue("headers", fmt.Sprintf(valuePlaces[r.Intn(len(valuePlaces))], "X-Learned"))
		fixes += l.everyFix("headers", fmt.Sprintf(wrongPlaces[r.Intn(len(wrongPlaces))], "X-Learned"))
	}
	if !t.Failed() && (keys < 6*bodies || values < bodies || fixes < 6*bodies) {
		t.Errorf("only %d keys, %d values and %d fixes were tried", keys, values, fixes)
	}
}

// everyValue accepts each value that is offered at the cursor of an entry of `body` or `headers`, and counts those that were
// learned.
func (l *learning) everyValue(about, marked string) (tried int) {
	l.t.Helper()
	items := l.at("      " + about + ":\n        " + marked)
	l.everyLearned(items)
	for _, item := range items {
		if item.Detail == "last response" {
			tried++
		}
	}
	return tried
}

// everyFix applies what is offered to mend an entry of `body` or `headers` that failed.
func (l *learning) everyFix(about, wrong string) (tried int) {
	l.t.Helper()
	l.at("      " + about + ":\n        " + wrong)
	l.session.Record(l.judged())
	at := text.Span{Start: strings.Index(l.src, "      "+about+":"), End: len(l.src)}
	for _, a := range ide.CodeActions(l.t.Context(), l.session.Snapshot(), l.uri, at, nil) {
		if len(a.Edits) != 1 || a.Title == "Remove this expectation" {
			continue
		}
		e := a.Edits[0]
		l.passes(fmt.Sprintf("the fix %q of %q", a.Title, wrong), l.src[:e.Span.Start]+e.New+l.src[e.Span.End:])
		tried++
	}
	return tried
}

// A masked value is not what the server answered, so that nothing can be learned from it but that it is there.
func TestNothingThatWasMaskedIsLearned(t *testing.T) {
	const secret = "73219844"
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("X-Learned", "is "+secret)
		_, _ = fmt.Fprintf(w, `{"token": %q, "n": %s, "part": "x %s", "list": [%[1]q], %[1]q: true}`, secret, secret, secret)
	}))
	defer server.Close()
	target := strings.Replace(server.URL, "://", "://ada:"+secret+"@", 1)
	l := &learning{fixture: newFixture(t, "target: "+target+"\ntests:\n  - name: learn\n    expect:\n      status: 200\n"), t: t}
	rerun := func() *engine.TestResult {
		report, err := run.Execute(t.Context(), l.session.Snapshot(), run.Selection{}, run.SinkFunc(func(run.Event) {}), run.Options{})
		if err != nil || len(report.Results) != 1 {
			t.Fatalf("it does not run: %v\n%s", err, l.src)
		}
		return report.Results[0]
	}
	tried := 0
	passes := func(what, src string) {
		tried++
		before := l.src
		l.put(src)
		if r := rerun(); r.Status != engine.StatusPassed || strings.Contains(src, engine.Masked) {
			t.Errorf("%s gives %s: %+v\n%s", what, r.Status, r.Assertions, src)
		}
		l.put(before)
	}
	l.session.Record(rerun())
	places := []string{"body:\n        ‸", "body:\n        n: { eq: ‸ }", "headers:\n        X-Learned: ‸"}
	for _, key := range []string{"token", "n", "part", "list.0"} {
		places = append(places, "body:\n        "+key+": ‸")
	}
	for _, place := range places {
		for _, item := range l.at("      " + place + "\n") {
			if item.Description == "last response" || item.Detail == "last response" {
				passes("the item "+item.Label, l.src[:item.Edit.Span.Start]+insert(item)+l.src[item.Edit.Span.End:])
			}
		}
		if !strings.Contains(place, ": "+cursorMark) {
			continue
		}
		l.at("      " + strings.Replace(place, cursorMark, "WRONG", 1) + "\n")
		l.session.Record(rerun())
		at := text.Span{Start: strings.Index(l.src, "    expect:"), End: len(l.src)}
		for _, a := range ide.CodeActions(t.Context(), l.session.Snapshot(), l.uri, at, nil) {
			if len(a.Edits) == 1 && a.Title != "Remove this expectation" {
				passes("the fix "+a.Title, l.src[:a.Edits[0].Span.Start]+a.Edits[0].New+l.src[a.Edits[0].Span.End:])
			}
		}
	}
	if tried < 7 {
		t.Errorf("only %d items and fixes were tried", tried)
	}
}
