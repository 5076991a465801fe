package ide_test

import (
	"cmp"
	"slices"
	"strings"
	"testing"

	"github.com/speclens/speclens/engine/ide"
	"github.com/speclens/speclens/engine/text"
)

func TestNoListOpensWhereTheLineMayEnd(t *testing.T) {
	for _, c := range []string{":", "-", "|", ">", "["} {
		if slices.Contains(ide.TriggerCharacters(), c) || ide.OpensList(text.New("    body"+c), len("    body")+1, c) {
			t.Errorf("%q opens a list", c)
		}
	}
	tests := []struct {
		name, before string
		opens        bool
	}{
		{"a blank behind a colon", "mode: ", true},
		{"a blank that indents", "tests:\n  ", false},
		{"the first brace of a map", "headers: {", false},
		{"the second brace of a template", "resource: /{{", true},
		{"a slash", "resource: /", true},
	}
	for _, tt := range tests {
		if got := ide.OpensList(text.New(tt.before), len(tt.before), tt.before[len(tt.before)-1:]); got != tt.opens {
			t.Errorf("%s: a list opens is %v", tt.name, got)
		}
	}
}

// What is typed to its end is the best match of every list that is open there, or the list holds nothing that matches it.
func TestEnterKeepsWhatIsFullyTyped(t *testing.T) {
	test := "target: http://a\ntests:\n  - alias: login2\n    tags: [smoke-tests]\n    resource: /users/1\n  - name: x\n    "
	for _, src := range []string{
		"targets: { api2: http://a }\ntarget: api‸\n",
		"mode: load‸\n",
		test + "timeout: 500‸\n",
		test + "resource: /user‸\n",
		test + "depends:\n      - login‸\n",
		test + "skip: true‸\n",
		test + "when: \"{{ env.CI }}‸\"\n",
		test + "expect:\n      status: 20‸\n",
		test + "expect:\n      body:\n        kind: string‸\n",
		test + "expect:\n      body:\n        kind: null‸\n",
		test + "expect:\n      body:\n        kind: exists‸\n",
		test + "expect:\n      body:\n        kind: \"arr‸\"\n",
		test + "save:\n      id: response.body‸\n",
		test + "body: name=Ada‸\n",
	} {
		f := newFixture(t, src)
		items := f.complete()
		typed := src[strings.LastIndexAny(src[:strings.Index(src, cursorMark)], " \"")+1 : strings.Index(src, cursorMark)]
		matching := slices.DeleteFunc(slices.Clone(items), func(i ide.CompletionItem) bool { return !strings.Contains(i.Filter, typed) })
		best := slices.IndexFunc(items, func(i ide.CompletionItem) bool { return i.Filter == typed })
		if best < 0 {
			if len(matching) > 0 {
				t.Errorf("behind %q Enter would accept one of %q", typed, labels(matching))
			}
			continue
		}
		if got := f.accept(t, items[best]); got != f.src {
			t.Errorf("behind %q Enter would make %q of\n%q", typed, got, f.src)
		}
	}
}

func TestTheFirstOfferWhereAMapOrTextMayStandIsTheMap(t *testing.T) {
	f := newFixture(t, "target: http://a\ntests:\n  - name: x\n    body: ‸\n")
	item := f.complete()[0]
	want := "target: http://a\ntests:\n  - name: x\n    body: \n      $0\n"
	if got := f.accept(t, item); strings.ReplaceAll(got, "\n      \n", "\n      $0\n") != want || len(item.Additional) != 1 {
		t.Errorf("accepting %q gives %q and %v", item.Label, got, item.Additional)
	}
	// Accepting the key opens no list, and neither does that of any other key behind which the line may end.
	f = newFixture(t, "target: http://a\ntests:\n  - name: x\n    ‸\n")
	for _, key := range []string{"body", "expect", "query", "save", "retry", "matrix"} {
		if f.item(t, key).Retrigger {
			t.Errorf("accepting %s opens a list", key)
		}
	}
	// What may follow is offered where accepting the key has begun the next line.
	if item := f.item(t, "headers"); !item.Retrigger || item.Edit.New != "headers:\n  ${1}" {
		t.Errorf("accepting headers writes %q, and opens a list: %v", item.Edit.New, item.Retrigger)
	}
	if item := f.item(t, "body"); item.Edit.New != "body:$0" || item.Plain != "body: " {
		t.Errorf("accepting body writes %q, without snippets %q", item.Edit.New, item.Plain)
	}
}

// No example of the documentation is offered as if it were a name of the project.
func TestNamesThatAreOfferedExist(t *testing.T) {
	for _, src := range []string{
		"targets: { web: http://b }\ntarget: ‸\n",
		"targets: { web: http://b }\ntests:\n  - target: ‸\n",
		"targets: { web: http://b, api: http://c }\ntarget: ‸\n",
	} {
		got := labels(newFixture(t, src).complete())
		sorted := slices.Sorted(slices.Values(got))
		if len(slices.Compact(sorted)) != len(got) || slices.Contains(got, "api") != strings.Contains(src, "api") || got[0] != "web" {
			t.Errorf("in %q: %q", src, got)
		}
	}
	for _, tt := range []struct{ src, key, want string }{
		{"targets: { web: http://b }\n‸\n", "target", "target: ${1:web}"},
		{"targets: { web: http://b, api: http://c }\n‸\n", "target", "target: ${1|web,api|}"},
		{"‸\n", "target", "target: ${1:http://127.0.0.1:8080}"},
		{"tests:\n  - alias: one\n  - name: x\n    ‸\n", "depends", "depends:\n  - ${1:one}"},
		{"tests:\n  - name: x\n    ‸\n", "depends", "depends:\n  - ${1}"},
	} {
		if got := newFixture(t, tt.src).item(t, tt.key).Edit.New; got != tt.want {
			t.Errorf("%s in %q inserts %q, want %q", tt.key, tt.src, got, tt.want)
		}
	}
}

func TestTabStopsComeInTheOrderOfReading(t *testing.T) {
	for _, src := range []string{
		"‸\n", "target: http://a\ntests:\n  - ‸\n", "tests:\n  - ‸\n", "target: http://a\ntests:\n  - name: x\n    ‸\n",
	} {
		for _, item := range newFixture(t, src).complete() {
			if !item.Snippet {
				continue
			}
			if _, stops := expand(t, item.Edit.New); !slices.IsSortedFunc(stops, func(a, b string) int { return cmp.Or(len(a)-len(b), strings.Compare(a, b)) }) {
				t.Errorf("the stops of %q are out of order: %q", item.Label, item.Edit.New)
			}
		}
	}
}

func TestExistsIsInsertedPlain(t *testing.T) {
	for _, word := range []string{"exists", "notExists"} {
		f := newFixture(t, "target: http://a\ntests:\n  - expect:\n      body:\n        id: ‸\n")
		if got := f.item(t, word).Edit.New; got != word {
			t.Errorf("%s inserts %q", word, got)
		}
	}
}
