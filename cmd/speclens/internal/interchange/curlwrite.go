package interchange

import (
	"strings"
)

// CurlOptions say what of a request is not in its text.
type CurlOptions struct {
	// Timeout is a number of seconds; empty where there is none.
	Timeout string
	// Follow makes curl follow redirects, at most MaxRedirects where that is not empty.
	Follow       bool
	MaxRedirects string
}

// Curl writes a request as a curl command for a shell.
func Curl(r Request, o CurlOptions) string {
	var parts []string
	add := func(words ...string) {
		for i, w := range words {
			if i > 0 {
				w = Quote(w)
			}
			words[i] = w
		}
		parts = append(parts, strings.Join(words, " "))
	}
	first := "curl"
	if strings.ContainsAny(r.URL, "{}[]") {
		first += " --globoff" // the braces are no pattern of curl's
	}
	switch {
	case r.Method == "HEAD":
		first += " --head"
	case r.Method == "" || r.Method == "GET" && r.Body == nil || r.Method == "POST" && r.Body != nil:
	default:
		first += " --request " + Quote(r.Method)
	}
	if o.Follow {
		first += " --location"
	}
	parts = append(parts, first+" "+quotedURL(r.URL))
	if o.Follow && o.MaxRedirects != "" {
		add("--max-redirs", o.MaxRedirects)
	}
	if o.Timeout != "" {
		add("--max-time", o.Timeout)
	}
	for _, h := range r.Headers {
		if h.Value == "" {
			add("--header", h.Name+";")
			continue
		}
		add("--header", h.Name+": "+h.Value)
	}
	if r.Body != nil {
		add("--data-raw", *r.Body)
	}
	return strings.Join(parts, " \\\n  ")
}

// quotedURL is a URL as an argument that is no option, whatever it begins with.
func quotedURL(u string) string {
	if strings.HasPrefix(u, "-") {
		return "--url " + Quote(u)
	}
	return Quote(u)
}
