package kms

import (
	"crypto/rand"
	"fmt"
	"time"
)

// maxOnDemand is how often a key may be rotated on demand.
const maxOnDemand = 25

// Bounds of the rotation period, in days, and the period when none is given.
const (
	minRotationPeriod     = 90
	maxRotationPeriod     = 2560
	defaultRotationPeriod = 365
)

// rotation is a symmetric key's history of rotations and its plan for more. It is
// shared by the related keys of a multi-Region key.
type rotation struct {
	enabled  bool
	days     int       // between automatic rotations
	next     time.Time // when enabled
	done     []rotated // oldest first: done[i] brought the family's materials[i+1]
	onDemand int       // how many of them were on demand
}

type rotated struct {
	at   time.Time
	kind string // AUTOMATIC or ON_DEMAND
}

// rotate does the automatic rotations that have fallen due. The caller holds the
// engine's mu.
func (f *family) rotate(now time.Time) {
	for r := &f.rotation; r.enabled && !r.next.After(now); r.next = r.next.Add(time.Duration(r.days) * day) {
		f.renew(r.next, "AUTOMATIC")
	}
}

// renew adds new key material, which encrypts from now on; older ciphertexts are
// still decrypted with what they were encrypted with.
func (f *family) renew(at time.Time, kind string) {
	b := make([]byte, materialSize)
	rand.Read(b)
	f.materials = append(f.materials, newMaterial(b))
	f.rotation.done = append(f.rotation.done, rotated{at, kind})
}

var rotationOperations = map[string]doer{
	"EnableKeyRotation":    op((*Engine).enableKeyRotation),
	"DisableKeyRotation":   op((*Engine).disableKeyRotation),
	"GetKeyRotationStatus": op((*Engine).getKeyRotationStatus),
	"RotateKeyOnDemand":    op((*Engine).rotateKeyOnDemand),
	"ListKeyRotations":     op((*Engine).listKeyRotations),
}

// rotatable finds a key whose material rotates. The caller holds mu.
func (e *Engine) rotatable(c *call, id string) (*key, error) {
	k, err := e.findKey(c.region, id)
	if err != nil {
		return nil, err
	}
	if k.family.spec.name != symmetricDefault {
		return nil, fail(codeUnsupportedOperation, "%s is a key of spec %s, whose material does not rotate.", k.arn, k.family.spec.name)
	}
	return k, nil
}

// toRotate is rotatable for what changes rotation: the key must be enabled and,
// of a multi-Region key, the primary, from which the replicas have it.
func (e *Engine) toRotate(c *call, id string) (*key, error) {
	k, err := e.rotatable(c, id)
	if err != nil {
		return nil, err
	}
	if err := k.ready(); err != nil {
		return nil, err
	}
	if k.family.multiRegion && !k.primary() {
		return nil, fail(codeUnsupportedOperation, "%s is a replica key, rotation is a property of its primary key.", k.arn)
	}
	return k, nil
}

type enableKeyRotationInput struct {
	named
	RotationPeriodInDays *int
}

func (in *enableKeyRotationInput) check(c *checker) {
	in.named.check(c)
	c.number("rotationPeriodInDays", in.RotationPeriodInDays, minRotationPeriod, maxRotationPeriod)
}

func (e *Engine) enableKeyRotation(c *call, in *enableKeyRotationInput) (any, error) {
	defer e.lock()()
	k, err := e.toRotate(c, in.KeyId)
	if err != nil {
		return nil, err
	}
	r := &k.family.rotation
	switch {
	case in.RotationPeriodInDays != nil:
		r.days = *in.RotationPeriodInDays
	case !r.enabled:
		r.days = defaultRotationPeriod
	default: // enabling again changes nothing
		return nil, nil
	}
	r.enabled, r.next = true, e.now().Add(time.Duration(r.days)*day)
	return nil, nil
}

func (e *Engine) disableKeyRotation(c *call, in *named) (any, error) {
	defer e.lock()()
	k, err := e.toRotate(c, in.KeyId)
	if err != nil {
		return nil, err
	}
	k.family.rotation.enabled = false
	return nil, nil
}

type keyRotationStatusOutput struct {
	KeyId                string
	KeyRotationEnabled   bool
	RotationPeriodInDays int    `json:",omitempty"`
	NextRotationDate     *epoch `json:",omitempty"`
}

func (e *Engine) getKeyRotationStatus(c *call, in *named) (any, error) {
	defer e.lock()()
	k, err := e.rotatable(c, in.KeyId)
	if err != nil {
		return nil, err
	}
	out := &keyRotationStatusOutput{KeyId: k.arn}
	// The service shows rotation as off while a key is to be deleted.
	if r := k.family.rotation; r.enabled && !k.pendingDeletion() {
		out.KeyRotationEnabled, out.RotationPeriodInDays, out.NextRotationDate = true, r.days, epochOf(r.next)
	}
	return out, nil
}

func (e *Engine) rotateKeyOnDemand(c *call, in *named) (any, error) {
	defer e.lock()()
	k, err := e.toRotate(c, in.KeyId)
	if err != nil {
		return nil, err
	}
	r := &k.family.rotation
	if r.onDemand >= maxOnDemand {
		return nil, fail(codeLimitExceeded, "%s was rotated on demand %d times, no more are possible", k.arn, maxOnDemand)
	}
	r.onDemand++
	k.family.renew(e.now(), "ON_DEMAND")
	return &keyIDOutput{k.arn}, nil
}

type listKeyRotationsInput struct {
	named
	paging
	IncludeKeyMaterial string
}

func (in *listKeyRotationsInput) check(c *checker) {
	in.named.check(c)
	in.paging.check(c, 1000)
	c.oneOf("includeKeyMaterial", in.IncludeKeyMaterial, []string{"ALL_KEY_MATERIAL", "ROTATIONS_ONLY"})
}

type listKeyRotationsOutput struct {
	Rotations []listedRotation
	pageInfo
}

type listedRotation struct {
	KeyId            string
	KeyMaterialId    string
	KeyMaterialState string
	RotationDate     *epoch `json:",omitempty"`
	RotationType     string `json:",omitempty"`

	name string // sorts as the rotations do
}

func (e *Engine) listKeyRotations(c *call, in *listKeyRotationsInput) (any, error) {
	defer e.lock()()
	k, err := e.rotatable(c, in.KeyId)
	if err != nil {
		return nil, err
	}
	f := k.family
	all := []listedRotation{}
	for i, m := range f.materials {
		r := listedRotation{KeyId: k.arn, KeyMaterialId: m.name(), KeyMaterialState: "NON_CURRENT", name: fmt.Sprintf("%08d", i)}
		if m == f.current() {
			r.KeyMaterialState = "CURRENT"
		}
		if i == 0 && in.IncludeKeyMaterial != "ALL_KEY_MATERIAL" {
			continue // made with the key, by no rotation
		}
		if i > 0 {
			r.RotationDate, r.RotationType = epochOf(f.rotation.done[i-1].at), f.rotation.done[i-1].kind
		}
		all = append(all, r)
	}
	all, info, err := page(all, in.paging, 100, func(r listedRotation) string { return r.name })
	if err != nil {
		return nil, err
	}
	return &listKeyRotationsOutput{all, info}, nil
}
