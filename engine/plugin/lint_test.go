package plugin

import (
	"strings"
	"testing"
)

func TestMistakesInADeclarationAreFoundWithWhatWasMeant(t *testing.T) {
	for info, want := range map[string]string{
		`{"name":"x","version":"1","protocols":["x"],"fields":{"a":{"type":"integer"}}}`:                                        `error: fields.a.type: "integer" is no type, so any value is taken; did you mean "number"?`,
		`{"name":"x","version":"1","protocols":["x"],"fields":{"a":{"type":"strng"}}}`:                                          `did you mean "string"?`,
		`{"name":"x","version":"1","protocols":["x"],"fields":{"a":{"type":"any","requird":true}}}`:                             `warning: fields.a.requird: the key is unknown and ignored; did you mean "required"?`,
		`{"name":"x","version":"1","protocols":["x"],"feilds":{}}`:                                                              `warning: feilds: the key is unknown and ignored; did you mean "fields"?`,
		`{"name":"x","version":"1","protocols":["x"],"fields":{"a":{"type":"string","pattern":"(["}}}`:                          `error: fields.a.pattern: does not compile`,
		`{"name":"x","version":"1","protocols":["x"],"fields":{"a":{"type":"string","pattern":"^a","examples":["b"]}}}`:         `error: fields.a.examples[0]: does not match`,
		`{"name":"x","version":"1","protocols":["x"],"fields":{"a":{"type":"number","minimum":10,"maximum":1}}}`:                `error: fields.a.minimum: 10 is more than the maximum 1`,
		`{"name":"x","version":"1","protocols":["x"],"fields":{"a":{"type":"number","default":"x"}}}`:                           `error: fields.a.default: is text, which does not fit the type number`,
		`{"name":"x","version":"1","protocols":["x"],"fields":{"a":{"type":"number","maximum":1,"default":2}}}`:                 `error: fields.a.default: 2 is outside`,
		`{"name":"x","version":"1","protocols":["x"],"fields":{"a":{"type":"string","enum":["a"],"default":"b"}}}`:              `error: fields.a.default: is none of the values`,
		`{"name":"x","version":"1","protocols":["x"],"fields":{"a":{"type":"array","items":{"type":"int"}}}}`:                   `error: fields.a.items.type: "int" is no type`,
		`{"name":"x","version":"1","protocols":["x"],"events":{"E":{"anchor":"nosuch"}}}`:                                       `warning: events.E.anchor: "nosuch" is no field of a test`,
		`{"name":"x","version":"1","protocols":["x"],"events":{"E":{"summary":"{{txt}}","fields":{"text":{"type":"string"}}}}}`: `warning: events.E.summary: {{txt}} names no field of the event; did you mean "text"?`,
		`{"name":"x","version":"1","protocols":["x"],"snippets":[{"prefix":"p","titel":"t","body":"- name: x"}]}`:               `warning: snippets[0].titel: the key is unknown and ignored; did you mean "title"?` + "\n" + `warning: snippets[0].title: there is none`,
		`{"name":"x","version":"1","protocols":["x"],"Snippets":[{"prefix":"p","body":"- name: x"}]}`:                           `warning: snippets[0].title: there is none`,
		`{"name":"x","protocols":["x"]}`:                                      `warning: version: there is no version`,
		`{"name":"x","version":"1"}`:                                          `error: protocols: there are none`,
		`{"name":"x","version":"1","protocols":["x"],"docsUrl":"http://x"}`:   `warning: docsUrl: is left out`,
		`{"name":"x","version":"1","protocols":["My Proto://"]}`:              `refused: protocols[0]: the protocol "My Proto://" is not allowed`,
		`{"name":"x","version":"1","protocols":["x"],"fields":{"expect":{}}}`: `refused: fields.expect: the spec language has a key`,
		`{"name":"a\nb","version":"1","protocols":["x"]}`:                     `refused: name: the name "a\nb" is not allowed`,
	} {
		var lines []string
		for _, f := range Lint([]byte(info)) {
			lines = append(lines, f.String())
		}
		if all := strings.Join(lines, "\n"); len(lines) != 1+strings.Count(want, "\n") || !strings.Contains(all, want) {
			t.Errorf("%s\n%s\nwant these findings alone: %s", info, strings.Join(lines, "\n"), want)
		}
	}
	sound := `{"name":"x","version":"1","protocols":["x"],"fields":{"say":{"type":"string","pattern":"^h","examples":["hi"]},
		"o":{"type":"object","fields":{"level":{"type":"number","minimum":1,"maximum":2,"default":1}}}},
		"events":{"Said":{"fields":{"text":{"type":"string"}},"summary":"{{text}} {{ text.length }}","anchor":"o.level"}, "Got":{"anchor":"expect"}}}`
	if found := Lint([]byte(sound)); len(found) > 0 {
		t.Errorf("a sound declaration: %v", found)
	}
}
