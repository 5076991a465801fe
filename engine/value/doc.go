// Package value holds what the other rooms need to know about decoded values: their kinds, their text, exact numbers.
//
// A decoded value is nil, a bool, a number (json.Number, or any Go number), a string, a list or a map with text keys.
// The package must not know templates, expectations, YAML or where a value came from.
package value
