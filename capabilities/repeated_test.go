package capabilities

import (
	"reflect"
	"testing"
)

func TestRepeatedHeadersAreSplitWhereTheirTextIsWhatCame(t *testing.T) {
	var r Repeated
	r.note(map[string][]string{"Set-Cookie": {"a=1", "b=2"}, "Date": {"today"}})
	r.note(map[string][]string{"Set-Cookie": {"c=3", "d=4"}})
	all := map[string][]string{"vary": {"x"}}
	r.note(map[string][]string{"Vary": {"x", "y"}})
	single := map[string]string{"set-cookie": "a=1, b=2", "Date": "today", "Vary": "x, y", "X": "a=1, b=2"}
	want := map[string][]string{"vary": {"x"}, "set-cookie": {"a=1", "b=2"}}
	if got := r.Split(single, all); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if len(all) != 1 {
		t.Errorf("what the plugin returned was changed: %v", all)
	}
	if got := r.Split(map[string]string{"Set-Cookie": "a=1, b=2, changed"}, nil); got != nil {
		t.Errorf("a header that the plugin changed is split: %v", got)
	}
	if got := r.Split(map[string]string{"Set-Cookie": "c=3, d=4"}, nil); !reflect.DeepEqual(got, map[string][]string{"Set-Cookie": {"c=3", "d=4"}}) {
		t.Errorf("the last response: %v", got)
	}
}
