package interchange

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"
)

// harLog is the part of a HAR 1.2 file that says what was sent.
type harLog struct {
	Log *struct {
		Entries []struct {
			Request struct {
				Method  string   `json:"method"`
				URL     string   `json:"url"`
				Headers []Header `json:"headers"`
				Data    *harData `json:"postData"`
			} `json:"request"`
			Response struct {
				Status int `json:"status"`
			} `json:"response"`
		} `json:"entries"`
	} `json:"log"`
}

// harData is the body of a recorded request.
type harData struct {
	MimeType string `json:"mimeType"`
	Text     string `json:"text"`
	// Encoding is "base64" where the text is not the body's own; browsers write it though HAR 1.2 does not name it.
	Encoding string `json:"encoding"`
	Params   []struct {
		Name        string `json:"name"`
		Value       string `json:"value"`
		FileName    string `json:"fileName"`
		ContentType string `json:"contentType"`
	} `json:"params"`
}

// body is the text that was sent, in the language of specs, or the problem with it.
func (d *harData) body() (body, problem string) {
	switch {
	case strings.EqualFold(d.Encoding, "base64"):
		b, err := base64.StdEncoding.DecodeString(d.Text)
		if err != nil || !utf8.Valid(b) {
			return "", "its body is no text"
		}
		return literal(string(b)), ""
	case d.Text != "" || len(d.Params) == 0:
		return literal(d.Text), ""
	}
	kind, parameters, err := mime.ParseMediaType(d.MimeType)
	if err == nil && strings.HasPrefix(kind, "multipart/") {
		var parts []part
		for _, p := range d.Params {
			if p.FileName != "" && p.Value == "" {
				return "", "the file " + p.FileName + " that it sent is not in the recording"
			}
			parts = append(parts, part{p.Name, p.Value, p.ContentType, p.FileName})
		}
		if parameters["boundary"] == "" {
			return "", "its multipart body has no boundary"
		}
		return literal(multipart(parts, parameters["boundary"])), ""
	}
	var pairs []string
	for _, p := range d.Params {
		pairs = append(pairs, url.QueryEscape(p.Name)+"="+url.QueryEscape(p.Value))
	}
	return strings.Join(pairs, "&"), ""
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
	secret := ""
	for i, e := range file.Log.Entries {
		u, err := url.Parse(e.Request.URL)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" {
			notes = append(notes, fmt.Sprintf("entry %d: %.60q is left out: it is no http request", i+1, e.Request.URL))
			continue
		}
		r := Request{Method: literal(e.Request.Method), URL: literal(e.Request.URL), Status: e.Response.Status}
		for _, h := range e.Request.Headers {
			name := strings.ToLower(h.Name)
			if strings.HasPrefix(name, ":") || strings.HasPrefix(name, "sec-") || slices.Contains(sentAnyway, name) {
				continue
			}
			r.Headers = append(r.Headers, Header{literal(h.Name), literal(h.Value)})
		}
		if d := e.Request.Data; d != nil {
			body, problem := d.body()
			if problem != "" {
				notes = append(notes, fmt.Sprintf("entry %d: %s %.60s is left out: %s", i+1, r.Method, r.URL, problem))
				continue
			}
			r.Body = &body
			if d.MimeType != "" {
				r.setHeader("Content-Type", literal(d.MimeType))
			}
		}
		if name := r.holdsSecret(); secret == "" {
			secret = name
		}
		r.NoRedirects = r.Status >= 300 && r.Status < 400 // the browser recorded what followed as a request of its own
		requests = append(requests, r)
	}
	if secret != "" {
		notes = append(notes, fmt.Sprintf(secretNote, secret))
	}
	if len(requests) == 0 {
		return nil, nil, errors.New("there is no http request in it")
	}
	return requests, notes, nil
}
