package interchange

import (
	"errors"
	"fmt"
	"io"
	"path"
	"regexp"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/expand"
	"mvdan.cc/sh/v3/syntax"
)

// Command is a simple command of a shell script.
type Command struct {
	Line  int // 1-based
	Words []string
	// Stdin is what the script gives the command to read; nil where it gives nothing that is known without running it.
	Stdin *string
	// Err says why the words are not known; Words then holds the command's name, if that much is known.
	Err error
}

// Commands splits a shell script into simple commands. A variable becomes the mark of that name, unless the script itself
// sets it to text that is no secret by its name. Nothing is ever run: what only a run can tell makes one command an
// error. The notes say what of the script is left out; the error names the line at which the script is none.
func Commands(script string) (commands []Command, notes []string, err error) {
	script = withoutMarks.Replace(strings.ReplaceAll(strings.TrimPrefix(script, "\ufeff"), "\r\n", "\n"))
	if forCmd(script) {
		commands, err = cmdCommands(script)
		return commands, nil, err
	}
	file, err := syntax.NewParser(syntax.Variant(syntax.LangBash)).Parse(strings.NewReader(script), "")
	if err != nil {
		var parse syntax.ParseError
		if errors.As(err, &parse) {
			return nil, nil, fmt.Errorf("line %d: %s", parse.Pos.Line(), parse.Text)
		}
		return nil, nil, err
	}
	s := &shell{vars: map[string]string{}}
	s.statements(file.Stmts)
	return s.commands, s.notes, nil
}

type shell struct {
	vars     map[string]string // set by the script
	commands []Command
	notes    []string
}

func (s *shell) note(at syntax.Pos, format string, args ...any) {
	s.notes = append(s.notes, fmt.Sprintf("line %d: ", at.Line())+fmt.Sprintf(format, args...))
}

func (s *shell) statements(list []*syntax.Stmt) {
	for _, stmt := range list {
		s.statement(stmt, nil)
	}
}

// statement collects the commands of a statement. Stdin is what a pipe gives it.
func (s *shell) statement(stmt *syntax.Stmt, stdin *string) {
	for _, r := range stmt.Redirs {
		stdin = s.redirected(r, stdin)
	}
	switch c := stmt.Cmd.(type) {
	case *syntax.CallExpr:
		s.call(c, stdin)
	case *syntax.BinaryCmd:
		s.binary(c, stdin)
	case *syntax.DeclClause:
		s.assign(c.Args)
	case *syntax.TimeClause:
		if c.Stmt != nil {
			s.statement(c.Stmt, stdin)
		}
	case *syntax.ForClause, *syntax.WhileClause, *syntax.IfClause, *syntax.CaseClause, *syntax.FuncDecl:
		s.note(stmt.Pos(), "conditions and repetitions are left out: each command in them is read once")
		s.nested(c)
	case nil:
	default:
		s.nested(c)
	}
}

// nested collects the commands within a compound command, in their order.
func (s *shell) nested(within syntax.Node) {
	syntax.Walk(within, func(n syntax.Node) bool {
		stmt, ok := n.(*syntax.Stmt)
		if ok {
			s.statement(stmt, nil)
		}
		_, substituted := n.(*syntax.CmdSubst)
		return !ok && !substituted
	})
}

func (s *shell) binary(c *syntax.BinaryCmd, stdin *string) {
	if c.Op != syntax.Pipe && c.Op != syntax.PipeAll {
		before := len(s.commands)
		s.statement(c.X, stdin)
		if c.Op == syntax.OrStmt && len(s.commands) > before {
			s.note(c.Y.Pos(), "what is done if the command before fails is left out")
			return
		}
		s.statement(c.Y, nil)
		return
	}
	if text, ok := s.printed(c.X); ok {
		s.statement(c.Y, &text)
		return
	}
	before := len(s.commands)
	s.statement(c.X, stdin)
	if call, ok := c.Y.Cmd.(*syntax.CallExpr); ok && len(call.Args) > 0 && len(s.commands) > before {
		if words, err := s.words(call.Args[:1]); err == nil && !isCurl(words[0]) {
			s.note(c.Y.Pos(), "`%s` behind the pipe is left out: expect of the response what it looks for", words[0])
			return
		}
	}
	s.statement(c.Y, nil)
}

// printed is what a command prints that only prints: echo, printf of one text, or cat of a here-document.
func (s *shell) printed(stmt *syntax.Stmt) (string, bool) {
	call, ok := stmt.Cmd.(*syntax.CallExpr)
	if !ok || len(call.Args) == 0 {
		return "", false
	}
	words, err := s.words(call.Args)
	if err != nil {
		return "", false
	}
	switch name, args := words[0], words[1:]; {
	case name == "echo" && len(args) > 0 && args[0] == "-n":
		return strings.Join(args[1:], " "), true
	case name == "echo" && (len(args) == 0 || !strings.HasPrefix(args[0], "-")):
		return strings.Join(args, " ") + "\n", true
	case name == "printf" && len(args) == 2 && args[0] == "%s":
		return args[1], true
	case name == "printf" && len(args) == 1 && !strings.ContainsAny(args[0], `%\`):
		return args[0], true
	case name == "cat" && len(args) == 0:
		var stdin *string
		for _, r := range stmt.Redirs {
			stdin = s.redirected(r, stdin)
		}
		if stdin != nil {
			return *stdin, true
		}
	}
	return "", false
}

// redirected is what a command reads behind a redirection. Those of its output say nothing about a request.
func (s *shell) redirected(r *syntax.Redirect, stdin *string) *string {
	var word *syntax.Word
	switch r.Op {
	case syntax.Hdoc, syntax.DashHdoc:
		word = r.Hdoc
	case syntax.WordHdoc:
		word = r.Word
	case syntax.RdrIn:
		return nil // a file
	default:
		return stdin
	}
	if word == nil {
		return stdin
	}
	text, err := expand.Document(s.config(), word)
	if r.Op == syntax.WordHdoc {
		text, err = expand.Literal(s.config(), word)
		text += "\n"
	}
	if err != nil {
		return nil
	}
	return &text
}

// secretName is part of the names of variables that hold what belongs in no spec.
var secretName = regexp.MustCompile(`(?i)token|secret|passw|pwd|key|auth|cred|cookie|session|jwt|bearer`)

func (s *shell) assign(list []*syntax.Assign) {
	for _, a := range list {
		if a.Name == nil || a.Naked {
			continue
		}
		name := a.Name.Value
		delete(s.vars, name)
		switch {
		case a.Value == nil && a.Array == nil:
			s.vars[name] = ""
		case a.Array != nil || a.Append || a.Index != nil:
			s.note(a.Pos(), "put %s into the environment: the script sets it to what a spec cannot hold", name)
		default:
			value, err := expand.Literal(s.config(), a.Value)
			switch {
			case err != nil:
				s.note(a.Pos(), "put %s into the environment: what the script sets it to is known only when it runs", name)
			case secretName.MatchString(name):
				s.note(a.Pos(), "put %s into the environment: by its name it is a secret, and its value is not written into the spec", name)
			default:
				s.vars[name] = value
			}
		}
	}
}

// runners start the command that their words name.
var runners = []string{"sudo", "command", "exec", "nohup", "env", "time", "do", "then", "$", "%", "&"}

var assignment = regexp.MustCompile(`^[A-Za-z_]\w*=`)

func isCurl(word string) bool { name := path.Base(word); return name == "curl" || name == "curl.exe" }

func (s *shell) call(c *syntax.CallExpr, stdin *string) {
	if len(c.Args) == 0 {
		s.assign(c.Assigns) // before a command they are for its own environment only
		return
	}
	command := Command{Line: int(c.Pos().Line()), Stdin: stdin}
	command.Words, command.Err = s.words(c.Args)
	if command.Err != nil {
		if words, err := s.words(c.Args[:1]); err == nil {
			command.Words = words
		}
	}
	if i := slices.IndexFunc(command.Words, isCurl); i > 0 && slices.Contains(runners, command.Words[0]) {
		before := command.Words[1:i]
		if !slices.ContainsFunc(before, func(w string) bool {
			return !strings.HasPrefix(w, "-") && !assignment.MatchString(w) && !slices.Contains(runners, w)
		}) {
			command.Words = command.Words[i:]
		}
	}
	s.commands = append(s.commands, command)
}

var errSubstitution = errors.New("a command inside the command is not run; put its result there")

// words are the words of a command as the shell would make them, with marks for its variables.
func (s *shell) words(list []*syntax.Word) (words []string, err error) {
	for _, w := range list {
		syntax.Walk(w, func(n syntax.Node) bool {
			if p, ok := n.(*syntax.ParamExp); ok && err == nil && !plainParam(p) {
				err = errors.New("only ${NAME} is understood of the shell's expansions; put the value there")
			}
			return err == nil
		})
		if err != nil {
			return nil, err
		}
	}
	words, err = expand.Fields(s.config(), list...)
	if err != nil && !errors.Is(err, errSubstitution) {
		err = fmt.Errorf("the shell would refuse this: %w", err)
	}
	return words, err
}

var shellName = regexp.MustCompile(`^[A-Za-z_]\w*$`)

// plainParam reports whether a parameter is $NAME or ${NAME}; ${NAME:-default} is one with a default that the
// environment's value stands in for.
func plainParam(p *syntax.ParamExp) bool {
	if p.Param == nil || !shellName.MatchString(p.Param.Value) || p.Excl || p.Length || p.Width || p.Index != nil || p.Slice != nil || p.Repl != nil {
		return false
	}
	return p.Exp == nil
}

func (s *shell) config() *expand.Config {
	return &expand.Config{
		Env:       expand.FuncEnviron(s.value),
		CmdSubst:  func(io.Writer, *syntax.CmdSubst) error { return errSubstitution },
		ProcSubst: func(*syntax.ProcSubst) (string, error) { return "", errSubstitution },
	}
}

// value is what a variable of the script stands for.
func (s *shell) value(name string) string {
	if value, ok := s.vars[name]; ok {
		return value
	}
	switch {
	case name == "IFS" || !shellName.MatchString(name):
		return ""
	default:
		return marked(name)
	}
}
