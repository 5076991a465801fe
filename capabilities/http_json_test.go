package capabilities

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
)

// standardJSON is what encoding/json makes of a body.
func standardJSON(body []byte) (any, bool) {
	d := json.NewDecoder(bytes.NewReader(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf"))))
	d.UseNumber()
	var value any
	if d.Decode(&value) != nil {
		return nil, false
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, false
	}
	return value, true
}

func sameAsStandardJSON(t *testing.T, body string) {
	t.Helper()
	got, ok := decodeJSON([]byte(body))
	want, valid := standardJSON([]byte(body))
	if ok != valid || ok && !reflect.DeepEqual(got, want) {
		if len(body) > 200 {
			body = body[:200] + "…"
		}
		t.Errorf("%q gives %#v, %v; encoding/json gives %#v, %v", body, got, ok, want, valid)
	}
}

var jsonBodies = []string{
	``, ` `, `null`, `true`, `false`, `nul`, `nulll`, `truefalse`, `{}`, `[]`, ` { } `, "\t[\r\n]", "\xef\xbb\xbf{}", "{\xef\xbb\xbf}",
	`{"a":1,"b":[1,2.50,-0,1e400,1E+2,-1.5e-3],"a":2}`, `[1,]`, `[,1]`, `{"a":1,}`, `{,}`, `{"a"}`, `{"a":}`, `{a:1}`, `[1 2]`, `{"a":1 "b":2}`,
	`01`, `-`, `+1`, `.5`, `1.`, `1e`, `1e+`, `--1`, `0x1`, `NaN`, `-0`, `0`, `9007199254740993`, `123456789012345678901234567890`,
	`"a"`, `"`, `"\"`, `"\u00e9\n\/"`, `"\ud83d\ude00"`, `"\ud83d"`, `"\udc00x"`, `"\x"`, `"\u12g4"`, "\"\x01\"", "\"\x7f\"", "\"\xff\"", "{\"\xff\":1}",
	`{} {}`, `{}x`, `[]]`, `[[]`, `{"a":{"b":[{"c":null}]}}`, "[1\v]", "\x00", "[\x00]", `{"":""}`, `'a'`, `"a`, `["a\`, `{"k\u0065y":1,"key":2}`,
}

func TestBodiesDecodeAsEncodingJSONDoes(t *testing.T) {
	for _, body := range jsonBodies {
		sameAsStandardJSON(t, body)
	}
	for _, depth := range []int{9999, 10000, 10001} {
		sameAsStandardJSON(t, strings.Repeat("[", depth)+strings.Repeat("]", depth))
		sameAsStandardJSON(t, strings.Repeat(`{"a":`, depth)+"1"+strings.Repeat("}", depth))
	}
}

func FuzzBodiesDecodeAsEncodingJSONDoes(f *testing.F) {
	for _, body := range jsonBodies {
		f.Add(body)
	}
	f.Fuzz(sameAsStandardJSON)
}

func BenchmarkDecodeJSON(b *testing.B) {
	for name, body := range map[string]string{
		"small": `{"ok":true}`,
		"large": "[" + strings.Repeat(`{"id":12345,"name":"Ada Lovelace","tags":["a","b"],"at":null},`, 2000) + "{}]",
	} {
		for which, decode := range map[string]func([]byte) (any, bool){"ours": decodeJSON, "encoding-json": standardJSON} {
			b.Run(name+"/"+which, func(b *testing.B) {
				b.ReportAllocs()
				b.SetBytes(int64(len(body)))
				for b.Loop() {
					if _, ok := decode([]byte(body)); !ok {
						b.Fatal("not decoded")
					}
				}
			})
		}
	}
}
