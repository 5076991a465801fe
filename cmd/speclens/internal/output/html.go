package output

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"regexp"
	"time"

	"github.com/speclens/speclens/cmd/speclens/internal/render"
)

// maxShown is how many bytes of a body the page shows.
const maxShown = 64 << 10

//go:embed report.html
var reportHTML string

var reportPage = template.Must(template.New("report").Funcs(template.FuncMap{
	"line":  render.PrintableLine,
	"ms":    func(ms float64) string { return Duration(duration(ms)) },
	"value": shortValue,
	"body":  func(v any) string { return cut(render.Printable(Body(v)), maxShown) },
	"show":  func(s string) string { return render.Printable(s) },
	"notes": Completed.notes,
	"status": func(v any) string {
		if v == nil {
			return ""
		}
		return render.PrintableLine(fmt.Sprint(v))
	},
}).Parse(reportHTML))

// HTML writes a run as one page that needs nothing else: no script, style or image is loaded from anywhere. It can be
// filtered by outcome and by text, and reads well in the dark and in the light.
func HTML(w io.Writer, r *Record) error {
	type group struct {
		File  string
		Tests []Recorded
	}
	page := struct {
		*Record
		Summary string
		Groups  []group
		Started string
		Broken  []brokenFile
	}{Record: r, Summary: r.Totals.String(), Broken: r.broken()}
	for i, t := range r.Tests {
		if i == 0 || t.File != r.Tests[i-1].File {
			page.Groups = append(page.Groups, group{File: t.File})
		}
		g := &page.Groups[len(page.Groups)-1]
		g.Tests = append(g.Tests, t)
		if t.Started != "" && (page.Started == "" || t.Started < page.Started) {
			page.Started = t.Started
		}
	}
	if at, err := time.Parse(time.RFC3339Nano, page.Started); err == nil {
		page.Started = at.UTC().Format("2006-01-02 15:04:05 UTC")
	}
	var buf bytes.Buffer
	if err := reportPage.Execute(&buf, page); err != nil {
		return err
	}
	// Where the page itself is the output of a CI step, no line of a body in it may begin a command.
	_, err := w.Write(lineCommand.ReplaceAll(buf.Bytes(), []byte("$1&#58;:")))
	return err
}

// lineCommand is what a CI system reads as a command: it looks behind the blanks at the beginning of a line.
var lineCommand = regexp.MustCompile(`(?m)^(\s*)::`)

func duration(ms float64) time.Duration { return time.Duration(ms * float64(time.Millisecond)) }
