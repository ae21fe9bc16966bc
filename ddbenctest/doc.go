// Package ddbenctest is for the tests of programs that keep items in DynamoDB,
// encrypted or not: a DynamoDB and a KMS inside the process, and assertions about
// what is protected.
//
// # DynamoDB
//
// [NewDynamoDB] returns the SDK's own client of a new, empty DynamoDB, which
// answers as the service does: tables, indexes, expressions, transactions, streams,
// limits and errors. It opens in microseconds and needs no network, container or
// credentials. A test that wants more makes an [Engine]:
//
//	func TestPatients(t *testing.T) {
//		e := ddbenctest.NewEngine()
//		ddbenctest.CreateTable[Patient](t, e.Client(), "patients") // keys and indexes from the tags
//		patients, err := ddbenc.NewTable[Patient](e.Client(), "patients", crypt.NewDDBEC(provider))
//		if err != nil {
//			t.Fatal(err)
//		}
//		e.Fault(ddbenctest.Fault{Operation: "PutItem", Code: "ProvisionedThroughputExceededException"})
//		if err := patients.Put(t.Context(), &Patient{ID: "p-1", Name: "Ada Lovelace"}); err != nil {
//			t.Error(err) // the SDK retries, so the fault goes unnoticed
//		}
//		ddbenctest.RequireNoPlaintext(t, e, "Ada Lovelace")
//	}
//
// [Engine.Fault] throttles, delays, drops, loses responses, leaves batches
// unprocessed and makes transactions conflict. [Engine.Advance] moves the clock,
// and items expire. [Engine.Requests] tells what was sent. What the engine leaves
// out (PartiQL, backups, global tables, imports and exports) it refuses by name.
// [Handler] serves it to other processes; the command "ddbenc local" does so.
//
// # KMS
//
// [NewKMS] is a key service of the same kind, with keys that a test makes.
//
// # Protection
//
// [RequireEncrypted], [RequireSigned] and [RequireUnsigned] pin what the tags of a
// type say. [TestProvider] tests a source of keys of one's own.
//
// All of it lives in memory and is for tests and demos: it is no database and no
// place for keys that matter.
package ddbenctest
