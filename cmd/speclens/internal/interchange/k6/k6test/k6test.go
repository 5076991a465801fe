// Package k6test runs scripts in the real k6, for the tests of what writes them.
//
// It must not know what is in a script.
package k6test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// binary is the k6 that `make k6` installs, whose version stands in editors/test/pins.env.
func binary(t testing.TB) string {
	t.Helper()
	if path := os.Getenv("K6"); path != "" {
		return path
	}
	_, file, _, _ := runtime.Caller(0)
	root := filepath.Join(filepath.Dir(file), "..", "..", "..", "..", "..", "..")
	pins, err := os.ReadFile(filepath.Join(root, "editors", "test", "pins.env"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(pins), "\nK6_VERSION=")
	version, _, _ := strings.Cut(rest, "\n")
	path := filepath.Join(root, ".tools", "k6-"+version, "k6")
	if _, err := os.Stat(path); version == "" || err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("there is no k6 in %s: `make k6` installs it, and CI may not do without", path)
		}
		t.Skipf("there is no k6 to run scripts with: `make k6` installs it into .tools/")
	}
	return path
}

// Need skips a test where there is no k6, and fails it in CI.
func Need(t testing.TB) {
	t.Helper()
	binary(t)
}

// Outcome is what a run of k6 left.
type Outcome struct {
	// Code is k6's exit code: 0, or 99 where a threshold was crossed.
	Code int
	// Log is what k6 wrote on its standard error, one line for each message of the script; Out its standard output.
	Log, Out string
	// Points are the samples of all metrics.
	Points []Point
}

// Point is one sample of a metric.
type Point struct {
	Metric string
	Value  float64
	Tags   map[string]string
}

// Sum adds up the samples of a metric that have all of some tags, given as pairs.
func (o Outcome) Sum(metric string, tags ...string) float64 {
	sum := 0.0
	for _, p := range o.Points {
		matches := p.Metric == metric
		for i := 0; i+1 < len(tags); i += 2 {
			matches = matches && p.Tags[tags[i]] == tags[i+1]
		}
		if matches {
			sum += p.Value
		}
	}
	return sum
}

// Run runs a script, with variables NAME=value, in an environment of its own. It is a failure that k6 does not end within
// two minutes.
func Run(t testing.TB, script string, variables ...string) Outcome {
	t.Helper()
	return run(t, script, nil, variables)
}

// RunPart runs one of two halves of a load, as the operator for Kubernetes has it done by two machines.
func RunPart(t testing.TB, script string, second bool) Outcome {
	t.Helper()
	half := "0:1/2"
	if second {
		half = "1/2:1"
	}
	return run(t, script, []string{"--execution-segment", half, "--execution-segment-sequence", "0,1/2,1"}, nil)
}

func run(t testing.TB, script string, flags, variables []string) Outcome {
	t.Helper()
	program := binary(t)
	dir := t.TempDir()
	file, samples := filepath.Join(dir, "script.js"), filepath.Join(dir, "samples.json")
	if err := os.WriteFile(file, []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, release := context.WithTimeout(t.Context(), 2*time.Minute)
	defer release()
	// Without an address k6 serves no API, for which several runs at once would fight.
	args := []string{"run", "--address", "", "--no-usage-report", "--no-color", "--quiet", "--log-format", "raw", "--summary-mode", "full", "--out", "json=" + samples}
	cmd := exec.CommandContext(ctx, program, append(append(args, flags...), file)...)
	cmd.Env = []string{"HOME=" + dir, "PATH=" + os.Getenv("PATH")}
	cmd.Env = append(cmd.Env, variables...)
	var out, log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &log
	var o Outcome
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		t.Fatalf("k6 did not end in time:\n%s%s", out.String(), log.String())
	case errors.As(err, &exit):
		o.Code = exit.ExitCode()
	case err != nil:
		t.Fatalf("run k6: %v", err)
	}
	o.Log, o.Out, o.Points = log.String(), out.String(), readPoints(t, samples)
	return o
}

func readPoints(t testing.TB, file string) []Point {
	t.Helper()
	content, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return nil // k6 refused the script
	} else if err != nil {
		t.Fatal(err)
	}
	var list []Point
	for line := range bytes.Lines(content) {
		var p struct {
			Type, Metric string
			Data         struct {
				Value float64
				Tags  map[string]string
			}
		}
		if err := json.Unmarshal(line, &p); err != nil {
			t.Fatalf("k6's samples: %v", err)
		}
		if p.Type == "Point" {
			list = append(list, Point{p.Metric, p.Data.Value, p.Data.Tags})
		}
	}
	return list
}
