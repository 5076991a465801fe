package spec

import (
	"strings"
	"testing"

	"github.com/speclens/speclens/engine/syntax"
	"github.com/speclens/speclens/engine/text"
)

func TestWhatOnlyTheOriginalKnowsInAConfigurationStopsNothing(t *testing.T) {
	t.Parallel()
	read := func(s string) *Config { return LowerConfig(syntax.Parse(text.New(s), syntax.Options{})) }
	c := read("hooks: {before: [x]}\nservices: {db: {image: y}}\noutput: {saveResults: out/results.json}\n")
	if len(c.Problems) != 2 || !c.Output.SaveResults.Value || c.Output.ResultsPath.Value != "out/results.json" {
		t.Fatalf("problems %v, output %+v", c.Problems, c.Output)
	}
	for i, key := range []string{"hooks", "services"} {
		if p := c.Problems[i]; p.Fatal || p.Severity != SeverityWarning || !strings.Contains(p.Message, key+"` is known to qube") {
			t.Errorf("problem %+v", p)
		}
	}
	for _, wrong := range []string{"../results.json", "/tmp/results.json", `""`, "a/../../b", "[a]"} {
		if c := read("output: {saveResults: " + wrong + "}\n"); len(c.Problems) != 1 || !c.Problems[0].Fatal || c.Output.ResultsPath.Present() {
			t.Errorf("%s: problems %v, path %q", wrong, c.Problems, c.Output.ResultsPath.Value)
		}
	}
	for written, want := range map[string]bool{"true": true, "false": false, "": false} {
		if c := read("output: {saveResults: " + written + "}\n"); len(c.Problems) > 0 || c.Output.SaveResults.Value != want {
			t.Errorf("%s: problems %v", written, c.Problems)
		}
	}
}
