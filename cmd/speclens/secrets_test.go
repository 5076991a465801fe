package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// encodings are those that the product and the servers under test apply, written down here a second time.
func encodings(s string) []string {
	quoted, _ := json.Marshal(s)
	twice, _ := json.Marshal(string(quoted))
	forms := []string{s, strings.ToLower(s), url.QueryEscape(s), url.PathEscape(s), (&url.URL{Path: s}).EscapedPath(), strings.Trim(string(quoted), `"`),
		strings.Trim(string(twice), `\"`), base64.StdEncoding.EncodeToString([]byte(s)), base64.URLEncoding.EncodeToString([]byte(s)), strconv.Quote(s)}
	return append(forms, base64.StdEncoding.EncodeToString([]byte("user:" + s))[8:])
}

func TestNoReportHoldsASecretOrAQuarterOfOne(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("X-Echo", r.Header.Get("X-In"))
		_ = json.NewEncoder(w).Encode(map[string]any{"url": r.URL.String(), "query": r.URL.Query(), "auth": r.Header.Get("Authorization"), "body": string(body)})
	}))
	defer server.Close()
	random := rand.New(rand.NewPCG(7, 7))
	word := func(n int) string {
		b := make([]byte, n)
		for i := range b {
			b[i] = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789"[random.IntN(57)]
		}
		return string(b)
	}
	inner := word(10)
	secrets := map[string]string{
		"JWT": "eyJ" + word(307), "INNER": inner, "OUTER": word(5) + inner + word(5), "LESS": "<" + word(12), "BLANK": word(7) + " " + word(7),
		"PATH": word(6) + "/" + word(6) + " three", "QUOTE": word(8) + `"b\c` + word(4), "REGEX": "(" + word(9) + "[*", "FOUR": word(4),
	}
	var env, spec strings.Builder
	fmt.Fprintf(&spec, "target: %s\ntests:\n", server.URL)
	i := 0
	for name, secret := range secrets {
		fmt.Fprintf(&env, "%s=%s\n", name, strings.ReplaceAll(strconv.Quote(secret), `\u`, `\u`))
		for _, test := range []string{
			`resource: "/e?p={{ env.N }}", headers: { X-In: "{{ env.N }}", Authorization: "Basic {{ env.N.Base64() }}" }, expect: { status: 201, body: { query.p: nothing, body: "{{ env.N }}" } }`,
			`method: POST, resource: "/{{ env.N }}", body: { a: "{{ env.N }}" }, expect: { status: "{{ env.N }}", body: { body: "x{{ env.N }}y" }, headers: { X: "{{ env.N }}" } }`,
			`method: POST, resource: /x, body: "{{ env.N }}", expect: { body: { body: "{{ env.N }}", ".": nothing }, duration: "{{ env.N }}" }`,
			`target: "http://{{ env.N.URLEncode() }}.invalid", resource: /, timeout: 300ms`,
			`target: "http://user:{{ env.N.URLEncode() }}@127.0.0.1:1", resource: /`,
		} {
			i++
			fmt.Fprintf(&spec, "  - { name: t%d, %s }\n", i, strings.ReplaceAll(test, "env.N", "env."+name))
		}
	}
	dir := project(t, map[string]string{"a.qube.yaml": spec.String(), ".env": env.String(), ".qube.yaml": "version: 1\n"})
	t.Chdir(dir)
	search := func(what, text string) (found int) {
		for name, secret := range secrets {
			for _, form := range encodings(secret) {
				piece := max(8, (len(form)+3)/4)
				for at := 0; at+piece <= len(form); at++ {
					part := form[at : at+piece]
					if i := strings.Index(text, part); i >= 0 {
						found++
						if what != "" {
							t.Errorf("%s: %s %q: …%q…", what, name, part, text[max(0, i-80):min(len(text), i+80)])
						}
						break
					}
				}
			}
		}
		return found
	}
	for format := range runners {
		args := []string{"run", "-v", "-o", format, "a.qube.yaml"}
		code, stdout, stderr := cli(t, args...)
		if code != exitFailed {
			t.Errorf("%s ends with %d\n%s", format, code, stderr)
		}
		search(format, stdout+stderr)
	}
	if _, _, stderr := cli(t, "run", "--log-level", "debug", "-o", "json", "--report", "html=r.html", "--report", "junit=r.xml", "a.qube.yaml"); stderr != "" {
		search("stderr", stderr)
	}
	for _, file := range []string{"r.html", "r.xml"} {
		content, err := os.ReadFile(filepath.Join(dir, file))
		if err != nil {
			t.Fatal(err)
		}
		search(file, string(content))
	}
	// The same search finds much where nothing is masked: in the file that the variables come from, and in what is sent.
	all := spec.String()
	for name, secret := range secrets {
		all = strings.ReplaceAll(all, "{{ env."+name+" }}", secret)
	}
	if found := search("", all); found < 20 {
		t.Errorf("only %d leaks were found in what is not masked, so that the search proves nothing", found)
	}
}
