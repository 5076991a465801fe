package run

import (
	"net/http"
	"strings"
	"testing"
)

func TestTemplatesOfDefaultsAndAliasesMakeEdgesWhereTheyAreInForce(t *testing.T) {
	const login = "  - { name: login, alias: login, target: fake://x, headers: { X-T: none }, timeout: 1s }\n"
	for _, c := range []struct {
		name, config, file, tests string
		want                      string // the waves
	}{
		{"a header of the configuration", "defaults: { headers: { X-T: '{{ login.response.body.t }}' } }", "target: fake://x",
			"  - { name: a }\n" + login, "login | a"},
		{"a timeout of the configuration", "defaults: { timeout: '{{ login.response.body.t }}' }", "target: fake://x",
			"  - { name: a }\n" + login, "login | a"},
		{"a saved name in a header of the configuration", "defaults: { headers: { X-T: '{{ token }}' } }", "target: fake://x",
			"  - { name: a }\n  - { name: s, headers: { x-t: none }, save: { token: response.body.t } }\n", "s | a"},
		{"not where the file sets the header", "defaults: { headers: { X-T: '{{ login.response.body.t }}' } }",
			"target: fake://x\ndefaults: { headers: { x-t: 1 } }", "  - { name: a }\n" + login, "a login"},
		{"not where the test sets the header", "defaults: { headers: { X-T: '{{ login.response.body.t }}' } }", "target: fake://x",
			"  - { name: a, headers: { x-T: 1 } }\n" + login, "a login"},
		{"not where the test sets the file's header", "", "target: fake://x\ndefaults: { headers: { X-T: '{{ login.response.body.t }}' } }",
			"  - { name: a, headers: { x-T: 1 } }\n" + login, "a login"},
		{"not where the file sets the timeout", "defaults: { timeout: '{{ login.response.body.t }}' }",
			"target: fake://x\ndefaults: { timeout: 1s }", "  - { name: a }\n" + login, "a login"},
		{"an alias of the configuration", "targets: { api: 'fake://{{ login.response.body.t }}', other: fake://o }", "target: api",
			"  - { name: a }\n  - { name: b, target: other }\n" + login, "b login | a"},
		{"an alias of the file hides the configuration's", "targets: { api: 'fake://{{ login.response.body.t }}' }",
			"target: api\ntargets: { api: fake://x }", "  - { name: a }\n" + login, "a login"},
		{"an alias of an environment that is not chosen counts for nothing",
			"targets: { api: fake://x }\nenvironments: { e: { targets: { api: 'fake://{{ login.response.body.t }}' } } }", "target: api",
			"  - { name: a }\n" + login, "a login"},
		{"any alias where a template decides", "targets: { api: 'fake://{{ login.response.body.t }}' }\nenv: { TO: api }",
			"target: '{{ env.TO }}'", "  - { name: a }\n" + login, "login | a"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t, ".qube.yaml", "version: '1'\n"+c.config+"\n", "a.qube.yaml", c.file+"\ntests:\n"+c.tests)
			s, problems := Plan(b.session.Snapshot(), Selection{})
			if len(problems) > 0 {
				t.Fatal(problems)
			}
			var waves []string
			for _, w := range s.Waves() {
				waves = append(waves, strings.Join(w, " "))
			}
			if got := strings.Join(waves, " | "); got != c.want {
				t.Errorf("waves = %s, want %s", got, c.want)
			}
		})
	}
}

func TestAChosenEnvironmentsAliasMakesEdges(t *testing.T) {
	b := newBench(t, ".qube.yaml", `version: '1'
targets: { api: fake://x }
environments: { e: { targets: { api: 'fake://{{ login.response.body.t }}' } } }
`, "a.qube.yaml", "target: api\ntests:\n  - { name: a }\n  - { name: login, alias: login, target: fake://x }\n")
	b.session.SetEnvironment(b.uri("a.qube.yaml"), "e")
	s, problems := Plan(b.session.Snapshot(), Selection{})
	if len(problems) > 0 || len(s.Waves()) != 2 || s.Waves()[0][0] != "login" {
		t.Errorf("waves = %q, problems %v", s.Waves(), problems)
	}
}

// TestADefaultOfTheConfigurationCarriesAToken runs what the edges are for: every test sends what the first one received.
func TestADefaultOfTheConfigurationCarriesAToken(t *testing.T) {
	a := newAPI(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer t-1" {
			w.WriteHeader(http.StatusUnauthorized)
		}
	})
	b := newBench(t, ".qube.yaml", "version: '1'\ntargets: { api: "+a.URL+" }\n"+
		"defaults: { headers: { Authorization: 'Bearer {{ token }}' } }\n",
		"a.qube.yaml", "target: api\ntests:\n  - { name: one, resource: /one, expect: { status: 200 } }\n",
		"b.qube.yaml", "target: api\ntests:\n  - { name: login, method: POST, resource: /login, headers: { authorization: '' }, "+
			"save: { token: response.body.token } }\n  - { name: two, resource: /two, expect: { status: 200 } }\n")
	b.opts.MaxConcurrent = 4
	wantStatuses(t, b.all(), "login passed", "one passed", "two passed")
	b.write("b.qube.yaml", "target: api\ntests:\n  - { name: login, resource: /status/500, target: '', headers: { authorization: '' }, "+
		"skip: true, save: { token: response.body.token } }\n")
	b.load()
	r := b.all()
	wantStatuses(t, r, "login skipped", "one skipped")
	wantIn(t, "reason", result(t, r, "one").Error, "token", "was skipped")
}

func TestACycleThroughADefaultIsNamedInFull(t *testing.T) {
	b := newBench(t, ".qube.yaml", "version: '1'\ndefaults: { headers: { X-T: '{{ login.response.body.t }}' } }\n",
		"a.qube.yaml", "target: fake://x\ntests:\n  - { name: set up, alias: setup }\n  - { name: log in, alias: login, depends: [setup] }\n")
	_, problems := Plan(b.session.Snapshot(), Selection{})
	if len(problems) != 1 || problems[0].Code != CodeCycle || !strings.Contains(problems[0].Message, "`setup` needs `login` needs `setup`") {
		t.Errorf("problems = %+v", problems)
	}
}
