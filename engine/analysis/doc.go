// Package analysis finds what is wrong in a document of a snapshot: one file per check, all of them in the list All.
//
// It must not know editors or how findings are shown, and it never calls a plugin: a plugin's own validation is handed
// in by whoever schedules it.
package analysis
