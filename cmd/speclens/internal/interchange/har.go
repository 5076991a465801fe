package interchange

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// harLog is the part of a HAR 1.2 file that says what was sent.
type harLog struct {
	Log *struct {
		Entries []struct {
			Request struct {
				Method  string   `json:"method"`
				URL     string   `json:"url"`
				Headers []Header `json:"headers"`
				Data    *struct {
					MimeType string   `json:"mimeType"`
					Text     string   `json:"text"`
					Params   []Header `json:"params"`
				} `json:"postData"`
			} `json:"request"`
			Response struct {
				Status int `json:"status"`
			} `json:"response"`
		} `json:"entries"`
	} `json:"log"`
}

// sentAnyway are the headers that a client writes itself.
var sentAnyway = []string{"host", "content-length", "connection", "accept-encoding", "transfer-encoding", "keep-alive", "te", "upgrade"}

// ParseHAR reads the requests that a browser recorded; each test expects the status that was answered then.
func ParseHAR(text string) (requests []Request, notes []string, err error) {
	var file harLog
	if err := json.Unmarshal([]byte(strings.TrimPrefix(text, "\ufeff")), &file); err != nil {
		return nil, nil, fmt.Errorf("this is no HAR file: %w", err)
	}
	if file.Log == nil {
		return nil, nil, errors.New("this is no HAR file: it has no log")
	}
	secret := false
	for i, e := range file.Log.Entries {
		u, err := url.Parse(e.Request.URL)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" {
			notes = append(notes, fmt.Sprintf("entry %d: %.60q is left out: it is no http request", i+1, e.Request.URL))
			continue
		}
		r := Request{Method: e.Request.Method, URL: e.Request.URL, Status: e.Response.Status}
		for _, h := range e.Request.Headers {
			name := strings.ToLower(h.Name)
			if strings.HasPrefix(name, ":") || strings.HasPrefix(name, "sec-") || slices.Contains(sentAnyway, name) {
				continue
			}
			secret = secret || name == "cookie" || name == "authorization"
			r.Headers = append(r.Headers, h)
		}
		if d := e.Request.Data; d != nil {
			body := d.Text
			if body == "" && len(d.Params) > 0 {
				var pairs []string
				for _, p := range d.Params {
					pairs = append(pairs, url.QueryEscape(p.Name)+"="+url.QueryEscape(p.Value))
				}
				body = strings.Join(pairs, "&")
			}
			r.Body = &body
			if d.MimeType != "" {
				r.setHeader("Content-Type", d.MimeType)
			}
		}
		r.NoRedirects = r.Status >= 300 && r.Status < 400 // the browser recorded what followed as a request of its own
		requests = append(requests, r)
	}
	if secret {
		notes = append(notes, "the spec now holds cookies or credentials of the recording; put them into the environment and write {{ env.NAME }}")
	}
	if len(requests) == 0 {
		return nil, nil, errors.New("there is no http request in it")
	}
	return requests, notes, nil
}
