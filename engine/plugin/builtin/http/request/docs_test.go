package request

import (
	"os"
	"regexp"
	"slices"
	"testing"
)

// The page about HTTP names every finding, and none that is not made.
func TestEveryFindingIsInTheDocumentation(t *testing.T) {
	page, err := os.ReadFile("../../../../../docs/http.md")
	if err != nil {
		t.Fatal(err)
	}
	var made, told []string
	for _, file := range []string{"validate.go", "request.go"} {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range regexp.MustCompile(`"(http\.[a-zA-Z.]+)"`).FindAllSubmatch(source, -1) {
			made = append(made, string(match[1]))
		}
	}
	for _, match := range regexp.MustCompile("(?m)^\\| `(http\\.[a-z][a-zA-Z.]+)` \\|").FindAllSubmatch(page, -1) {
		told = append(told, string(match[1]))
	}
	slices.Sort(made)
	slices.Sort(told)
	if made = slices.Compact(made); !slices.Equal(made, told) {
		t.Errorf("made: %v\ntold: %v", made, told)
	}
}
