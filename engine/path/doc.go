// Package path is the language of paths into decoded values, such as `items[0].name`, `items.#.id` or `["a.b"].length`:
// it parses them with byte spans, walks them, and explains where a walk failed.
//
// The package must not know what the values are used for: templates, expectations and saved values share it.
package path
