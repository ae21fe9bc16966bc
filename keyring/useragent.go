package keyring

import (
	"runtime/debug"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
)

// userAgent adds "ddbenc/<version>" to the user agent of a call to AWS, by which
// CloudTrail tells what made it.
var userAgent = awsmiddleware.AddUserAgentKeyValue("ddbenc", moduleVersion())

// moduleVersion returns the version of this module in the running program.
func moduleVersion() string {
	const path = "github.com/ddbenc/ddbenc"
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "devel"
	}
	for _, m := range append(info.Deps, &info.Main) {
		if m.Path == path && m.Version != "" && m.Version != "(devel)" {
			return m.Version
		}
	}
	return "devel"
}
