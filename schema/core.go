package schema

import (
	"embed"
	"encoding/json"
	"slices"
	"strings"
	"sync"
)

// Level is a kind of place in a file: the set of keys that may stand together there.
type Level string

// The levels of a spec, then those of the project's configuration.
const (
	LevelFile         Level = "file"
	LevelDefaults     Level = "defaults"
	LevelLoad         Level = "load"
	LevelStage        Level = "stage"
	LevelLoadScenario Level = "load-scenario"
	LevelTest         Level = "test"
	LevelRetry        Level = "retry"
	LevelExpect       Level = "expect"
	LevelExpectEvent  Level = "expect-event"

	LevelConfig      Level = "config"
	LevelPluginRef   Level = "plugin-ref"
	LevelRunner      Level = "runner"
	LevelEnvironment Level = "environment"
	LevelOutput      Level = "output"
)

// The values of FieldSpec.Format that the core fields use.
const (
	FormatURL       = "url"
	FormatTarget    = "target" // a URL, or an alias of `targets`
	FormatDuration  = "duration"
	FormatPath      = "path"
	FormatGlob      = "glob"
	FormatAlias     = "alias"     // the alias of another test
	FormatCondition = "condition" // `{{ x }} OP value`
	FormatSavePath  = "save-path" // response.… or events.…
	FormatSHA256    = "sha256"
)

// Field is one key that may stand at a level: of the spec language, of the configuration, or of a plugin's tests.
//
// A core field of type string takes a scalar of any kind as its text; a plugin's takes text only.
type Field struct {
	Name  string
	Level Level
	Spec  FieldSpec
	// Nested is the level of the maps inside the value: the value itself for TypeObject, its items for TypeArray, its
	// values for TypeMap. Empty where the inside has no core keys.
	Nested Level
	// Templated says that `{{ … }}` is resolved in the value, or in the texts inside it.
	Templated bool
	// Snippet is what to insert after the key, as an LSP snippet: ` ${1:GET}`, or lines indented below the key by two
	// blanks a step. Fields of plugins have none: theirs is made where it is known how their values are written.
	Snippet string
	// Doc is Markdown for a hover: what it is for, an example, the default, the rules.
	Doc string
	// Plugin and Version say which plugin declares the field; empty for core fields.
	Plugin  string
	Version string
}

//go:embed reference/*.md
var reference embed.FS

// Core is the table of all core fields, in the order in which a level's keys are best offered. The caller must not
// change it.
func Core() []Field { return core() }

var core = sync.OnceValue(func() []Field {
	fields := slices.Concat(fileFields, testFields, expectFields, configFields)
	docs := map[Level]map[string]string{}
	for i := range fields {
		f := &fields[i]
		if docs[f.Level] == nil {
			docs[f.Level] = readReference(f.Level)
		}
		f.Doc = docs[f.Level][f.Name]
		f.Spec.Description = firstParagraph(f.Doc)
	}
	return fields
})

// readReference reads the Markdown of a level: one `# name` heading per field.
func readReference(level Level) map[string]string {
	b, err := reference.ReadFile("reference/" + string(level) + ".md")
	if err != nil {
		return nil
	}
	docs := map[string]string{}
	for _, section := range strings.Split("\n"+string(b), "\n# ")[1:] {
		name, body, _ := strings.Cut(section, "\n")
		docs[strings.TrimSpace(name)] = strings.TrimSpace(body)
	}
	return docs
}

// firstParagraph is the text up to the first blank line, on one line.
func firstParagraph(markdown string) string {
	p, _, _ := strings.Cut(markdown, "\n\n")
	return strings.Join(strings.Fields(p), " ")
}

func number(s string) *json.Number {
	n := json.Number(s)
	return &n
}

var (
	textItem     = &FieldSpec{Type: TypeString}
	urlItem      = &FieldSpec{Type: TypeString, Format: FormatURL}
	anyItem      = &FieldSpec{Type: TypeAny}
	pathItem     = &FieldSpec{Type: TypeString, Format: FormatPath}
	globItem     = &FieldSpec{Type: TypeString, Format: FormatGlob}
	aliasItem    = &FieldSpec{Type: TypeString, Format: FormatAlias}
	savePathItem = &FieldSpec{Type: TypeString, Format: FormatSavePath}
	objectItem   = &FieldSpec{Type: TypeObject}
)
