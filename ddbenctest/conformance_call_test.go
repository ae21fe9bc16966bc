package ddbenctest_test

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
)

// An api calls operations through the real SDK clients with requests and answers
// as JSON text, in the spelling of the API reference. So a check reads like the
// documentation, and a sequence of calls can be printed and replayed.
type api struct {
	db      *dynamodb.Client
	streams *dynamodbstreams.Client
}

// An answer is what a call gave: an error's code and message, or neither. Body is
// the rest: the result's members, or those of the error, as encoding/json decodes
// them, with sets sorted.
type answer struct {
	code, message string
	body          map[string]any
	metadata      middleware.Metadata
}

// String is the answer as scripts spell it.
func (a answer) String() string {
	body, err := json.Marshal(a.body)
	if err != nil {
		panic("ddbenctest: answer: " + err.Error())
	}
	switch {
	case a.code == "":
		return string(body)
	case len(a.body) == 0:
		return a.code + ": " + a.message
	}
	return a.code + ": " + a.message + " " + string(body)
}

// call runs one operation, such as "PutItem". The error tells of a request that
// is no JSON or has a member that the operation does not have; what the service
// answers is in the answer, as is what the SDK refused to send.
func (a *api) call(ctx context.Context, op, request string) (answer, error) {
	method := reflect.ValueOf(a.db).MethodByName(op)
	if !method.IsValid() {
		method = reflect.ValueOf(a.streams).MethodByName(op)
	}
	if !method.IsValid() {
		return answer{}, fmt.Errorf("no operation %q", op)
	}
	input := reflect.New(method.Type().In(1).Elem())
	if err := fill(input.Elem(), []byte(request)); err != nil {
		return answer{}, fmt.Errorf("%s %s: %w", op, request, err)
	}
	results := method.Call([]reflect.Value{reflect.ValueOf(ctx), input})
	if err, _ := results[1].Interface().(error); err != nil {
		return failure(err), nil
	}
	output := results[0].Elem()
	body, _ := dump(output).(map[string]any)
	return answer{body: body, metadata: output.FieldByName("ResultMetadata").Interface().(middleware.Metadata)}, nil
}

// failure is the answer of a call that failed. Its body has what a modeled error
// carries besides the message, such as the item that failed a condition.
func failure(err error) answer {
	var apiErr smithy.APIError
	if !errors.As(err, &apiErr) {
		return answer{code: "not answered", message: err.Error()}
	}
	a := answer{code: apiErr.ErrorCode(), message: apiErr.ErrorMessage()}
	if _, generic := apiErr.(*smithy.GenericAPIError); !generic {
		a.body, _ = dump(reflect.ValueOf(apiErr)).(map[string]any)
		delete(a.body, "Message")
		delete(a.body, "ErrorCodeOverride")
	}
	return a
}

var (
	attributeValue = reflect.TypeFor[types.AttributeValue]()
	timeType       = reflect.TypeFor[time.Time]()

	valueKinds = map[string]reflect.Type{
		"S":    reflect.TypeFor[types.AttributeValueMemberS](),
		"N":    reflect.TypeFor[types.AttributeValueMemberN](),
		"B":    reflect.TypeFor[types.AttributeValueMemberB](),
		"BOOL": reflect.TypeFor[types.AttributeValueMemberBOOL](),
		"NULL": reflect.TypeFor[types.AttributeValueMemberNULL](),
		"SS":   reflect.TypeFor[types.AttributeValueMemberSS](),
		"NS":   reflect.TypeFor[types.AttributeValueMemberNS](),
		"BS":   reflect.TypeFor[types.AttributeValueMemberBS](),
		"L":    reflect.TypeFor[types.AttributeValueMemberL](),
		"M":    reflect.TypeFor[types.AttributeValueMemberM](),
	}
)

// fill decodes JSON into an SDK structure. It checks no attribute value: checks
// send wrong ones.
func fill(v reflect.Value, raw json.RawMessage) error {
	switch {
	case v.Type() == attributeValue:
		var members map[string]json.RawMessage
		if err := json.Unmarshal(raw, &members); err != nil {
			return err
		}
		for kind, content := range members {
			t, ok := valueKinds[kind]
			if !ok || len(members) != 1 {
				return fmt.Errorf("%s is no attribute value", raw)
			}
			value := reflect.New(t)
			if err := fill(value.Elem().FieldByName("Value"), content); err != nil {
				return err
			}
			v.Set(value)
		}
		return nil
	case v.Kind() == reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		return fill(v.Elem(), raw)
	case v.Kind() == reflect.Slice && v.Type().Elem().Kind() != reflect.Uint8:
		var elements []json.RawMessage
		if err := json.Unmarshal(raw, &elements); err != nil {
			return err
		}
		v.Set(reflect.MakeSlice(v.Type(), len(elements), len(elements)))
		for i, element := range elements {
			if err := fill(v.Index(i), element); err != nil {
				return err
			}
		}
		return nil
	case v.Kind() == reflect.Map, v.Kind() == reflect.Struct:
		var members map[string]json.RawMessage
		if err := json.Unmarshal(raw, &members); err != nil {
			return err
		}
		if v.Kind() == reflect.Map {
			v.Set(reflect.MakeMap(v.Type()))
		}
		for name, member := range members {
			var field reflect.Value
			if v.Kind() == reflect.Map {
				field = reflect.New(v.Type().Elem()).Elem()
			} else if field = v.FieldByName(name); !field.IsValid() {
				return fmt.Errorf("%s has no member %q", v.Type(), name)
			}
			if err := fill(field, member); err != nil {
				return err
			}
			if v.Kind() == reflect.Map {
				v.SetMapIndex(reflect.ValueOf(name), field)
			}
		}
		return nil
	}
	return json.Unmarshal(raw, v.Addr().Interface())
}

// dump turns an SDK structure into what encoding/json would decode from its JSON:
// the inverse of fill. Members without a value are left out, counts are kept when
// they are 0, and the members of sets are sorted.
func dump(v reflect.Value) any {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return nil
		}
		if kind, ok := strings.CutPrefix(v.Elem().Type().Name(), "AttributeValueMember"); ok {
			content := dump(v.Elem().FieldByName("Value"))
			if members, ok := content.([]any); ok && strings.HasSuffix(kind, "S") {
				slices.SortFunc(members, func(a, b any) int { return cmp.Compare(a.(string), b.(string)) })
			}
			return map[string]any{kind: content}
		}
		return dump(v.Elem())
	case reflect.Slice:
		switch {
		case v.IsNil():
			return nil
		case v.Type().Elem().Kind() == reflect.Uint8:
			return base64.StdEncoding.EncodeToString(v.Bytes())
		}
		list := []any{}
		for _, element := range v.Seq2() {
			list = append(list, dump(element))
		}
		return list
	case reflect.Map:
		if v.IsNil() {
			return nil
		}
		members := map[string]any{}
		for name, member := range v.Seq2() {
			members[name.String()] = dump(member)
		}
		return members
	case reflect.Struct:
		if v.Type() == timeType {
			return float64(v.Interface().(time.Time).UnixMilli()) / 1000
		}
		members := map[string]any{}
		for field, member := range v.Fields() {
			if !field.IsExported() || field.Name == "ResultMetadata" {
				continue
			}
			text := member.Kind() == reflect.String || member.Kind() == reflect.Bool
			if content := dump(member); content != nil && !(text && member.IsZero()) {
				members[field.Name] = content
			}
		}
		return members
	case reflect.String:
		return v.String()
	case reflect.Bool:
		return v.Bool()
	case reflect.Float64:
		return v.Float()
	case reflect.Int32, reflect.Int64:
		return float64(v.Int())
	}
	panic("ddbenctest: dump: " + v.Type().String())
}
