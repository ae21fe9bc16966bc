package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

const tableName = "ddbenc-existing-client"

type patient struct {
	ID     string   `dynamodbav:"patient_id"`
	Name   string   `dynamodbav:"patient_name"`
	Notes  []string `dynamodbav:"notes"`
	Clinic string   `dynamodbav:"clinic"`
	Visits int      `dynamodbav:"visit_count"`
}

func key(id string) map[string]types.AttributeValue {
	return map[string]types.AttributeValue{"patient_id": &types.AttributeValueMemberS{Value: id}}
}

// app is a program that was written for the plain client.
func app(ctx context.Context, db *dynamodb.Client) error {
	// A batch, sent until nothing of it is left.
	var writes []types.WriteRequest
	for i, name := range []string{"Ada Lovelace", "Grace Hopper", "Mary Somerville"} {
		item, err := attributevalue.MarshalMap(patient{ID: fmt.Sprint("p-", i+1), Name: name, Notes: []string{"new"}, Clinic: "north", Visits: 1})
		if err != nil {
			return err
		}
		writes = append(writes, types.WriteRequest{PutRequest: &types.PutRequest{Item: item}})
	}
	for left := map[string][]types.WriteRequest{tableName: writes}; len(left) > 0; {
		out, err := db.BatchWriteItem(ctx, &dynamodb.BatchWriteItemInput{RequestItems: left})
		if err != nil {
			return err
		}
		left = out.UnprocessedItems
	}

	// A counter.
	expr, err := expression.NewBuilder().WithUpdate(expression.Add(expression.Name("visit_count"), expression.Value(1))).Build()
	if err != nil {
		return err
	}
	if _, err := db.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: aws.String(tableName), Key: key("p-1"), UpdateExpression: expr.Update(),
		ExpressionAttributeNames: expr.Names(), ExpressionAttributeValues: expr.Values(),
	}); err != nil {
		return err
	}

	// A put that must not replace anything, and what is there instead.
	item, err := attributevalue.MarshalMap(patient{ID: "p-2", Name: "Someone Else"})
	if err != nil {
		return err
	}
	_, err = db.PutItem(ctx, &dynamodb.PutItemInput{
		TableName: aws.String(tableName), Item: item, ConditionExpression: aws.String("attribute_not_exists(patient_id)"),
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	})
	var exists *types.ConditionalCheckFailedException
	if !errors.As(err, &exists) {
		return fmt.Errorf("p-2 was replaced: %w", err)
	}
	var there patient
	if err := attributevalue.UnmarshalMap(exists.Item, &there); err != nil {
		return err
	}
	fmt.Printf("   p-2 is taken, by %s\n", there.Name)

	// All patients, page by page.
	for pages := dynamodb.NewScanPaginator(db, &dynamodb.ScanInput{TableName: aws.String(tableName), Limit: aws.Int32(2)}); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		var some []patient
		if err := attributevalue.UnmarshalListOfMaps(page.Items, &some); err != nil {
			return err
		}
		for _, p := range some {
			fmt.Printf("   %s %s, %d visits at %s, notes %q\n", p.ID, p.Name, p.Visits, p.Clinic, p.Notes)
		}
	}
	return nil
}

// createTable makes the table, unless it is there already, and waits for it.
func createTable(ctx context.Context, db *dynamodb.Client) error {
	var exists *types.ResourceInUseException
	_, err := db.CreateTable(ctx, &dynamodb.CreateTableInput{
		TableName:            aws.String(tableName),
		BillingMode:          types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("patient_id"), AttributeType: types.ScalarAttributeTypeS}},
		KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("patient_id"), KeyType: types.KeyTypeHash}},
	})
	if err != nil && !errors.As(err, &exists) {
		return err
	}
	return dynamodb.NewTableExistsWaiter(db).Wait(ctx, &dynamodb.DescribeTableInput{TableName: aws.String(tableName)}, time.Minute)
}
