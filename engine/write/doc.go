// Package write writes keys, texts and expectations into a spec, so that they read back as the values that they came from.
//
// It must not know documents, sessions or features: it is given a value and says how it is written.
package write
