package analysis_test

import (
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/analysis"
)

func TestANumberThatJSONDoesNotHaveIsAnErrorInABody(t *testing.T) {
	for written, wrong := range map[string]bool{
		".inf": true, "-.Inf": true, ".NaN": true, "[1, {a: .inf}]": true, "&a .nan": true,
		"1e3": false, "1_000": false, "'.inf'": false, "{.inf: 1}": false, "1.5": false, "[.info]": false,
	} {
		file := "target: http://h\ntests:\n  - name: a\n    method: POST\n    resource: /x\n    body: " + written + "\n"
		s, dir := open(t, []txtar.File{{Name: "a.qube.yaml", Data: []byte(file)}}, engine.Settings{})
		var said []string
		for _, d := range analysis.Run(t.Context(), s.Snapshot(), engine.URIFromPath(filepath.Join(dir, "a.qube.yaml"))) {
			if d.Severity == analysis.SeverityError {
				said = append(said, d.Message)
			}
		}
		if has := len(said) == 1 && strings.Contains(said[0], "JSON has no number"); has != wrong || !wrong && len(said) > 0 {
			t.Errorf("%s: %q", written, said)
		}
	}
}
