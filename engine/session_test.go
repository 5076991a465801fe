package engine_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/syntax"
	"github.com/speclens/speclens/engine/text"
)

// workspace writes files and returns the folder.
func workspace(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func uri(dir, name string) string { return engine.URIFromPath(filepath.Join(dir, name)) }

func open(s *engine.Session, uri, content string) *engine.Snapshot {
	return s.Open(uri, "yaml", 1, content)
}

func TestASnapshotNeverChanges(t *testing.T) {
	s := engine.NewSession(engine.Options{})
	before := open(s, "file:///a.qube.yaml", "target: a\n")
	after := s.Change("file:///a.qube.yaml", 2, text.UTF16, []engine.Change{{
		Start: text.Position{Line: 0, Column: 8}, End: text.Position{Line: 0, Column: 9}, Text: "b",
	}})
	if got := before.Document("file:///a.qube.yaml").Text.String(); got != "target: a\n" {
		t.Errorf("the older snapshot reads %q", got)
	}
	doc := after.Document("file:///a.qube.yaml")
	if got := doc.Text.String(); got != "target: b\n" || doc.Version != 2 {
		t.Errorf("the newer snapshot reads %q in version %d", got, doc.Version)
	}
	if got := doc.Spec().Specs[0].Target.Value; got != "b" {
		t.Errorf("the model's target is %q", got)
	}
	if after.Seq <= before.Seq {
		t.Error("the sequence does not grow")
	}
}

func TestChangesOfOneMessageApplyOneAfterTheOther(t *testing.T) {
	s := engine.NewSession(engine.Options{})
	open(s, "file:///a.qube.yaml", "one\n")
	snap := s.Change("file:///a.qube.yaml", 2, text.UTF16, []engine.Change{
		{Start: text.Position{Line: 0}, End: text.Position{Line: 0}, Text: "zero\n"},
		{Start: text.Position{Line: 1, Column: 3}, End: text.Position{Line: 1, Column: 3}, Text: "!"},
		{Whole: true, Text: "whole\n"},
		{Start: text.Position{Line: 9}, End: text.Position{Line: 9}, Text: "end"},
	})
	if got, want := snap.Document("file:///a.qube.yaml").Text.String(), "whole\nend"; got != want {
		t.Errorf("text is %q, want %q", got, want)
	}
}

func TestABurstOfEditsDerivesWhatAFreshParseDoes(t *testing.T) {
	s := engine.NewSession(engine.Options{})
	open(s, "file:///a.qube.yaml", "tests:\n  - name: a\n").Document("file:///a.qube.yaml").Spec()
	var snap *engine.Snapshot
	for i, word := range []string{"b", "c", "d"} {
		snap = s.Change("file:///a.qube.yaml", int32(i+2), text.UTF16, []engine.Change{{
			Start: text.Position{Line: 9}, End: text.Position{Line: 9}, Text: "  - name: " + word + "\n",
		}})
	}
	var names []string
	for _, test := range snap.Document("file:///a.qube.yaml").Spec().Specs[0].Tests.All() {
		names = append(names, test.Name.Value)
	}
	if len(names) != 4 || names[3] != "d" {
		t.Errorf("the tests are %q", names)
	}
}

func TestAnEditLeavesOtherTestsTheSameByIdentity(t *testing.T) {
	s := engine.NewSession(engine.Options{})
	u := "file:///a.qube.yaml"
	before := open(s, u, "tests:\n  - name: a\n  - name: b\n").Document(u).Spec().Specs[0].Tests
	after := s.Change(u, 2, text.UTF16, []engine.Change{{
		Start: text.Position{Line: 1, Column: 11}, End: text.Position{Line: 1, Column: 11}, Text: "aa",
	}}).Document(u).Spec().Specs[0].Tests
	if before.At(1).Test != after.At(1).Test {
		t.Error("the untouched test was lowered again")
	}
	if before.At(0).Test == after.At(0).Test || after.At(0).Name.Value != "aaa" {
		t.Errorf("the edited test is %q", after.At(0).Name.Value)
	}
	if after.At(1).Base != before.At(1).Base+2 {
		t.Error("the untouched test did not move with the text")
	}
}

func TestWhichFilesAreSpecs(t *testing.T) {
	dir := workspace(t, map[string]string{
		".qube.yaml":       "version: 1\n",
		"globs/.qube.yaml": "specs: [\"api/*.yml\"]\n",
	})
	s := engine.NewSession(engine.Options{Roots: []string{dir}})
	for _, tt := range []struct {
		name, file, language string
		want                 engine.Kind
	}{
		{"the name says so", "a.qube.yaml", "yaml", engine.KindSpec},
		{"the name says so in capitals", "A.QUBE.YML", "yaml", engine.KindSpec},
		{"the editor says so", "whatever.txt", "qube", engine.KindSpec},
		{"the editor says so in a compound type", "whatever.yaml", "yaml.qube", engine.KindSpec},
		{"the default glob of the configuration", "tests/deep/a.yaml", "yaml", engine.KindSpec},
		{"the configuration's own glob", "globs/api/a.yml", "yaml", engine.KindSpec},
		{"the default glob does not count where there is an own one", "globs/tests/a.yaml", "yaml", engine.KindOther},
		{"other YAML is left alone", "deploy.yaml", "yaml", engine.KindOther},
		{"the configuration", ".qube.yaml", "yaml", engine.KindConfig},
	} {
		t.Run(tt.name, func(t *testing.T) {
			u := uri(dir, tt.file)
			if got := s.Open(u, tt.language, 1, "x: 1\n").Document(u).Kind; got != tt.want {
				t.Errorf("kind is %d, want %d", got, tt.want)
			}
		})
	}
}

func TestAChangedConfigurationDecidesAgainWhatIsASpec(t *testing.T) {
	dir := workspace(t, map[string]string{".qube.yaml": "version: 1\n"})
	s := engine.NewSession(engine.Options{Roots: []string{dir}})
	u, conf := uri(dir, "api/a.yaml"), uri(dir, ".qube.yaml")
	if got := open(s, u, "tests: []\n").Document(u).Kind; got != engine.KindOther {
		t.Fatalf("kind is %d before", got)
	}
	open(s, conf, "specs: [\"api/**\"]\n")
	if got := s.Snapshot().Document(u).Kind; got != engine.KindSpec {
		t.Errorf("kind is %d after the configuration was edited", got)
	}
	s.CloseDocument(conf)
	if got := s.Snapshot().Document(u).Kind; got != engine.KindOther {
		t.Errorf("kind is %d after the edit was thrown away", got)
	}
}

func TestEnvironmentsWinOverDotenvAndThatOverTheConfiguration(t *testing.T) {
	dir := workspace(t, map[string]string{
		".qube.yaml": "env: {A: conf, B: conf, C: conf}\nenvironments: {dev: {env: {A: dev}}}\n",
		".env":       "A=dotenv\nexport B=\"dot env\" # comment\n",
	})
	s := engine.NewSession(engine.Options{Roots: []string{dir}})
	u := uri(dir, "sub/a.qube.yaml")
	open(s, u, "tests: []\n")
	got := s.SetEnvironment(u, "dev").Env(u)
	for name, want := range map[string]string{"A": "dev", "B": "dot env", "C": "conf"} {
		if got[name].Value != want {
			t.Errorf("%s is %q from %s, want %q", name, got[name].Value, got[name].Source, want)
		}
	}
}

func TestAnUntrustedWorkspaceHasNoDotenv(t *testing.T) {
	dir := workspace(t, map[string]string{".env": "A=secret\n"})
	s := engine.NewSession(engine.Options{Roots: []string{dir}, Untrusted: true})
	u := uri(dir, "a.qube.yaml")
	if got := open(s, u, "tests: []\n").Env(u); len(got) != 0 {
		t.Errorf("the variables are %v", got)
	}
	if got := s.SetTrusted(true).Env(u)["A"].Value; got != "secret" {
		t.Errorf("with trust, A is %q", got)
	}
	if got := s.SetTrusted(false).Env(u); len(got) != 0 {
		t.Errorf("after trust was taken back, the variables are %v", got)
	}
}

func TestAConfigurationAboveTheWorkspaceIsNotRead(t *testing.T) {
	dir := workspace(t, map[string]string{".qube.yaml": "targets: {api: http://outside}\n", "inner/x.txt": ""})
	inner := filepath.Join(dir, "inner")
	u := uri(inner, "a.qube.yaml")
	s := engine.NewSession(engine.Options{Roots: []string{inner}})
	if conf := open(s, u, "tests: []\n").Config(u); conf != nil {
		t.Error("an editor's session read a configuration above its workspace")
	}
	s = engine.NewSession(engine.Options{Roots: []string{inner}, SearchAbove: true})
	if conf := open(s, u, "tests: []\n").Config(u); conf != nil {
		t.Error("the command line read a configuration above its working folder, which lies in no repository")
	}
	if err := os.Mkdir(filepath.Join(dir, ".git"), 0o755); err != nil {
		t.Fatal(err)
	}
	s = engine.NewSession(engine.Options{Roots: []string{inner}, SearchAbove: true})
	if conf := open(s, u, "tests: []\n").Config(u); conf == nil {
		t.Error("the command line did not find the configuration of its repository")
	}
}

func TestTheSearchUpwardStopsAtTheRepositoryAndAtFoldersOfOthers(t *testing.T) {
	dir := workspace(t, map[string]string{".qube.yaml": "targets: {api: http://outside}\n", ".env": "A=outside\n", "repo/deep/x.txt": "", "open/deep/x.txt": ""})
	if err := os.Mkdir(filepath.Join(dir, "repo", ".git"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(dir, "open"), 0o777); err != nil {
		t.Fatal(err)
	}
	for _, below := range []string{"repo/deep", "open/deep"} {
		s := engine.NewSession(engine.Options{Roots: []string{t.TempDir()}, SearchAbove: true})
		u := uri(filepath.Join(dir, filepath.FromSlash(below)), "a.qube.yaml")
		if snap := open(s, u, "tests: []\n"); snap.Config(u) != nil || len(snap.Env(u)) > 0 {
			t.Errorf("%s: something above was obeyed: %v", below, snap.Env(u))
		}
		s = engine.NewSession(engine.Options{SearchAbove: true, ProjectRoot: dir})
		if snap := open(s, u, "tests: []\n"); snap.Config(u) == nil || snap.Env(u)["A"].Value != "outside" {
			t.Errorf("%s: the user's own project root was not obeyed", below)
		}
	}
}

func TestLoadReportsWhatCannotBeReadAndReadsTheRest(t *testing.T) {
	dir := workspace(t, map[string]string{
		"b.yaml": "tests: []\n", "a.yaml": "tests: []\n", "deep/c.YML": "tests: []\n", "note.txt": "no", ".hidden/d.yaml": "tests: []\n",
	})
	s := engine.NewSession(engine.Options{})
	snap, problems := s.Load(context.Background(), dir, filepath.Join(dir, "missing.yaml"), os.DevNull)
	if len(problems) != 2 {
		t.Errorf("problems are %v", problems)
	}
	var got []string
	for doc := range snap.Documents() {
		rel, _ := filepath.Rel(dir, doc.Path())
		got = append(got, filepath.ToSlash(rel))
	}
	if len(got) != 3 || got[0] != "a.yaml" || got[1] != "b.yaml" || got[2] != "deep/c.YML" {
		t.Errorf("the documents are %v", got)
	}
}

func TestOpenTextWinsOverTheDiskUntilItIsClosed(t *testing.T) {
	dir := workspace(t, map[string]string{"a.qube.yaml": "target: disk\n"})
	u := uri(dir, "a.qube.yaml")
	s := engine.NewSession(engine.Options{Roots: []string{dir}})
	open(s, u, "target: buffer\n")
	s.FilesChanged(u)
	if got := s.Snapshot().Document(u).Text.String(); got != "target: buffer\n" {
		t.Errorf("the text is %q while it is open", got)
	}
	if got := s.CloseDocument(u).Document(u).Text.String(); got != "target: disk\n" {
		t.Errorf("the text is %q after it was closed", got)
	}
	if err := os.Remove(filepath.Join(dir, "a.qube.yaml")); err != nil {
		t.Fatal(err)
	}
	if doc := s.FilesChanged(u).Document(u); doc != nil {
		t.Errorf("a deleted file is still known as %q", doc.Text.String())
	}
}

func TestResultsOfANewRunReplaceThoseOfTheOld(t *testing.T) {
	s := engine.NewSession(engine.Options{})
	key := engine.TestKey{URI: "file:///a.qube.yaml", ID: "a"}
	result := func(run string, row int, status engine.Status) *engine.TestResult {
		return &engine.TestResult{Key: key, RunID: run, Row: row, Status: status}
	}
	s.Record(result("1", 0, engine.StatusPassed), result("1", 1, engine.StatusPassed))
	s.StartRun("2", []engine.TestKey{key})
	if _, ok := s.Snapshot().RunOf(key); !ok {
		t.Error("the run under way is not known")
	}
	snap := s.Record(result("2", 0, engine.StatusRunning))
	if got := snap.Results(key); len(got) != 1 || got[0].RunID != "2" {
		t.Errorf("results are %v", got)
	}
	snap = s.EndRun("2")
	if got := snap.Results(key); len(got) != 0 {
		t.Error("a result that never became final is still there")
	}
	if _, ok := snap.RunOf(key); ok {
		t.Error("the run is still under way")
	}
}

func TestAJudgedResultDoesNotReplaceThatOfANewerRun(t *testing.T) {
	s := engine.NewSession(engine.Options{})
	key := engine.TestKey{URI: "file:///a.qube.yaml", ID: "a"}
	old := &engine.TestResult{Key: key, RunID: "1", Status: engine.StatusFailed}
	s.Record(old)
	judged := &engine.TestResult{Key: key, RunID: "1", Status: engine.StatusPassed}
	if got := s.Replace(map[*engine.TestResult]*engine.TestResult{old: judged}).Results(key)[0]; got != judged {
		t.Errorf("the result is %+v", got)
	}
	newer := &engine.TestResult{Key: key, RunID: "2", Status: engine.StatusFailed}
	s.Record(newer)
	if got := s.Replace(map[*engine.TestResult]*engine.TestResult{judged: old}).Results(key); len(got) != 1 || got[0] != newer {
		t.Errorf("the results are %+v", got)
	}
}

// A file that is closed as it was saved is not read and parsed again.
func TestAFileThatIsClosedAsItWasSavedKeepsItsTree(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.qube.yaml")
	const src = "target: http://a\ntests:\n  - name: a\n    resource: /\n"
	for name, c := range map[string]struct {
		saved string
		same  bool
	}{
		"as it was saved": {src, true},
		"with changes":    {strings.Replace(src, "name: a", "name: b", 1), false},
	} {
		t.Run(name, func(t *testing.T) {
			if err := os.WriteFile(path, []byte(c.saved), 0o600); err != nil {
				t.Fatal(err)
			}
			s := engine.NewSession(engine.Options{})
			open := s.Open(engine.URIFromPath(path), "qube", 7, src).Document(engine.URIFromPath(path))
			unit := func(d *engine.Document) *syntax.Unit { return d.Tree().Documents()[0].Sections[1].Items.At(0).Unit }
			was := unit(open)
			now := s.CloseDocument(open.URI).Document(open.URI)
			if now.Open || now.Version != 0 || now.Text.String() != c.saved {
				t.Errorf("the file is open: %v, version %d, and says %q", now.Open, now.Version, now.Text.String())
			}
			if same := unit(now) == was; same != c.same {
				t.Errorf("its test is the very same: %v", same)
			}
		})
	}
}
