package main

import (
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/speclens/speclens/cmd/speclens/internal/interchange"
	"github.com/speclens/speclens/cmd/speclens/internal/render"
)

// maxImport is the size of the largest file that is imported, in bytes.
const maxImport = 64 << 20

// importer reads requests from the text of another tool. Notes are for the user.
type importer struct {
	use, short, long string
	read             func(text string) (requests []interchange.Request, notes []string, err error)
}

var importers = []importer{
	{
		use: "curl [FILE]", short: "Turn curl commands into a spec",
		long: "Read curl commands from a file or from standard input, and print a spec with a test for each.\n" +
			"Nothing is run and no other file is read. Variables such as $TOKEN become templates of the environment.",
		read: interchange.ParseCurl,
	},
	{
		use: "http [FILE]", short: "Turn a .http or .rest file into a spec",
		long: "Read requests as editors send them from .http and .rest files, and print a spec with a test for each.\n" +
			"Variables of the file are put in, others become templates of the environment; references to the responses of named\n" +
			"requests stay references. Scripts are left out.",
		read: interchange.ParseHTTP,
	},
	{
		use: "har [FILE]", short: "Turn what a browser recorded (HAR) into a spec",
		long: "Read a HAR file and print a spec with a test for each http request, which expects the status of the recording.",
		read: interchange.ParseHAR,
	},
}

func (a *app) importFrom() *cobra.Command {
	cmd := &cobra.Command{Use: "import", Short: "Make specs of the requests of other tools"}
	cmd.AddCommand(a.importOpenAPI())
	for _, i := range importers {
		cmd.AddCommand(&cobra.Command{
			Use: i.use, Short: i.short, Long: i.long, Args: cobra.MaximumNArgs(1),
			RunE: func(_ *cobra.Command, args []string) error {
				name, text, err := a.inputText(args)
				if err != nil {
					return fmt.Errorf("import: %w", err)
				}
				requests, notes, err := i.read(text)
				if err != nil {
					return fmt.Errorf("import %s: %w", name, err)
				}
				for _, n := range notes {
					fmt.Fprintf(a.stderr, "%s: %s\n", render.PrintableLine(name), render.PrintableLine(n))
				}
				if _, err := io.WriteString(a.stdout, interchange.Spec(requests)); err != nil {
					return fmt.Errorf("write the spec: %w", err)
				}
				return nil
			},
		})
	}
	return cmd
}

// inputText reads the file that the command line names, or standard input.
func (a *app) inputText(args []string) (name, text string, err error) {
	in, name := a.stdin, "standard input"
	if len(args) == 1 && args[0] != "-" {
		f, err := os.Open(args[0])
		if err != nil {
			return "", "", err
		}
		defer func() { _ = f.Close() }()
		in, name = f, args[0]
	}
	b, err := io.ReadAll(io.LimitReader(in, maxImport+1))
	if err != nil {
		return "", "", fmt.Errorf("read %s: %w", name, err)
	}
	if len(b) > maxImport {
		return "", "", fmt.Errorf("read %s: it is larger than %d MiB", name, maxImport>>20)
	}
	return name, string(b), nil
}
