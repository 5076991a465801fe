// Package template is the language of `{{ … }}` inside values: it parses templates with byte spans, says what is being
// typed at an offset, and evaluates them.
//
// The package must not know expectations, the model of a spec, YAML or the editor: names are looked up through a Scope,
// and spans count in the text that was given.
package template
