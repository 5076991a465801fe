package ide_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/speclens/speclens/engine/ide"
)

// many is a spec of n tests with an alias each, of which the one in the middle holds the cursor behind what is typed.
func many(n int, place, alias string) string {
	var b strings.Builder
	b.WriteString("target: http://a\ntests:\n")
	for i := range n {
		fmt.Fprintf(&b, "  - alias: %s\n", fmt.Sprintf(alias, i))
		if i == n/2 {
			b.WriteString("    " + place + "\n")
		}
	}
	return b.String()
}

func TestNamesAreOfferedNearestFirstAndNotAllAtOnce(t *testing.T) {
	numbered := func(alias string, from, by, n int) (list []string) {
		for i := range n {
			list = append(list, fmt.Sprintf(alias, from+i*by))
		}
		return list
	}
	for _, tt := range []struct {
		name, src string
		// first are the labels that the list begins with, count how many names there are in it.
		first      []string
		count      int
		incomplete bool
	}{
		{"a few are offered whole, also those that do not match: the editor filters", many(20, "resource: \"{{ a17‸ }}\"", "a%d"),
			append(numbered("a%d", 9, -1, 10), numbered("a%d", 11, 1, 9)...), 19, false},
		{"of many the nearest above", many(400, "resource: \"{{ ‸ }}\"", "a%d"), numbered("a%d", 199, -1, 100), 100, true},
		{"of many those that match, above before below", many(400, "resource: \"{{ a19‸ }}\"", "a%d"),
			append(numbered("a%d", 199, -1, 10), "a19"), 11, true},
		{"below, where nothing above matches", many(400, "resource: \"{{ a3‸ }}\"", "a%d"),
			append(append(numbered("a%d", 39, -1, 10), "a3"), numbered("a%d", 300, 1, 89)...), 100, true},
		{"in another case", many(400, "resource: \"{{ a39‸ }}\"", "A%d"), []string{"A39", "A390", "A391"}, 22, true},
		{"by some of its characters", many(400, "resource: \"{{ lu39‸ }}\"", "log_user_%d"), []string{"log_user_139", "log_user_39", "log_user_239"}, 22, true},
		{"none that matches", many(400, "resource: \"{{ zz‸ }}\"", "a%d"), nil, 0, true},
		{"in depends", many(400, "depends: [a39‸]", "a%d"), []string{"a39", "a390"}, 11, true},
		{"and at its beginning", many(400, "depends: [‸]", "a%d"), numbered("a%d", 199, -1, 100), 100, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := newFixture(t, tt.src)
			list := ide.Completion(t.Context(), f.session.Snapshot(), f.uri, f.cursor)
			var got []string
			for _, i := range list.Items {
				if i.Kind == ide.ItemVariable {
					got = append(got, i.Label)
				}
			}
			if len(got) != tt.count || list.Incomplete != tt.incomplete || len(got) < len(tt.first) || !slices.Equal(got[:len(tt.first)], tt.first) {
				t.Errorf("%d names, incomplete %v: %q; want %d, %v, first %q", len(got), list.Incomplete, got, tt.count, tt.incomplete, tt.first)
			}
			if !slices.IsSortedFunc(list.Items, func(a, b ide.CompletionItem) int { return strings.Compare(a.Sort, b.Sort) }) {
				t.Error("the editor would sort the items otherwise")
			}
		})
	}
}

func TestNamesOfOtherFilesFollow(t *testing.T) {
	f := newFixture(t, "target: http://a\ntests:\n  - alias: here\n  - resource: \"{{ th‸ }}\"\n")
	for i := range 150 {
		var b strings.Builder
		fmt.Fprintf(&b, "tests:\n  - {alias: there%d, save: {this%d: response.body.id}}\n  - alias: here\n", i, i)
		f.session.Open(fmt.Sprintf("file:///w/f%03d.qube.yaml", i), "qube", 1, b.String())
	}
	list := ide.Completion(t.Context(), f.session.Snapshot(), f.uri, f.cursor)
	got := labels(list.Items)
	if !list.Incomplete || len(got) < 100 || !slices.Equal(got[:4], []string{"there0", "this0", "there1", "this1"}) {
		t.Errorf("incomplete %v: %q", list.Incomplete, got)
	}
	// A name that several files give is offered once, as the own file's.
	f.src, f.cursor = strings.Replace(f.src, "{{ th ", "{{  ", 1), f.cursor-2
	f.session.Open(f.uri, "qube", 2, f.src)
	items := f.complete()
	if n := slices.IndexFunc(items, func(i ide.CompletionItem) bool { return i.Label == "here" }); n != 0 || items[0].Description != "" {
		t.Errorf("here is offered at %d: %+v", n, items[0])
	}
	// Paths of specs are cut down likewise; the last offer is what is typed.
	f = newFixture(t, "depends:\n  - f14‸\ntests: []\n")
	for i := range 150 {
		f.session.Open(fmt.Sprintf("file:///w/sub/f%03d.qube.yaml", i), "qube", 1, "tests: []\n")
	}
	list = ide.Completion(t.Context(), f.session.Snapshot(), f.uri, f.cursor)
	if got := labels(list.Items); !list.Incomplete || len(got) != 16 || got[0] != "sub/f140.qube.yaml" {
		t.Errorf("incomplete %v: %q", list.Incomplete, got)
	}
}
