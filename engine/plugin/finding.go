package plugin

// FindingSeverity says how bad a Finding is.
type FindingSeverity string

// The severities of a Finding.
const (
	// FindingRefused keeps the plugin from being loaded.
	FindingRefused FindingSeverity = "refused"
	// FindingError is a mistake: what is declared cannot work.
	FindingError FindingSeverity = "error"
	// FindingWarning is probably a mistake.
	FindingWarning FindingSeverity = "warning"
)

// Finding is something that is wrong with what a plugin declares.
type Finding struct {
	Severity FindingSeverity
	// Path is where, such as "fields.times.minimum".
	Path    string
	Message string
}

func (f Finding) String() string { return string(f.Severity) + ": " + f.Path + ": " + f.Message }
