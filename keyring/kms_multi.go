package keyring

import (
	"fmt"

	"github.com/ddbenc/ddbenc/crypt"
)

// KMSClients returns the KMS client of a region. It is called once a region, when a
// keyring is made. A plain one is
//
//	func(region string) (keyring.KMSClient, error) {
//		return kms.NewFromConfig(cfg, func(o *kms.Options) { o.Region = region }), nil
//	}
type KMSClients func(region string) (KMSClient, error)

// NewKMSMulti returns a keyring of several KMS keys, each a [NewKMSKeyring] with the
// client of its region: items are written for all of them, with a call each, and
// read with any. With [AnyReplica] two replicas of one key are refused. The error
// wraps [crypt.ErrConfig], and what clients returned. DB-ESDK spec: materials,
// "Multi-keyrings of KMS keyrings".
func NewKMSMulti(clients KMSClients, keyARNs []string, opts ...KMSKeyringOption) (*Multi, error) {
	cfg, err := kmsKeyringConfig(opts)
	if err != nil {
		return nil, err
	}
	var keyrings []crypt.Keyring
	from := clientsByRegion{supply: clients}
	for i, id := range keyARNs {
		key, err := parseKeyARN(id)
		if err != nil {
			return nil, err
		}
		for _, other := range keyARNs[:i] {
			if cfg.anyReplica && key.multiRegion() && sameKey(id, other) {
				return nil, fmt.Errorf("%w: %q and %q are replicas of one multi-Region key", crypt.ErrConfig, other, id)
			}
		}
		client, err := from.client(key.region)
		if err != nil {
			return nil, err
		}
		k, err := NewKMSKeyring(client, id, opts...)
		if err != nil {
			return nil, err
		}
		keyrings = append(keyrings, k)
	}
	return multiOf(keyrings, "KMS key")
}

// NewKMSDiscoveryMulti returns a keyring that reads with the KMS keys of several
// regions, in this order, each a [NewKMSDiscoveryKeyring] with the client of its region.
// The error wraps [crypt.ErrConfig], and what clients returned.
func NewKMSDiscoveryMulti(clients KMSClients, regions []string, filter DiscoveryFilter, opts ...KMSKeyringOption) (*Multi, error) {
	var keyrings []crypt.Keyring
	from := clientsByRegion{supply: clients}
	for _, region := range regions {
		client, err := from.client(region)
		if err != nil {
			return nil, err
		}
		k, err := NewKMSDiscoveryKeyring(client, region, filter, opts...)
		if err != nil {
			return nil, err
		}
		keyrings = append(keyrings, k)
	}
	return multiOf(keyrings, "region")
}

func multiOf(keyrings []crypt.Keyring, what string) (*Multi, error) {
	if len(keyrings) == 0 {
		return nil, fmt.Errorf("%w: no %s is given", crypt.ErrConfig, what)
	}
	return NewMulti(keyrings[0], keyrings[1:]...)
}

// clientsByRegion asks for the client of each region once.
type clientsByRegion struct {
	supply  KMSClients
	clients map[string]KMSClient
}

func (c *clientsByRegion) client(region string) (KMSClient, error) {
	if client, ok := c.clients[region]; ok {
		return client, nil
	}
	if c.supply == nil || region == "" {
		return nil, fmt.Errorf("%w: KMS clients are nil, or the region is empty", crypt.ErrConfig)
	}
	client, err := c.supply(region)
	if err != nil {
		return nil, fmt.Errorf("%w: KMS client of region %q: %w", crypt.ErrConfig, region, err)
	}
	if c.clients == nil {
		c.clients = map[string]KMSClient{}
	}
	c.clients[region] = client
	return client, nil
}
