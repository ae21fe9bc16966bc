package ddbecvec

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/ddbenc/ddbenc/codec"
	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/internal/vectors"
	"github.com/ddbenc/ddbenc/keyring"
)

// cacheTTL is longer than any one case takes.
const cacheTTL = time.Minute

// A keyTable is the table of versioned keys of one case.
type keyTable interface {
	keyring.MetaStoreClient

	// rows returns the rows of a material in order of version.
	rows(ctx context.Context, material string) ([]map[string]types.AttributeValue, error)
}

func (s *session) mostRecent(ctx context.Context, p *Provider) (crypt.Provider, error) {
	if p.MetaProvider == nil {
		return nil, errors.New("the case has no meta_provider")
	}
	protect, err := s.open(ctx, p.MetaProvider)
	if err != nil {
		return nil, fmt.Errorf("meta_provider: %w", err)
	}
	if s.table, err = openKeyTable(ctx, p); err != nil {
		return nil, err
	}
	store, err := keyring.NewMetaStore(s.table, p.MetaTableName, protect)
	if err != nil {
		return nil, err
	}
	if s.writing {
		// What an earlier write left in meta_table_items does not count.
		for _, version := range p.CreateVersions {
			if _, err := store.GetOrCreate(ctx, p.MaterialName, version); err != nil {
				return nil, err
			}
		}
	} else {
		for _, data := range p.MetaTableItems {
			row, err := codec.UnmarshalItem(data)
			if err != nil {
				return nil, fmt.Errorf("meta_table_items: %w", err)
			}
			if _, err := s.table.PutItem(ctx, &dynamodb.PutItemInput{TableName: &p.MetaTableName, Item: row}); err != nil {
				return nil, err
			}
		}
	}
	return keyring.NewMostRecent(store, p.MaterialName, cacheTTL)
}

// tableItems returns the rows of the case's material after it was written.
func (s *session) tableItems(ctx context.Context, p *Provider) ([]json.RawMessage, error) {
	rows, err := s.table.rows(ctx, p.MaterialName)
	if err != nil {
		return nil, err
	}
	out := make([]json.RawMessage, len(rows))
	for i, row := range rows {
		if out[i], err = codec.MarshalItem(row); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func openKeyTable(ctx context.Context, p *Provider) (keyTable, error) {
	client := vectors.DynamoDB(p.Endpoint)
	if client == nil {
		return &memoryTable{byName: make(map[string]map[int64]map[string]types.AttributeValue)}, nil
	}
	_, err := client.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: &p.MetaTableName})
	if missing := new(types.ResourceNotFoundException); errors.As(err, &missing) {
		err = keyring.CreateMetaTable(ctx, client, p.MetaTableName)
	}
	return &remoteTable{client, p.MetaTableName}, err
}

// remoteTable is a key table at an endpoint. It stays there.
type remoteTable struct {
	*dynamodb.Client
	name string
}

func (t *remoteTable) rows(ctx context.Context, material string) ([]map[string]types.AttributeValue, error) {
	var out []map[string]types.AttributeValue
	pages := dynamodb.NewQueryPaginator(t.Client, &dynamodb.QueryInput{
		TableName: &t.name, ConsistentRead: aws.Bool(true), KeyConditionExpression: aws.String("N = :name"),
		ExpressionAttributeValues: map[string]types.AttributeValue{":name": &types.AttributeValueMemberS{Value: material}},
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		out = append(out, page.Items...)
	}
	return out, nil
}

// memoryTable answers what a MetaStore asks: get, put if absent, newest.
type memoryTable struct {
	mu     sync.Mutex
	byName map[string]map[int64]map[string]types.AttributeValue
}

func (t *memoryTable) GetItem(_ context.Context, in *dynamodb.GetItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error) {
	name, version, err := rowKey(in.Key)
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return &dynamodb.GetItemOutput{Item: maps.Clone(t.byName[name][version])}, nil
}

func (t *memoryTable) PutItem(_ context.Context, in *dynamodb.PutItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error) {
	name, version, err := rowKey(in.Item)
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	// The only condition that a MetaStore has is that the row isn't there.
	if _, ok := t.byName[name][version]; ok && in.ConditionExpression != nil {
		return nil, &types.ConditionalCheckFailedException{Message: aws.String("refused by the table in memory")}
	}
	if t.byName[name] == nil {
		t.byName[name] = make(map[int64]map[string]types.AttributeValue)
	}
	t.byName[name][version] = maps.Clone(in.Item)
	return &dynamodb.PutItemOutput{}, nil
}

// Query returns the newest version of one name, which is all that a MetaStore
// queries for.
func (t *memoryTable) Query(ctx context.Context, in *dynamodb.QueryInput, _ ...func(*dynamodb.Options)) (*dynamodb.QueryOutput, error) {
	for _, v := range in.ExpressionAttributeValues {
		if name, ok := v.(*types.AttributeValueMemberS); ok {
			rows, err := t.rows(ctx, name.Value)
			if len(rows) > 0 {
				rows = rows[len(rows)-1:]
			}
			return &dynamodb.QueryOutput{Items: rows, Count: int32(len(rows))}, err
		}
	}
	return nil, errors.New("ddbecvec: a query that names no material")
}

func (t *memoryTable) rows(_ context.Context, material string) ([]map[string]types.AttributeValue, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	var out []map[string]types.AttributeValue
	versions := t.byName[material]
	for _, version := range slices.Sorted(maps.Keys(versions)) {
		out = append(out, maps.Clone(versions[version]))
	}
	return out, nil
}

func rowKey(row map[string]types.AttributeValue) (name string, version int64, err error) {
	n, ok := row["N"].(*types.AttributeValueMemberS)
	v, isNumber := row["V"].(*types.AttributeValueMemberN)
	if !ok || !isNumber {
		return "", 0, errors.New("ddbecvec: a row of a key table without its key")
	}
	version, err = strconv.ParseInt(v.Value, 10, 64)
	return n.Value, version, err
}
