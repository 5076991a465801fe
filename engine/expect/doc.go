// Package expect is the language of expectations: it reads the `expect` object of a test, evaluates it against a response,
// and explains each assertion.
//
// The package must not know templates, YAML, the model of a spec or the editor. It works on decoded values; every problem
// and every assertion carries the key path inside the `expect` object, as written, for the caller to map to a place.
package expect
