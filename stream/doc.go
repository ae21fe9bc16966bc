// Package stream reads what changed in encrypted tables: records of DynamoDB
// Streams, as a Lambda function gets them or as a [Reader] fetches them, and the
// exports that DynamoDB writes to S3. Both images of a record are verified,
// decrypted and given their type before a program sees them:
//
//	mux, err := stream.NewMux(
//		stream.On(patients, func(ctx context.Context, r *stream.Record[Patient]) error {
//			if r.Operation == stream.Modify && r.New.Clinic != r.Old.Clinic {
//				return moved(ctx, r.New)
//			}
//			return nil
//		}),
//	)
//	lambda.Start(mux.Lambda())                             // a Lambda function, or
//	reader, err := stream.NewReader(client, arn, mux, ...) // any other program
//	err = reader.Run(ctx)
//
// # Security
//
// A stream is as hostile as a table: whoever can write to the one fills the other.
// A record is handled only if it is one of the table that it says, each image
// verifies, has the key that the record has, and is there if and only if the
// stream's view and the operation want it. Else the record fails, with an error
// that wraps a [*ddbenc.ItemError], nothing of its images is handed out, and
// [OnItemError] decides how to go on.
//
// What else a record says is not signed by its writer: the operation, the sequence
// number, the time, and that an item expired. With the view KEYS_ONLY, and of an
// operation whose image the view leaves out, neither is the key.
//
// # Delivery
//
// Every record is delivered at least once, and those of one item in order. A record
// may come again, after a failure or a restart, with others that came after it: a
// handler has to stand that, as one does that writes with a condition, or looks up
// what it has done by [Change.SequenceNumber].
//
// # Concurrency
//
// A [Mux] is safe for concurrent use if its handlers are. A [Reader] calls them
// from many goroutines, at the same time for shards that don't follow each other.
package stream
