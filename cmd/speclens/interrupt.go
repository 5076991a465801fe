package main

import (
	"context"

	"github.com/spf13/cobra"
)

// endAtInterrupt lets a command, and those below it, end when its context does, whatever it waits for: standard input, a
// reader of its output, a file that is a pipe. Commands that end by themselves, with a report of what they did, are left alone.
func endAtInterrupt(cmd *cobra.Command, endsItself map[string]bool) {
	for _, sub := range cmd.Commands() {
		endAtInterrupt(sub, endsItself)
	}
	if run := cmd.RunE; run != nil && !endsItself[cmd.Name()] {
		cmd.RunE = func(cmd *cobra.Command, args []string) error {
			return untilInterrupted(cmd.Context(), func() error { return run(cmd, args) })
		}
	}
}

// untilInterrupted is what work returns, or the interruption where that comes first. The process ends soon then, so work is
// left where it is.
func untilInterrupted(ctx context.Context, work func() error) error {
	done := make(chan error, 1)
	go func() { done <- work() }()
	select {
	case err := <-done:
		if ctx.Err() == nil || err == nil {
			return err
		}
	case <-ctx.Done():
	}
	return &exitError{exitInterrupted, errInterrupted.Error()}
}
