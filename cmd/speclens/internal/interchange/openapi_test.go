package interchange

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/speclens/speclens/engine/syntax"
	"github.com/speclens/speclens/engine/text"
)

var update = flag.Bool("update", false, "write what was made into the golden files")

// TestOpenAPIDocumentsBecomeSpecs reads testdata/openapi/*.txtar: the first file is the document, or the one that its name
// begins with; others of a name without "want" lie beside it. The comment's lines that begin with an option's name set it.
// What is made stands in want/FILE, the notes in want.notes, and errors in want.error.
func TestOpenAPIDocumentsBecomeSpecs(t *testing.T) {
	paths, err := filepath.Glob("testdata/openapi/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, p := range paths {
		t.Run(strings.ReplaceAll(strings.TrimSuffix(filepath.Base(p), ".txtar"), "-", " "), func(t *testing.T) {
			ar, err := txtar.ParseFile(p)
			if err != nil {
				t.Fatal(err)
			}
			o := OpenAPIOptions{Name: ar.Files[0].Name}
			for line := range strings.Lines(string(ar.Comment)) {
				name, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
				switch name {
				case "tags":
					o.Tags = strings.Split(value, ",")
				case "exclude-tags":
					o.ExcludeTags = strings.Split(value, ",")
				case "path":
					o.Paths = append(o.Paths, value)
				case "target":
					o.Target = value
				case "optional":
					o.Optional = true
				case "split":
					o.Split = true
				case "standard input":
					o.Name = "standard input"
				}
			}
			given := &txtar.Archive{}
			var inputs []txtar.File
			for _, f := range ar.Files {
				if !strings.HasPrefix(f.Name, "want") {
					given.Files = append(given.Files, f)
					inputs = append(inputs, f)
				}
			}
			if o.Name != "standard input" {
				if o.Dir, err = txtar.FS(given); err != nil {
					t.Fatal(err)
				}
			}
			got := &txtar.Archive{Comment: ar.Comment, Files: inputs}
			add := func(name, text string) {
				if text != "" && !strings.HasSuffix(text, "\n") {
					text += "\n"
				}
				got.Files = append(got.Files, txtar.File{Name: name, Data: []byte(text)})
			}
			files, notes, err := ParseOpenAPI(string(ar.Files[0].Data), o)
			for _, f := range files {
				add("want/"+f.Name, f.Text)
			}
			if len(notes) > 0 {
				add("want.notes", strings.Join(notes, "\n"))
			}
			if err != nil {
				add("want.error", err.Error())
			}
			formatted := txtar.Format(got)
			if *update {
				if err := os.WriteFile(p, formatted, 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(string(txtar.Format(ar)), string(formatted)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestOpenAPIProblemsAreListedEach(t *testing.T) {
	_, _, err := ParseOpenAPI("openapi: 3.0.0\npaths:\n  /a: { get: [ }\n  /a: {}\n", OpenAPIOptions{Name: "a.yaml"})
	var located *OpenAPIError
	if !errors.As(err, &located) || len(located.Problems) < 2 {
		t.Fatalf("error %v", err)
	}
	for _, p := range located.Problems {
		if !strings.HasPrefix(p, "a.yaml:") {
			t.Errorf("%q has no place", p)
		}
	}
}

func TestReferencesAreReadWithinLimits(t *testing.T) {
	big := strings.Repeat("#", maxOpenAPIBytes)
	dir := mapFS{"b.yaml": big}
	_, _, err := ParseOpenAPI("openapi: 3.0.0\npaths: { /a: { $ref: b.yaml } }\n", OpenAPIOptions{Name: "a.yaml", Dir: dir})
	if err == nil || !strings.Contains(err.Error(), "a.yaml:2:22: the document and its files are larger than 64 MiB") {
		t.Errorf("error %.200v", err)
	}
	many := mapFS{}
	var doc strings.Builder
	doc.WriteString("openapi: 3.0.0\npaths:\n")
	for i := range maxOpenAPIFiles + 1 {
		name := "f" + strings.Repeat("x", i) + ".yaml"
		many[name] = "{}"
		doc.WriteString("  /" + name + ": { $ref: " + name + " }\n")
	}
	_, _, err = ParseOpenAPI(doc.String(), OpenAPIOptions{Name: "a.yaml", Dir: many})
	if err == nil || !strings.Contains(err.Error(), "the document refers to more than 500 files") {
		t.Errorf("error %.200v", err)
	}
}

func TestLinksOutOfTheFolderAreNotFollowed(t *testing.T) {
	outside, folder := t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(outside, "secret.yaml"), []byte("get: {}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(outside, "secret.yaml"), filepath.Join(folder, "link.yaml")); err != nil {
		t.Skip("no symbolic links here:", err)
	}
	root, err := os.OpenRoot(folder)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = root.Close() }()
	_, _, err = ParseOpenAPI("openapi: 3.0.0\npaths: { /a: { $ref: link.yaml } }\n", OpenAPIOptions{Name: "a.yaml", Dir: root.FS()})
	if err == nil || !strings.Contains(err.Error(), "a.yaml:2:22: the file that is referred to cannot be read") {
		t.Errorf("error %v", err)
	}
}

// mapFS is a folder in memory.
type mapFS map[string]string

func (m mapFS) Open(name string) (fs.File, error) {
	text, ok := m[name]
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return &memFile{Reader: strings.NewReader(text)}, nil
}

type memFile struct{ *strings.Reader }

func (*memFile) Close() error               { return nil }
func (*memFile) Stat() (fs.FileInfo, error) { return nil, fs.ErrInvalid }

func FuzzOpenAPI(f *testing.F) {
	paths, err := filepath.Glob("testdata/openapi/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, p := range paths {
		ar, err := txtar.ParseFile(p)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(ar.Files[0].Data))
	}
	f.Fuzz(func(t *testing.T, doc string) {
		files, notes, err := ParseOpenAPI(doc, OpenAPIOptions{Name: "a.yaml", Dir: mapFS{"b.yaml": doc}, Optional: len(doc)%2 == 0})
		if err != nil {
			return
		}
		for _, file := range files {
			if strings.ContainsFunc(strings.ReplaceAll(file.Text, "\n", ""), steers) {
				t.Errorf("the spec holds a raw control character: %q", file.Text)
			}
			checkYAML(t, file.Text)
		}
		for _, n := range notes {
			if !strings.HasPrefix(n, "a.yaml:") && !strings.HasPrefix(n, "b.yaml:") {
				t.Errorf("the note %q has no place", n)
			}
		}
	})
}

// checkYAML reports what our own reader finds wrong with a spec.
func checkYAML(t *testing.T, spec string) {
	t.Helper()
	for _, finding := range syntax.Parse(text.New(spec), syntax.Options{}).Findings() {
		if finding.Severity <= syntax.SeverityWarning {
			t.Errorf("%s in the spec\n%s", finding.Message, spec)
			return
		}
	}
}

func TestChainsOfReferencesAreBounded(t *testing.T) {
	var doc strings.Builder
	doc.WriteString("openapi: 3.0.0\ncomponents:\n  schemas:\n")
	for i := range maxReferenceDepth + 1 {
		fmt.Fprintf(&doc, "    S%d: { items: { $ref: '#/components/schemas/S%d' } }\n", i, i+1)
	}
	_, _, err := ParseOpenAPI(doc.String(), OpenAPIOptions{Name: "a.yaml"})
	if want := "a.yaml:5003:29: more than 5000 references lead on from each other here"; err == nil || err.Error() != want {
		t.Errorf("error %.200v, want %s", err, want)
	}
}
