package output

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

func TestMergingAWrittenRunGivesTheSameReports(t *testing.T) {
	foreign := strings.ToValidUTF8(hostile, "?") // JSON has no place for bytes that are no UTF-8
	m := NewMerger()
	if err := m.Add(strings.NewReader(writtenWith(t, "json", foreign))); err != nil {
		t.Fatal(err)
	}
	for format, document := range Documents(Checkout{}) {
		var buf bytes.Buffer
		if err := document(&buf, m.Record()); err != nil {
			t.Fatal(err)
		}
		want := writtenWith(t, format, foreign)
		if got := buf.String(); got != want {
			t.Errorf("%s differs:\n%s\nwant\n%s", format, got, want)
		}
	}
}

func TestMergingRefusesWhatIsNoRun(t *testing.T) {
	const started = `{"type":"RunStarted","payload":{"files":[]}}` + "\n"
	tests := []struct{ name, text, want string }{
		{"text", "hello", "line 1: this is no line of `speclens run -o json`"},
		{"an object without a type", started + `{"a": 1}`, "line 2: this is no line of `speclens run -o json`: it has no type"},
		{"a payload of another form", `{"type":"TestCompleted","payload":[1]}`, "line 1: json: cannot unmarshal array"},
		{"a test without a file", `{"type":"TestCompleted","payload":{"id":"x"}}`, "the test has no file or no id"},
		{"an event of another form", `{"type":"PluginEvent","payload":1}`, "line 1: "},
		{"a log of another form", `{"type":"Log","payload":1}`, "line 1: "},
		{"a start of another form", `{"type":"RunStarted","payload":1}`, "line 1: "},
		{"an end of another form", `{"type":"RunCompleted","payload":1}`, "line 1: "},
		{"a run without an end", started, ErrUnfinished.Error()},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := NewMerger().Add(strings.NewReader(tt.text)); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %s", err, tt.want)
			}
		})
	}
	if err := NewMerger().Add(failingReader{}); err == nil || !strings.Contains(err.Error(), "bad disk") {
		t.Errorf("a reader's error is %v", err)
	}
	if err := NewMerger().Add(strings.NewReader("\n")); !errors.Is(err, ErrNoRun) {
		t.Errorf("an empty file is a run that never began, not %v", err)
	}
	future := `{"type":"FromTheFuture","payload":{"x":[1,2]}}` + "\n"
	m := NewMerger()
	if err := m.Add(strings.NewReader(future + `{"type":"RunCompleted","payload":{}}`)); err != nil {
		t.Errorf("a type of a later version: %v", err)
	}
	var buf bytes.Buffer
	if err := JSONLines(&buf, m.Record()); err != nil || !strings.Contains(buf.String(), future) {
		t.Errorf("a line of a later version is lost (%v) in\n%s", err, buf.String())
	}
}

type failingReader struct{}

func (failingReader) Read([]byte) (int, error) { return 0, errors.New("bad disk") }
