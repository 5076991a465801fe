package syntax

import "strings"

// chunkKind says what a chunk of a file is.
type chunkKind uint8

const (
	chunkDoc     chunkKind = iota // the head of a document: the --- line, directives and comments, up to the first section
	chunkDocEnd                   // a ... line and the comments behind it
	chunkSection                  // a section: from a key at column 0 to the next
	chunkItem                     // one item of a list of units
)

// splitMode is what the splitter expects of the lines in a section.
type splitMode uint8

const (
	modePlain splitMode = iota // the section is one chunk
	modeSeek                   // the key of a list of units was read, its first item is awaited
	modeItems                  // every dash at the items' column begins a chunk
)

// splitState is all that the splitter knows between two lines. At the start of a chunk it follows from the chunk's kind,
// so that splitting can begin at any of them.
type splitState struct {
	mode  splitMode
	dash  int  // the column of the items' dashes
	empty bool // nothing but comments and directives was read of the document yet
}

// cut is the start of a chunk.
type cut struct {
	off  int
	kind chunkKind
	dash int
}

// splitter cuts a text into chunks, line by line. Concatenated they are the text again.
type splitter struct {
	state splitState
	units []string // the keys whose lists are cut into items
	run   int      // where the comments begin that belong to the chunk that comes next, -1
}

// line looks at the line src[from:] and returns the cut that it makes, if any. Offsets count from the start of src. The
// line does not begin with a byte order mark.
func (s *splitter) line(src string, from int) (cut, bool) {
	i, col := from, 0
	for ; i < len(src) && isBlank(src[i]); i++ {
		if col++; src[i] == '\t' {
			col++
		}
	}
	if i >= len(src) || isBreak(src[i]) {
		return cut{}, false
	}
	c := src[i]
	if col == 0 && (c == '-' || c == '.') {
		if mark := marker(src, i); mark != 0 {
			s.state, s.run = splitState{empty: true}, -1
			if mark == '.' {
				return cut{from, chunkDocEnd, 0}, true
			}
			return cut{from, chunkDoc, 0}, true
		}
	}
	if c == '#' {
		limit := 0
		if s.state.mode == modeItems {
			limit = s.state.dash
		}
		if s.run < 0 && col <= limit {
			s.run = from
		}
		return cut{}, false
	}
	dash := c == '-' && (i+1 >= len(src) || isBlank(src[i+1]) || isBreak(src[i+1]))
	switch {
	case dash && (s.state.mode == modeSeek || s.state.mode == modeItems && col <= s.state.dash):
		if s.state.mode == modeSeek {
			s.state.mode, s.state.dash = modeItems, col
		}
		return s.cut(from, chunkItem), true
	case col == 0 && !dash && c != ']' && c != '}' && c != ',' && !(c == '%' && s.state.empty):
		s.state.mode, s.state.empty = modePlain, false
		if s.isUnits(src[i:lineEnd(src, i)]) {
			s.state.mode = modeSeek
		}
		return s.cut(from, chunkSection), true
	case s.state.mode == modeSeek:
		s.state.mode = modePlain
	}
	s.run = -1
	return cut{}, false
}

func (s *splitter) cut(from int, kind chunkKind) cut {
	if s.run >= 0 {
		from = s.run
	}
	s.run = -1
	return cut{from, kind, s.state.dash}
}

// isUnits reports whether a line is the key of a list of units, with nothing behind it but a comment.
func (s *splitter) isUnits(line string) bool {
	for _, name := range s.units {
		rest, ok := strings.CutPrefix(line, name)
		if !ok {
			continue
		}
		if rest, ok = strings.CutPrefix(strings.TrimLeft(rest, " \t"), ":"); ok {
			trimmed := strings.TrimLeft(rest, " \t")
			return trimmed == "" || trimmed[0] == '#' && trimmed != rest
		}
	}
	return false
}

// marker is '-' or '.' where a document marker (--- or ...) stands at i, else 0.
func marker(s string, i int) byte {
	if i+3 > len(s) || (s[i:i+3] != "---" && s[i:i+3] != "...") {
		return 0
	}
	if i+3 == len(s) || isBlank(s[i+3]) || isBreak(s[i+3]) {
		return s[i]
	}
	return 0
}

// stateAt is the state with which a chunk of the kind is entered.
func stateAt(kind chunkKind, dash int) splitState {
	if kind == chunkItem {
		return splitState{mode: modeItems, dash: dash}
	}
	return splitState{empty: kind == chunkDoc || kind == chunkDocEnd}
}
