package capabilities

import "time"

// Limits bounds what one plugin, and one request made for it, may use. A zero field means its default; see
// DefaultLimits for the values.
type Limits struct {
	// MemoryBytes is the most linear memory that one instance may grow to, rounded up to pages of 64 KiB.
	MemoryBytes uint64
	// TotalMemoryBytes is the most linear memory that all instances of a runtime may hold together; a program has one.
	TotalMemoryBytes uint64
	// SoftMemoryBytes is the size past which an instance is replaced after its call, because guests pin buffers.
	SoftMemoryBytes uint64
	// ModuleBytes is the largest plugin file that is read.
	ModuleBytes int64
	// OutputBytes is the most that a plugin may return from one call, and hand over in one host call.
	OutputBytes int64
	// Events is the most events that one call may emit; LogEntries the most log lines. What is beyond is dropped and counted.
	Events     int
	LogEntries int

	// CallsPerInstance is the number of calls after which an instance is replaced.
	CallsPerInstance int
	// Instances is the most instances that serve Execute at one time, ValidateInstances the same for Validate.
	Instances         int
	ValidateInstances int
	// IdleInstance is how long an instance may wait for its next call before it is closed.
	IdleInstance time.Duration

	// ValidateTimeout, InfoTimeout, InitTimeout and ExecuteTimeout are the deadlines of one call; ExecuteTimeout is for
	// tests that name none.
	ValidateTimeout time.Duration
	InfoTimeout     time.Duration
	InitTimeout     time.Duration
	ExecuteTimeout  time.Duration
	// HostCallGrace is the time that a guest gets to answer when its deadline ends while it waits in a host function.
	HostCallGrace time.Duration
	// CloseGrace is how long Close waits for the calls under way before it ends them.
	CloseGrace time.Duration

	// Faults within FaultWindow pause a plugin's validation.
	Faults      int
	FaultWindow time.Duration

	// HTTP bounds one exchange; HTTPLimits names its own defaults.
	HTTP HTTPLimits
}

const mib = 1 << 20

// unknownFileLimit stands in where the system does not say how many files a process may hold. Windows sets no limit.
const unknownFileLimit = 16 << 10

// DefaultLimits returns the limits that are in force unless the user sets others.
func DefaultLimits() Limits {
	return Limits{
		MemoryBytes:      256 * mib,
		TotalMemoryBytes: 512 * mib,
		SoftMemoryBytes:  64 * mib,
		ModuleBytes:      64 * mib,
		OutputBytes:      64 * mib,
		Events:           10_000,
		LogEntries:       1_000,

		CallsPerInstance:  1_000,
		Instances:         16,
		ValidateInstances: 2,
		IdleInstance:      30 * time.Second,

		ValidateTimeout: 100 * time.Millisecond,
		InfoTimeout:     5 * time.Second,
		InitTimeout:     5 * time.Second,
		ExecuteTimeout:  30 * time.Second,
		HostCallGrace:   250 * time.Millisecond,
		CloseGrace:      5 * time.Second,

		Faults:      3,
		FaultWindow: time.Minute,

		HTTP: HTTPLimits{}.withDefaults(),
	}
}

// WithDefaults returns l with the default in every field that is zero or negative.
func (l Limits) WithDefaults() Limits {
	d := DefaultLimits()
	l.MemoryBytes = orDefault(l.MemoryBytes, d.MemoryBytes)
	l.TotalMemoryBytes = orDefault(l.TotalMemoryBytes, d.TotalMemoryBytes)
	l.SoftMemoryBytes = orDefault(l.SoftMemoryBytes, d.SoftMemoryBytes)
	l.ModuleBytes = orDefault(l.ModuleBytes, d.ModuleBytes)
	l.OutputBytes = orDefault(l.OutputBytes, d.OutputBytes)
	l.Events = orDefault(l.Events, d.Events)
	l.LogEntries = orDefault(l.LogEntries, d.LogEntries)
	l.CallsPerInstance = orDefault(l.CallsPerInstance, d.CallsPerInstance)
	l.Instances = orDefault(l.Instances, d.Instances)
	l.ValidateInstances = orDefault(l.ValidateInstances, d.ValidateInstances)
	l.IdleInstance = orDefault(l.IdleInstance, d.IdleInstance)
	l.ValidateTimeout = orDefault(l.ValidateTimeout, d.ValidateTimeout)
	l.InfoTimeout = orDefault(l.InfoTimeout, d.InfoTimeout)
	l.InitTimeout = orDefault(l.InitTimeout, d.InitTimeout)
	l.ExecuteTimeout = orDefault(l.ExecuteTimeout, d.ExecuteTimeout)
	l.HostCallGrace = orDefault(l.HostCallGrace, d.HostCallGrace)
	l.CloseGrace = orDefault(l.CloseGrace, d.CloseGrace)
	l.Faults = orDefault(l.Faults, d.Faults)
	l.FaultWindow = orDefault(l.FaultWindow, d.FaultWindow)
	l.HTTP = l.HTTP.withDefaults()
	return l
}

func orDefault[N int | int64 | uint64 | time.Duration](have, def N) N {
	if have <= 0 {
		return def
	}
	return have
}
