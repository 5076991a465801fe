package run

import (
	"testing"
)

func TestARunOfOneFile(t *testing.T) {
	a := newAPI(t, nil)
	b := newBench(t, "a.qube.yaml", `
target: `+a.URL+`
tests:
  - name: log in
    alias: auth
    method: POST
    resource: /login
    expect:
      status: 200
      body:
        token: is string
  - name: use the token
    method: GET
    resource: /echo
    headers:
      Authorization: "Bearer {{ auth.response.body.token }}"
    expect:
      status: 200
      body:
        headers.Authorization.0: Bearer t-1
  - GET /status/404 -> 404
  - GET /status/500:
      expect:
        status: 2xx
`)
	r := b.all()
	wantStatuses(t, r, "log in passed", "call:GET /status/404 passed", "call:GET /status/500 failed", "use the token passed")
}
