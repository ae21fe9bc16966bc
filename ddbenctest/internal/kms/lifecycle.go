package kms

import "time"

// day is a day of a waiting period or a rotation period.
const day = 24 * time.Hour

func (e *Engine) enableKey(c *call, in *named) (any, error) {
	return nil, e.setEnabled(c, in, true)
}

func (e *Engine) disableKey(c *call, in *named) (any, error) {
	return nil, e.setEnabled(c, in, false)
}

func (e *Engine) setEnabled(c *call, in *named, on bool) error {
	defer e.lock()()
	k, err := e.findKey(c.region, in.KeyId)
	if err != nil {
		return err
	}
	if err := k.notPending(); err != nil {
		return err
	}
	k.enabled = on
	return nil
}

type scheduleKeyDeletionInput struct {
	named
	PendingWindowInDays *int
}

func (in *scheduleKeyDeletionInput) check(c *checker) {
	in.named.check(c)
	c.number("pendingWindowInDays", in.PendingWindowInDays, 7, 30)
}

type scheduleKeyDeletionOutput struct {
	KeyId               string
	DeletionDate        *epoch `json:",omitempty"`
	KeyState            string
	PendingWindowInDays int
}

// scheduleKeyDeletion begins the waiting period, or, for a primary key that has
// replicas, the wait for their deletion, after which the waiting period begins.
func (e *Engine) scheduleKeyDeletion(c *call, in *scheduleKeyDeletionInput) (any, error) {
	defer e.lock()()
	k, err := e.findKey(c.region, in.KeyId)
	if err != nil {
		return nil, err
	}
	if err := k.notPending(); err != nil {
		return nil, err
	}
	k.windowDays = 30
	if in.PendingWindowInDays != nil {
		k.windowDays = *in.PendingWindowInDays
	}
	if k.primary() && len(k.family.members) > 1 {
		k.awaitsReplicas = true
	} else {
		k.deletion = e.now().Add(time.Duration(k.windowDays) * day)
		e.doomed[k] = struct{}{}
	}
	return &scheduleKeyDeletionOutput{k.arn, epochOf(k.deletion), k.state(), k.windowDays}, nil
}

type keyIDOutput struct {
	KeyId string
}

// cancelKeyDeletion ends the waiting period; the key is then disabled.
func (e *Engine) cancelKeyDeletion(c *call, in *named) (any, error) {
	defer e.lock()()
	k, err := e.findKey(c.region, in.KeyId)
	if err != nil {
		return nil, err
	}
	if !k.pendingDeletion() {
		return nil, fail(codeInvalidState, "%s is not pending deletion.", k.arn)
	}
	k.deletion, k.awaitsReplicas, k.enabled = time.Time{}, false, false
	delete(e.doomed, k)
	return &keyIDOutput{k.arn}, nil
}
