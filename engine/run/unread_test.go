package run

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"testing"
)

// What stands inside a body that could not be read is not missing: nobody knows whether it is there.
func TestNothingInsideABodyThatCouldNotBeReadIsMissing(t *testing.T) {
	t.Parallel()
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	_, _ = z.Write([]byte(`{"n":1}`))
	_ = z.Close()
	bodies := map[string]struct{ contentType, encoding, body, why string }{
		"html":      {"text/html; charset=utf-8", "", "<html><body>502</body></html>", "text/html"},
		"untyped":   {"-", "", `{"n":1}`, "no Content-Type"},
		"comma":     {"application/json", "", `{"n":1,}`, "unexpected } at byte 7"},
		"nan":       {"application/json", "", `{"n":NaN}`, "unexpected N at byte 5"},
		"deep":      {"application/json", "", strings.Repeat("[", 200_000), "nested more than 10000 deep"},
		"coding":    {"application/json", "compress", "\x1f\x9d\x90{\"n\":1}", "Content-Encoding compress is not understood"},
		"charset":   {"application/json; charset=klingon", "", "{\"n\":\"\xe9\"}", `charset "klingon"`},
		"truncated": {"application/json", "", `{"n":1,"x":"` + strings.Repeat("y", 10<<20) + `"}`, "cut off at the limit of 10485760 bytes"},
		"partial":   {"application/json", "gzip", zipped.String(), "a part of one in Content-Encoding gzip"},
	}
	for name, tt := range bodies {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAPI(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header()["Content-Type"] = []string{tt.contentType}
				if tt.contentType == "-" {
					w.Header()["Content-Type"] = nil
				}
				if tt.encoding != "" {
					w.Header().Set("Content-Encoding", tt.encoding)
				}
				if name == "partial" {
					w.WriteHeader(http.StatusPartialContent)
				}
				_, _ = io.WriteString(w, tt.body)
			})
			b := newBench(t, "a.yaml", "target: "+a.URL+`
tests:
  - { name: exists not, alias: a, save: { id: response.body.id }, expect: { body: { error: notExists } } }
  - { name: nil, expect: { body: { deleted_at: null } } }
  - { name: exists false, expect: { body: { error: { exists: false } } } }
  - { name: none of a list, expect: { body: { "#.x": notExists } } }
  - { name: not equal, expect: { body.n: "!= 5" } }
  - { name: value, expect: { body: { n: 1 } } }
  - { name: is null, expect: { body: { n: is null } } }
  - { name: until, retry: { maxAttempts: 2, until: { body: { error: notExists } } } }
  - { name: when, when: "{{ a.response.body.error }} notExists" }
  - { name: when saved, when: "{{ id }} != 5" }
  - { name: default, when: "{{ a.response.body.error.Default('x') }} == x" }
  - { name: whole, expect: { body: { ".": exists, length: "> 1" } } }
`)
			r := b.run(Selection{})
			wantStatuses(t, r, "exists not failed", "nil failed", "exists false failed", "none of a list failed", "not equal failed",
				"value failed", "is null failed", "until failed", "whole passed", "when errored", "when saved errored", "default passed")
			for _, test := range []string{"exists not", "nil", "exists false", "none of a list", "not equal", "value", "is null", "until", "when", "when saved"} {
				wantIn(t, test, told(result(t, r, test)), tt.why)
			}
		})
	}
}

func TestWhatIsNotInABodyThatWasReadIsMissing(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{"object": `{"n":1}`, "text of JSON": `"done"`, "empty": "", "null": "null"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAPI(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				_, _ = io.WriteString(w, body)
			})
			b := newBench(t, "a.yaml", "target: "+a.URL+`
tests:
  - { name: missing, alias: a, expect: { body: { error: notExists, deleted_at: null, x: { exists: false } } } }
  - { name: when, when: "{{ a.response.body.error }} notExists" }
`)
			r := b.run(Selection{})
			wantStatuses(t, r, "missing passed", "when passed")
		})
	}
}
