package template

import (
	"bufio"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/speclens/speclens/engine/value"
)

// The table is written from the page of the format and not by the methods; the k6 exporter's runtime is held against it too.
func TestEveryMethodGivesEveryValueTheResultOfTheFormat(t *testing.T) {
	t.Parallel()
	f, err := os.Open("testdata/methods.tsv")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	rows := 0
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if strings.HasPrefix(lines.Text(), "#") {
			continue
		}
		cells := strings.Split(lines.Text(), "\t")
		if len(cells) != 3 {
			t.Fatalf("not a row: %q", lines.Text())
		}
		rows++
		method, want := cells[1], cells[2]
		var in any
		d := json.NewDecoder(strings.NewReader(cells[0]))
		d.UseNumber()
		if err := d.Decode(&in); err != nil {
			t.Fatalf("%q: %v", lines.Text(), err)
		}
		source := "{{ given." + method + " }}"
		got, warnings, err := Parse(source).Eval(&Evaluator{Scope: Scope{Named: func(string) (any, error) { return in, nil }}})
		if err != nil {
			t.Errorf("%s.%s: %v", cells[0], method, err)
			continue
		}
		if want == "!" {
			if got != source || len(warnings) != 1 {
				t.Errorf("%s.%s gives %s with %d warnings, want it as written with one", cells[0], method, value.JSON(got), len(warnings))
			}
			continue
		}
		if value.JSON(got) != want || len(warnings) > 0 {
			t.Errorf("%s.%s gives %s with %v, want %s", cells[0], method, value.JSON(got), warnings, want)
		}
	}
	if rows < 1000 {
		t.Errorf("the table has %d rows", rows)
	}
}
