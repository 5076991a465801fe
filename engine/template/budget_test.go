package template

import (
	"errors"
	"strings"
	"testing"
)

func TestATextThatNamesALongValueOftenEndsAtALimit(t *testing.T) {
	body := strings.Repeat("x", 1<<20)
	ev := &Evaluator{Scope: Scope{Env: func(string) (string, error) { return body, nil }}}
	v, _, err := Parse(strings.Repeat("{{ env.A }}-", 10_000)).Eval(ev)
	var bad *Error
	if !errors.As(err, &bad) || bad.Code != CodeLimit || v != nil {
		t.Errorf("got %T and %v", v, err)
	}
	if _, _, err := Parse(strings.Repeat("{{ env.A }}-", 10)).Eval(ev); err != nil {
		t.Errorf("ten times are refused: %v", err)
	}
}
