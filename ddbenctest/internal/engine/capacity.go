package engine

import "math"

// What the service charges for: writes in units of 1 KB, reads in units of 4 KB,
// an eventually consistent read half, a transaction double.
const (
	writeUnit = 1024
	readUnit  = 4096
)

// Capacity is what one table or index was charged.
type Capacity struct {
	CapacityUnits      *float64
	ReadCapacityUnits  *float64 // of transactions
	WriteCapacityUnits *float64 // of transactions
}

// ConsumedCapacity is what an operation was charged for one table.
type ConsumedCapacity struct {
	TableName              string
	CapacityUnits          *float64
	ReadCapacityUnits      *float64
	WriteCapacityUnits     *float64
	Table                  *Capacity
	LocalSecondaryIndexes  map[string]Capacity
	GlobalSecondaryIndexes map[string]Capacity
}

// A meter adds up what an operation is charged for one table.
type meter struct {
	table       *table
	transaction string // "read" or "write" for a transaction's, else empty
	units       float64
	local       map[string]float64
	global      map[string]float64
}

func writeUnits(size int) float64 {
	return max(1, math.Ceil(float64(size)/writeUnit))
}

func readUnits(size int, consistent bool) float64 {
	units := max(1, math.Ceil(float64(size)/readUnit))
	if consistent {
		return units
	}
	return units / 2
}

// write charges a change: in the table by the larger of the old and the new
// item, in the indexes by what changes there.
func (m *meter) write(c change) {
	factor := 1.0
	if m.transaction != "" {
		factor = 2
	}
	size := 0
	for _, r := range []*record{c.old, c.new} {
		if r != nil {
			size = max(size, r.size)
		}
	}
	m.units += factor * writeUnits(size)
	for _, x := range m.table.indexes {
		for _, size := range x.writes(c) {
			m.index(x, factor*writeUnits(size))
		}
	}
}

// writeLocked is write for callers that do not hold the table's lock.
func (m *meter) writeLocked(c change) {
	m.table.mu.RLock()
	defer m.table.mu.RUnlock()
	m.write(c)
}

// read charges a transaction's read of an item, nil for none.
func (m *meter) read(r *record) {
	size := 0
	if r != nil {
		size = r.size
	}
	m.units += 2 * readUnits(size, true)
}

// index charges units to an index.
func (m *meter) index(x *index, units float64) {
	by := &m.local
	if x.global {
		by = &m.global
	}
	if *by == nil {
		*by = map[string]float64{}
	}
	(*by)[x.name] += units
}

// result returns what ReturnConsumedCapacity asks for: nothing, the total, or the
// total and its parts.
func (m *meter) result(mode string) *ConsumedCapacity {
	if mode != "TOTAL" && mode != "INDEXES" {
		return nil
	}
	total := m.units
	for _, units := range m.local {
		total += units
	}
	for _, units := range m.global {
		total += units
	}
	all := m.capacity(total)
	c := &ConsumedCapacity{
		TableName:          m.table.name,
		CapacityUnits:      all.CapacityUnits,
		ReadCapacityUnits:  all.ReadCapacityUnits,
		WriteCapacityUnits: all.WriteCapacityUnits,
	}
	if mode == "TOTAL" {
		return c
	}
	part := m.capacity(m.units)
	c.Table = &part
	c.LocalSecondaryIndexes = m.capacities(m.local)
	c.GlobalSecondaryIndexes = m.capacities(m.global)
	return c
}

func (m *meter) capacities(units map[string]float64) map[string]Capacity {
	if units == nil {
		return nil
	}
	parts := make(map[string]Capacity, len(units))
	for name, u := range units {
		parts[name] = m.capacity(u)
	}
	return parts
}

func (m *meter) capacity(units float64) Capacity {
	c := Capacity{CapacityUnits: &units}
	switch m.transaction {
	case "read":
		c.ReadCapacityUnits = &units
	case "write":
		c.WriteCapacityUnits = &units
	}
	return c
}
