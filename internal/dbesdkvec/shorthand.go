package dbesdkvec

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// longItem returns an item in DynamoDB JSON that is given in shorthand: a string
// is an S, a number an N, also as an element of a set, list or map.
func longItem(short json.RawMessage) (json.RawMessage, error) {
	var item map[string]any
	d := json.NewDecoder(bytes.NewReader(short))
	d.UseNumber()
	if err := d.Decode(&item); err != nil {
		return nil, err
	}
	for name, v := range item {
		item[name] = longValue(v)
	}
	return json.Marshal(item)
}

func longValue(v any) any {
	switch v := v.(type) {
	case string:
		return map[string]any{"S": v}
	case json.Number:
		return map[string]any{"N": v.String()}
	case map[string]any:
		if list, ok := v["L"].([]any); ok {
			for i := range list {
				list[i] = longValue(list[i])
			}
		}
		if m, ok := v["M"].(map[string]any); ok {
			for name := range m {
				m[name] = longValue(m[name])
			}
		}
		if set, ok := v["NS"].([]any); ok {
			for i := range set {
				set[i] = fmt.Sprint(set[i])
			}
		}
		if n, ok := v["N"].(json.Number); ok {
			v["N"] = n.String()
		}
		if _, ok := v["NULL"]; ok {
			v["NULL"] = true
		}
	}
	return v
}
