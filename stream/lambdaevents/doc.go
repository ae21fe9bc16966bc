// Package lambdaevents tests package stream with github.com/aws/aws-lambda-go: that
// lambda.Start takes its handlers, and that events written with the types of
// aws-lambda-go/events are read without loss. It is a module of its own, so that
// ddbenc does not depend on aws-lambda-go.
package lambdaevents
