// Package interchange turns the requests of other tools into specs, and requests into commands for other tools.
//
// It must not know how specs are loaded, checked or run: it reads and writes text.
package interchange
