package interchange

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// words that a shell might misread.
var hardWords = []string{
	"", "plain", "two words", "it's", `"double"`, "$HOME", "$(touch pwned)", "`id`", "back\\slash", "a\nb", "tab\there", "\x1b[31m\a",
	"end", "*?[x]", "~", "#no", "a;b&&c|d>e<f", "!history", "\u202ebidi", "\x9b\xff", "é 漢字 🎉", "-n", "--", "\r\n", "'", "''", `\'`, "%25",
	"{a,b}", "\u0085\u2028", "\U000e0041",
	"\x01" + "7", "{{ env.X }}",
}

func TestQuotedWordsAreReadBackAsTheyWere(t *testing.T) {
	for _, word := range hardWords {
		quoted := Quote(word)
		if strings.ContainsFunc(quoted, steers) {
			t.Errorf("%q is quoted as %q", word, quoted)
		}
		commands, _, err := Commands("x " + quoted)
		if err != nil || len(commands) != 1 || len(commands[0].Words) != 2 || commands[0].Words[1] != word {
			t.Errorf("%q is quoted as %s and read as %v (%v)", word, quoted, commands, err)
		}
	}
}

func TestBashReadsQuotedWordsAsTheyWere(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("there is no bash here; the test above reads the same words with our own parser")
	}
	var quoted []string
	for _, word := range hardWords {
		quoted = append(quoted, Quote(word))
	}
	out, err := exec.Command(bash, "-c", `printf '%s\0' `+strings.Join(quoted, " ")).Output()
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
	if !slices.Equal(got, hardWords) {
		t.Errorf("bash reads %q\nwant       %q", got, hardWords)
	}
}

func TestCommandsAreSplitAsAShellDoes(t *testing.T) {
	tests := []struct {
		name, script string
		want         [][]string
	}{
		{"words", "curl  -s\tx", [][]string{{"curl", "-s", "x"}}},
		{"continued lines", "curl \\\n  x \\\r\n y", [][]string{{"curl", "x", "y"}}},
		{"comments", "# one\ncurl x # two\n#three", [][]string{{"curl", "x"}}},
		{"a hash within a word", "curl x#y", [][]string{{"curl", "x#y"}}},
		{
			"several commands", "curl a; curl b && curl c | curl d\ncurl e",
			[][]string{{"curl", "a"}, {"curl", "b"}, {"curl", "c"}, {"curl", "d"}, {"curl", "e"}},
		},
		{"quotes that touch", `a'b'"c"\d`, [][]string{{"abcd"}}},
		{"an empty word", `a '' ""`, [][]string{{"a", "", ""}}},
		{"escapes in double quotes", `"\"\\\$\n\` + "\n" + `x"`, [][]string{{`"\$\nx`}}},
		{"variables", `x$A "${B}c" '$C' $`, [][]string{{"x" + marked("A"), marked("B") + "c", "$C", "$"}}},
		{"variables that the script sets", "export A=x B\nC=$A/y\ncurl $A $B $C", [][]string{{"curl", "x", marked("B"), "x/y"}}},
		{"variables for the command alone", "A=x curl $A", [][]string{{"curl", marked("A")}}},
		{"secrets by their names stay variables", "API_TOKEN=x\ncurl $API_TOKEN", [][]string{{"curl", marked("API_TOKEN")}}},
		{"commands that start another", "sudo -E env A=1 /usr/bin/curl x; $ curl y; time curl z", [][]string{{"/usr/bin/curl", "x"}, {"curl", "y"}, {"curl", "z"}}},
		{"redirections", "curl a > out.json 2>/dev/null; curl b >out 2>&1 <in; curl c &>all", [][]string{{"curl", "a"}, {"curl", "b"}, {"curl", "c"}}},
		{"what is behind the pipe", "curl a | jq .x | sort", [][]string{{"curl", "a"}}},
		{"loops, conditions and functions", "for i in 1 2; do curl a; done\nif true; then curl b; fi\nf() { curl c; }", [][]string{{"curl", "a"}, {"true"}, {"curl", "b"}, {"curl", "c"}}},
		{"lines for cmd", "curl \"http://x/?a=1^&b\" ^\n  -H \"A: b\" ^\r\n  -d ^\"{\\^\"q\\^\": 1}^\"\ncurl y%Z%", [][]string{{"curl", "http://x/?a=1^&b", "-H", "A: b", "-d", `{"q": 1}`}, {"curl", "y" + marked("Z")}}},
		{"escapes of bash", `$'a\n\x41\u00e9\101\q\'z'`, [][]string{{"a\nAéA\\q'z"}}},
		{"text of several bytes", "é '漢'", [][]string{{"é", "漢"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			commands, _, err := Commands(tt.script)
			if err != nil {
				t.Fatal(err)
			}
			var got [][]string
			for _, c := range commands {
				got = append(got, c.Words)
			}
			if !slices.EqualFunc(got, tt.want, slices.Equal) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestScriptsThatCannotBeReadSayWhere(t *testing.T) {
	for script, want := range map[string]string{
		"curl x\ncurl 'a":                "line 2: reached EOF without closing quote",
		`curl "a`:                        "line 1: reached EOF without closing quote",
		`curl $'a`:                       "line 1: reached EOF without closing quote",
		"curl $(id)":                     "line 1: a command inside the command is not run",
		"curl \"`id`\"":                  "line 1: a command inside the command is not run",
		"curl ${A:-b}":                   "line 1: only ${NAME} is understood",
		"curl $1":                        "line 1: only ${NAME} is understood",
		"wget x":                         `line 1: "wget" is no curl command`,
		"":                               "there is no curl command",
		"curl":                           "line 1: the command names no URL",
		"curl x --digest":                "line 1: curl's option --digest has no counterpart",
		"curl x -T file":                 "line 1: curl's option --upload-file has no counterpart",
		"curl x --unheard":               "line 1: curl's option --unheard has no counterpart",
		"curl x --proxy-":                "line 1: curl's option --proxy- may mean",
		"curl x -\\;":                    "line 1: curl's option -; has no counterpart",
		"curl x -H":                      "line 1: curl's option -H lacks its value",
		"curl x --header":                "line 1: curl's option --header lacks its value",
		"curl x -H nonsense":             `line 1: -H "nonsense" is no header`,
		"curl x -H @file":                "reads a file",
		"curl x -d @file":                "would be read from a file",
		"curl x -d @- < file":            "would be read from a file",
		"cat x | curl x -d @-":           `"cat" is no curl command`,
		"curl x --data-binary @file":     "would be read from a file",
		"curl x --json @file":            "would be read from a file",
		"curl x --data-urlencode n@file": "would be read from a file",
		"curl x --url-query @file":       "would be read from a file",
		"curl x -F f=@file":              "sends a file, which a spec cannot",
		"curl x -F f":                    `-F "f" is no field`,
		"curl x --form-string f":         `--form-string "f" is no field`,
		"curl x -F 'f=1;odd=2'":          `"odd" is not understood`,
		"curl x -F f=1 -d a":             "curl takes only one of",
		"curl x -b jar":                  "-b jar reads a file",
		"curl x -m soon":                 `--max-time "soon" is no number`,
		"curl x -u $A:$B":                "put NAME:PASSWORD into one variable",
		"curl 'http://x/a b'":            "curl refuses the blank",
		"curl ftp://x/":                  "is no http request",
		"curl 'x/{a'":                    "curl refuses the braces",
		"curl 'x/[a'":                    "curl refuses the brackets",
		"curl 'x/[a]'":                   "curl refuses the brackets",
		"curl 'x/[1-999]'":               "more than 100 requests",
		"curl \"x\" ^\n -H \"a":          "line 1: a double quote is never closed",
	} {
		if _, _, err := ParseCurl(script); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want %q", script, err, want)
		}
	}
}

func TestCurlCommandsBecomeSpecs(t *testing.T) {
	const head = "target: https://api.example.com\n\ntests:\n"
	tests := []struct{ name, script, want string }{
		{"a plain GET", "curl https://api.example.com/users?x=1#top", "  - name: GET /users\n    resource: \"/users?x=1\"\n"},
		{"a prompt that was pasted too", "$ curl https://api.example.com", "  - name: GET /\n    resource: /\n"},
		{
			"JSON is held as values, in its order",
			`curl -XPUT https://api.example.com/a -H 'Content-Type: application/json' -d '{"b": [1, {"c": null}], "a": "x: y", "e": {}, "f": []}'`,
			"  - name: PUT /a\n    method: PUT\n    resource: /a\n    body:\n      b:\n        - 1\n        -\n" +
				"          c: null\n      a: \"x: y\"\n      e: {}\n      f: []\n",
		},
		{
			"--json", `curl --json '{"n": 12345678901234567890}' https://api.example.com/a`,
			"  - name: POST /a\n    method: POST\n    resource: /a\n    headers:\n      Accept: \"application/json\"\n" +
				"    body:\n      \"n\": 12345678901234567890\n",
		},
		{
			"a key twice keeps the body text", `curl https://api.example.com/a -H 'content-type: application/json' -d '{"a":1,"a":2}'`,
			"  - name: POST /a\n    method: POST\n    resource: /a\n    headers:\n      content-type: \"application/json\"\n" +
				"    body: \"{\\\"a\\\":1,\\\"a\\\":2}\"\n",
		},
		{
			"a form", `curl https://api.example.com/a -d a=1 --data-urlencode 'b=x y&z'`,
			"  - name: POST /a\n    method: POST\n    resource: /a\n    headers:\n" +
				"      Content-Type: \"application/x-www-form-urlencoded\"\n    body: \"a=1&b=x+y%26z\"\n",
		},
		{
			"-G puts the data into the URL", `curl -G https://api.example.com/a?z=1 -d a=1 -d b=2`,
			"  - name: GET /a\n    resource: \"/a?z=1&a=1&b=2\"\n",
		},
		{
			"a multipart form", `curl https://api.example.com/a -F name=Ada`,
			"  - name: POST /a\n    method: POST\n    resource: /a\n    headers:\n      Content-Type: \"multipart/form-data; boundary=" + formBoundary + "\"\n" +
				"    body: \"--" + formBoundary + "\\r\\nContent-Disposition: form-data; name=\\\"name\\\"\\r\\n\\r\\nAda\\r\\n--" + formBoundary + "--\\r\\n\"\n",
		},
		{
			"-u", `curl -u ada:secret https://api.example.com/a`,
			"  - name: GET /a\n    resource: /a\n    headers:\n      Authorization: \"Basic YWRhOnNlY3JldA==\"\n",
		},
		{
			"-u with a variable", `curl -u "$CRED" https://api.example.com/a`,
			"  - name: GET /a\n    resource: /a\n    headers:\n      Authorization: \"Basic {{ env.CRED.Base64() }}\"\n",
		},
		{
			"credentials in the URL", `curl https://ada:secret@api.example.com/a`,
			"  - name: GET /a\n    resource: /a\n    headers:\n      Authorization: \"Basic YWRhOnNlY3JldA==\"\n",
		},
		{
			"cookies, agents and headers that come twice",
			`curl https://api.example.com/a -b a=1 -H 'Cookie: b=2' -A me -e you -H 'X: 1' -H 'x: 2' -H 'Gone:' -H 'Empty;'`,
			"  - name: GET /a\n    resource: /a\n    headers:\n      Cookie: \"b=2\"\n      X: \"1, 2\"\n" +
				"      Empty: \"\"\n      User-Agent: me\n      Referer: you\n",
		},
		{
			"a cluster of options", `curl -sSkLI -m5 https://api.example.com/a -o /dev/null`,
			"  - name: HEAD /a\n    method: HEAD\n    resource: /a\n    timeout: 5s\n",
		},
		{"redirects", `curl -L --max-redirs 3 https://api.example.com/a`, "  - name: GET /a\n    resource: /a\n    maxRedirects: 3\n"},
		{
			"a token from the environment", `curl https://api.example.com/a -H "Authorization: Bearer $TOKEN"`,
			"  - name: GET /a\n    resource: /a\n    headers:\n      Authorization: \"Bearer {{ env.TOKEN }}\"\n",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			requests, _, err := ParseCurl(tt.script)
			if err != nil {
				t.Fatal(err)
			}
			want := head + tt.want
			if strings.Contains(tt.script, "L") && strings.Contains(tt.script, "curl -") {
				want += "    expect: { status: 2xx }\n"
			} else {
				want += "    followRedirects: false\n    expect: { status: \"< 400\" }\n"
			}
			if got := Spec(requests); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

func TestACommandOfOursIsReadBack(t *testing.T) {
	body := "{\"it's\": \"a\\nb\"}\n\x1b"
	for _, r := range []Request{
		{URL: "http://x.example/a?b={c}&d=[1]"},
		{Method: "DELETE", URL: "http://x.example/"},
		{Method: "HEAD", URL: "http://x.example/"},
		{
			Method: "POST", URL: "http://x.example/", Headers: []Header{{"Content-Type", "text/plain"}, {"Empty", ""}, {"Q", "it's $HOME"}},
			Body: &body,
		},
		{Method: "GET", URL: "http://x.example/", Headers: []Header{{"Content-Type", "text/plain"}}, Body: &body},
	} {
		command := Curl(r, CurlOptions{Follow: true, MaxRedirects: "4", Timeout: "1.5"})
		got, notes, err := ParseCurl(command)
		if err != nil || len(got) != 1 || len(notes) != 0 {
			t.Fatalf("%s\nis read as %v (%v, %v)", command, got, notes, err)
		}
		g := got[0]
		if g.URL != r.URL || g.Method != r.Method || !slices.Equal(g.Headers, r.Headers) || g.Timeout != "1.5s" || g.MaxRedirects != "4" ||
			(g.Body == nil) != (r.Body == nil) || g.Body != nil && *g.Body != *r.Body {
			t.Errorf("%s\nis read as %+v", command, g)
		}
	}
}

func FuzzCurl(f *testing.F) {
	for _, word := range hardWords {
		f.Add("curl http://x.example/ -d " + Quote(word))
	}
	f.Add(`curl -XPOST "http://x.example" --json '{"a":[1,{}]}' -H 'A: b'; curl $'\u00e9' ${A}`)
	f.Fuzz(func(t *testing.T, script string) {
		requests, _, err := ParseCurl(script)
		if err != nil {
			return
		}
		if spec := Spec(requests); strings.ContainsFunc(strings.ReplaceAll(spec, "\n", ""), steers) {
			t.Errorf("the spec holds a raw control character: %q", spec)
		}
	})
}

// A script is people's documentation: what is no request of it costs itself and not the rest.
func TestARefusalCostsOneRequestAndNotTheScript(t *testing.T) {
	const script = `set -e
curl http://x/1 --ssl-no-revoke -J --tlsv1.2 --proto '=https' --no-location --trace-ascii f --http2-prior-knowledge --retry-max-time 5 --sil
curl http://x/2 --digest -u a:b
TOKEN=$(curl http://x/3 | jq -r .token)
curl http://x/4 -H "Authorization: Bearer $TOKEN" -d "$(cat file)"
cat <<END | curl http://x/5 -d @-
a=1
END
curl http://x/6 -d @- <<< b=2
echo '{"c": 3}' | curl --json @- http://x/7 | jq .
curl http://x/8 -d d=4 --next http://x/9
`
	requests, notes, err := ParseCurl(script)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range requests {
		line := r.Method + " " + r.URL
		if r.Body != nil {
			line += " " + *r.Body
		}
		got = append(got, strings.TrimSpace(line))
	}
	want := []string{"http://x/1", "POST http://x/5 a=1", "POST http://x/6 b=2", `POST http://x/7 {"c": 3}`, "POST http://x/8 d=4", "http://x/9"}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	for _, n := range []string{
		`line 1: "set" is no curl command (left out)`, "line 3: curl's option --digest has no counterpart",
		"line 4: put TOKEN into the environment", "line 5: a command inside the command is not run", "line 10: `jq` behind the pipe is left out",
	} {
		if !slices.ContainsFunc(notes, func(s string) bool { return strings.HasPrefix(s, n) }) {
			t.Errorf("no note begins with %q in %q", n, notes)
		}
	}
}

func TestBracesOfTheDataAreNoTemplates(t *testing.T) {
	requests, _, err := ParseCurl(`curl -g "http://x/{{a}}?$B" -H 'X: {{ env.SECRET }}' -d "x={{name}}&{$C}&$D"`)
	if err != nil {
		t.Fatal(err)
	}
	const open = "{{ regex('[{][{]') }}"
	r := requests[0]
	if r.URL != "http://x/"+open+"a}}?{{ env.B }}" || r.Headers[0].Value != open+" env.SECRET }}" ||
		*r.Body != "x="+open+"name}}&{{ regex('[{]') }}{{ env.C }}}&{{ env.D }}" {
		t.Errorf("%q %q %q", r.URL, r.Headers, *r.Body)
	}
	recorded, _, err := ParseHAR(`{"log": {"entries": [{"request": {"method": "POST", "url": "http://x/?{{ env.A }}",
		"headers": [{"name": "X", "value": "{{ env.B }}"}], "postData": {"text": "{{ env.C }}"}}}]}}`)
	if err != nil {
		t.Fatal(err)
	}
	if spec := Spec(recorded); strings.Contains(strings.ReplaceAll(spec, "{{ regex", ""), "{{") {
		t.Errorf("a recording brings live templates:\n%s", spec)
	}
}

func TestCredentialsInHeadersAreNoted(t *testing.T) {
	for _, script := range []string{
		"curl -u a:b http://x/", "curl http://a:b@x/", "curl -b sid=1 http://x/", "curl -H 'Authorization: Bearer sk_live_x' http://x/",
		"curl -H 'X-Api-Key: k' http://x/", "curl --oauth2-bearer t http://x/",
	} {
		_, notes, err := ParseCurl(script)
		if err != nil || len(notes) != 1 || !strings.Contains(notes[0], "the spec now holds credentials") {
			t.Errorf("%s: notes %q (%v)", script, notes, err)
		}
	}
	if _, notes, _ := ParseCurl(`curl -H "Authorization: Bearer $T" -u "$U" -H 'Accept: x' http://x/`); len(notes) != 0 {
		t.Errorf("variables: notes %q", notes)
	}
}
