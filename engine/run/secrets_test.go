package run

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/speclens/speclens/engine/plugin"
	"github.com/speclens/speclens/schema"
)

// hardSecrets are secrets of every awkward kind; each begins with what makes it awkward.
func hardSecrets(r *rand.Rand) map[string]string {
	letters := func(alphabet string, n int) string {
		b := make([]byte, n)
		for i := range b {
			b[i] = alphabet[r.IntN(len(alphabet))]
		}
		return string(b)
	}
	const word = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789"
	inner := letters(word, 12)
	return map[string]string{
		"FOUR":     letters(word, 4),
		"REGEX":    "(" + letters(word, 5) + "[.*+?" + letters(word, 9),
		"INNER":    inner,
		"OUTER":    letters(word, 6) + inner + letters(word, 6),
		"JWT":      "eyJ" + letters(word, 100) + "." + letters(word, 160) + "." + letters(word, 45),
		"LESS":     "<" + letters(word, 14),
		"CONTAINS": "contains " + letters(word, 14),
		"MATCHES":  "matches (" + letters(word, 14),
		"ONEOF":    "oneOf " + letters(word, 14) + ", " + letters(word, 14),
		"URL":      "https://hook.test/T0/" + letters(word, 11),
		"SPACES":   letters(word, 6) + "/" + letters(word, 6) + " three;" + letters(word, 6),
		"UMLAUTS":  "ü[" + letters(word, 8) + "]ß",
		"QUOTES":   letters(word, 5) + `"b\c'` + letters(word, 8) + "<&>",
		"LINES":    letters(word, 12) + "\n" + letters(word, 12),
	}
}

// leaks are the places at which a text holds a secret as a whole, or eight or more letters in a row that are a quarter of it. The
// pieces are looked for in each encoding on its own, and those that stand in the clear in the spec do not count.
func leaks(text, name, secret, innocent string) []string {
	var found []string
	for _, form := range append(secretForms(secret), secret) {
		piece := max(8, (len(form)+3)/4)
		for i := 0; i+piece <= len(form); i++ {
			part := form[i : i+piece]
			if at := strings.Index(text, part); at >= 0 && !strings.Contains(innocent, part) {
				found = append(found, fmt.Sprintf("%s %q: …%q…", name, part, text[max(0, at-60):min(len(text), at+60)]))
				break
			}
		}
		if len(form) < 8 && strings.Contains(text, form) && !strings.Contains(innocent, form) {
			found = append(found, name+" "+form)
		}
	}
	return found
}

// suiteOf is a suite in which every secret passes, fails and errors, in every place that takes one.
func suiteOf(secrets map[string]string) (env, spec string) {
	var e, s strings.Builder
	s.WriteString("target: fake://x\ntests:\n")
	for name := range secrets {
		fmt.Fprintf(&e, "%s=%s\n", name, strconv.Quote(secrets[name]))
		use := "{{ env." + name + " }}"
		for i, test := range []string{
			"{ resource: 'echo?p=" + use + "', headers: { X-A: 'Bearer " + use + "' }, body: '" + use + "', expect: { status: 200, body: { '.': nothing } } }",
			"{ resource: echo, body: 'x" + use + "', expect: { body: { '.': '" + use + "' } } }",
			"{ resource: other, expect: { body: { '.': '" + use + "', a.b: '" + use + "' }, status: '" + use + "', duration: '" + use + "', headers: { X: '" + use + "' } } }",
			"{ resource: other, expect: { body: { '.': { contains: '" + use + "', matches: '" + use + "', lt: '" + use + "', oneOf: ['" + use + "'], is: '" + use + "' } } } }",
			"{ resource: other, when: '" + use + " == x', expect: { status: 200 } }",
			"{ resource: other, when: '{{ \"x\" }} " + use + "', expect: { status: 200 } }",
			"{ resource: other, when: '{{ env." + name + ".JSON() }} == 1' }",
			"{ resource: fail, body: '" + use + "' }",
			"{ resource: hang, timeout: 20ms, body: '" + use + "' }",
			"{ resource: other, timeout: '" + use + "' }",
			"{ resource: other, target: '" + use + "' }",
			"{ resource: echo, body: { k: '{{ env." + name + ".ToUpper() }}', l: '{{ env." + name + ".Base64() }}' }, expect: { body: { k: '{{ env." + name + ".ToUpper() }}x' }, events: [{ kind: Sent, data: { a: '" + use + "' } }] } }",
			"{ resource: other, retry: { maxAttempts: 2, until: { body: { '.': '" + use + "' } } } }",
		} {
			fmt.Fprintf(&s, "  - %s\n", strings.Replace(test, "{ ", fmt.Sprintf("{ name: t%d of %s, ", i, strings.ToLower(name)), 1))
		}
	}
	return e.String(), s.String()
}

// allTold runs the suite and returns all that leaves the run.
func allTold(t *testing.T, secrets map[string]string) string {
	t.Helper()
	env, spec := suiteOf(secrets)
	b := newBench(t, ".env", env, "a.yaml", spec)
	b.fake.execute = func(ctx context.Context, in plugin.TestInput, emit plugin.EventSink) (*plugin.TestOutput, error) {
		body, _ := json.Marshal(in.Fields["body"])
		switch in.Resource {
		case "hang":
			<-ctx.Done()
			return nil, ctx.Err()
		case "fail":
			u := &url.URL{Scheme: "http", Host: "h", Path: "/" + fmt.Sprint(in.Fields["body"])}
			return &plugin.TestOutput{Error: "cannot get " + u.String() + " with " + base64.StdEncoding.EncodeToString([]byte("u:"+fmt.Sprint(in.Fields["body"])))}, nil
		case "other":
			return &plugin.TestOutput{Status: 500, Body: "nothing of interest"}, nil
		}
		emit(schema.PluginEvent{Kind: "Sent", Data: map[string]any{"url": (&url.URL{Path: in.Resource}).String(), "json": string(body), "a": in.Headers["X-A"]}})
		return &plugin.TestOutput{Status: 200, Body: in.Fields["body"], Headers: map[string]string{"X-Echo": latin1(in.Headers["X-A"])}}, nil
	}
	b.opts.Serial = false
	report := b.all()
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	for _, e := range b.events.all() {
		if err := enc.Encode(e); err != nil {
			t.Fatal(err)
		}
	}
	if err := enc.Encode(report.Results); err != nil {
		t.Fatal(err)
	}
	for _, r := range report.Results {
		fmt.Fprintln(&out, r.Error, strings.Join(r.Warnings, "\n"))
		for _, a := range r.Assertions {
			fmt.Fprintln(&out, a.Message, a.Note, a.Expression)
		}
	}
	return out.String()
}

func TestNoPartOfASecretLeavesARunInAnyEncoding(t *testing.T) {
	for seed := range uint64(2) {
		secrets := hardSecrets(rand.New(rand.NewPCG(seed, 1)))
		_, spec := suiteOf(secrets)
		text := allTold(t, secrets)
		for name, secret := range secrets {
			for _, leak := range leaks(text, name, secret, spec+"text that contains \" https://") {
				t.Errorf("seed %d: %s", seed, leak)
			}
		}
	}
}

func TestWithoutMaskingTheSameSuiteLeaksManySecrets(t *testing.T) {
	defer func(before int) { minSecret = before }(minSecret)
	minSecret = 1 << 20
	secrets := hardSecrets(rand.New(rand.NewPCG(1, 1)))
	text, found := allTold(t, secrets), 0
	minSecret = 4
	for name, secret := range secrets {
		found += len(leaks(text, name, secret, ""))
	}
	if found < 50 {
		t.Errorf("only %d leaks were found, so that the search proves nothing", found)
	}
}

func TestUserInformationOfALiteralTargetIsMasked(t *testing.T) {
	for _, target := range []string{"fake://user:literal@host/x", "fake://u:p@host", "fake://token-of-mine@host", "fake://user:lit%2Feral@host"} {
		b := newBench(t, "a.yaml", "tests: [{ target: \""+target+"\", resource: / }]\n")
		b.fake.execute = func(_ context.Context, in plugin.TestInput, _ plugin.EventSink) (*plugin.TestOutput, error) {
			return &plugin.TestOutput{Status: 200, Body: "you called " + in.Target}, nil
		}
		r := b.all().Results[0]
		text := fmt.Sprint(r.Target, r.Input, r.Output, b.events.all())
		for _, part := range []string{"user:", "literal", "lit%2Feral", "u:p@", "token-of-mine"} {
			if strings.Contains(text, part) {
				t.Errorf("%s: %q is in %s", target, part, text)
			}
		}
	}
}
