package schema

import (
	"fmt"
	"strings"
)

// Snippet is one or more tests to begin with, which a plugin offers for its protocols.
type Snippet struct {
	// Prefix is the word that is typed for it, such as "login".
	Prefix string `json:"prefix"`
	// Title says in a few words what it is for; Description is Markdown.
	Title       string `json:"title,omitempty"`
	Description string `json:"description,omitempty"`
	// Body holds the tests as items of a list at column 0, each of them beginning with `- name:`. Its places to fill in are
	// those that Parts knows.
	Body string `json:"body"`
}

// PartKind is what a part of a snippet's body is.
type PartKind uint8

// The kinds of parts.
const (
	// PartText is inserted as it is.
	PartText PartKind = iota
	// PartStop is filled in by the user: `${1:text}`, `${1|one,two|}`, `$1`. Places with the same number are one.
	PartStop
	// PartName is a name that nothing in the project has yet: `${name:auth}`. Places with the same text are one.
	PartName
	// PartCredential is the inside of a header's value that says who asks: `${credential:TOKEN}`. Where the project has
	// credentials it is a template with one of them, else the text, which the user fills in.
	PartCredential
)

// SnippetPart is a part of a snippet's body.
type SnippetPart struct {
	Kind PartKind
	// Key tells places of one kind apart: the number of a stop, the text of the others.
	Key string
	// Text is what stands there at first. A stop that stands elsewhere with its text has none.
	Text string
	// Choices are the texts to choose from, of which Text is the first.
	Choices []string
}

// Parts splits the body into text and places to fill in. A `$`, `}` or `\` is written with a `\` before it where it stands
// for itself, inside a place at least; in a choice so are `,` and `|`.
func (s Snippet) Parts() ([]SnippetPart, error) { return snippetParts(s.Body) }

func snippetParts(body string) ([]SnippetPart, error) {
	var parts []SnippetPart
	var text strings.Builder
	flush := func() {
		if text.Len() > 0 {
			parts = append(parts, SnippetPart{Text: text.String()})
			text.Reset()
		}
	}
	for i := 0; i < len(body); {
		switch {
		case body[i] == '\\' && i+1 < len(body) && strings.IndexByte(`$}\`, body[i+1]) >= 0:
			text.WriteByte(body[i+1])
			i += 2
		case body[i] != '$':
			text.WriteByte(body[i])
			i++
		default:
			flush()
			part, n, err := snippetPlace(body[i:])
			if err != nil {
				return nil, err
			}
			parts = append(parts, part)
			i += n
		}
	}
	flush()
	return parts, nil
}

// snippetPlace reads the place that a text begins with, and says how long it is.
func snippetPlace(s string) (part SnippetPart, length int, err error) {
	fault := func() (SnippetPart, int, error) {
		shown, _, _ := strings.Cut(s, "\n")
		return SnippetPart{}, 0, fmt.Errorf(
			`%.20q is no place to fill in: write ${1:text}, ${1|one,two|}, $1, ${name:auth} or ${credential:TOKEN}, and \$ for a $ that stands for itself`, shown)
	}
	if n := digits(s[1:]); n > 0 {
		return stop(s[1:1+n], "", nil), 1 + n, nil
	}
	if !strings.HasPrefix(s, "${") {
		return fault()
	}
	head := s[2:]
	n := digits(head)
	for _, word := range []string{"name", "credential"} {
		if strings.HasPrefix(head, word+":") {
			n = len(word)
		}
	}
	if n == 0 || n == len(head) {
		return fault()
	}
	key, rest := head[:n], head[n+1:]
	closing := map[byte]string{':': "}", '|': "|}"}[head[n]]
	if head[n] == '}' && digits(key) > 0 {
		return stop(key, "", nil), len("${") + n + 1, nil
	}
	texts, used, ok := snippetTexts(rest, closing)
	if !ok || texts[0] == "" {
		return fault()
	}
	length = len("${") + n + 1 + used
	switch {
	case key == "name":
		return SnippetPart{Kind: PartName, Key: texts[0], Text: texts[0]}, length, nil
	case key == "credential":
		return SnippetPart{Kind: PartCredential, Key: texts[0], Text: texts[0]}, length, nil
	case closing == "|}":
		return stop(key, texts[0], texts), length, nil
	}
	return stop(key, texts[0], nil), length, nil
}

func stop(number, text string, choices []string) SnippetPart {
	return SnippetPart{Kind: PartStop, Key: number, Text: text, Choices: choices}
}

// digits is how many digits a text begins with; a number that begins with 0 is none.
func digits(s string) int {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' && s[0] != '0' {
		n++
	}
	return n
}

// snippetTexts reads texts up to what closes them, several with commas between them where that is a bar and a brace. They
// are on one line.
func snippetTexts(s, closing string) (texts []string, length int, ok bool) {
	if closing == "" {
		return nil, 0, false
	}
	choice := closing != "}"
	var text strings.Builder
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && i+1 < len(s) && (strings.IndexByte(`$}\`, s[i+1]) >= 0 || choice && strings.IndexByte(",|", s[i+1]) >= 0):
			i++
			text.WriteByte(s[i])
		case strings.HasPrefix(s[i:], closing):
			return append(texts, text.String()), i + len(closing), true
		case c == '\n' || !choice && c == '$' || choice && c == '|':
			return nil, 0, false
		case choice && c == ',':
			texts = append(texts, text.String())
			text.Reset()
		default:
			text.WriteByte(c)
		}
	}
	return nil, 0, false
}

// EscapeSnippet writes a text so that it stands for itself in the body of a snippet, inside a place too.
func EscapeSnippet(s string) string { return snippetEscaper.Replace(s) }

// SnippetStop writes a place to fill in with one of some texts, the first at first; without texts it is empty at first.
func SnippetStop(number int, texts ...string) string {
	switch len(texts) {
	case 0:
		return fmt.Sprintf("${%d}", number)
	case 1:
		return fmt.Sprintf("${%d:%s}", number, EscapeSnippet(texts[0]))
	}
	escaped := make([]string, len(texts))
	for i, s := range texts {
		escaped[i] = choiceEscaper.Replace(s)
	}
	return fmt.Sprintf("${%d|%s|}", number, strings.Join(escaped, ","))
}

var (
	snippetEscaper = strings.NewReplacer(`\`, `\\`, "$", `\$`, "}", `\}`)
	choiceEscaper  = strings.NewReplacer(`\`, `\\`, ",", `\,`, "|", `\|`)
)
