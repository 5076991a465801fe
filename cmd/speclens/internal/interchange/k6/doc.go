// Package k6 writes scripts for the load generator k6: what tests do and expect, as JavaScript with a runtime that gives it
// the meaning that it has here.
//
// It must not know how specs are loaded, checked or planned: it gets tests in their order and writes text.
package k6
