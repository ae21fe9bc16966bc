package crypt

// FixedIVs makes every IV what fill writes into it. For tests that compare bytes.
func FixedIVs(fill func([]byte)) DDBECOption {
	return ddbecOption(func(o *ddbecOptions) { o.random = fill })
}
