package capabilities

import (
	"errors"
	"strings"
	"testing"
)

func TestPatternsOfAGrant(t *testing.T) {
	target := []Endpoint{{Scheme: "http", Host: "api.test", Port: "8080"}}
	for _, c := range []struct {
		pattern, url string
		want         bool
	}{
		{"$target", "http://api.test:8080/x", true},
		{"$target", "https://api.test:8080/x", true},
		{"$target", "http://API.TEST.:8080/x", true},
		{"$target", "http://api.test/x", false},
		{"$target", "http://other.test:8080/x", false},
		{"*", "https://any.test:1/", true},
		{"*:*", "https://any.test:1/", true},
		{"*:443", "https://any.test/", true},
		{"*:443", "http://any.test/", false},
		{"db.test", "http://db.test/", true},
		{"db.test", "https://db.test/", true},
		{"db.test", "http://db.test:81/", false},
		{"DB.test.", "http://db.test/", true},
		{"db.test:81", "http://db.test:81/", true},
		{"db.test:81", "http://db.test/", false},
		{"db.test:*", "http://db.test:81/", true},
		{"*.db.test", "http://a.db.test/", true},
		{"*.db.test", "http://a.b.db.test/", true},
		{"*.db.test", "http://db.test/", false},
		{"*.db.test", "http://evildb.test/", false},
		{"*.db.test:9", "http://a.db.test:9/", true},
		{"127.0.0.1:80", "http://127.0.0.1/", true},
		{"[::1]:80", "http://[::1]/", true},
		{"::1", "http://[::1]/", true},
		{"[0:0:0:0:0:0:0:1]:*", "http://[::1]:5/", true},
		{"", "http://db.test/", false},
	} {
		to, ok := EndpointOf(c.url)
		if !ok {
			t.Fatalf("%s has no endpoint", c.url)
		}
		grant := Grant{HTTP: []string{c.pattern}}
		err := grant.AllowHTTP(to, target)
		if (err == nil) != c.want {
			t.Errorf("%q and %s: %v, want allowed %v", c.pattern, c.url, err, c.want)
		}
		var denied *ErrDenied
		if err != nil && (!errors.As(err, &denied) || denied.ByRule || denied.Endpoint.Host != to.Host) {
			t.Errorf("%q and %s: %#v, want *ErrDenied", c.pattern, c.url, err)
		}
		grant = Grant{HTTP: []string{"*"}, Deny: []string{c.pattern}}
		err = grant.AllowHTTP(to, target)
		if (err != nil) != c.want {
			t.Errorf("deny %q and %s: %v, want denied %v", c.pattern, c.url, err, c.want)
		}
		if c.want && (!errors.As(err, &denied) || !denied.ByRule) {
			t.Errorf("deny %q and %s: %v, want a rule to be named", c.pattern, c.url, err)
		}
	}
}

func TestEndpointOf(t *testing.T) {
	for url, want := range map[string]string{
		"http://a":                "a:80",
		"HTTPS://A.b./x?y":        "a.b:443",
		"ws://a":                  "a:80",
		"wss://a":                 "a:443",
		" http://a ":              "a:80",
		"http://u:p@a:9":          "a:9",
		"http://[2001:DB8::0001]": "[2001:db8::1]:80",
		"redis://a":               "a:",
		"/path":                   "",
		"a:80":                    "",
		"http://":                 "",
		"":                        "",
		"http://a b":              "",
		"http://%zz":              "",
	} {
		got, ok := EndpointOf(url)
		if ok != (want != "") || ok && got.String() != want {
			t.Errorf("EndpointOf(%q) = %v, %v; want %q", url, got, ok, want)
		}
	}
}

func TestGrantsForAModule(t *testing.T) {
	sum := strings.Repeat("ab", 32)
	grants := Grants{"sha256:" + sum: {HTTP: []string{"db.test"}}, "sha256:" + strings.Repeat("00", 32): {}}
	if got := grants.For(strings.ToUpper(sum)).HTTP; len(got) != 1 || got[0] != "db.test" {
		t.Errorf("the module's own: %v", got)
	}
	for name, sha := range map[string]string{
		"another module": strings.Repeat("cd", 32), "an entry that says nothing of http": strings.Repeat("00", 32),
	} {
		if got := grants.For(sha).HTTP; len(got) != 1 || got[0] != Target {
			t.Errorf("%s: %v, want only the test's target", name, got)
		}
	}
	if got := Grants(nil).For(sum).HTTP; len(got) != 1 || got[0] != Target {
		t.Errorf("no grants at all: %v", got)
	}
}

func TestCheckNamesWhatCanNeverMatch(t *testing.T) {
	key := "sha256:" + strings.Repeat("ab", 32)
	good := Grants{key: {HTTP: []string{"$target", "*", "*:*", "a", "a:1", "a:*", "*.a", "*.a:1", "[::1]:80", "::1"}, Deny: []string{"b"}}}
	if err := good.Check(); err != nil {
		t.Errorf("good grants: %v", err)
	}
	for _, pattern := range []string{"", "http://a", "a/b", "a b", "u@a", "a*", "*.*", "*.", "a:http", "$targets*"} {
		for _, bad := range []Grants{{key: {HTTP: []string{pattern}}}, {key: {Deny: []string{pattern}}}} {
			if err := bad.Check(); err == nil || !strings.Contains(err.Error(), "pattern") {
				t.Errorf("pattern %q: %v", pattern, err)
			}
		}
	}
	for _, key := range []string{
		"http", "sha256:ab", strings.Repeat("ab", 32), "sha256:" + strings.Repeat("AB", 32), "sha256:" + strings.Repeat("zz", 32),
	} {
		if err := (Grants{key: {}}).Check(); err == nil || !strings.Contains(err.Error(), "64 lower-case hex digits") {
			t.Errorf("key %q: %v", key, err)
		}
	}
}
