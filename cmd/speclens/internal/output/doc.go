// Package output writes runs and findings in the formats of the command line: for people and for programs.
//
// It must not decide what is run or checked; it receives events and diagnostics and writes bytes.
package output
