package run

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/speclens/speclens/engine"
)

func TestMaskerHidesASecretInEveryForm(t *testing.T) {
	const secret = `p@ss "w/ord<é` + "\n" + `+1`
	html, _ := json.Marshal(secret)
	forms := map[string]string{
		"as it is":                                 secret,
		"in a URL's query":                         url.QueryEscape(secret),
		"in a URL's path":                          url.PathEscape(secret),
		"percent-encoded in lower case":            strings.ToLower(percentAll(secret)),
		"with every reserved byte percent-encoded": percentAll(secret),
		"with blanks as %20":                       strings.ReplaceAll(url.QueryEscape(secret), "+", "%20"),
		"in JSON that is safe in HTML":             string(html[1 : len(html)-1]),
		"in plain JSON":                            jsonForms(secret)[1],
		"in hexadecimal":                           hex.EncodeToString([]byte(secret)),
		"in upper hexadecimal":                     strings.ToUpper(hex.EncodeToString([]byte(secret))),
		"in base64":                                base64.StdEncoding.EncodeToString([]byte(secret)),
		"in base64 without padding":                base64.RawStdEncoding.EncodeToString([]byte(secret)),
		"in base64url":                             base64.URLEncoding.EncodeToString([]byte(secret)),
	}
	m := NewMasker(secret)
	for name, form := range forms {
		t.Run(name, func(t *testing.T) {
			if form == secret && name != "as it is" {
				t.Fatal("the form does not differ from the secret: the test would prove nothing")
			}
			got := m.Text("<" + form + ">")
			if !strings.Contains(got, engine.Masked) || len(got) > len("<"+engine.Masked+">")+2 {
				t.Errorf("%q became %q", form, got)
			}
		})
	}
}

func TestMaskerHidesASecretWithinBasicAuthentication(t *testing.T) {
	const secret = "s3cr3t-value"
	m := NewMasker(secret)
	for _, user := range []string{"a", "ab", "abc", "abcd", ""} {
		for _, tail := range []string{"", "x", "xy"} {
			header := "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+secret+tail))
			got := m.Text(header)
			if !strings.Contains(got, engine.Masked) {
				t.Errorf("%q stays as it is", header)
				continue
			}
			plain, _ := base64.RawStdEncoding.DecodeString(strings.TrimRight(strings.TrimPrefix(got, "Basic "), "="))
			if strings.Contains(string(plain), "3cr3t") {
				t.Errorf("user %q: %q still decodes to the secret", user, got)
			}
		}
	}
}

func TestMaskerLeavesShortValuesAlone(t *testing.T) {
	m := NewMasker("dev", "1", "")
	if m != nil {
		t.Errorf("a masker of short values masks something: %q", m.Text("dev 1"))
	}
	if got := m.Text("dev"); got != "dev" {
		t.Errorf("got %q", got)
	}
	if got := NewMasker("devs").Text("devs"); got != engine.Masked {
		t.Errorf("four bytes are enough, got %q", got)
	}
}

func TestMaskerPrefersTheLongerSecret(t *testing.T) {
	m := NewMasker("token", "token-and-more")
	if got := m.Text("a token-and-more b token"); got != "a *** b ***" {
		t.Errorf("got %q", got)
	}
}

func TestMaskerValueWalksEverythingAndChangesNothingInPlace(t *testing.T) {
	m := NewMasker("hunter22", "12345")
	shared := map[string]any{"quiet": "nothing"}
	in := map[string]any{
		"a": []any{"x hunter22", 7, shared}, "hunter22": true, "pin": json.Number("12345"), "n": int64(12345), "f": nil,
		"h": map[string]string{"Authorization": "Bearer hunter22"}, "all": map[string][]string{"X": {"1", "hunter22"}},
		"raw": []byte("hunter22"),
	}
	want := map[string]any{
		"a": []any{"x ***", 7, shared}, "***": true, "pin": "***", "n": "***", "f": nil,
		"h": map[string]string{"Authorization": "Bearer ***"}, "all": map[string][]string{"X": {"1", "***"}},
		"raw": []byte("***"),
	}
	if diff := cmp.Diff(want, m.Value(in)); diff != "" {
		t.Errorf("masked value (-want +got):\n%s", diff)
	}
	if in["a"].([]any)[0] != "x hunter22" || in["hunter22"] != true {
		t.Error("the original changed")
	}
}

func TestMaskerOfMoreValuesKeepsThoseBefore(t *testing.T) {
	first := NewMasker("first-secret")
	both := first.With("second-secret")
	if got := both.Text("first-secret second-secret"); got != "*** ***" {
		t.Errorf("got %q", got)
	}
	if got := first.Text("second-secret"); got != "second-secret" {
		t.Errorf("the masker before masks %q too", got)
	}
	if first.With("first-secret") != first {
		t.Error("nothing new gives the same masker")
	}
}
