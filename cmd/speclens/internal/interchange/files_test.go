package interchange

import (
	"io"
	multipartlib "mime/multipart"
	"strings"
	"testing"
)

func TestHTTPFilesBecomeSpecs(t *testing.T) {
	const text = `@host = http://127.0.0.1:8080
@base = {{host}}/v1

### Log in
# @name login
POST {{base}}/login HTTP/1.1
Content-Type: application/json
# a comment among the headers
X-Id: {{$guid}}

{
  "user": "ada",
  "password": "{{password}}",
  "n": {{$randomInt 1 5}}
}

> {%
  client.global.set("x", 1);
%}

###
// nothing but a comment
### List
< {% request.variables.set("y", 2) %}
# @no-redirect
# @timeout 3
GET {{base}}/users
    ?page=1
    &size={{size}}
Authorization: Bearer {{login.response.body.$.token}}
###
{{host}}/health
###
POST /form
Host: other.example
Content-Type: application/x-www-form-urlencoded
Authorization: Basic ada:secret

a=1
&b={{$processEnv B}}
###
# @name login
DELETE http://127.0.0.1:8080/odd/{{$unknown thing}}
`
	const want = `target: http://127.0.0.1:8080

tests:
  - name: login
    alias: login
    method: POST
    resource: /v1/login
    headers:
      Content-Type: "application/json"
      X-Id: "{{ fake.uuid }}"
    body: "{\n  \"user\": \"ada\",\n  \"password\": \"{{ env.password }}\",\n  \"n\": {{ fake.int.1.5 }}\n}"
    expect: { status: 2xx }
  - name: List
    resource: "/v1/users?page=1&size={{ env.size }}"
    headers:
      Authorization: "Bearer {{ login.response.body.token }}"
    timeout: 3s
    followRedirects: false
    expect: { status: "< 400" }
  - name: GET /health
    resource: /health
    expect: { status: 2xx }
  - name: POST /form
    target: http://other.example
    method: POST
    resource: /form
    headers:
      Host: "other.example"
      Content-Type: "application/x-www-form-urlencoded"
      Authorization: "Basic YWRhOnNlY3JldA=="
    body: "a=1&b={{ env.B }}"
    expect: { status: 2xx }
  - name: login
    method: DELETE
    resource: "/odd/{{ env.unknown_thing }}"
    expect: { status: 2xx }
`
	requests, notes, err := ParseHTTP(strings.ReplaceAll(text, "\n", "\r\n"))
	if err != nil {
		t.Fatal(err)
	}
	if got := Spec(requests); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	wantNotes := "line 17: the script is left out\nline 24: the script is left out\n" +
		"line 34: the spec now holds credentials (Authorization); put them into the environment and write {{ env.NAME }}\n" +
		"line 43: {{ $unknown thing }} has no counterpart; it is taken from the environment"
	if got := strings.Join(notes, "\n"); got != wantNotes {
		t.Errorf("notes\n%s\nwant\n%s", got, wantNotes)
	}
}

// What follows a leading template up to the first slash is part of the host.
func TestTheTargetEndsAtTheFirstSlash(t *testing.T) {
	for address, want := range map[string][2]string{
		"{{host}}/x":                {"{{ env.host }}", "/x"},
		"{{host}}?x=1":              {"{{ env.host }}", "/?x=1"},
		"{{host}}":                  {"{{ env.host }}", "/"},
		"{{host}}:{{port}}/x":       {"http://{{ env.host }}:{{ env.port }}", "/x"},
		"{{host}}:8080":             {"http://{{ env.host }}:8080", "/"},
		"{{host}}.example.test/x":   {"http://{{ env.host }}.example.test", "/x"},
		"{{host}}{{path}}":          {"http://{{ env.host }}{{ env.path }}", ""},
		"{{host}}{{path}}/x":        {"http://{{ env.host }}{{ env.path }}", "/x"},
		"{{scheme}}://{{host}}/x":   {"{{ env.scheme }}://{{ env.host }}", "/x"},
		"https://{{host}}:1/{{x}}":  {"https://{{ env.host }}:1", "/{{ env.x }}"},
		"https://a.example/{{x}}/y": {"https://a.example", "/{{ env.x }}/y"},
	} {
		requests, _, err := ParseHTTP("GET " + address)
		if err != nil {
			t.Errorf("%s: %v", address, err)
			continue
		}
		if target, resource := split(requests[0].URL); target != want[0] || resource != want[1] {
			t.Errorf("%s: target %q, resource %q, want %q", address, target, resource, want)
		}
	}
}

func TestWhatIsNoPartOfAnHTTPRequestIsNotedAndLeftOut(t *testing.T) {
	const text = `/* a comment
 * of several lines */
{{
  exports.x = 1;
}}
#@name=first
get http://x.example/a
?page=1
&size=2
Accept: text/html
?? status == 200
?? header content-type exists

### recorded
GET http://x.example/b

HTTP/1.1 200 - OK
content-type: text/html

<html>
### script behind the headers
POST http://x.example/c
Content-Type: text/plain

body
{{
  test("x", () => {});
}}
### others
WEBSOCKET ws://x.example/ws
###
GRPC x.example/S/M
###
MQTT tcp://x.example
###
GET http://x.example/{{first.response.body.$..id}}/{{first.response.body.$.a.b}}

?? status > 299
`
	const want = `target: http://x.example

tests:
  - name: first
    alias: first
    resource: "/a?page=1&size=2"
    headers:
      Accept: "text/html"
    expect: { status: 200 }
  - name: recorded
    resource: /b
    expect: { status: 2xx }
  - name: script behind the headers
    method: POST
    resource: /c
    headers:
      Content-Type: "text/plain"
    body: body
    expect: { status: 2xx }
  - name: GET /{{ env.first_response_body_id }}/{{ first.response.body.a.b }}
    resource: "/{{ env.first_response_body_id }}/{{ first.response.body.a.b }}"
    expect: { status: "> 299" }
`
	requests, notes, err := ParseHTTP(text)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.ReplaceAll(Spec(requests), `"GET /{{ env.first_response_body_id }}/{{ first.response.body.a.b }}"`, "GET /{{ env.first_response_body_id }}/{{ first.response.body.a.b }}"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	wantNotes := `line 3: the script is left out
line 12: the assertion is left out; write it below expect: header content-type exists
line 17: the recorded response is left out
line 26: the script is left out
line 30: WEBSOCKET is left out: it is no http request
line 32: GRPC is left out: it is no http request
line 34: MQTT is left out: it is no http request
line 36: {{ first.response.body.$..id }} has no counterpart: write the path to the value in full`
	if got := strings.Join(notes, "\n"); got != wantNotes {
		t.Errorf("notes\n%s\nwant\n%s", got, wantNotes)
	}
}

func TestMultipartBodiesHaveTheLineEndsOfTheStandard(t *testing.T) {
	requests, _, err := ParseHTTP("POST http://x/\nContent-Type: multipart/form-data; boundary=B\n\n--B\nContent-Disposition: form-data; name=\"a\"\n\n1\n--B--\n")
	if err != nil {
		t.Fatal(err)
	}
	form, err := partsOf(*requests[0].Body, "B")
	if err != nil || form["a"] != "1" {
		t.Errorf("%q is read as %v (%v)", *requests[0].Body, form, err)
	}
	recorded, _, err := ParseHAR(`{"log": {"entries": [{"request": {"method": "POST", "url": "http://x/", "postData": {"mimeType": "multipart/form-data; boundary=B",
		"params": [{"name": "a \"b\"", "value": "1"}, {"name": "f", "fileName": "x.txt", "contentType": "text/plain", "value": "v"}]}}}]}}`)
	if err != nil {
		t.Fatal(err)
	}
	form, err = partsOf(*recorded[0].Body, "B")
	if err != nil || form[`a %22b%22`] != "1" || form["f"] != "v" {
		t.Errorf("%q is read as %v (%v)", *recorded[0].Body, form, err)
	}
}

func partsOf(body, boundary string) (map[string]string, error) {
	form := map[string]string{}
	r := multipartlib.NewReader(strings.NewReader(body), boundary)
	for {
		p, err := r.NextPart()
		if err == io.EOF {
			return form, nil
		}
		if err != nil {
			return form, err
		}
		content, err := io.ReadAll(p)
		if err != nil {
			return form, err
		}
		form[p.FormName()] = string(content)
	}
}

func TestRecordedBodiesThatAreNotInTheRecordingAreNoted(t *testing.T) {
	entry := func(data string) string {
		return `{"request": {"method": "POST", "url": "http://x/", "postData": ` + data + `}}`
	}
	text := `{"log": {"entries": [` + strings.Join([]string{
		entry(`{"text": "aGVsbG8=", "encoding": "base64"}`), entry(`{"text": "/w==", "encoding": "base64"}`), entry(`{"text": "?", "encoding": "base64"}`),
		entry(`{"mimeType": "multipart/form-data; boundary=B", "params": [{"name": "f", "fileName": "x.bin"}]}`),
		entry(`{"mimeType": "multipart/form-data", "params": [{"name": "f", "value": "x"}]}`),
	}, ",") + `]}}`
	requests, notes, err := ParseHAR(text)
	if err != nil || len(requests) != 1 || *requests[0].Body != "hello" {
		t.Fatalf("%v (%v)", requests, err)
	}
	for i, want := range []string{"entry 2: POST http://x/ is left out: its body is no text", "entry 3: ", "entry 4: POST http://x/ is left out: the file x.bin", "entry 5: "} {
		if !strings.HasPrefix(notes[i], want) {
			t.Errorf("note %q, want %q", notes[i], want)
		}
	}
}

func TestHTTPFilesThatCannotBeReadSayWhere(t *testing.T) {
	for text, want := range map[string]string{
		"":                               "there is no request",
		"# only a comment\n###\n":        "there is no request",
		"this is text":                   `line 1: "this is text" is no request; write METHOD URL`,
		"GET http://x\nnonsense\n":       `line 2: "nonsense" is no header`,
		"###\nPOST http://x\n\n< ./file": "line 4: the body would be read from a file",
	} {
		if _, _, err := ParseHTTP(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want %q", text, err, want)
		}
	}
}

func TestVariablesThatGrowAreBounded(t *testing.T) {
	var text strings.Builder
	for _, name := range "abcdefghijk" {
		text.WriteString("@" + string(name) + " = " + strings.Repeat("{{"+string(name+1)+"}}", 50) + "\n")
	}
	requests, _, err := ParseHTTP(text.String() + "GET http://x.example/{{a}}\n")
	if err != nil || len(requests) != 1 || len(requests[0].URL) > 2*maxResolved {
		t.Errorf("%d requests (%v)", len(requests), err)
	}
}

func TestHARFilesBecomeSpecs(t *testing.T) {
	const text = `{"log": {"entries": [
  {"request": {"method": "GET", "url": "https://x.example/a?b=1", "headers": [
     {"name": ":authority", "value": "x.example"}, {"name": "Host", "value": "x.example"}, {"name": "Accept", "value": "text/html"},
     {"name": "Cookie", "value": "sid=1"}, {"name": "sec-fetch-mode", "value": "cors"}]}, "response": {"status": 302}},
  {"request": {"method": "POST", "url": "https://x.example/a", "postData": {"mimeType": "application/json", "text": "{\"a\": true}"}}, "response": {"status": 201}},
  {"request": {"method": "POST", "url": "https://x.example/f", "postData": {"mimeType": "application/x-www-form-urlencoded", "params": [
     {"name": "a b", "value": "c&d"}]}}, "response": {"status": 0}},
  {"request": {"method": "GET", "url": "data:text/plain,x"}, "response": {"status": 200}}
]}}`
	const want = `target: https://x.example

tests:
  - name: GET /a
    resource: "/a?b=1"
    headers:
      Accept: "text/html"
      Cookie: "sid=1"
    followRedirects: false
    expect: { status: 302 }
  - name: POST /a
    method: POST
    resource: /a
    body:
      a: true
    expect: { status: 201 }
  - name: POST /f
    method: POST
    resource: /f
    headers:
      Content-Type: "application/x-www-form-urlencoded"
    body: "a+b=c%26d"
    expect: { status: 2xx }
`
	requests, notes, err := ParseHAR("\ufeff" + text)
	if err != nil {
		t.Fatal(err)
	}
	if got := Spec(requests); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if len(notes) != 2 || !strings.HasPrefix(notes[0], "entry 4: ") || !strings.Contains(notes[1], "credentials") {
		t.Errorf("notes %q", notes)
	}
}

func TestHARFilesThatCannotBeReadSayWhy(t *testing.T) {
	for text, want := range map[string]string{
		"hello":                     "this is no HAR file: invalid character",
		"{}":                        "this is no HAR file: it has no log",
		`{"log": {"entries": []}}`:  "there is no http request in it",
		`{"log": {"entries": [1]}}`: "this is no HAR file: json: cannot unmarshal number",
	} {
		if _, _, err := ParseHAR(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want %q", text, err, want)
		}
	}
}

func FuzzHTTP(f *testing.F) {
	f.Add("@a = b\n### x\n# @name y\nPOST http://{{a}}/\nA: b\n\nbody\n\n> {% x %}\n")
	f.Fuzz(func(t *testing.T, text string) {
		requests, _, err := ParseHTTP(text)
		if err != nil {
			return
		}
		if spec := Spec(requests); strings.ContainsFunc(strings.ReplaceAll(spec, "\n", ""), steers) {
			t.Errorf("the spec holds a raw control character: %q", spec)
		}
	})
}
