package demo

import (
	"cmp"
	"slices"
	"strings"

	"github.com/speclens/speclens/cmd/speclens/internal/render"
	"github.com/speclens/speclens/engine/text"
)

// printDiagnostics prints the document's diagnostics as an editor underlines them.
func (s *show) printDiagnostics(include func(diagnostic) bool) {
	s.client.mu.Lock()
	list := slices.Clone(s.client.diagnostics[s.uri])
	s.client.mu.Unlock()
	slices.SortStableFunc(list, func(a, b diagnostic) int { return cmp.Compare(a.Range.Start.Line, b.Range.Start.Line) })
	for _, d := range list {
		if !include(d) {
			continue
		}
		start := s.text.Offset(text.Position{Line: d.Range.Start.Line, Column: d.Range.Start.Character}, text.UTF16)
		end := s.text.Offset(text.Position{Line: d.Range.End.Line, Column: d.Range.End.Character}, text.UTF16)
		s.printf("%s", render.Excerpt(s.text, text.Span{Start: start, End: end}, '~', "  "))
		paint := s.style.Red
		if d.Severity > 1 {
			paint = s.style.Yellow
		}
		s.printf("      %s %s\n", paint(strings.ReplaceAll(render.Printable(d.Message), "\n", "\n      ")), s.style.Dim("["+d.Source+" "+d.Code+"]"))
	}
}

// handOver tells how to go on by hand.
func (s *show) handOver(opts Options) {
	if !opts.Serve {
		s.title("Go on by hand")
		s.printf("  speclens demo --serve --keep DIR    writes this workspace to DIR and keeps the sample API up\n")
		return
	}
	s.title("Open the folder in your editor; the sample API stays up until you press Ctrl-C")
	s.printf("  VS Code    install editors/vscode (`make vsix`), then: code %s\n", s.dir)
	s.printf("  Neovim     nvim --cmd 'set rtp^=/path/to/speclens/editors/nvim' %s/%s\n", s.dir, SpecFile)
	s.printf("The sample API answers GET /health, POST /login, GET and POST /users, GET and DELETE /users/{id}, and GET /report.\n")
	s.printf("  Helix      languages.toml: [language-server.speclens] command = \"speclens\", args = [\"lsp\"],\n")
	s.printf("             and language-servers = [\"speclens\"] in a [[language]] named \"qube\"; then: hx %s/%s\n", s.dir, SpecFile)
	s.printf("  terminal   speclens check %s; speclens run %s\n", s.dir, s.dir)
}
