package interchange

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// What browsers copy "for cmd" is written for Windows' cmd.exe: a caret escapes the next character, outside of quotes as
// within (the copy escapes the quotes themselves), and a caret at the end of a line continues it. The words are then split
// as programs built with Microsoft's C library split their command line.

var (
	caretLine   = regexp.MustCompile(`\^[ \t]*(\n|$)`)
	cmdVariable = regexp.MustCompile(`%([A-Za-z_]\w*)%`)
)

// forCmd reports whether a script was copied for cmd.exe and not for a Unix shell.
func forCmd(script string) bool {
	return (caretLine.MatchString(script) || strings.Contains(script, `^"`)) && !strings.Contains(script, "\\\n")
}

func cmdCommands(script string) ([]Command, error) {
	var commands []Command
	var line strings.Builder
	number, first, quoted := 1, 1, false
	end := func() error {
		words, err := cmdWords(cmdVariable.ReplaceAllString(line.String(), variableStart+"$1"+variableEnd))
		if len(words) > 0 {
			commands = append(commands, Command{Line: first, Words: words})
		}
		line.Reset()
		quoted = false
		if err != nil {
			return fmt.Errorf("line %d: %w", first, err)
		}
		return nil
	}
	for i := 0; i < len(script); i++ {
		c := script[i]
		switch {
		case c == '^' && !quoted && i+1 < len(script):
			i++
			if rest := strings.TrimLeft(script[i:], " \t"); strings.HasPrefix(rest, "\n") {
				i += len(script[i:]) - len(rest)
				number++
				continue
			}
			line.WriteByte(script[i])
			if script[i] == '\n' {
				number++
			}
		case c == '\n' || c == '&' && !quoted:
			if err := end(); err != nil {
				return nil, err
			}
			if c == '\n' {
				number++
			}
			first = number
		default:
			if c == '"' {
				quoted = !quoted
			}
			line.WriteByte(c)
		}
	}
	return commands, end()
}

// cmdWords splits a command line: backslashes count only before a quote, and two quotes within quotes are one.
func cmdWords(s string) (words []string, err error) {
	var word strings.Builder
	in, quoted := false, false
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '\\':
			n := len(s[i:]) - len(strings.TrimLeft(s[i:], `\`))
			i += n - 1
			if i+1 < len(s) && s[i+1] == '"' {
				word.WriteString(strings.Repeat(`\`, n/2))
				if n%2 == 1 {
					word.WriteByte('"')
					i++
				}
			} else {
				word.WriteString(strings.Repeat(`\`, n))
			}
			in = true
		case c == '"' && quoted && i+1 < len(s) && s[i+1] == '"':
			word.WriteByte('"')
			i++
		case c == '"':
			quoted, in = !quoted, true
		case (c == ' ' || c == '\t') && !quoted:
			if in {
				words = append(words, word.String())
			}
			word.Reset()
			in = false
		default:
			word.WriteByte(c)
			in = true
		}
	}
	if in {
		words = append(words, word.String())
	}
	if quoted {
		err = errors.New("a double quote is never closed")
	}
	return words, err
}
