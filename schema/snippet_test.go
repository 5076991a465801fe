package schema

import (
	"reflect"
	"strings"
	"testing"
)

func TestTheBodyOfASnippetHasPlacesToFillIn(t *testing.T) {
	text := func(s string) SnippetPart { return SnippetPart{Text: s} }
	for body, want := range map[string][]SnippetPart{
		"":                       nil,
		"- name: x\n":            {text("- name: x\n")},
		"a $1 b":                 {text("a "), {Kind: PartStop, Key: "1"}, text(" b")},
		"$12":                    {{Kind: PartStop, Key: "12"}},
		"${3}x":                  {{Kind: PartStop, Key: "3"}, text("x")},
		"${1:a b}":               {{Kind: PartStop, Key: "1", Text: "a b"}},
		`${1:\$\}\\}`:            {{Kind: PartStop, Key: "1", Text: `$}\`}},
		`${1|a,b\,c,\|,x}y,$|}`:  {{Kind: PartStop, Key: "1", Text: "a", Choices: []string{"a", "b,c", "|", "x}y", "$"}}},
		"${name:auth}":           {{Kind: PartName, Key: "auth", Text: "auth"}},
		"{{ ${name:id} }}":       {text("{{ "), {Kind: PartName, Key: "id", Text: "id"}, text(" }}")},
		"B ${credential:TOKEN}.": {text("B "), {Kind: PartCredential, Key: "TOKEN", Text: "TOKEN"}, text(".")},
		`\$1 \\ \} } \n`:         {text(`$1 \ } } \n`)},
	} {
		got, err := Snippet{Body: body}.Parts()
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q has the parts %+v, %v", body, got, err)
		}
	}
	for _, body := range []string{
		"$", "$x", "$0", "${0}", "${}", "${1", "${1:", "${1:a", "${1:}", "${1:a\nb}", "${1:${2:b}}", "${1|a", "${1|a|", "${1|a|b|}", "${x:y}", "${name}", "${name|a,b|}",
		"${name:}", "${TM_FILENAME}", "${1/a/b/}", "${name:a$1}",
	} {
		parts, err := Snippet{Body: "ok " + body}.Parts()
		if err == nil || !strings.Contains(err.Error(), "is no place to fill in") {
			t.Errorf("%q has the parts %+v, %v", body, parts, err)
		}
	}
}

func TestAnyTextMayStandInAPlaceToFillIn(t *testing.T) {
	for _, s := range []string{"x", `a}b`, `$1`, `\`, `a,b|c`, `{{ a }}`, `|}`, `"a: b"`, "ü"} {
		for _, texts := range [][]string{{s}, {s, "other"}, {"other", s}} {
			parts, err := Snippet{Body: SnippetStop(1, texts...) + EscapeSnippet(s)}.Parts()
			if err != nil || len(parts) != 2 || parts[0].Text != texts[0] || len(texts) > 1 && !reflect.DeepEqual(parts[0].Choices, texts) || parts[1].Text != s {
				t.Errorf("%q is read as %+v, %v", texts, parts, err)
			}
		}
	}
}
