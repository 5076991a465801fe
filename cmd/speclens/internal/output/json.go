package output

import (
	"encoding/json"
	"io"
	"time"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/run"
)

// JSON writes a run as one JSON object a line: {"type", "payload"}.
type JSON struct {
	w      io.Writer
	source Source
	err    error
}

// NewJSON writes to w; source says where tests and expectations stand.
func NewJSON(w io.Writer, source Source) *JSON { return &JSON{w: w, source: source} }

// Err is the first error of the writer.
func (j *JSON) Err() error { return j.err }

type (
	jsonLine struct {
		Type    string `json:"type"`
		Payload any    `json:"payload"`
	}
	jsonRunStarted struct {
		Files      []string `json:"files"`
		TotalTests int      `json:"total_tests"`
		TotalWaves int      `json:"total_waves"`
	}
	jsonWave struct {
		Index     int      `json:"index"`
		TestNames []string `json:"test_names,omitempty"`
		Parallel  *bool    `json:"parallel,omitempty"`
	}
	jsonTest struct {
		Name     string `json:"name"`
		File     string `json:"file"`
		Line     int    `json:"line"`
		Protocol string `json:"protocol"`
		Target   string `json:"target"`
	}
	jsonPluginEvent struct {
		Test   string         `json:"test"`
		Plugin string         `json:"plugin"`
		Kind   string         `json:"kind"`
		Data   map[string]any `json:"data"`
		AtMs   float64        `json:"at_ms"`
	}
	jsonTestCompleted struct {
		jsonTest
		Status     string          `json:"status"`
		DurationMs float64         `json:"duration_ms"`
		Request    any             `json:"request"`
		Response   any             `json:"response"`
		Assertions []jsonAssertion `json:"assertions"`
		Warnings   []string        `json:"warnings"`
		Error      string          `json:"error"`
	}
	jsonAssertion struct {
		Expression string `json:"expression"`
		Path       string `json:"path"`
		Passed     bool   `json:"passed"`
		Expected   any    `json:"expected"`
		Actual     any    `json:"actual"`
		Message    string `json:"message"`
		Line       int    `json:"line"`
	}
	jsonRunCompleted struct {
		Total      int     `json:"total"`
		Passed     int     `json:"passed"`
		Failed     int     `json:"failed"`
		Skipped    int     `json:"skipped"`
		Errored    int     `json:"errored"`
		DurationMs float64 `json:"duration_ms"`
		Cancelled  bool    `json:"cancelled,omitempty"`
	}
	jsonLog struct {
		Level   string `json:"level"`
		Plugin  string `json:"plugin,omitempty"`
		Test    string `json:"test,omitempty"`
		Message string `json:"message"`
	}
)

// Emit writes one event.
func (j *JSON) Emit(e run.Event) {
	switch e := e.(type) {
	case run.RunStarted:
		files := make([]string, len(e.Files))
		for i, f := range e.Files {
			files[i] = j.source.Path(f)
		}
		j.write("RunStarted", jsonRunStarted{files, e.TotalTests, e.TotalWaves})
	case run.WaveStarted:
		j.write("WaveStarted", jsonWave{e.Index, orEmpty(e.TestNames), &e.Parallel})
	case run.TestStarted:
		j.write("TestStarted", j.test(e.Test, e.Protocol, e.Target))
	case run.PluginEvent:
		j.write("PluginEvent", jsonPluginEvent{e.Test.Name, e.Event.Plugin, e.Event.Kind, e.Event.Data, millis(e.Event.At)})
	case run.TestCompleted:
		j.write("TestCompleted", j.completed(e.Test, e.Result))
	case run.WaveCompleted:
		j.write("WaveCompleted", jsonWave{Index: e.Index})
	case run.RunCompleted:
		j.write("RunCompleted", jsonRunCompleted{e.Total, e.Passed, e.Failed, e.Skipped, e.Errored, millis(e.Duration), e.Cancelled})
	case run.Log:
		j.write("Log", jsonLog{e.Level, e.Plugin, e.Test.Name, e.Message})
	}
}

func (j *JSON) test(info run.TestInfo, protocol, target string) jsonTest {
	return jsonTest{info.Name, j.source.Path(info.Key.URI), info.Line, protocol, target}
}

func (j *JSON) completed(info run.TestInfo, r *engine.TestResult) jsonTestCompleted {
	out := jsonTestCompleted{
		jsonTest: j.test(info, string(r.Protocol), r.Target), Status: string(r.Status), DurationMs: millis(r.Duration),
		Assertions: []jsonAssertion{}, Warnings: orEmpty(r.Warnings), Error: r.Error,
	}
	if r.Input != nil {
		out.Request = r.Input
	}
	if r.Output != nil {
		out.Response = r.Output
	}
	for _, a := range r.Assertions {
		out.Assertions = append(out.Assertions, jsonAssertion{
			a.Expression, a.Path, a.Passed, a.Expected, a.Actual, a.Message, j.source.AssertionLine(r.Key, a.At),
		})
	}
	return out
}

func (j *JSON) write(kind string, payload any) {
	if j.err != nil {
		return
	}
	enc := json.NewEncoder(j.w)
	enc.SetEscapeHTML(false)
	j.err = enc.Encode(jsonLine{kind, payload})
}

func millis(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func orEmpty(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}
