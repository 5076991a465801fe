package ide

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/text"
	"github.com/speclens/speclens/schema"
)

// maxHoverBody is how many bytes of a body a hover shows; showing the result opens the rest.
const maxHoverBody = 4 << 10

// escapeMarkdown makes foreign text plain in Markdown: no links, images, HTML or headings come of it, and nothing that
// reorders the text around it.
func escapeMarkdown(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '\n' || r == '\r':
			b.WriteByte(' ')
		case steers(r):
			fmt.Fprintf(&b, "\\\\u%04x", r)
		case r == '<':
			b.WriteString("&lt;")
		case r == '&':
			b.WriteString("&amp;")
		case strings.ContainsRune("\\`*_{}[]()#+-.!|>~:", r):
			b.WriteByte('\\')
			b.WriteRune(r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// steers reports whether a rune acts on what is around it in place of being shown; a line feed does so on one line.
func steers(r rune) bool { return r == '\n' || text.Steers(r) }

// fence puts foreign text into a code block that it cannot leave.
func fence(language, s string) string {
	ticks := "```"
	for strings.Contains(s, ticks) {
		ticks += "`"
	}
	clean := strings.Map(func(r rune) rune {
		if r != '\n' && steers(r) {
			return '�'
		}
		return r
	}, s)
	return ticks + language + "\n" + strings.TrimRight(clean, "\n") + "\n" + ticks
}

// code is foreign text as inline code.
func code(s string) string {
	s = strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		if steers(r) && r != '\n' && r != '\r' {
			return '�'
		}
		return r
	}, s)), " ")
	if s == "" {
		return "` `"
	}
	ticks := "`"
	for strings.Contains(s, ticks) {
		ticks += "`"
	}
	if len(ticks) > 1 || strings.HasPrefix(s, "`") || strings.HasSuffix(s, "`") {
		return ticks + " " + s + " " + ticks
	}
	return ticks + s + ticks
}

// foreignMarkdown is Markdown from a plugin with everything taken out that could act: HTML, images, and links to
// anything but web pages. A code block that it leaves open is closed, so that it takes in nothing of what follows.
func foreignMarkdown(s string) string {
	s = closeFence(s)
	s = strings.ReplaceAll(s, "<", "&lt;")
	s = strings.ReplaceAll(s, "![", "\\!\\[")
	for _, scheme := range []string{"command:", "javascript:", "data:", "vscode:", "vscode-insiders:", "file:"} {
		s = replaceFold(s, scheme, strings.TrimSuffix(scheme, ":")+"&#58;")
	}
	return strings.Map(func(r rune) rune {
		if r != '\n' && steers(r) {
			return -1
		}
		return r
	}, s)
}

// closeFence closes the code block that a text leaves open, by the rules of CommonMark, section 4.5: a fence has at least
// three backticks or tildes, is indented by three blanks at most, and ends at one of its kind that is as long. Where an
// indented fence would end with a list item that may be around it, it is moved to the margin, where there is no item.
func closeFence(s string) string {
	lines := strings.Split(s, "\n")
	open, opener, indent, leaves := "", 0, 0, false
	for i, line := range lines {
		line = strings.TrimRight(line, "\r \t")
		body := strings.TrimLeft(line, " ")
		if body == "" {
			continue
		}
		blanks := len(line) - len(body)
		leaves = leaves || blanks < indent
		marks := body[:len(body)-len(strings.TrimLeft(body, body[:1]))]
		switch {
		case blanks > 3 || len(marks) < 3 || marks[0] != '`' && marks[0] != '~':
		case open == "":
			if marks[0] == '~' || !strings.Contains(body[len(marks):], "`") {
				open, opener, indent, leaves = marks, i, blanks, false
			}
		case marks == body && marks[0] == open[0] && len(marks) >= len(open):
			if leaves {
				lines[opener] = lines[opener][indent:]
			}
			open = ""
		}
	}
	if open == "" {
		return strings.Join(lines, "\n")
	}
	lines[opener] = lines[opener][indent:]
	return strings.TrimRight(strings.Join(lines, "\n"), "\n") + "\n" + open
}

// replaceFold is strings.ReplaceAll without regard to case.
func replaceFold(s, old, replacement string) string {
	lower := strings.ToLower(s)
	if len(lower) != len(s) || !strings.Contains(lower, old) {
		return s
	}
	var b strings.Builder
	for {
		i := strings.Index(lower, old)
		if i < 0 {
			b.WriteString(s)
			return b.String()
		}
		b.WriteString(s[:i])
		b.WriteString(replacement)
		s, lower = s[i+len(old):], lower[i+len(old):]
	}
}

// resultMarkdown is a result in full: the outcome, the request, the response and the events.
func resultMarkdown(snap *engine.Snapshot, results []*engine.TestResult) string {
	var b strings.Builder
	for i, r := range results {
		if i > 0 {
			b.WriteString("\n\n---\n\n")
		}
		writeResult(&b, snap, r)
		if b.Len() > 4*maxHoverBody {
			b.WriteString("\n\n…")
			break
		}
	}
	return b.String()
}

func writeResult(b *strings.Builder, snap *engine.Snapshot, r *engine.TestResult) {
	fmt.Fprintf(b, "**%s %s** %s", mark(r.Status), r.Status, escapeMarkdown(outcome(r)))
	if r.Row >= 0 && r.Name != "" {
		fmt.Fprintf(b, "\n\n%s", escapeMarkdown(r.Name))
	}
	writeFailures(b, r)
	for _, w := range r.Warnings {
		fmt.Fprintf(b, "\n\nwarning: %s", escapeMarkdown(w))
	}
	if in := r.Input; in != nil {
		b.WriteString("\n\n**Request**\n\n")
		request := strings.TrimSpace(in.Method + " " + joinURL(in.Target, in.Resource))
		for _, name := range slices.Sorted(maps.Keys(in.Headers)) {
			request += "\n" + name + ": " + in.Headers[name]
		}
		for _, name := range slices.Sorted(maps.Keys(in.Fields)) {
			request += "\n" + name + " = " + compact(in.Fields[name])
		}
		b.WriteString(fence("http", cutBody(request)))
	}
	if out := r.Output; out != nil {
		b.WriteString("\n\n**Response**\n\n")
		response := compact(out.Status)
		for _, name := range slices.Sorted(maps.Keys(out.Headers)) {
			response += "\n" + name + ": " + out.Headers[name]
		}
		b.WriteString(fence("http", cutBody(response)))
		if body := bodyText(out.Body); body != "" {
			b.WriteString("\n\n" + fence("json", cutBody(body)))
		}
	}
	if len(r.Events) > 0 {
		b.WriteString("\n\n| at | event | |\n|---:|---|---|\n")
		for i, e := range r.Events {
			if i == maxEventHints {
				fmt.Fprintf(b, "| | … %d more | |\n", len(r.Events)-maxEventHints)
				break
			}
			fmt.Fprintf(b, "| %s | %s | %s |\n", duration(e.At), code(e.Plugin+"."+e.Kind), escapeMarkdown(eventSpec(snap, e).Summarize(e.PluginEvent)))
		}
	}
}

// maxFailures is how many failed expectations a hover lists; all of them are marked in the file.
const maxFailures = 10

// writeFailures lists the expectations that failed.
func writeFailures(b *strings.Builder, r *engine.TestResult) {
	failed := len(r.Assertions) - r.Passed()
	if failed > 0 {
		b.WriteString("\n")
	}
	listed := 0
	for _, a := range r.Assertions {
		switch {
		case a.Passed:
			continue
		case listed == maxFailures:
			fmt.Fprintf(b, "\n- … %d more", failed-listed)
			return
		}
		listed++
		fmt.Fprintf(b, "\n- ✗ %s", escapeMarkdown(a.Message))
	}
}

func eventMarkdown(declared schema.EventSpec, e engine.Event) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s after %s\n\n", code(e.Plugin+"."+e.Kind), duration(e.At))
	if declared.Description != "" {
		b.WriteString(foreignMarkdown(declared.Description) + "\n\n")
	}
	if data, err := marshal(e.Data, "  "); err == nil && len(e.Data) > 0 {
		b.WriteString(fence("json", cutBody(string(data))))
	}
	return b.String()
}

func joinURL(target, resource string) string {
	if target == "" || resource == "" {
		return target + resource
	}
	return strings.TrimRight(target, "/") + "/" + strings.TrimLeft(resource, "/")
}

func bodyText(body any) string {
	switch b := body.(type) {
	case nil:
		return ""
	case string:
		return b
	}
	b, err := marshal(body, "  ")
	if err != nil {
		return fmt.Sprint(body)
	}
	return string(b)
}

// cutBody cuts a long text at a rune, and says so.
func cutBody(s string) string {
	if len(s) <= maxHoverBody {
		return s
	}
	return strings.ToValidUTF8(s[:maxHoverBody], "") + fmt.Sprintf("\n… %d bytes more", len(s)-maxHoverBody)
}
