package ddbenc

import (
	"errors"
	"testing"
)

func TestTableNames(t *testing.T) {
	byName := &RawTable{&core{name: "patients"}}
	byARN := &RawTable{&core{name: "arn:aws:dynamodb:eu-central-1:123456789012:table/cards"}}
	set, err := newTableSet([]ClientTable{byName, byARN})
	if err != nil {
		t.Fatal(err)
	}
	unknown := &core{}
	for _, tc := range []struct {
		name string
		want *core // nil for a table that is not encrypted, unknown for a refusal
	}{
		{"patients", byName.core},
		{"arn:aws:dynamodb:us-east-1:999999999999:table/patients", byName.core},
		{"arn:aws-cn:dynamodb:cn-north-1:999999999999:table/patients", byName.core},
		{"123456789012:patients", byName.core},
		{"123456789012/patients", byName.core},
		{"123456789012.patients", byName.core},
		{"dynamodb.eu-central-1.amazonaws.com/patients", byName.core},
		{"https://123456789012.ddb.eu-central-1.amazonaws.com/patients", byName.core},
		{"http://localhost:8000/patients", byName.core},

		{"cards", byARN.core},
		{"arn:aws:dynamodb:eu-central-1:123456789012:table/cards", byARN.core},
		{"arn:aws:dynamodb:us-east-1:123456789012:table/cards", byARN.core},
		{"123456789012:cards", byARN.core},
		{"arn:aws:dynamodb:eu-central-1:210987654321:table/cards", unknown},
		{"210987654321:cards", unknown},

		{"another", nil},
		{"Patients", nil},
		{"patients2", nil},
		{"x.patients", nil},
		{"12345.patients", nil},
		{"arn:aws:dynamodb:us-east-1:999999999999:table/another", nil},
		{"123456789012:another", nil},

		{"", unknown},
		{" patients", unknown},
		{"patients ", unknown},
		{"pat%69ents", unknown},
		{"patients/", unknown},
		{"patients:", unknown},
		{"123456789012:table:", unknown},
		{"arn:aws:dynamodb:us-east-1:999999999999:table/", unknown},
		{"arn:aws:dynamodb:us-east-1:999999999999:table/patients/index/by-name", unknown},
		{"arn:aws:dynamodb:us-east-1:999999999999:patients", unknown},
		{"patients/index/by-clinic", unknown},
		{"http://localhost:8000/patients/another", unknown},
		{"arn:aws:s3:::table/patients", unknown},
		{"arn:patients", unknown},
	} {
		got, err := set.find(&tc.name)
		if tc.want == unknown {
			if got != nil || !errors.Is(err, ErrRefused) {
				t.Errorf("%q: got %v, %v, want a refusal", tc.name, got, err)
			}
		} else if got != tc.want || err != nil {
			t.Errorf("%q: got %v, %v, want %v", tc.name, got, err, tc.want)
		}
	}
	if _, err := set.find(nil); !errors.Is(err, ErrRefused) {
		t.Errorf("no name: %v", err)
	}
}

func TestStatementTable(t *testing.T) {
	for _, tc := range []struct{ statement, want string }{
		{`SELECT * FROM patients`, "patients"},
		{`select a, "b".c[1] from "patients" where "from" = 'x'`, "patients"},
		{"SELECT\t*\nFROM\r\n\"patients\".\"by-clinic\" WHERE clinic = ? ORDER BY at", "patients"},
		{`SELECT * FROM "arn:aws:dynamodb:eu-central-1:123456789012:table/patients" WHERE a = ?`, "arn:aws:dynamodb:eu-central-1:123456789012:table/patients"},
		{`EXISTS(SELECT * FROM patients WHERE id = 'x' AND a = 1)`, "patients"},
		{`SELECT * FROM "pa""tients"`, `pa"tients`},
		{`INSERT INTO "patients" VALUE {'id': 'SELECT * FROM x', 'b': "c"}`, "patients"},
		{`insert into patients value {'it''s': 1}`, "patients"},
		{"INSERT INTO patients VALUE {'id': `from`}", "patients"},
		{`UPDATE patients SET a = 1 WHERE id = 'x' RETURNING ALL OLD *`, "patients"},
		{`UPDATE "patients" REMOVE a[1] WHERE id = 'x'`, "patients"},
		{`DELETE FROM patients WHERE id = 'x' RETURNING ALL OLD *`, "patients"},
		{`SELECT * FROM "another" WHERE begins_with("id", 'patients')`, "another"},

		{``, ""},
		{`   `, ""},
		{`SELECT`, ""},
		{`SELECT *`, ""},
		{`SELECT * FROM`, ""},
		{`SELECT * FROM 'patients'`, ""},
		{`SELECT * FROM ?`, ""},
		{`SELECT * FROM another, patients`, ""},
		{`SELECT * FROM another JOIN patients`, ""},
		{`SELECT * FROM another AS p, patients WHERE 1 = 1`, ""},
		{`SELECT * FROM another WHERE a IN (SELECT b FROM patients)`, ""},
		{`SELECT (SELECT b FROM patients) FROM another`, ""},
		{`SELECT * FROM another; DELETE FROM patients`, ""},
		{`SELECT * FROM another -- FROM patients`, ""},
		{`SELECT * FROM /* another */ patients`, ""},
		{`SELECT * FROM "another`, ""},
		{`SELECT 'it FROM patients`, ""},
		{"SELECT * FROM another WHERE a = `x", ""},
		{`INSERT INTO another SELECT * FROM patients`, ""},
		{`INSERT patients VALUE {}`, ""},
		{`UPDATE another, patients SET a = 1`, ""},
		{`UPDATE another SET a = (SELECT a FROM patients) WHERE id = 1`, ""},
		{`DELETE patients`, ""},
		{`EXISTS SELECT * FROM patients`, ""},
		{`EXISTS (DELETE FROM patients)`, ""},
		{`DROP TABLE patients`, ""},
		{"SELECT * FROM\u00a0another", ""},
	} {
		got, ok := statementTable(tc.statement)
		if got != tc.want || ok != (tc.want != "") {
			t.Errorf("%s: got %q, %v, want %q", tc.statement, got, ok, tc.want)
		}
	}
}

func FuzzStatementTable(f *testing.F) {
	for _, s := range []string{`SELECT * FROM "a"."b" WHERE c = 'd'`, `EXISTS(SELECT`, "INSERT INTO x VALUE `1`", `UPDATE "`, `DELETE FROM a.`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, statement string) {
		if name, ok := statementTable(statement); ok == (name == "") && name != "" {
			t.Errorf("%q: %q, %v", statement, name, ok)
		}
	})
}

func TestStatementsOnNames(t *testing.T) {
	e := &clientEncryption{}
	e.tables, _ = newTableSet([]ClientTable{&RawTable{&core{name: "patients"}}})
	for statement, refused := range map[string]bool{
		`SELECT * FROM another`:  false,
		`SELECT * FROM Patients`: true,
		`SELECT * FROM "arn:aws:dynamodb:eu-central-1:123456789012:table/patients"`: true,
		`SELECT * FROM "arn:aws:dynamodb:eu-central-1:123456789012:table/another"`:  false,
		`SELECT * FROM "arn:aws:dynamodb:eu-central-1:table/another"`:               true,
		`SELECT * FROM ""`: true,
	} {
		if err := e.checkStatement("ExecuteStatement", statement); (err != nil) != refused || err != nil && !errors.Is(err, ErrRefused) {
			t.Errorf("%s: %v", statement, err)
		}
	}
}
