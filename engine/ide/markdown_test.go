package ide

import "testing"

func TestACodeBlockThatADescriptionLeavesOpenTakesNothingIn(t *testing.T) {
	for src, want := range map[string]string{
		"```\nx":                    "```\nx\n```",
		"a\n~~~~ yaml\nx\n~~~\n":    "a\n~~~~ yaml\nx\n~~~\n~~~~",
		"   ````\n```\n":            "````\n```\n````",
		"```\nx\n``` y":             "```\nx\n``` y\n```",
		"```\r\nx\r\n":              "```\nx\n```",
		"- a\n  ```\n  x":           "- a\n```\n  x\n```",
		"- a\n  ```\nx\n  ```\ny":   "- a\n```\nx\n  ```\ny",
		"- a\n  ```\n  x\n  ```\ny": "- a\n  ```\n  x\n  ```\ny",
		"```\nx\n```":               "```\nx\n```",
		"```\nx\n`````\n":           "```\nx\n`````\n",
		"    ```\nx":                "    ```\nx",
		"``` `a`\nx":                "``` `a`\nx",
		"``\nx":                     "``\nx",
		"a `b` c\n\n~~d~~":          "a `b` c\n\n~~d~~",
	} {
		if got := foreignMarkdown(src); got != want {
			t.Errorf("%q becomes %q, want %q", src, got, want)
		}
	}
}
