// Package demo shows speclens at work with nothing but itself: a sample API on a loopback port, a sample workspace, and
// a real session of the language server over it.
//
// It must not reach into the server: it speaks to it as any editor does.
package demo
