package main

import (
	"context"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/analysis"
	"github.com/speclens/speclens/engine/plugin"
)

// diagnose is everything that is wrong with one document: what the checker finds, and what the plugins' own validation
// says of its tests.
func diagnose(ctx context.Context, snap *engine.Snapshot, uri string) []analysis.Diagnostic {
	ds := analysis.Run(ctx, snap, uri)
	found := map[string][]plugin.FieldError{}
	for _, in := range analysis.PluginInputs(snap, uri) {
		if ctx.Err() != nil {
			break
		}
		if errs := in.Plugin.Validate(in.Input); len(errs) > 0 {
			found[in.Test] = errs
		}
	}
	ds = append(ds, analysis.PluginDiagnostics(snap, uri, found)...)
	analysis.Sort(ds)
	return ds
}
