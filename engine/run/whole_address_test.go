package run

import (
	"slices"
	"strings"
	"testing"
)

func TestATestWithAWholeAddressNeedsNoTarget(t *testing.T) {
	t.Parallel()
	a := newAPI(t, (&rowServer{}).serve)
	b := newBench(t, ".qube.yaml", "version: \"1\"\nenv: { API: \""+a.URL+"\" }\n", "a.qube.yaml", `
tests:
  - { name: whole, url: "`+a.URL+`/whole", expect: { status: 200 } }
  - { name: templated, url: "{{ env.API }}/templated", expect: { status: 200 } }
  - { name: made up, url: "`+a.URL+`/{{ fake.uuid }}", expect: { status: 200 } }
  - { name: path alone, url: /path, expect: { status: 200 } }
  - { name: another protocol, url: "gopher://h/x", expect: { status: 200 } }
`)
	r := b.run(Selection{})
	wantStatuses(t, r, "whole passed", "templated passed", "made up passed", "path alone errored", "another protocol errored")
	wantIn(t, "path alone", told(result(t, r, "path alone")), "no target")
	wantIn(t, "another protocol", told(result(t, r, "another protocol")), "no plugin serves the protocol `gopher`")
	madeUp := strings.TrimPrefix(result(t, r, "made up").Target, a.URL)
	if got := a.got(); len(got) != 3 || !slices.Contains(got, "GET "+madeUp) {
		t.Errorf("requests = %q, and the target was %q", got, madeUp)
	}
}
