// Package redacttest tests that what holds secrets prints without them, for every
// exported type of a package: a new type can't be forgotten.
package redacttest

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// A Package is what the test of one package knows of its exported types. Each of
// them is the type of one of Values or is listed in Without; interfaces and
// functions, which hold nothing that prints, need not be.
type Package struct {
	// Secrets are what may not be printed, not even in part.
	Secrets []Secret

	// Values hold the secrets, wherever their types can, in the form that programs
	// have them in: as a pointer where a constructor returns one. There may be others
	// among them, of types that are not exported.
	Values []any

	// Without has the reason why a type holds no secrets, by the type's name.
	Without map[string]string

	// Open has, by the type's name, the reason why a type may print its fields where
	// package fmt does not call its methods: in an unexported field.
	Open map[string]string

	// JSON has, by the type's name, the reason why a type has JSON with values. Alone,
	// it may still not be logged with them.
	JSON map[string]string
}

// Test tests the package in the working directory.
func (p *Package) Test(t *testing.T) {
	t.Helper()
	for _, v := range p.Values {
		name := typeName(reflect.TypeOf(v))
		checks := Checks{Hidden: p.Open[name] == "", JSON: p.JSON[name] == ""}
		if leaks := checks.Leaks(v, p.Secrets...); len(leaks) > 0 {
			t.Errorf("a %T prints secrets in %d ways:\n%s", v, len(leaks), strings.Join(leaks[:min(len(leaks), 10)], "\n"))
		}
	}
	for _, bad := range p.unlisted(t, ".") {
		t.Error(bad)
	}
}

// unlisted returns what is wrong with the list of types, for the package in dir.
func (p *Package) unlisted(t *testing.T, dir string) (bad []string) {
	t.Helper()
	pkg, exported, err := exportedTypes(dir)
	if err != nil {
		t.Fatal(err)
	}
	held := map[string]bool{}
	for _, v := range p.Values {
		if typ := elem(reflect.TypeOf(v)); path.Base(typ.PkgPath()) == pkg {
			held[typeName(typ)] = true
		}
	}
	for _, name := range exported {
		reason, without := p.Without[name]
		switch {
		case held[name] && without:
			bad = append(bad, fmt.Sprintf("type %s is among the values, and among those without secrets", name))
		case !held[name] && !without:
			bad = append(bad, fmt.Sprintf("type %s is not tested: add a value of it that holds the secrets, or the reason why none can", name))
		case without && reason == "":
			bad = append(bad, fmt.Sprintf("type %s has no secrets for no reason", name))
		}
	}
	for what, list := range map[string]map[string]string{"Without": p.Without, "Open": p.Open, "JSON": p.JSON} {
		for _, name := range slices.Sorted(maps.Keys(list)) {
			if !slices.Contains(exported, name) {
				bad = append(bad, fmt.Sprintf("%s names %s, which is no exported type", what, name))
			}
		}
	}
	return bad
}

// exportedTypes returns the name of the package in dir, and of those of its exported
// types that are neither interfaces nor functions.
func exportedTypes(dir string) (pkg string, names []string, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", nil, err
	}
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".go") || strings.HasSuffix(e.Name(), "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path.Join(dir, e.Name()), nil, parser.SkipObjectResolution)
		if err != nil {
			return "", nil, err
		}
		pkg = file.Name.Name
		for _, decl := range file.Decls {
			gen, ok := decl.(*ast.GenDecl)
			if !ok {
				continue
			}
			for _, spec := range gen.Specs {
				typ, ok := spec.(*ast.TypeSpec)
				if !ok || !typ.Name.IsExported() {
					continue
				}
				switch typ.Type.(type) {
				case *ast.InterfaceType, *ast.FuncType:
				default:
					names = append(names, typ.Name.Name)
				}
			}
		}
	}
	if len(names) == 0 {
		return "", nil, fmt.Errorf("no exported types in %s", dir)
	}
	slices.Sort(names)
	return pkg, names, nil
}

func elem(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t
}

// typeName is the name of t, or of what it points to, without type arguments.
func typeName(t reflect.Type) string {
	name, _, _ := strings.Cut(elem(t).Name(), "[")
	return name
}
