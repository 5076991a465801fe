// Package link resolves what one place of a spec says about another: which URL and protocol a test goes to, which test
// provides the name that a template uses, and so which tests a test needs.
//
// It must not know results, editors or how tests are run; it evaluates no template and reads no disk.
package link
