package output

import (
	"bytes"
	"encoding/json"
	"io"
	"time"

	"github.com/speclens/speclens/cmd/speclens/internal/render"
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

// The types of lines.
const (
	lineRunStarted    = "RunStarted"
	lineWaveStarted   = "WaveStarted"
	lineTestStarted   = "TestStarted"
	linePluginEvent   = "PluginEvent"
	lineTestCompleted = "TestCompleted"
	lineWaveCompleted = "WaveCompleted"
	lineRunCompleted  = "RunCompleted"
	lineLog           = "Log"
	lineLoadProgress  = "LoadProgress"
	lineLoadCompleted = "LoadCompleted"
)

type (
	jsonLine struct {
		Type    string `json:"type"`
		Payload any    `json:"payload"`
	}
	jsonRunStarted struct {
		Files      []string  `json:"files"`
		TotalTests int       `json:"total_tests"`
		TotalWaves int       `json:"total_waves"`
		Problems   []Problem `json:"problems,omitempty"`
		// Added are tests that nobody selected but that a selected one needs.
		Added []jsonAdded `json:"added,omitempty"`
	}
	jsonAdded struct {
		Name string `json:"name"`
		File string `json:"file"`
		Line int    `json:"line"`
	}
	jsonWave struct {
		Index     int      `json:"index"`
		TestNames []string `json:"test_names,omitempty"`
		Parallel  *bool    `json:"parallel,omitempty"`
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
		j.write(lineRunStarted, jsonRunStarted{
			j.source.files(e.Files), e.TotalTests, e.TotalWaves, j.source.problems(e.Problems), j.source.added(e.Added),
		})
	case run.WaveStarted:
		j.write(lineWaveStarted, jsonWave{e.Index, orEmpty(e.TestNames), &e.Parallel})
	case run.TestStarted:
		j.write(lineTestStarted, j.source.test(e.Test, e.Protocol, e.Target))
	case run.PluginEvent:
		j.write(linePluginEvent, j.source.event(e))
	case run.TestCompleted:
		j.write(lineTestCompleted, j.source.completed(e.Test, e.Result))
	case run.WaveCompleted:
		j.write(lineWaveCompleted, jsonWave{Index: e.Index})
	case run.RunCompleted:
		j.write(lineRunCompleted, totals(e))
	case run.LoadProgress:
		j.write(lineLoadProgress, j.source.loadProgress(e))
	case run.LoadCompleted:
		j.write(lineLoadCompleted, j.source.loadReport(e.Report))
	case run.Log:
		j.write(lineLog, jsonLog{e.Level, e.Plugin, e.Test.Name, e.Message})
	}
}

func (j *JSON) write(kind string, payload any) {
	if j.err == nil {
		j.err = writeJSON(j.w, jsonLine{kind, payload}, "")
	}
}

// writeJSON writes a value and a line feed. Nothing in it can steer the terminal that shows it.
func writeJSON(w io.Writer, v any, indent string) error {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", indent)
	if err := enc.Encode(v); err != nil {
		return err
	}
	_, err := w.Write(render.JSON(buf.Bytes()))
	return err
}

func millis(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func orEmpty(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}
