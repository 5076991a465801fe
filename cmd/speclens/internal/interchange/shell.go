package interchange

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// plainWord needs no quotes in any shell.
var plainWord = regexp.MustCompile(`^[A-Za-z0-9_@%+=:,./-]+$`)

// Quote writes a word so that a shell reads it as it is, on one line. Words with control characters, with characters that
// reorder text or with bytes that are no text are written as $'…', which bash, zsh and POSIX.1-2024 understand.
func Quote(word string) string {
	if plainWord.MatchString(word) {
		return word
	}
	if utf8.ValidString(word) && !strings.ContainsFunc(word, steers) {
		return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
	}
	var b strings.Builder
	b.WriteString("$'")
	for i, r := range word {
		switch {
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\'' || r == '\\':
			b.WriteString(`\` + string(r))
		case r == utf8.RuneError && !strings.HasPrefix(word[i:], "\uFFFD"):
			fmt.Fprintf(&b, `\%03o`, word[i])
		case steers(r):
			for _, c := range []byte(string(r)) {
				fmt.Fprintf(&b, `\%03o`, c)
			}
		default:
			b.WriteRune(r)
		}
	}
	return b.String() + "'"
}

// steers reports whether a character belongs on no line of a script.
func steers(r rune) bool {
	return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == 0x2028 || r == 0x2029 || 0xe0000 <= r && r <= 0xe007f
}

// Command is a simple command of a shell script.
type Command struct {
	Line  int // 1-based
	Words []string
}

// Commands splits a shell script into simple commands, as far as people paste them: words, quotes of all kinds, escapes,
// continued lines, comments, `;`, `&&` and `|`. A variable becomes a template of that name in the environment. Nothing is
// ever run: a command inside a command is an error.
func Commands(script string) ([]Command, error) {
	s := &shell{src: strings.ReplaceAll(script, "\r\n", "\n"), line: 1}
	for s.pos < len(s.src) {
		if err := s.step(); err != nil {
			return nil, fmt.Errorf("line %d: %w", s.line, err)
		}
	}
	s.endCommand()
	return s.commands, nil
}

type shell struct {
	src       string
	pos, line int
	word      strings.Builder
	inWord    bool
	current   Command
	commands  []Command
}

func (s *shell) endWord() {
	if s.inWord {
		if len(s.current.Words) == 0 {
			s.current.Line = s.line
		}
		s.current.Words = append(s.current.Words, s.word.String())
	}
	s.word.Reset()
	s.inWord = false
}

func (s *shell) endCommand() {
	s.endWord()
	if len(s.current.Words) > 0 {
		s.commands = append(s.commands, s.current)
	}
	s.current = Command{}
}

func (s *shell) add(text string) {
	s.inWord = true
	s.word.WriteString(text)
}

// next takes the next byte.
func (s *shell) next() byte {
	c := s.src[s.pos]
	s.pos++
	if c == '\n' {
		s.line++
	}
	return c
}

func (s *shell) step() error {
	rest := s.src[s.pos:]
	switch {
	case strings.HasPrefix(rest, "\\\n"):
		s.next()
		s.next()
	case strings.HasPrefix(rest, "$'"):
		s.pos += 2
		return s.ansi()
	case rest[0] == '\n', rest[0] == ';', rest[0] == '|', rest[0] == '&':
		s.endCommand()
		s.next()
	case rest[0] == ' ', rest[0] == '\t':
		s.endWord()
		s.next()
	case rest[0] == '#' && !s.inWord:
		for s.pos < len(s.src) && s.src[s.pos] != '\n' {
			s.pos++
		}
	case rest[0] == '\'':
		end := strings.IndexByte(rest[1:], '\'')
		if end < 0 {
			return errors.New("a single quote is never closed")
		}
		s.add(rest[1 : 1+end])
		s.pos += end + 2
		s.line += strings.Count(rest[:end+2], "\n")
	case rest[0] == '"':
		s.next()
		return s.double()
	case rest[0] == '\\':
		s.next()
		if s.pos < len(s.src) {
			_, size := utf8.DecodeRuneInString(s.src[s.pos:])
			s.add(s.src[s.pos : s.pos+size])
			s.pos += size
		}
	case rest[0] == '$', rest[0] == '`':
		return s.variable()
	default:
		s.add(string([]byte{s.next()}))
	}
	return nil
}

func (s *shell) double() error {
	s.inWord = true
	for s.pos < len(s.src) {
		switch c := s.src[s.pos]; c {
		case '"':
			s.pos++
			return nil
		case '\\':
			s.pos++
			if s.pos == len(s.src) {
				return errors.New("a double quote is never closed")
			}
			switch c := s.next(); c {
			case '\n':
			case '"', '\\', '$', '`':
				s.add(string(c))
			default:
				s.add(`\` + string([]byte{c}))
			}
		case '$', '`':
			if err := s.variable(); err != nil {
				return err
			}
		default:
			s.add(string([]byte{s.next()}))
		}
	}
	return errors.New("a double quote is never closed")
}

var variableName = regexp.MustCompile(`^\$(?:([A-Za-z_][A-Za-z0-9_]*)|\{([A-Za-z_][A-Za-z0-9_]*)\})`)

// variable makes $NAME and ${NAME} a template; any other dollar is one.
func (s *shell) variable() error {
	rest := s.src[s.pos:]
	if rest[0] == '`' || strings.HasPrefix(rest, "$(") {
		return errors.New("a command inside the command is not run; put its result there")
	}
	m := variableName.FindStringSubmatch(rest)
	if m == nil {
		if strings.HasPrefix(rest, "${") {
			return errors.New("only ${NAME} is understood of the shell's expansions; put the value there")
		}
		s.add("$")
		s.pos++
		return nil
	}
	s.add("{{ env." + m[1] + m[2] + " }}")
	s.pos += len(m[0])
	return nil
}

// ansi reads $'…', whose opening has been read.
func (s *shell) ansi() error {
	s.inWord = true
	simple := map[byte]string{
		'n': "\n", 't': "\t", 'r': "\r", 'a': "\a", 'b': "\b", 'e': "\x1b", 'E': "\x1b", 'f': "\f", 'v': "\v",
		'\\': `\`, '\'': "'", '"': `"`, '?': "?",
	}
	for s.pos < len(s.src) {
		c := s.next()
		switch {
		case c == '\'':
			return nil
		case c != '\\':
			s.add(string([]byte{c}))
		case s.pos == len(s.src):
			return errors.New("a quote is never closed")
		default:
			e := s.next()
			if text, ok := simple[e]; ok {
				s.add(text)
				continue
			}
			s.numbered(e)
		}
	}
	return errors.New("a quote is never closed")
}

// numbered reads an escape that gives a character by number: \xHH, \uHHHH, \UHHHHHHHH or \NNN.
func (s *shell) numbered(e byte) {
	digits, base, most := "", 16, map[byte]int{'x': 2, 'u': 4, 'U': 8}[e]
	if e >= '0' && e <= '7' {
		digits, base, most = string(e), 8, 3
	}
	for len(digits) < most && s.pos < len(s.src) {
		if _, err := strconv.ParseUint(string(s.src[s.pos]), base, 8); err != nil {
			break
		}
		digits += string(s.next())
	}
	n, err := strconv.ParseUint(digits, base, 32)
	switch {
	case err != nil:
		s.add(`\` + string([]byte{e}))
	case e == 'u' || e == 'U':
		s.add(string(rune(n)))
	default:
		s.add(string([]byte{byte(n)}))
	}
}
