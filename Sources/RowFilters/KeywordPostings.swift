/// The slots that carry one keyword, ascending: written out while they are few, as a bitmap when that is smaller. So 100,000 keywords of a
/// few rows each cost what they list.
package struct KeywordPostings {
    package private(set) var slots: [Slot] = []
    package private(set) var bitmap = Bitmap()

    /// Adds a slot, not lower than any before.
    package mutating func append(_ slot: Slot) {
        if !bitmap.words.isEmpty {
            bitmap.insert(slot)
        } else if slots.last != slot {
            slots.append(slot)
            if slots.count * 32 > Int(slot) + 512 {
                bitmap.reserve(Int(slot) + 1)
                for slot in slots { bitmap.insert(slot) }
                slots = []
            }
        }
    }

    /// Adds the slots to those of `rows` that lie in its capacity.
    package func mark(in rows: inout Bitmap) {
        if bitmap.words.isEmpty {
            let capacity = rows.capacity
            rows.withWords { words in
                for slot in slots {
                    guard slot < capacity else { return }
                    words[Int(slot >> 6)] |= 1 << UInt64(slot & 63)
                }
            }
        } else {
            rows.formUnion(bitmap, upTo: rows.capacity)
        }
    }

    package var bytes: Int { slots.capacity * MemoryLayout<Slot>.stride + bitmap.capacity / 8 }
}
