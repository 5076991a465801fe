package command

// Notifications beyond the language server protocol.
const (
	// DidChangeTrust tells the server whether the user trusts the workspace. Parameters: TrustParams.
	DidChangeTrust = "speclens/didChangeTrust"
	// DoneDiagnosing tells a test that a document's diagnostics are complete. The server sends it only where its
	// options ask for it. Parameters: DoneDiagnosingParams.
	DoneDiagnosing = "speclens/doneDiagnosing"
)

// TrustParams are the parameters of DidChangeTrust.
type TrustParams struct {
	Trusted bool `json:"trusted"`
}

// DoneDiagnosingParams are the parameters of DoneDiagnosing.
type DoneDiagnosingParams struct {
	URI     string `json:"uri"`
	Version int32  `json:"version"`
	// Seq is the number of the snapshot that was diagnosed.
	Seq uint64 `json:"seq"`
	// Full says that what is slow is part of it: plugins and other files.
	Full bool `json:"full"`
}
