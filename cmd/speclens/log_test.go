package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/speclens/speclens/engine/run"
)

func TestTheLogLevelReachesWhatPluginsLog(t *testing.T) {
	for level, want := range map[string][]string{"debug": {"fine detail", "for your information"}, "info": {"for your information"}, "warn": nil} {
		var stderr bytes.Buffer
		sink := logSink{(&app{stderr: &stderr, logLevel: level}).logger()}
		sink.Emit(run.Log{Level: "debug", Plugin: "p", Message: "fine detail"})
		sink.Emit(run.Log{Level: "info", Plugin: "p", Message: "for your information"})
		sink.Emit(run.Log{Level: "warn", Plugin: "p", Message: "shown by the report"})
		if got := strings.Count(stderr.String(), "\n"); got != len(want) {
			t.Errorf("%s: %d lines, want %d:\n%s", level, got, len(want), &stderr)
		}
		for _, text := range want {
			if !strings.Contains(stderr.String(), text) {
				t.Errorf("%s: %q is missing in %s", level, text, &stderr)
			}
		}
	}
}
