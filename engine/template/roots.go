package template

// RootDoc documents one of the words that a template can begin with.
type RootDoc struct {
	Kind RootKind
	// Name is empty for the kind Name, which stands for aliases and saved values.
	Name      string
	Signature string
	Doc       string // Markdown
	Example   string
}

// Roots lists the words that a template can begin with.
var Roots = []RootDoc{
	{
		Kind: Fake, Name: "fake", Signature: "fake.GENERATOR[.arg…] or fake.GENERATOR(arg, …)", Example: "{{ fake.email }}",
		Doc: "Made-up data. Each place gets one value per run; `--seed` makes runs repeatable.",
	},
	{
		Kind: Env, Name: "env", Signature: "env.NAME", Example: "{{ env.API_TOKEN }}",
		Doc: "A variable of the chosen environment, then of the `.env` file, then of `env` in the configuration, then of the " +
			"process if the user allowed that. Its value is masked wherever it is shown.",
	},
	{
		Kind: Regex, Name: "regex", Signature: "regex('PATTERN')", Example: "{{ regex('[A-Z]{3}-\\d{4}') }}",
		Doc: "Text that matches the pattern (RE2 syntax), made up once per place and run.",
	},
	{
		Kind: Prev, Name: "prev", Signature: "prev.response.PATH", Example: "{{ prev.response.body.id }}",
		Doc: "The test before this one in the same file. In `scenario` mode only.",
	},
	{
		Kind: Matrix, Name: "matrix", Signature: "matrix.KEY", Example: "{{ matrix.user }}",
		Doc: "The value of a key in the row of `matrix` that is being run. `{{ KEY }}` is the same.",
	},
	{
		Kind: Name, Signature: "ALIAS.response.PATH, SAVED or SAVED.PATH", Example: "{{ auth.response.body.token }}",
		Doc: "What another test, named by its alias, received, or a value that a test put aside with `save`. Using it makes " +
			"this test depend on that one.",
	},
}
